"""`easiness score`: the summary, its options and standard streams."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import options
from easiness_cli.__main__ import main

import easiness_core as ec

_RNG = np.random.default_rng(11)
PROBS = _RNG.dirichlet(np.full(5, 0.1), size=700)
LABELS = _RNG.integers(0, 5, size=700)
LABELS[:600] = PROBS[:600].argmax(axis=1)


@pytest.fixture(autouse=True)
def inputs(in_folder: Path) -> None:
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)


def score_json(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main(["score", "p.npy", "y.npy", "--json", *argv]) == 0

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


class TestJson:
    def test_equals_the_core(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = score_json(capsys)
        summary = ec.score(PROBS, LABELS).summary
        for name in ("n_samples", "accuracy", "msr", "ese", "mean_easiness", "mean_loss"):
            assert found[name] == getattr(summary, name), name
        assert found["level_counts"] == summary.level_counts
        assert found["auroc"] == ec.auroc(PROBS, LABELS)
        assert found["auroc_skipped"] is None
        assert found["n_classes"] == 5
        assert found["estimator"] == {"name": "closed-form", "sigma": 0.01, "resolution": 1e-3}
        assert found["output"] is None
        assert found["versions"]["easiness_core"] == ec.__version__
        assert ec.Summary.from_dict(found["summary"]) == summary

    def test_names_the_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert score_json(capsys, "-o", "out.npz")["output"] == "out.npz"

    def test_infinite_losses_are_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.save("p.npy", [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
        np.save("y.npy", [1, 0, 0])
        found = score_json(capsys)
        assert found["mean_loss"] is None
        assert found["n_infinite_losses"] == 2
        assert found["mean_finite_loss"] == pytest.approx(np.log(2), abs=1e-12)

    def test_undefined_auroc_is_null(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.save("y.npy", np.zeros(700, dtype=int))
        found = score_json(capsys)
        assert found["auroc"] is None
        assert found["auroc_skipped"] is None

    def test_stays_with_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert score_json(capsys, "-q")["n_samples"] == 700


class TestOptions:
    @pytest.mark.parametrize(
        ("argv", "estimator"),
        [
            (["--sigma", "0.05"], ec.ClosedForm(sigma=0.05)),
            (["--resolution", "1e-4"], ec.ClosedForm(resolution=1e-4)),
            (["--resolution", "0"], ec.ClosedForm(resolution=0.0)),
            (["--estimator", "monte-carlo"], ec.MonteCarlo()),
            (
                ["--estimator", "monte-carlo", "--draws", "77", "--seed", "5", "--sigma", ".1"],
                ec.MonteCarlo(sigma=0.1, draws=77, seed=5),
            ),
        ],
    )
    def test_estimator(
        self,
        argv: list[str],
        estimator: ec.ClosedForm | ec.MonteCarlo,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        expected = ec.score(PROBS, LABELS, estimator=estimator).summary
        found = score_json(capsys, *argv)
        assert ec.Summary.from_dict(found["summary"]) == expected
        assert found["estimator"]["sigma"] == estimator.sigma
        assert found["estimator"]["resolution"] == estimator.resolution

    def test_bins(self, capsys: pytest.CaptureFixture[str]) -> None:
        expected = ec.score(PROBS, LABELS, n_bins=11).summary
        assert score_json(capsys, "--bins", "11")["ese"] == expected.ese

    def test_threads_change_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert score_json(capsys, "--threads", "1") == score_json(capsys, "--threads", "3")

    def test_normalize(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.save("p.npy", PROBS * 100)
        found = score_json(capsys, "--normalize")
        expected = ec.score(PROBS * 100, LABELS, normalize=True).summary
        assert ec.Summary.from_dict(found["summary"]) == expected
        assert found["auroc"] == ec.auroc(PROBS * 100, LABELS, normalize=True)

    def test_logits(self, capsys: pytest.CaptureFixture[str]) -> None:
        logits = np.random.default_rng(0).normal(0, 5, size=(700, 5)).astype(np.float32)
        np.save("p.npy", logits)
        found = score_json(capsys, "--logits")
        expected = ec.score(ec.softmax(logits), LABELS).summary
        assert ec.Summary.from_dict(found["summary"]) == expected

    def test_options_may_stand_between_the_files(self) -> None:
        assert main(["score", "p.npy", "-o", "out.npz", "y.npy", "-q"]) == 0
        assert Path("out.npz").exists()

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (["--draws", "10"], "--draws requires --estimator monte-carlo"),
            (["--seed", "0"], "--seed requires --estimator monte-carlo"),
            (
                ["--resolution", "0.1", "--estimator", "monte-carlo"],
                "--resolution requires --estimator closed-form",
            ),
            (["--sigma", "0"], "expected a number above 0, got '0'"),
            (["--sigma", "inf"], "expected a number above 0"),
            (["--sigma", "small"], "expected a number above 0"),
            (["--sigma", "nan"], "expected a number above 0"),
            (["--resolution", "0.5"], "from 0 to below 0.5"),
            (["--bins", "0"], "whole number >= 1"),
            (["--threads", "0"], "whole number >= 1"),
            (["--estimator", "montecarlo"], "invalid choice"),
            (["--max-bytes", "lots"], "expected a size such as 500M"),
            (["--over"], "no option --over; did you mean --overwrite?"),
            (["third.npy"], "unrecognized arguments: third.npy"),
            (["-o", "out.xlsx"], "ending in .parquet, .csv or .npz"),
        ],
    )
    def test_usage_errors(
        self, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["score", "p.npy", "y.npy", *argv]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("easiness: error: ")
        assert len(captured.err.splitlines()) == 1
        assert message in captured.err

    @pytest.mark.parametrize(
        ("text", "size"),
        [("2048", 2048), ("2K", 2 << 10), ("3m", 3 << 20), ("8GiB", 8 << 30), ("1TB", 1 << 40)],
    )
    def test_sizes(self, text: str, size: int) -> None:
        assert options.size(text) == size

    def test_max_bytes(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.savez("y.npz", LABELS)
        assert main(["score", "p.npy", "y.npz", "-q", "--max-bytes", "28K"]) == 0
        assert main(["score", "p.npy", "y.npz", "-q", "--max-bytes", "20K"]) == 3
        assert "more than the limit of 20,480" in capsys.readouterr().err


class TestText:
    def test_summary(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["score", "p.npy", "y.npy", "-o", "out.csv"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        lines = dict(line.split(maxsplit=1) for line in captured.out.splitlines())
        summary = ec.score(PROBS, LABELS).summary
        assert lines["samples"] == "700"
        low, high = (100 * end for end in summary.accuracy_interval)
        assert lines["accuracy"] == f"{100 * summary.accuracy:.2f} % ({low:.2f} to {high:.2f})"
        low, high = (100 * end for end in summary.msr_interval)
        assert lines["MSR"].startswith(f"{100 * summary.msr:.2f} % ({low:.2f} to {high:.2f}), ")
        assert lines["AUROC"].startswith(f"{ec.auroc(PROBS, LABELS):.4f} ")
        assert lines["ESE"] == f"{summary.ese:.4f} (5 bins)"
        for name, count in summary.level_counts.items():
            assert lines[name] == f"{count} ({count / 7:.2f} %)"
        assert lines["estimator"] == (
            "closed form, sigma 0.01 (sigma^2 = 0.0001), resolution 0.001"
        )
        assert lines["written"] == "out.csv"

    def test_monte_carlo(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["score", "p.npy", "y.npy", "--estimator", "monte-carlo"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == (
            "estimator      Monte Carlo, 1,000 draws, seed 0, sigma 0.01 (sigma^2 = 0.0001), "
            "levels cut at exactly 0 and 1"
        )

    def test_infinite_losses(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.save("p.npy", [[1.0, 0.0], [0.5, 0.5]])
        np.save("y.npy", [1, 0])
        assert main(["score", "p.npy", "y.npy"]) == 0
        assert "inf (1 infinite; mean of the others 0.6931)" in capsys.readouterr().out
        np.save("y.npy", [1, 1])
        np.save("p.npy", [[1.0, 0.0], [1.0, 0.0]])
        assert main(["score", "p.npy", "y.npy"]) == 0
        out = capsys.readouterr().out
        assert "every loss is infinite" in out
        assert "nan" not in out

    def test_quiet_and_no_output(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert main(["score", "p.npy", "y.npy", "-q"]) == 0
        assert capsys.readouterr() == ("", "")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["p.npy", "y.npy"]

    @pytest.mark.parametrize(
        ("limit", "argv", "expected"),
        [
            (3500, [], None),
            (3499, [], "skipped: 3,500 probabilities; --auroc computes it"),
            (3499, ["--auroc"], None),
            (3500, ["--no-auroc"], "skipped: --no-auroc"),
        ],
    )
    def test_auroc_is_computed_or_said_to_be_skipped(
        self,
        limit: int,
        argv: list[str],
        expected: str | None,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(options, "AUROC_ELEMENTS", limit)
        found = score_json(capsys, *argv)
        assert found["auroc_skipped"] == expected
        assert (found["auroc"] is None) == (expected is not None)
        assert main(["score", "p.npy", "y.npy", *argv]) == 0
        line = capsys.readouterr().out.splitlines()[3]
        assert line.startswith("AUROC")
        assert (expected or f"{ec.auroc(PROBS, LABELS):.4f}") in line


class TestStreams:
    def test_csv_to_stdout_and_the_summary_to_stderr(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["score", "p.npy", "y.npy", "-o", "-"]) == 0
        captured = capsys.readouterr()
        rows = list(csv.DictReader(io.StringIO(captured.out)))
        log_easiness = [float(row["log_easiness"]) for row in rows]
        np.testing.assert_array_equal(log_easiness, ec.score(PROBS, LABELS).log_easiness)
        assert captured.err.startswith("samples        700\n")

    def test_stdin_to_stdout(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert main(["score", "p.npy", "y.npy", "-o", "-", "-q"]) == 0
        expected = capsys.readouterr().out
        stdin = io.TextIOWrapper(io.BytesIO(Path("p.npy").read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["score", "-", "y.npy", "-o", "-", "-q"]) == 0
        assert capsys.readouterr().out == expected
        stdin = io.TextIOWrapper(io.BytesIO(Path("y.npy").read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["score", "p.npy", "-o", "-", "-", "-q"]) == 0
        assert capsys.readouterr().out == expected

    def test_stdin_cannot_be_both(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["score", "-", "-"]) == 3
        assert "only one of two inputs can be standard input" in capsys.readouterr().err


def test_auroc_of_logits_ranks_what_the_softmax_ties(capsys):
    logits = np.array([[800.0, 0.0], [900.0, 0.0], [850.0, 0.0], [950.0, 0.0]])
    labels = np.array([1, 0, 1, 0])
    np.save("z.npy", logits)
    np.save("y.npy", labels)
    assert main(["score", "z.npy", "y.npy", "--logits", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["auroc"] == 1.0
