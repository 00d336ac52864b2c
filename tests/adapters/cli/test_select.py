"""`easiness select` gives the rows of the core's selection functions."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main

import easiness_core as ec

_RNG = np.random.default_rng(3)
PROBS = _RNG.dirichlet(np.full(4, 0.2), size=500)
LABELS = _RNG.integers(0, 4, size=500)
SCORES = ec.score(PROBS, LABELS, estimator=ec.ClosedForm(sigma=0.1))
N_HARD = SCORES.summary.level_counts["hard"]
N_MEDIUM = SCORES.summary.level_counts["medium"]

RULES = {
    **{
        rule: (["--levels", rule], ec.select(SCORES.level, getattr(ec, rule)))
        for rule in ("MO", "EO", "HO", "EMO", "MHO", "EMHO")
    },
    "lower case": (["--levels", "mho"], ec.select(SCORES.level, ec.MHO)),
    "names": (["--levels", "hard,Easy"], ec.select(SCORES.level, ec.Level.HARD | ec.Level.EASY)),
    "one name": (["--levels", "medium"], ec.select(SCORES.level, ec.MO)),
    "interval": (["--interval", "0.1", "0.9"], ec.select_interval(SCORES.easiness, 0.1, 0.9)),
    "all": (["--interval", "0", "1"], np.arange(500)),
    "loss rank": (
        ["--loss-rank"],
        ec.loss_rank_selection(SCORES.loss, n_hard=N_HARD, n_medium=N_MEDIUM),
    ),
    "loss rank, given": (
        ["--loss-rank", "--n-hard", "5", "--n-medium", "7"],
        ec.loss_rank_selection(SCORES.loss, n_hard=5, n_medium=7),
    ),
    "random": (["--random", "50"], ec.random_selection(500, 50, seed=0)),
    "random, seed": (["--random", "50", "--seed", "9"], ec.random_selection(500, 50, seed=9)),
    "none": (["--random", "0"], np.arange(0)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    np.save(folder / "p.npy", PROBS)
    np.save(folder / "y.npy", LABELS)
    for suffix in ("csv", "npz", "parquet"):
        out = str(folder / f"s.{suffix}")
        argv = ["score", str(folder / "p.npy"), str(folder / "y.npy"), "-o", out]
        assert main([*argv, "--sigma", "0.1", "-q"]) == 0
    return folder


def test_the_scores_hold_all_levels() -> None:
    assert min(SCORES.summary.level_counts.values()) > 20


@pytest.mark.parametrize("rule", RULES)
def test_rules(rule: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv, expected = RULES[rule]
    for suffix in ("csv", "npz", "parquet"):
        assert main(["select", str(folder / f"s.{suffix}"), *argv]) == 0
        captured = capsys.readouterr()
        assert captured.out == "index\n" + "".join(f"{row}\n" for row in expected)
        share = 100 * expected.size / 500
        assert captured.err == f"selected {expected.size} of 500 samples ({share:.2f} %)\n"


def test_outputs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = ec.select(SCORES.level, ec.MO)
    for suffix in ("npy", "csv", "txt"):
        argv = ["select", str(folder / "s.npz"), "--levels", "MO", "-q"]
        assert main([*argv, "-o", str(tmp_path / f"out.{suffix}")]) == 0
    assert capsys.readouterr() == ("", "")
    saved = np.load(tmp_path / "out.npy")
    assert saved.dtype == np.int64
    np.testing.assert_array_equal(saved, expected)
    assert (tmp_path / "out.txt").read_text().split() == [str(row) for row in expected]
    assert (tmp_path / "out.csv").read_text().split() == ["index", *map(str, expected)]


def test_indices_are_those_of_the_index_column(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows may be reordered and dropped between `score` and `select`."""
    table = pq.read_table(folder / "s.parquet")
    keep = np.random.default_rng(0).permutation(500)[:300]
    pq.write_table(table.take(keep), tmp_path / "part.parquet")
    assert main(["select", str(tmp_path / "part.parquet"), "--levels", "HO"]) == 0
    expected = np.sort(keep[ec.select(SCORES.level[keep], ec.HO)])
    assert capsys.readouterr().out.split() == ["index", *map(str, expected)]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "one of the arguments"),
        (["--levels", "MO", "--loss-rank"], "not allowed with"),
        (["--levels", "MOO"], "expected one of MO, EO"),
        (["--levels", ""], "expected one of MO, EO"),
        (["--interval", "0.1"], "expected 2 arguments"),
        (["--interval", "0.1", "1.5"], "from 0 to 1"),
        (["--interval", "nan", "1"], "from 0 to 1"),
        (["--interval", "0.9", "0.1"], "is above HIGH"),
        (["--random", "-1"], "whole number >= 0"),
        (["--random", "1.5"], "whole number >= 0"),
        (["--levels", "MO", "--seed", "1"], "--seed requires --random"),
        (["--levels", "MO", "--n-hard", "1"], "--n-hard requires --loss-rank"),
        (["--random", "5", "--n-medium", "1"], "--n-medium requires --loss-rank"),
        (["--levels", "MO", "-o", "out.parquet"], "ending in .npy, .csv or .txt"),
    ],
)
def test_usage_errors(
    argv: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["select", str(folder / "s.csv"), *argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("easiness: error: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


@pytest.mark.parametrize(
    ("name", "text", "argv", "message"),
    [
        ("a.csv", "index,level\n0,hard\n1,odd\n", ["--levels", "MO"], "got 'odd'"),
        ("a.csv", "index,level\n0,hard\n", ["--interval", "0", "1"], "no column 'easiness'"),
        ("a.csv", "index,easiness\n0,high\n", ["--interval", "0", "1"], "expected numbers"),
        ("a.csv", "index,easiness\n0,nan\n1,0.5\n", ["--interval", "0", "1"], "are missing"),
        ("a.csv", "index,easiness\n0.5,0.1\n", ["--interval", "0", "1"], "'index'"),
        ("a.csv", "index,level\n", ["--levels", "MO"], "no rows"),
        ("a.csv", "0.5,0.5\n", ["--levels", "MO"], "no column 'index'"),
        ("a.csv", "index\n0\n1\n", ["--random", "3"], "3"),
        ("a.npy", "", ["--levels", "MO"], "empty"),
    ],
)
def test_bad_scores(
    name: str,
    text: str,
    argv: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_text(text)
    assert main(["select", str(tmp_path / name), *argv, "-o", str(tmp_path / "out.npy")]) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("easiness: error: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("suffix", ["npz", "parquet", "npy"])
def test_files_that_score_did_not_write(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, probs=PROBS)
    elif suffix == "npy":
        np.save(path, PROBS)
    else:
        import pyarrow as pa

        pq.write_table(pa.table({"level": ["hard"]}), path)
    assert main(["select", str(path), "--levels", "MO"]) == 3
    assert "easiness score' " in capsys.readouterr().err


def test_existing_output_and_input_as_output(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.txt").write_text("old")
    argv = ["select", str(folder / "s.csv"), "--levels", "MO", "-o"]
    assert main([*argv, str(tmp_path / "out.txt")]) == 3
    assert (tmp_path / "out.txt").read_text() == "old"
    assert main([*argv, str(folder / "s.csv"), "--overwrite"]) == 3
    assert "also an input" in capsys.readouterr().err
    with open(folder / "s.csv", newline="") as file:
        assert len(list(csv.reader(file))) == 501


def test_a_folder_names_files_rows_and_ids(
    in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (in_folder / "in").mkdir()
    for at in range(2):
        part = slice(250 * at, 250 * at + 250)
        ids = np.arange(500)[part]
        np.savez(in_folder / "in" / f"{at}.npz", probs=PROBS[part], labels=LABELS[part], id=ids)
    assert main(["score", "in", "-o", "out", "-q", "--sigma", "0.1"]) == 0
    assert main(["select", "out", "--hardest", "5", "-q"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    hardest = np.argsort(SCORES.log_easiness, kind="stable")[:5]
    assert [int(row["id"]) for row in rows] == hardest.tolist()
    assert [row["file"] for row in rows] == [f"out/{at // 250}.parquet" for at in hardest]
    assert [int(row["index"]) for row in rows] == [at % 250 for at in hardest]
