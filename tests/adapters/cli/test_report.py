"""`easiness report`: the command, and its numbers, read back from the page."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from easiness_cli import options, progress
from easiness_cli.__main__ import main
from report_reader import Page, made, page_of, report_of, value

import easiness_core as ec

NAMES = ["ant", "bee", "cat", "dog"]
PROBS, LABELS = made(600, 4)
SCORES = ec.score(PROBS, LABELS)


@pytest.fixture(scope="module")
def page():
    return page_of(PROBS, LABELS, classes=NAMES)


@pytest.fixture
def read(in_folder):
    """Run the command on these samples, with further columns; give the page."""

    def run(*argv, labels=LABELS, source="in.parquet", **more):
        frame = pd.DataFrame(PROBS, columns=[f"prob_{k}" for k in range(4)]).assign(label=labels)
        for name in ("in.parquet", *([] if source != "in" else ["in/0.parquet", "in/1.parquet"])):
            Path(name).parent.mkdir(exist_ok=True)
            rows = slice(250) if "0" in name else slice(250 if "1" in name else 0, 600)
            frame.assign(**more).iloc[rows].to_parquet(name)
        assert main(["report", source, "-o", "o.html", "--overwrite", *argv]) == 0
        text = Path("o.html").read_text("utf-8")
        assert str(in_folder) not in text
        return Page(text)

    return run


def test_the_command_writes_the_page(read, capfdbinary):
    page = read("--title", "A & B", "--classes", "a,b,<c>,d", "--bins", "7")
    assert page.text["h1"] == ["A & B"]
    assert page.column("classes", "Class") == ["a", "b", "<c>", "d"]
    assert len(page.tables["bins-of-easiness"]) == 8
    printed = capfdbinary.readouterr()
    assert printed.out.startswith(b"Predicted as labeled: ")
    assert printed.out.endswith(b"Wrote o.html\n")
    assert printed.err == b""
    assert main(["report", "in.parquet", "-o", "-"]) == 0
    printed = capfdbinary.readouterr()
    assert Page(printed.out.decode("utf-8")).facts()["Samples"] == "600"
    assert printed.err.startswith(b"Predicted as labeled: ")


def test_files_texts_and_pictures_are_beside_the_hardest_samples(read):
    hardest = np.argsort(SCORES.log_easiness, kind="stable")[:5]
    page = read("-q", "--top", "5", source="in")
    head, *rows = page.tables["hardest-samples"]
    assert (head[:2], head[-1]) == (["Sample", "Given class"], "File")
    assert [row[-1] for row in rows] == [f"{k // 250 and 1}.parquet" for k in hardest]
    assert [int(row[0]) for row in rows] == [k if k < 250 else k - 250 for k in hardest]
    np.save("images.npy", np.zeros((600, 4, 4), np.uint8))
    page = read("-q", "--top", "3", "--text", "caption", "--images", "images.npy",
                caption=[f"<b>photo {k}" for k in range(600)])  # fmt: skip
    rows = page.column("hardest-samples", "Sample")
    assert page.column("hardest-samples", "Text") == [f"<b>photo {row}" for row in rows]
    assert page.html.count('src="data:image/png') == 3


def test_what_was_read_and_left_out_is_listed(read):
    gold = np.array(NAMES)[LABELS]
    argv = ["-q", "--labels", "gold", "--classes", ",".join(NAMES)]
    page = read(*argv, gold=gold, id=np.arange(600), note="x")
    counts = list(map(value, page.column("classes", "Samples")))
    assert counts == np.bincount(LABELS).tolist()
    found = dict(page.tables["reading"])
    assert found["Class columns"] == "prob_0, prob_1, prob_2, prob_3"
    assert (found["Input"], found["Ids"], found["Left out"]) == ("in.parquet", "id", "label, note")
    assert ec.__version__ in found["Versions"]


@pytest.mark.parametrize("source", ["in.parquet", "in"])
def test_groups_are_compared_with_the_rest(read, source, capsys):
    camera = np.where(np.arange(600) % 3 == 0, "night", "day")
    labels = np.where(camera == "night", (PROBS.argmax(axis=1) + 1) % 4, LABELS)
    page = read("--group-by", "camera", labels=labels, camera=camera, source=source)
    table = ec.group_table(ec.score(PROBS, labels), camera)
    assert page.column("groups", "Group") == ["day", "night"]
    assert list(map(value, page.column("groups", "Samples"))) == table.count.tolist()
    assert list(map(value, page.column("groups", "Hard"))) == table.hard.tolist()
    accuracy = list(map(value, page.column("groups", "Accuracy")))
    np.testing.assert_allclose(accuracy, table.accuracy, atol=5e-5)
    assert page.column("groups", "p, accuracy") == ["<\xa00.0001"] * 2
    assert page.first_look()[2].startswith("Of the groups by camera, day differs most from the")
    assert "not used" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("", 3, "it exists; pass --overwrite"),
        ("--overwrite --bins 101", 2, "at most 100 bins"),
        ("--overwrite --probs prob_*,age", 3, "'in.parquet': probs: "),
        ("--overwrite --group-by age", 3, "--group-by age: expected at most 1,000 groups, got 1,2"),
        ("--overwrite --group-by nope", 3, "no column 'nope'; it has 'prob_0'"),
    ],
)
def test_mistakes_are_told_in_one_line_and_the_file_is_kept(refused, argv, code, message):
    frame = pd.DataFrame(np.repeat(PROBS, 2, axis=0), columns=[f"prob_{k}" for k in range(4)])
    frame.assign(label=np.repeat(LABELS, 2), age=np.arange(1200) / 7).to_parquet("in.parquet")
    Path("o.html").write_text("mine")
    said = refused("report", "in.parquet", "-o", "o.html", *argv.split(), code=code)
    assert message in said
    assert Path("o.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("command", "package"),
    [("report", "matplotlib"), ("report", "jinja2"), ("label-errors", "jinja2")],
)
def test_missing_package_is_told_before_the_input_is_read(command, package, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    said = refused(command, "none.npy", "-o", "out.html")
    assert said.startswith(f"this needs {package}: ")


def test_long_work_shows_its_stages(read, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL_S", 0.0)
    stages = ["scoring", "computing AUROC", f"scoring at {len(ec.SIGMA_GRID)} sigmas", "drawing"]
    for argv, expected in (
        ([], []),  # not a terminal
        (["--progress"], stages),
        (["--progress", "-q"], []),
    ):
        read(*argv)
        assert capsys.readouterr().err.splitlines() == expected


def test_the_summary_holds_the_cores_numbers(page):
    summary, facts = SCORES.summary, page.facts()
    for name, expected, digits in (
        ("Samples", 600, {}), ("Classes", 4, {}), ("Accuracy", summary.accuracy, {"abs": 5e-5}),
        ("AUROC", ec.auroc(PROBS, LABELS), {"rel": 1e-3}),
        ("MSR, medium sample rate", summary.msr, {"abs": 5e-5}),
        ("ESE, expected sample easiness error", summary.ese, {"rel": 1e-3}),
        ("Mean loss", summary.mean_loss, {"rel": 1e-3}),
        ("Mean easiness", summary.mean_easiness, {"rel": 1e-3}),
    ):  # fmt: skip
        assert value(facts[name]) == pytest.approx(expected, **digits), name
    low, high = summary.accuracy_interval
    assert f"({100 * low:.2f} to {100 * high:.2f}" in facts["Accuracy"]
    assert (facts["Estimator"], facts["σ"], facts["Resolution"]) == ("closed form", "0.01", "0.001")
    told = page.text["main"][0].replace("\xa0", " ")
    wrong = SCORES.predicted != LABELS
    share = f"{100 * (~wrong).mean():.2f} %"
    assert f"Predicted as labeled: {(~wrong).sum()} of 600 samples ({share}). Levels: " in told
    for level in ec.Level:
        name, count = level.name.lower(), int((SCORES.level == level).sum())
        assert 0 < count < 600, "the made data must show every level"
        assert f"{count:,} {name} (" in told
        n_wrong = int((wrong & (SCORES.level == level)).sum())
        assert f"{n_wrong:,} {name}" in told.partition("Errors: ")[2][:60] or not n_wrong


def test_the_first_look_is_made_from_the_numbers(page):
    wrong = SCORES.predicted != LABELS
    hard = int((wrong & (SCORES.level == ec.Level.HARD)).sum())
    found = page.first_look()
    assert found[0] == (
        f"Start with the hard samples: they hold {hard} of {wrong.sum()} errors "
        f"({100 * hard / wrong.sum():.2f} %)."
    )
    given, other, count = ec.confusion_pairs(SCORES)[0].tolist()
    assert f"{NAMES[given]} predicted as {NAMES[other]}: {count} samples, " in found[1]
    table = ec.class_table(SCORES)
    worst = int(table.accuracy.argmin())
    low, high = table.accuracy_interval[worst]
    assert found[2].startswith(
        f"Class {NAMES[worst]} has the lowest accuracy: {100 * table.accuracy[worst]:.2f} % "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
    )
    assert ("may be chance" in found[2]) == (low <= SCORES.summary.accuracy <= high)


def test_bins_sum_to_ese(page):
    bins = SCORES.summary.bins
    head, *every = page.tables["bins-of-easiness"]
    assert head[-1] == "Adds to ESE"
    assert [value(row[1]) for row in every] == bins.count.tolist()
    rows = [row for row in every if row[1] != "0"]
    assert [row[2:] for row in every if row[1] == "0"] == [["–"] * 4] * (5 - len(rows))
    accuracy, easiness = (v[bins.count > 0] for v in (bins.accuracy, bins.mean_easiness))
    expected = np.stack([accuracy, easiness, np.abs(accuracy - easiness)], 1)
    np.testing.assert_allclose([list(map(value, row[2:5])) for row in rows], expected, atol=5.1e-5)
    assert sum(value(row[5]) for row in rows) == pytest.approx(bins.ese, abs=5e-6)


def test_classes_and_confused_classes_are_the_cores(page):
    table = ec.class_table(SCORES)
    assert page.column("classes", "Class") == NAMES
    for heading, expected, digits in (
        ("Samples", table.count, {}), ("Hard", table.hard, {}), ("Medium", table.medium, {}),
        ("Easy", table.easy, {}), ("Accuracy", table.accuracy, {"atol": 5e-5}),
        ("Mean log easiness", table.mean_log_easiness, {"rtol": 1e-3}),
    ):  # fmt: skip
        found = list(map(value, page.column("classes", heading)))
        np.testing.assert_allclose(found, expected, **digits)
    for low, high in table.accuracy_interval:
        assert f"<small>{100 * low:.2f} to {100 * high:.2f}\xa0%</small>" in page.html
    rows = page.tables["confused-classes"][1:]
    pairs = ec.confusion_pairs(SCORES).tolist()
    assert [[*row[:2], value(row[2])] for row in rows] == [[NAMES[a], NAMES[b], n] for a, b, n in
                                                           pairs]  # fmt: skip
    for row, (given, _, count) in zip(rows, pairs, strict=True):
        assert value(row[3]) == pytest.approx(count / (given == LABELS).sum(), abs=5e-5)


def test_hardest_samples_are_those_of_least_log_easiness(page):
    expected = np.argsort(SCORES.log_easiness, kind="stable")[:20]
    plain = page.tables["hardest-samples"]
    assert [int(row[0]) for row in plain[1:]] == expected.tolist()
    for row, k in zip(plain[1:8], expected[:7], strict=True):
        assert row[1:3] == [NAMES[LABELS[k]], NAMES[SCORES.predicted[k]]]
        found = [PROBS[k, LABELS[k]], PROBS[k].max(), SCORES.log_easiness[k], SCORES.loss[k]]
        assert list(map(value, row[3:7])) == pytest.approx(found, rel=1e-3)
    ids = [f"{k:03}.png" for k in range(600)]
    ids[expected[0]] = "<b>" + "x" * 100
    page = page_of(PROBS, LABELS, top=7, ids=ids, classes=NAMES)
    head, first, *rest = page.tables["hardest-samples"]
    assert head == [*plain[0], "Row"]
    assert first == ["<b>" + "x" * 36 + "…", *plain[1][1:], plain[1][0]]
    assert rest == [[ids[int(row[0])], *row[1:], row[0]] for row in plain[2:8]]
    rows = page_of(PROBS, LABELS, top=3, ids=np.arange(600) + 1000).tables["hardest-samples"][1:]
    assert [int(row[0]) - int(row[-1]) for row in rows] == [1000] * 3


def test_ties_of_monte_carlo_are_ordered_by_loss():
    probs, labels = made(400, 3, sharp=6.0)
    report = report_of(probs, labels, estimator=ec.MonteCarlo(draws=50), top=10)
    assert np.isneginf(report.hardest["log_easiness"]).all()
    losses = report.hardest["loss"].tolist()
    assert losses == sorted(losses, reverse=True)
    assert report.sigma_resolution == 1 / 50
    page = page_of(probs, labels, estimator=ec.MonteCarlo(draws=50), top=0)
    assert "hardest-samples" not in page.tables


def test_counts_are_divided_everywhere():
    rng = np.random.default_rng(5)
    counts = rng.integers(1, 50, size=(300, 3)) * rng.integers(1, 9, size=(300, 1))
    labels = rng.integers(3, size=300)
    divided = report_of(counts / counts.sum(axis=1, keepdims=True), labels)
    found = report_of(counts, labels, normalize=True)
    assert found.summary.level_counts == divided.summary.level_counts
    for name, values in divided.hardest.items():
        np.testing.assert_allclose(found.hardest[name], values, rtol=1e-12)
    assert found.auroc == ec.auroc(counts, labels, normalize=True)
    assert found.auroc == pytest.approx(divided.auroc, abs=1e-6)


def test_auroc_is_skipped_above_the_limit_and_the_page_says_so(monkeypatch):
    monkeypatch.setattr(options, "AUROC_ELEMENTS", 2400)
    assert report_of(PROBS, LABELS).auroc == ec.auroc(PROBS, LABELS)
    monkeypatch.setattr(options, "AUROC_ELEMENTS", 2399)
    assert page_of(PROBS, LABELS).facts()["AUROC"] == (
        "skipped: 2,400 probabilities; easiness score --auroc computes it"
    )


@pytest.mark.parametrize(("sigma", "resolution"), [(0.3, 0.001), (0.3, 0.2), (1e-5, 0.001)])
def test_the_curve_over_sigma_has_the_resolution_and_the_sigma_of_the_report(sigma, resolution):
    estimator = ec.ClosedForm(sigma=sigma, resolution=resolution)
    report = report_of(PROBS, LABELS, estimator=estimator, n_bins=7)
    fit = report.sigma_fit
    expected = ec.fit_sigma(PROBS, LABELS, grid=fit.grid, resolution=resolution, n_bins=7)
    assert fit.grid.tolist() == sorted({*ec.SIGMA_GRID, sigma})
    assert (fit.sigma, fit.ese) == (expected.sigma, expected.ese)
    np.testing.assert_array_equal(fit.msr_curve, expected.msr_curve)
    np.testing.assert_array_equal(fit.ese_curve, expected.ese_curve)
    at = fit.grid.tolist().index(sigma)
    assert (fit.msr_curve[at], fit.ese_curve[at]) == (report.summary.msr, report.summary.ese)


def test_least_ese_at_the_lower_edge_is_no_recommendation(page):
    notes = page.text["section"][-2]
    assert "σ is not scale-free" in notes
    assert "recommends no σ" in notes
    assert "held-out" not in notes
    # Exact ties are as easy as a coin toss at any small sigma, though the label always loses here.
    notes = page_of(np.array([[0.5, 0.5, 0.0]] * 4), np.array([1, 1, 1, 1])).text["section"][-2]
    assert "recommends no σ" not in notes
    assert "held-out" in notes
