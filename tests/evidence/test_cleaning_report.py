"""docs/cleaning.md, its table of means and its tables are those of docs/cleaning.csv."""

import csv
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from cleaning import measure as cleaning
from cleaning import report

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def runs():
    return report.read(DOCS / "cleaning.csv")


def test_committed_results_are_complete_and_fair():
    text = (DOCS / "cleaning.csv").read_text("utf-8")
    versions, *lines = text.splitlines()
    assert all(f"{package} " in versions for package in ("Python", *cleaning.PACKAGES))
    cells = defaultdict(dict)
    for row in csv.DictReader(lines):
        n_train, n_test = cleaning.SIZES[row["data"]]
        assert (row["n_train"], row["n_test"]) == (str(n_train), str(n_test))
        n_removed, n_wrong = int(row["n_removed"]), int(row["n_wrong_removed"])
        assert 0 <= n_wrong <= min(n_removed, round(float(row["noise"]) * n_train))
        key = tuple(row[k] for k in ("data", "classifier", "noise", "seed", "cut"))
        assert row["method"] not in cells[key]
        cells[key][row["method"]] = n_removed
    noises, cuts = ([f"{v:g}" for v in values] for values in (cleaning.NOISE, cleaning.CUTS))
    seeds = [str(seed) for seed in cleaning.SEEDS]
    assert set(cells) == set(
        product(cleaning.SIZES, cleaning.CLASSIFIERS, noises, seeds, ["0", *cuts, "cleanlab"])
    )
    for (data, *_, cut), removed in cells.items():
        assert len(set(removed.values())) == 1
        if cut == "0":
            assert removed == {"no removal": 0}
            continue
        own = {"find_label_issues"} if cut == "cleanlab" else set()
        assert set(removed) == {*report.METHODS, *own}
        if cut != "cleanlab":
            assert removed["random"] == round(float(cut) * cleaning.SIZES[data][0])


def test_the_page_and_the_means_show_the_committed_results(runs):
    page = (DOCS / "cleaning.md").read_text("utf-8")
    for name, table in report.tables(runs).items():
        assert report.put(page, name, table) == page, f"{name}: run cleaning/report.py"
    assert (DOCS / "cleaning_means.csv").read_text("utf-8") == report.means(runs)


def test_means_hold_for_a_setting_worked_by_hand(runs):
    """From the text of the CSV, sharing nothing with the report but its output."""
    lines = (DOCS / "cleaning.csv").read_text("utf-8").splitlines()[2:]
    found = defaultdict(list)
    for line in lines:
        data, _, _, classifier, noise, _, cut, method, n, wrong, accuracy, *_ = line.split(",")
        if (data, classifier, noise) == ("digits", "random forest", "0.2"):
            found[cut, method].append((int(wrong) / max(int(n), 1), float(accuracy)))
    ours, chance, none = (
        np.array(found[key])
        for key in (("0.1", "self-confidence"), ("0.1", "random"), ("0", "no removal"))
    )
    (row,) = [
        row
        for row in csv.DictReader((DOCS / "cleaning_means.csv").read_text("utf-8").splitlines())
        if [row[k] for k in ("data", "classifier", "noise", "cut", "method")]
        == ["digits", "random forest", "0.2", "0.1", "self-confidence"]
    ]
    paired = ours[:, 1] - chance[:, 1]
    expected = {
        "accuracy": ours[:, 1].mean(),
        "accuracy_se": ours[:, 1].std(ddof=1) / 5**0.5,
        "to_no_removal": (ours[:, 1] - none[:, 1]).mean(),
        "to_random": paired.mean(),
        "to_random_se": paired.std(ddof=1) / 5**0.5,
        "precision": ours[:, 0].mean(),
    }
    for name, value in expected.items():
        assert float(row[name]) == pytest.approx(value, abs=6e-5), name


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ([0.01, 0.02, 0.015, 0.01, 0.02], 1),
        ([-0.01, -0.02, -0.015, -0.01, -0.02], -1),
        ([0.01, -0.02, 0.03, 0.01, -0.01], 0),
        ([0.0, 0.0, 0.0, 0.0, 0.0], 0),
        # Two standard errors: enough for a normal, too little for five seeds.
        ([0.0, 0.0, 0.01, 0.01, 0.01], 0),
    ],
)
def test_a_win_is_more_than_chance_among_five_seeds(values, outcome):
    assert report.verdict(np.array(values)) == outcome


def test_a_table_goes_between_its_marks_only():
    page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n<!-- table: y -->\n<!-- end -->\n"
    put = report.put(page, "x", "| new \\1 |")
    assert "old" not in put
    assert put == page.replace("old\n", "\n| new \\1 |\n\n")
    with pytest.raises(ValueError, match="expected one pair of marks in the page, found 0"):
        report.put(page, "z", "")


@pytest.mark.parametrize("data", cleaning.SIZES)
def test_plot_shows_the_means_of_each_method(runs, data):
    figure = report.draw(runs, data)
    assert len(figure.axes) == 9
    for axes, (noise, name) in zip(
        figure.axes, product(report.SHOWN, report.CLASSIFIERS), strict=True
    ):
        assert axes.get_title() == f"{name}, {float(noise):.0%} wrong labels"
        curves = [container.lines[0].get_xydata() for container in axes.containers]
        assert len(curves) == len(report.LINES)
        for curve, method in zip(curves, report.LINES, strict=True):
            np.testing.assert_allclose(curve[:, 0], [0, 5, 10, 20, 30])
            last = runs[data, name, noise, "0.3", method]["accuracy"].mean()
            assert curve[-1, 1] == pytest.approx(100 * last)
    assert (DOCS / "img" / f"cleaning_{data}.png").read_bytes()[:4] == b"\x89PNG"
