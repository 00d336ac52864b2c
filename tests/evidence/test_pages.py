"""Each page's tables are those of its CSV files, which have every run; its pictures are drawn."""

import csv
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from aum_se import evaluate, figures, train
from aum_se import report as mislabels
from cleaning import measure as cleaning
from cleaning import report as cleaning_report
from label_errors import report as label_errors
from scipy.stats import spearmanr
from set import report as training

import easiness_core as ec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page_of(name):
    return (DOCS / f"{name}.md").read_text("utf-8")


def test_mislabels_measured():
    page = page_of("mislabels_measured")
    assert mislabels.fill(page, mislabels.tables(DOCS)) == page
    rules = len(evaluate.AVERAGED) + len(evaluate.ONE_EPOCH)
    controls = len(evaluate.GRID) + len(evaluate.STRICTER) + len(evaluate.ALONE) + 3
    runs = len(train.NOISES) * len(train.RATES)
    for file, n_seeds in (("aum_se", 3), ("aum_se_confirmation", 1)):
        lines = figures.read(DOCS / f"{file}.csv")
        assert len(lines) == n_seeds * runs * (20 * rules + 11 * controls)


def test_mislabels_pictures(tmp_path):
    lines = figures.read(DOCS / "aum_se.csv")
    for draw in (figures.plot, figures.plot_tradeoff):
        draw(lines, tmp_path / "plot.png")
        assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_label_errors_measured():
    page = page_of("label_errors_measured")
    assert label_errors.fill(page, label_errors.tables(DOCS)) == page
    lines = label_errors.read(DOCS / "label_errors.csv")
    for role, n_sets in (("tuned", 30), ("first", 45), ("unseen", 36)):
        found = label_errors.figures(lines, role)
        assert {len(sets) for sets in found.values()} == {n_sets}
    # What the README says of it.
    means = {
        name: f"{label_errors.mean(found, name, 'ap'):.3f}"[1:]
        for name in ("noise_model", *label_errors.SCORES)
    }
    best = max((means[name] for name in label_errors.SCORES), key=float)
    claim = f"mean average precision {means['noise_model']} against {best}"
    assert claim in (ROOT / "README.md").read_text("utf-8")


def test_cleaning():
    runs = cleaning_report.read(DOCS / "cleaning.csv")
    page = page_of("cleaning")
    for name, table in cleaning_report.tables(runs).items():
        assert cleaning_report.put(page, name, table) == page, f"{name}: run cleaning/report.py"
    assert (DOCS / "cleaning_means.csv").read_text("utf-8") == cleaning_report.means(runs)
    for data in cleaning.SIZES:
        assert len(cleaning_report.draw(runs, data).axes) == 9
    # Every setting is there, and every method of one removes as many samples.
    lines = (DOCS / "cleaning.csv").read_text("utf-8").splitlines()[1:]
    cells = {}
    for row in csv.DictReader(lines):
        key = tuple(row[k] for k in ("data", "classifier", "noise", "seed", "cut"))
        cells.setdefault(key, {})[row["method"]] = row["n_removed"]
    noises, cuts = ([f"{v:g}" for v in values] for values in (cleaning.NOISE, cleaning.CUTS))
    seeds = [str(seed) for seed in cleaning.SEEDS]
    assert set(cells) == set(
        product(cleaning.SIZES, cleaning.CLASSIFIERS, noises, seeds, ["0", *cuts, "cleanlab"])
    )
    for (*_, cut), removed in cells.items():
        assert len(set(removed.values())) == 1
        assert cut == "0" or set(cleaning_report.METHODS) <= set(removed)


def test_training_with_set_and_sel(tmp_path, monkeypatch):
    for path in (*DOCS.glob("set*"), DOCS / "sel.md"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr("sys.argv", ["report.py", str(tmp_path)])
    training.main()
    for page in ("set.md", "sel.md"):
        assert (tmp_path / page).read_text("utf-8") == (DOCS / page).read_text("utf-8")
    assert list((tmp_path / "img").glob("set_*.png"))
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("sys.argv", ["report.py", str(tmp_path / "empty")])
    with pytest.raises(SystemExit, match="has no set_"):
        training.main()


def test_scorers_of_the_scikit_learn_guide():
    script = ROOT / "examples" / "evidence" / "sklearn_scorers.py"
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=True
    )
    printed = [line for line in done.stdout.splitlines() if re.search(r"\| -?\d", line)]
    lines = page_of("sklearn").splitlines()
    shown = {line.split(" | ")[0]: line for line in lines if line.startswith("| ")}
    assert len(printed) == 6
    for line in printed:
        name, *values = line.strip("| ").split(" | ")
        documented = shown[f"| {name}"].strip("| ").split(" | ")[1:]
        # Last digits may differ between platforms.
        for value, expected in zip(values, documented, strict=True):
            assert float(value) == pytest.approx(float(expected), rel=0.02, abs=0.003)


def test_what_log_easiness_ranks_by_at_either_end_of_sigma(make_rows):
    """The relations that docs/cleaning.md states."""
    probs, labels = make_rows(3000, 8, spread=1.0)
    own = probs[np.arange(3000), labels]
    lead = own[:, None] - probs
    margin = np.sort(lead, axis=1)[:, 1]  # the label's own difference, 0, is among them
    margin = np.where((lead < 0).any(axis=1), lead.min(axis=1), margin)

    def log_easiness(sigma):
        return ec.log_easiness(probs, labels, estimator=ec.ClosedForm(sigma=sigma))

    assert spearmanr(log_easiness(30.0), own).statistic > 0.99999
    behind = margin < -0.05
    deficit = (np.minimum(lead, 0.0) ** 2).sum(axis=1)
    assert behind.sum() > 200
    assert spearmanr(log_easiness(1e-4)[behind], -deficit[behind]).statistic > 0.99999
    ahead = (margin > 0.05) & (margin < 0.3)
    assert ahead.sum() > 200
    assert spearmanr(log_easiness(0.01)[ahead], margin[ahead]).statistic > 0.999


@pytest.mark.parametrize("sigma", [0.01, 1.0])
def test_with_two_classes_log_easiness_ranks_as_the_probability_of_the_label(rng, sigma):
    own = np.sort(rng.choice(2**20, 500, replace=False)) / 2**20
    probs = np.column_stack([own, 1.0 - own])
    values = ec.log_easiness(probs, np.zeros(500, int), estimator=ec.ClosedForm(sigma=sigma))
    assert (np.diff(values) >= 0).all()
    assert (np.diff(values[own < 0.6]) > 0).all()
