"""examples/aum_se*.py: what they train on, what they write, and that they go on where they were."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
EXAMPLES = Path(__file__).parents[2] / "examples"
DOCS = EXAMPLES.parent / "docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


train, figure = load("aum_se_train"), load("aum_se")


def make_record(folder, rng, *, n_samples=300, n_epochs=3):
    folder.mkdir(parents=True)
    true = rng.integers(0, 10, n_samples)
    given = train.corrupt(true, "next", 0.2, 0)
    planted = train.threshold_samples(n_samples, 0)
    labels = given.copy()
    labels[planted] = 10
    np.savez(folder / "labels.npz", true=true, given=given, train=labels, planted=planted)
    for epoch in range(n_epochs):
        logits = rng.normal(size=(n_samples, 11)).astype(np.float32)
        logits[np.arange(n_samples), true] += 3
        np.save(folder / f"logits_{epoch:02d}.npy", logits)
    return true != given, labels, planted


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["aum_se.py", *map(str, arguments)])
    figure.main()


def test_rates_are_those_of_a_count_by_hand(tmp_path, rng, monkeypatch, capsys):
    wrong, labels, planted = make_record(tmp_path / "records" / "next_0.2_0", rng)
    out = tmp_path / "out.csv"
    run(monkeypatch, tmp_path / "records", "-o", out, "--table", 2)
    lines = figure.read(out)
    rules = len(figure.AVERAGED) + len(figure.ONE_EPOCH)
    assert len(lines) == 3 * rules
    total = np.zeros(300)
    for epoch in range(3):
        logits = np.load(tmp_path / "records" / "next_0.2_0" / f"logits_{epoch:02d}.npy")
        rows = np.arange(300)
        others = logits.copy()
        others[rows, labels] = -np.inf
        total += logits[rows, labels] - others.max(1)
    aum = total / 3
    flags = aum < np.percentile(aum[planted], 99)
    judged = ~np.isin(np.arange(300), planted)
    last = next(line for line in lines if line["epoch"] == "2" and line["rule"] == "aum")
    assert last["tpr"] == f"{100 * (flags & wrong & judged).sum() / (wrong & judged).sum():.2f}"
    assert last["fpr"] == f"{100 * (flags & ~wrong & judged).sum() / (~wrong & judged).sum():.2f}"
    shown = f"{float(last['tpr']):.1f} / {float(last['fpr']):.1f}"
    assert f"| aum, threshold, averaged | {shown} |" in capsys.readouterr().out


def test_it_goes_on_where_it_was(tmp_path, rng, monkeypatch):
    folder = tmp_path / "records" / "next_0.2_0"
    make_record(folder, rng)
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    run(monkeypatch, tmp_path / "records", "-o", whole)
    (folder / "logits_02.npy").rename(tmp_path / "later.npy")
    run(monkeypatch, tmp_path / "records", "-o", parts)
    assert len(parts.read_text().splitlines()) < len(whole.read_text().splitlines())
    (tmp_path / "later.npy").rename(folder / "logits_02.npy")
    for _ in range(2):
        run(monkeypatch, tmp_path / "records", "-o", parts)
        assert parts.read_bytes() == whole.read_bytes()


def test_the_guides_tables_are_those_of_the_committed_figures():
    tables = load("mislabels_tables")
    page = (DOCS / "mislabels.md").read_text("utf-8")
    assert tables.fill(page, tables.tables(DOCS)) == page


def test_the_counts_in_words_are_those_of_the_committed_figures():
    lines = [x for x in load("mislabels_tables").read(DOCS / "mislabels.csv") if x["auroc"]]
    sets = list(dict.fromkeys(line["set"] for line in lines))
    above, level = {}, {}
    for method in ("easiness", "confusion"):
        for field in ("auroc", "ap", "p_at_wrong", "p_at_1pct"):
            gain = []
            for each in sets:
                found = {x["name"]: float(x[field]) for x in lines if x["set"] == each}
                best = max(v for name, v in found.items() if name.startswith("cleanlab"))
                gain.append(found[f"rank_mislabels {method}"] - best)
            above[method, field] = sum(each > 0 for each in gain)
            level[method, field] = sum(each == 0 for each in gain)
    assert len(sets) == 14
    assert list(above.values()) == [4, 5, 4, 0, 11, 8, 10, 1]
    assert (level["easiness", "p_at_1pct"], level["confusion", "p_at_1pct"]) == (7, 9)
    page = (DOCS / "mislabels.md").read_text("utf-8")
    assert (
        "above it on 4 sets in AUROC, 5 in average precision, 4 in precision at k, and on" in page
    )
    assert "above it on 11 sets in AUROC, 8 in average precision, 10 in precision at k, and" in page
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert "scores on 11 of 14 sets by AUROC and on 8 by average precision" in readme


def test_the_committed_figures_have_every_run():
    means = figure.curves(figure.read(DOCS / "aum_se.csv"))
    rules = len(figure.AVERAGED) + len(figure.ONE_EPOCH)
    assert len(means) == len(train.NOISES) * len(train.RATES) * rules
    assert {len(curve) for curve in means.values()} == {20}


def test_the_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    figure.plot(figure.read(DOCS / "aum_se.csv"), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    figure.plot_tradeoff(figure.read(DOCS / "aum_se.csv"), tmp_path / "tradeoff.png")
    assert (tmp_path / "tradeoff.png").stat().st_size > 10_000
