"""aum_se/evaluate.py: rates and controls match a count by hand; a stopped run resumes."""

import sys
from pathlib import Path

import numpy as np
import pytest
from aum_se import evaluate, figures, mean_probs, train
from easiness_aum import AUMValues

import easiness_core as ec

DOCS = Path(__file__).parents[2] / "docs"


def make_record(folder, rng, *, n_samples=300, n_epochs=3, signal=3.0):
    folder.mkdir(parents=True)
    true = rng.integers(0, 10, n_samples)
    given = train.corrupt(true, "next", 0.2, 0)
    planted = train.threshold_samples(n_samples, 0)
    labels = given.copy()
    labels[planted] = 10
    np.savez(folder / "labels.npz", true=true, given=given, train=labels, planted=planted)
    for epoch in range(n_epochs):
        logits = rng.normal(size=(n_samples, 11)).astype(np.float32)
        logits[np.arange(n_samples), true] += signal
        np.save(folder / f"logits_{epoch:02d}.npy", logits)
    return true != given, labels, planted


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *map(str, arguments)])
    evaluate.main()


def judged_by_hand(folder, labels, planted, n_epochs):
    """AUM and mean easiness, and which samples are judged, by loops over the epochs."""
    rows = np.arange(len(labels))
    margin, easiness = np.zeros(len(labels)), np.zeros(len(labels))
    for epoch in range(n_epochs):
        logits = np.load(folder / f"logits_{epoch:02d}.npy")
        others = logits.copy()
        others[rows, labels] = -np.inf
        margin += logits[rows, labels] - others.max(1)
        easiness += ec.easiness(ec.softmax(logits), labels)
    return margin / n_epochs, easiness / n_epochs, ~np.isin(rows, planted)


def line_of(lines, epoch, rule):
    fields = ("basis", "rule", "cut", "aum")
    return next(
        line
        for line in lines
        if line["epoch"] == str(epoch) and tuple(line[field] for field in fields) == rule
    )


def test_rates_are_those_of_a_count_by_hand(tmp_path, rng, monkeypatch, capsys):
    folder = tmp_path / "records" / "next_0.2_0"
    wrong, labels, planted = make_record(folder, rng)
    out = tmp_path / "out.csv"
    run(monkeypatch, tmp_path / "records", "-o", out, "--table", 2)
    lines = figures.read(out)
    rules = len(evaluate.AVERAGED) + len(evaluate.ONE_EPOCH)
    assert len(lines) == 3 * rules
    aum, easiness, judged = judged_by_hand(folder, labels, planted, 3)
    printed = capsys.readouterr().out
    for rule, flags in (
        (figures.AUM, aum < np.percentile(aum[planted], 99)),
        (figures.DEFAULT, (aum < np.percentile(aum[planted], 99.9))
         & (easiness <= np.percentile(easiness[planted], 99.5))),
    ):  # fmt: skip
        last = line_of(lines, 2, rule)
        assert last["tpr"] == f"{100 * (flags & wrong & judged).sum() / (wrong & judged).sum():.2f}"
        assert (
            last["fpr"] == f"{100 * (flags & ~wrong & judged).sum() / (~wrong & judged).sum():.2f}"
        )
        shown = f"{float(last['tpr']):.1f} / {float(last['fpr']):.1f}"
        assert f"| {', '.join(rule[1:])}, averaged | {shown} |" in printed


def test_controls_are_those_of_a_count_by_hand(tmp_path, rng, monkeypatch):
    folder = tmp_path / "records" / "next_0.3_0"
    wrong, labels, planted = make_record(folder, rng, n_epochs=10, signal=1.0)
    out = tmp_path / "out.csv"
    run(monkeypatch, tmp_path / "records", "-o", out, "--plot", tmp_path / "plot.png",
        "--tradeoff", tmp_path / "tradeoff.png")  # fmt: skip
    lines = figures.read(out)
    assert {line["epoch"] for line in lines if line["aum"] == "oracle"} == {"9"}
    aum, easiness, judged = judged_by_hand(folder, labels, planted, 10)
    found, right = np.flatnonzero(wrong & judged), np.flatnonzero(~wrong & judged)

    def rates(flags):
        return [f"{100 * flags[rows].mean():.2f}" for rows in (found, right)]

    def shown(*rule):
        line = line_of(lines, 9, ("averaged", *rule))
        return [line["tpr"], line["fpr"]]

    assert shown("aum", "threshold", "p98.5") == rates(aum < np.percentile(aum[planted], 98.5))
    easy = np.percentile(easiness[planted], 99.5)
    assert shown("easiness", "p99.5", "none") == rates(easiness <= easy)
    wide = (aum < aum[planted].max()) & (easiness <= np.percentile(easiness[planted], 98))
    assert shown("drop_easy", "p98", "p100") == rates(wide)
    default = (aum < np.percentile(aum[planted], 99.9)) & (easiness <= easy)
    assert 0 < default[found].sum() < len(found)
    # The least cut at which AUM finds as many: every lower one finds fewer.
    for score, name, target in (
        (aum, ("aum", "as many as the default"), default[found].mean()),
        (aum, ("aum", "half a point less"), (aum < np.percentile(aum[planted], 99))[found].mean()),
        (easiness, ("easiness", "half a point less"),
         (aum < np.percentile(aum[planted], 99))[found].mean()),
    ):  # fmt: skip
        least = target - (0.005 if name[1].startswith("half") else 0.0) - 1e-12
        cut = min(c for c in score[found] if (score <= c)[found].mean() >= least)
        assert shown(*name, "oracle") == rates(score <= cut)


