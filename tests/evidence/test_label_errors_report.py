"""docs/label_errors.md says what the committed CSV file says, and the sets are made as it says."""

from pathlib import Path

import numpy as np
from label_errors import report

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tables_are_those_of_the_committed_figures():
    page = (DOCS / "label_errors.md").read_text("utf-8")
    assert report.fill(page, report.tables(DOCS)) == page


def test_no_mean_is_lost_to_the_first_form_by_more_than_the_page_allows():
    found = report.figures(report.read(DOCS / "label_errors.csv"), "tuned")
    for metric in report.METRICS:
        now = report.mean(found, "noise_model", metric)
        first = report.mean(found, "noise_model, first form", metric)
        assert now >= first - 0.005, metric


def test_every_method_is_measured_on_every_set():
    lines = report.read(DOCS / "label_errors.csv")
    for role, n_sets in (("tuned", 30), ("unseen", 45)):
        found = report.figures(lines, role)
        assert {len(sets) for sets in found.values()} == {n_sets}
        assert set(found) == {*report.OURS, *report.REMOVED, *report.SCORES, report.ISSUES}
        values = [v for sets in found.values() for figures in sets.values()
                  for v in figures.values()]  # fmt: skip
        assert np.nanmax(values) <= 1.0
        assert np.nanmin(values) >= 0.0
