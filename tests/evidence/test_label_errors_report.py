"""docs/label_errors_measured.md says what its CSV file says; the sets are made as it says."""

from pathlib import Path

import numpy as np
from label_errors import report

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tables_are_those_of_the_committed_figures():
    page = (DOCS / "label_errors_measured.md").read_text("utf-8")
    assert report.fill(page, report.tables(DOCS)) == page


def test_no_mean_is_lost_to_the_first_form_by_more_than_the_page_allows():
    found = report.figures(report.read(DOCS / "label_errors.csv"), "tuned")
    for metric in report.METRICS:
        now = report.mean(found, "noise_model", metric)
        first = report.mean(found, "noise_model, first form", metric)
        assert now >= first - 0.005, metric


def test_every_method_is_measured_on_every_set():
    lines = report.read(DOCS / "label_errors.csv")
    for role, n_sets in (("tuned", 30), ("first", 45), ("unseen", 36)):
        found = report.figures(lines, role)
        assert {len(sets) for sets in found.values()} == {n_sets}
        expected = {*report.OURS, *report.REMOVED, *report.SCORES, report.ISSUES}
        assert expected - set(found) <= {"noise_model, sharpness to 2^7"}
        assert (set(found) == expected) == (role != "unseen")
        values = [v for sets in found.values() for figures in sets.values()
                  for v in figures.values()]  # fmt: skip
        assert np.nanmax(values) <= 1.0
        assert np.nanmin(values) >= 0.0


def test_the_words_are_those_of_the_committed_figures():
    found = {
        role: report.figures(report.read(DOCS / "label_errors.csv"), role) for role in report.ROLES
    }
    margin = "cleanlab normalized_margin"

    def mean(role, metric, method="noise_model", part=""):
        values = [v[metric] for name, v in found[role][method].items() if part in name]
        return f"{np.mean(values):.3f}"[1:]

    def words(*shown):
        text = " ".join((DOCS / "label_errors_measured.md").read_text("utf-8").split())
        for each in shown:
            assert each in text, each

    top = [mean("unseen", "p_at_1pct", each) for each in ("noise_model", margin, "easiness")]
    text = 'P at 1 % is {}, against {} for cleanlab\'s normalized margin and {} for `"easiness"`.'
    words(text.format(*top))
    second = [
        mean("unseen", *each, "second")
        for each in (
            ("ap", "noise_model"),
            ("ap", margin),
            ("ap", "self_confidence"),
            ("f1", "noise_model"),
            ("f1", report.ISSUES),
            ("f1", "self_confidence"),
        )
    ]
    words(
        "mean AP is {}, against {} for normalized margin and {} for self-confidence. F1 of the "
        "flags is {}, against {} for `find_label_issues` and {} for "
        '"another class is more probable".'.format(*second)
    )
    symmetric = [
        mean("unseen", "ap", each, "symmetric") for each in ("noise_model", "self_confidence")
    ]
    words(
        "mean AP is {}, against {} for self-confidence; on 4 of them it is lower, by up to "
        ".04".format(*symmetric)
    )
    lost = [
        found["unseen"]["self_confidence"][name]["ap"] - values["ap"]
        for name, values in found["unseen"]["noise_model"].items()
        if "symmetric" in name
    ]
    assert sum(each > 0 for each in lost) == 4
    assert round(max(lost), 2) == 0.04
    hundred = [
        mean("tuned", *each, "c100")
        for each in (
            ("ap", "noise_model"),
            ("ap", "self_confidence"),
            ("f1", "noise_model"),
            ("f1", report.ISSUES),
        )
    ]
    words(
        "mean AP is {}, against {} for self-confidence. The flags are better (F1 {}, against {} "
        "for `find_label_issues`)".format(*hundred)
    )
    best = max((mean("unseen", "ap", each) for each in report.SCORES), key=float)
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert best == mean("unseen", "ap", margin)
    ours = f"{float(mean('unseen', 'ap')):.3f}"[1:]
    assert f"mean average precision {ours} against {best}" in readme
    assert f"precision {top[1]} against {top[0]}" in readme