def test_easiness_on_the_cut_counts_as_hard():
    """Early on threshold samples and wrong labels alike have easiness 0, and so has the cut."""
    easiness = np.repeat([0.0, 0.5], 30)
    given = np.repeat([0, 1], 30)
    given[:10] = 10
    values = AUMValues(np.arange(60), given, np.ones(60, int), easiness - 1, easiness, easiness)
    labels = {"true": np.repeat([1], 60), "given": given % 10, "planted": np.arange(10)}
    found = dict(evaluate.controls(values, labels))
    assert found["easiness", "p99.5", "none"].nonzero()[0].tolist() == list(range(10, 30))


def test_epochs_that_are_not_recorded_are_named(tmp_path, rng, monkeypatch):
    make_record(tmp_path / "records" / "next_0.2_0", rng, n_epochs=2)
    out = tmp_path / "out.csv"
    with pytest.raises(SystemExit, match="epoch 9: not recorded; there are 0 to 1"):
        run(monkeypatch, tmp_path / "records", "-o", out, "--table", 9)
    with pytest.raises(SystemExit, match="--tradeoff: needs runs of 10 epochs or more"):
        run(monkeypatch, tmp_path / "records", "-o", out, "--tradeoff", tmp_path / "t.png")
    (tmp_path / "other.csv").write_text("noise,rate\n")
    with pytest.raises(SystemExit, match="not of this script's columns"):
        run(monkeypatch, tmp_path / "records", "-o", tmp_path / "other.csv")


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


@pytest.mark.parametrize(("file", "n_seeds"), [("aum_se", 3), ("aum_se_confirmation", 1)])
def test_the_committed_figures_have_every_run(file, n_seeds):
    lines = figures.read(DOCS / f"{file}.csv")
    means = figures.curves(lines)
    rules = len(evaluate.AVERAGED) + len(evaluate.ONE_EPOCH)
    controls = len(evaluate.GRID) + len(evaluate.STRICTER) + len(evaluate.ALONE) + 3
    runs = len(train.NOISES) * len(train.RATES)
    assert len(means) == runs * (rules + controls)
    assert [len(curve) for curve in means.values()].count(20) == runs * rules
    assert [len(curve) for curve in means.values()].count(11) == runs * controls
    assert len(lines) == n_seeds * runs * (20 * rules + 11 * controls)


def test_the_plot_is_drawn(tmp_path):
    figures.plot(figures.read(DOCS / "aum_se.csv"), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    figures.plot_tradeoff(figures.read(DOCS / "aum_se.csv"), tmp_path / "tradeoff.png")
    assert (tmp_path / "tradeoff.png").stat().st_size > 10_000


def test_mean_probabilities_rank_the_judged_samples(tmp_path, rng):
    folder = tmp_path / "next_0.2_0"
    wrong, labels, planted = make_record(folder, rng, n_epochs=20)
    found = dict(mean_probs.measure(folder))
    assert len(found) == 2 * 5
    judged = np.setdiff1d(np.arange(300), planted)
    logits = np.array([np.load(folder / f"logits_{epoch:02d}.npy") for epoch in range(10)])
    aum = np.mean([ec.margins(z, labels).margin for z in logits], axis=0)[judged]
    probs = np.mean([ec.softmax(z) for z in logits], axis=0)[judged, :10]
    own = (probs / probs.sum(axis=1, keepdims=True))[np.arange(judged.size), labels[judged]]
    for name, score in (("AUM", aum), ('mean probabilities, "self_confidence"', own)):
        right, off = score[~wrong[judged]], score[wrong[judged]]
        # The share of pairs that are in order.
        expected = np.mean(off[:, None] < right) + 0.5 * np.mean(off[:, None] == right)
        np.testing.assert_allclose(found[9, name][0], expected, atol=1e-3)
