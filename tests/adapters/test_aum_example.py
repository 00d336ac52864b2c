"""examples/aum_se.py: its rates and controls by hand, what it writes, that it goes on."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from easiness_aum import AUMValues

import easiness_core as ec

pytest.importorskip("torch")
EXAMPLES = Path(__file__).parents[2] / "examples"
DOCS = EXAMPLES.parent / "docs"
sys.path.insert(0, str(EXAMPLES))


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


train, example, figures = (load(name) for name in ("aum_se_train", "aum_se", "aum_se_figures"))


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
    monkeypatch.setattr(sys, "argv", ["aum_se.py", *map(str, arguments)])
    example.main()


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
    rules = len(example.AVERAGED) + len(example.ONE_EPOCH)
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
    found = dict(example.controls(values, labels))
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


@pytest.mark.parametrize(("file", "n_seeds"), [("aum_se", 3), ("aum_se_confirmation", 1)])
def test_the_committed_figures_have_every_run(file, n_seeds):
    lines = figures.read(DOCS / f"{file}.csv")
    means = figures.curves(lines)
    rules = len(example.AVERAGED) + len(example.ONE_EPOCH)
    controls = len(example.GRID) + len(example.STRICTER) + len(example.ALONE) + 3
    runs = len(train.NOISES) * len(train.RATES)
    assert len(means) == runs * (rules + controls)
    assert [len(curve) for curve in means.values()].count(20) == runs * rules
    assert [len(curve) for curve in means.values()].count(11) == runs * controls
    assert len(lines) == n_seeds * runs * (20 * rules + 11 * controls)


def test_the_guides_words_on_the_filter_are_those_of_the_committed_figures():
    tables = load("mislabels_tables")
    page = (DOCS / "mislabels.md").read_text("utf-8")
    chosen, confirmed = (figures.curves(figures.read(DOCS / f"{name}.csv"))
                         for name in ("aum_se", "aum_se_confirmation"))  # fmt: skip
    columns = figures.columns_of(chosen)

    def met(means, rule):
        return {(*column, epoch + 1) for column in columns for epoch in tables.LATE
                if tables.meets(means, column, epoch, rule)}  # fmt: skip

    def late(rate, first):
        return {("next", rate, epoch) for epoch in range(first, 21)}

    assert met(chosen, figures.DEFAULT) == late("0.1", 19) | late("0.2", 17)
    assert met(confirmed, figures.DEFAULT) == late("0.1", 19) | late("0.2", 16)
    assert "is met in 6 of the 66**: at 20 % c to c + 1 from 17 epochs on, at 10 % from 19" in page
    assert "met in 7 of its 66, at 20 % c to c + 1 from 16 epochs on and at 10 % from 19" in page
    names = {name[2:] for name in chosen}
    label_free = {n for n in names if n[3] != "oracle" and n[1] in ("easiness", "drop_easy")}
    assert max(len(met(chosen, name)) for name in label_free) == 6
    best = ("averaged", "easiness", "half a point less", "oracle")
    assert {
        (*column, epoch + 1)
        for column in columns
        for epoch in tables.LATE
        if figures.given_up(chosen, column, epoch, best)[1] <= 0.5
    } == late("0.1", 17) | late("0.2", 16)
    assert "leave half or less at 10 % c to c + 1 from 17 epochs on and at 20 % from 16 on" in page

    control = ("averaged", "aum", "as many as the default", "oracle")
    left = {
        epoch: [figures.at(chosen[(*column, *figures.DEFAULT)], epoch - 1)[1]
                / figures.at(chosen[(*column, *control)], epoch - 1)[1] for column in columns]
        for epoch in (10, 15, 20)
    }  # fmt: skip
    for epoch, expected in {
        10: [1.03, 1.04, 1.01, 1.02, 1.07, 1.10],
        15: [0.88, 0.72, 0.69, 0.83, 0.97, 1.05],
        20: [0.55, 0.31, 0.66, 0.76, 0.79, 0.83],
    }.items():
        assert np.round(left[epoch], 2).tolist() == expected
    for words in (
        "flags 1.01 to 1.10 times as many right labels",
        "(0.69 to 0.88 times) and at 10 % symmetric (0.83); at 20 and 40 % symmetric it is none "
        "(0.97 and 1.05)",
        "After 20 epochs the default has 0.31 to 0.83 times",
    ):
        assert words in page


def test_the_guides_words_on_the_resnet_are_those_of_the_committed_figures():
    tables = load("mislabels_tables")
    lines = figures.read(DOCS / "aum_se_resnet.csv")
    means, column = figures.curves(lines), ("next", "0.2")
    assert {line["seed"] for line in lines} == {"0", "1", "2"}
    assert not any(tables.meets(means, column, epoch, figures.DEFAULT) for epoch in tables.LATE)
    aum, ours = (means[(*column, *rule)] for rule in (figures.AUM, figures.DEFAULT))
    shown = [f"{each:.1f}" for curve in (aum, ours) for each in curve[-1, 1:3]]
    assert shown == ["97.1", "8.8", "97.9", "9.9"]
    assert f"{aum[:, 2].min():.1f}" == "7.8"
    assert [f"{curve[-1, 3]:.4f}" for curve in (aum, ours)] == ["0.9793", "0.9865"]
    control = means[(*column, "averaged", "aum", "as many as the default", "oracle")]
    assert abs(control[-1, 2] - ours[-1, 2]) < 0.3


def test_the_guides_words_on_the_longer_run_are_those_of_the_committed_figures():
    tables = load("mislabels_tables")
    means = figures.curves(figures.read(DOCS / "aum_se_resnet_long.csv"))
    column = ("next", "0.2")
    met = [e + 1 for e in range(9, 36) if tables.meets(means, column, e, figures.DEFAULT)]
    assert met == [36]
    control = ("averaged", "aum", "as many as the default", "oracle")
    aum, ours, cut = (means[(*column, *rule)] for rule in (figures.AUM, figures.DEFAULT, control))
    shown = [f"{c[e, 1]:.1f} / {c[e, 2]:.1f}" for e in (29, 35) for c in (aum, ours)]
    assert shown == ["95.6 / 11.8", "98.2 / 10.0", "95.7 / 22.8", "97.8 / 10.1"]
    assert f"{ours[-1, 2] / cut[-1, 2]:.2f}" == "0.31"


def test_the_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    figures.plot(figures.read(DOCS / "aum_se.csv"), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    figures.plot_tradeoff(figures.read(DOCS / "aum_se.csv"), tmp_path / "tradeoff.png")
    assert (tmp_path / "tradeoff.png").stat().st_size > 10_000
