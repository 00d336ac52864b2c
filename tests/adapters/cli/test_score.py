"""`easiness score`: the summary, its options and standard streams; `easiness merge`."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from easiness_cli import options
from easiness_cli.__main__ import main

import easiness_core as ec

_RNG = np.random.default_rng(11)
PROBS = _RNG.dirichlet(np.full(5, 0.1), size=700)
LABELS = _RNG.integers(0, 5, size=700)
LABELS[:600] = PROBS[:600].argmax(axis=1)
SCORE = ("score", "p.npy", "y.npy")


@pytest.fixture(autouse=True)
def inputs(in_folder):
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)


@pytest.fixture
def found(capsys):
    """Run `score --json` and give what it prints, which is JSON alone."""

    def run(*argv):
        assert main([*SCORE, "--json", *argv]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""

        def refuse(name):
            raise AssertionError(f"{name} is not JSON")

        return json.loads(captured.out, parse_constant=refuse)

    return run


def test_the_json_holds_the_cores_numbers(found):
    told, summary = found("-o", "out.npz", "-q"), ec.score(PROBS, LABELS).summary
    for name in ("n_samples", "accuracy", "msr", "ese", "mean_easiness", "mean_loss"):
        assert told[name] == getattr(summary, name), name
    assert told["level_counts"] == summary.level_counts
    assert told["auroc"] == ec.auroc(PROBS, LABELS)
    assert told["auroc_skipped"] is None
    assert told["n_classes"] == 5
    assert told["estimator"] == {"name": "closed-form", "sigma": 0.01, "resolution": 1e-3}
    assert told["output"] == "out.npz"
    assert told["versions"]["easiness_core"] == ec.__version__
    assert ec.Summary.from_dict(told["summary"]) == summary


def test_what_is_not_finite_is_null(found):
    np.save("p.npy", [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    np.save("y.npy", [1, 0, 0])
    told = found()
    assert (told["mean_loss"], told["n_infinite_losses"]) == (None, 2)
    assert told["mean_finite_loss"] == pytest.approx(np.log(2), abs=1e-12)
    np.save("y.npy", [0, 0, 0])
    told = found()
    assert (told["auroc"], told["auroc_skipped"]) == (None, None)


LOGITS = np.random.default_rng(0).normal(0, 5, size=(700, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("argv", "probs", "expected"),
    [
        (["--sigma", "0.05"], PROBS, {"estimator": ec.ClosedForm(sigma=0.05)}),
        (["--resolution", "0"], PROBS, {"estimator": ec.ClosedForm(resolution=0.0)}),
        (["--estimator", "monte-carlo"], PROBS, {"estimator": ec.MonteCarlo()}),
        (["--estimator", "monte-carlo", "--draws", "77", "--seed", "5", "--sigma", ".1"], PROBS,
         {"estimator": ec.MonteCarlo(sigma=0.1, draws=77, seed=5)}),
        (["--bins", "11"], PROBS, {"n_bins": 11}),
        (["--normalize", "--threads", "3"], 100 * PROBS, {"normalize": True}),
        (["--logits"], LOGITS, {"logits": True}),
    ],
)  # fmt: skip
def test_options_are_those_of_the_core(argv, probs, expected, found):
    np.save("p.npy", probs)
    told = found(*argv)
    reading = {name: expected.pop(name) for name in ("normalize", "logits") if name in expected}
    given = ec.softmax(probs) if "logits" in reading else probs
    normalize = "normalize" in reading
    summary = ec.score(given, LABELS, normalize=normalize, **expected).summary
    assert ec.Summary.from_dict(told["summary"]) == summary
    assert told["ese"] == summary.ese
    assert told["estimator"]["sigma"] == summary.estimator.sigma
    assert told["estimator"]["resolution"] == summary.estimator.resolution
    assert told["auroc"] == ec.auroc(probs, LABELS, **reading)


def test_auroc_of_logits_ranks_what_the_softmax_ties(found):
    np.save("p.npy", [[800.0, 0.0], [900.0, 0.0], [850.0, 0.0], [950.0, 0.0]])
    np.save("y.npy", [1, 0, 1, 0])
    assert found("--logits")["auroc"] == 1.0


@pytest.mark.parametrize(
    ("limit", "argv", "expected"),
    [
        (3500, [], None),
        (3499, [], "skipped: 3,500 probabilities; --auroc computes it"),
        (3499, ["--auroc"], None),
        (3500, ["--no-auroc"], "skipped: --no-auroc"),
    ],
)
def test_auroc_is_computed_or_said_to_be_skipped(limit, argv, expected, monkeypatch, found, capsys):
    monkeypatch.setattr(options, "AUROC_ELEMENTS", limit)
    told = found(*argv)
    assert told["auroc_skipped"] == expected
    assert (told["auroc"] is None) == (expected is not None)
    assert main([*SCORE, *argv]) == 0
    line = capsys.readouterr().out.splitlines()[3]
    assert line.startswith("AUROC")
    assert (expected or f"{ec.auroc(PROBS, LABELS):.4f}") in line


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--draws", "10"], "--draws requires --estimator monte-carlo"),
        (["--resolution", "0.1", "--estimator", "monte-carlo"],
         "--resolution requires --estimator closed-form"),
        (["--sigma", "0"], "expected a number above 0, got '0'"),
        (["--sigma", "nan"], "expected a number above 0"),
        (["--resolution", "0.5"], "from 0 to below 0.5"),
        (["--bins", "0"], "whole number >= 1"),
        (["--estimator", "montecarlo"], "invalid choice"),
        (["--max-bytes", "lots"], "expected a size such as 500M"),
        (["third.npy"], "unrecognized arguments: third.npy"),
        (["-o", "out.xlsx"], "ending in .parquet, .csv or .npz"),
        (["-o", "out.csv.gz"], "ending in .parquet, .csv or .npz"),
        (["-o", "out.csv", "--keep", "camera,id"], "--keep id: every output has"),
    ],
)  # fmt: skip
def test_usage_errors(argv, message, refused):
    assert message in refused(*SCORE, *argv, code=2)
    assert sorted(path.name for path in Path().iterdir()) == ["p.npy", "y.npy"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("2048", 2048), ("2K", 2 << 10), ("3m", 3 << 20), ("8GiB", 8 << 30), ("1TB", 1 << 40)],
)
def test_sizes(text, size):
    assert options.size(text) == size


def test_max_bytes(refused):
    np.savez("y.npz", LABELS)
    assert main(["score", "p.npy", "y.npz", "-q", "--max-bytes", "28K"]) == 0
    said = refused("score", "p.npy", "y.npz", "-q", "--max-bytes", "20K")
    assert "more than the limit of 20,480" in said


def test_the_summary_for_people(capsys):
    # Options may stand between the files.
    assert main(["score", "p.npy", "-o", "out.csv", "y.npy"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = dict(line.split(maxsplit=1) for line in captured.out.splitlines())
    summary = ec.score(PROBS, LABELS).summary
    low, high = (100 * end for end in summary.accuracy_interval)
    expected = {name: f"{n} ({n / 7:.2f} %)" for name, n in summary.level_counts.items()}
    expected |= {"samples": "700", "ESE": f"{summary.ese:.4f} (5 bins)", "written": "out.csv"}
    expected["accuracy"] = f"{100 * summary.accuracy:.2f} % ({low:.2f} to {high:.2f})"
    assert {name: lines[name] for name in expected} == expected
    assert lines["MSR"].startswith(f"{100 * summary.msr:.2f} % (")
    assert lines["estimator"].startswith("closed form, sigma 0.01 (sigma^2 = 0.0001)")


@pytest.mark.parametrize(
    ("probs", "labels", "argv", "said"),
    [
        (PROBS, LABELS, ["--estimator", "monte-carlo"], "Monte Carlo, 1,000 draws, seed 0, sigma "),
        ([[1.0, 0.0], [0.5, 0.5]], [1, 0], [], "inf (1 infinite; mean of the others 0.6931)"),
        ([[1.0, 0.0], [1.0, 0.0]], [1, 1], [], "every loss is infinite"),
        ([[0.5, 0.5]], [0], [], "undefined (all labels are of one class)"),
    ],
)
def test_what_is_not_usual_is_said(probs, labels, argv, said, capsys):
    np.save("p.npy", probs)
    np.save("y.npy", labels)
    assert main([*SCORE, *argv]) == 0
    out = capsys.readouterr().out
    assert said in out
    assert "nan" not in out


def test_standard_streams(capsys, monkeypatch, refused):
    assert main([*SCORE, "-o", "-"]) == 0
    captured = capsys.readouterr()
    found = pa.csv.read_csv(io.BytesIO(captured.out.encode()))
    np.testing.assert_array_equal(found["log_easiness"], ec.score(PROBS, LABELS).log_easiness)
    assert captured.err.startswith("samples        700\n")
    for name, argv in (("p.npy", ["-", "y.npy", "-o", "-"]), ("y.npy", ["p.npy", "-o", "-", "-"])):
        stdin = io.TextIOWrapper(io.BytesIO(Path(name).read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["score", *argv, "-q"]) == 0
        assert capsys.readouterr() == (captured.out, "")
    assert "only one of two inputs can be standard input" in refused("score", "-", "-")


def test_kept_columns_are_copied_as_text(refused):
    table = pd.DataFrame(PROBS[:3], columns=[f"p_{k}" for k in range(5)])
    table.assign(label=LABELS[:3], camera=["day", "", None]).to_parquet("in.parquet")
    for out in ("k.npz", "k.parquet"):
        assert main(["score", "in.parquet", "-o", out, "-q", "--keep", "camera"]) == 0
    assert pq.read_table("k.parquet")["camera"].to_pylist() == ["day", "", None]
    with np.load("k.npz") as arrays:
        assert arrays["camera"].tolist() == ["day", "", ""]
    assert "no column 'x'; it has" in refused("score", "in.parquet", "-o", "x.csv", "--keep", "x")


def test_folders_are_scored_and_merged_as_the_whole(capsys, refused):
    Path("in").mkdir()
    for at, rows in enumerate((slice(0, 300), slice(300, 700))):
        np.savez(f"in/{at}.npz", probs=PROBS[rows], labels=LABELS[rows])
    assert "pass -o FOLDER" in refused("score", "in", "-o", "out.csv", code=2)
    assert "--auroc needs all rows" in refused("score", "in", "-o", "out", "--auroc", code=2)
    assert main(["score", "in", "-o", "out", "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    summary = ec.score(PROBS, LABELS).summary
    assert ec.Summary.from_dict(told["summary"]) == summary
    assert told["auroc_skipped"] == "skipped: shards"
    assert main(["merge", "out", "--verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert ec.Summary.from_dict(told["summary"]) == summary
