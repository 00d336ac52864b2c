"""`easiness select` gives the rows of the core's selection functions."""

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
N_HARD, N_MEDIUM = (SCORES.summary.level_counts[name] for name in ("hard", "medium"))
ORDER = np.argsort(SCORES.log_easiness, kind="stable")
RULES = {
    "--levels MO": ec.select(SCORES.level, ec.MO),
    "--levels mho": ec.select(SCORES.level, ec.MHO),
    "--levels hard,Easy": ec.select(SCORES.level, ec.Level.HARD | ec.Level.EASY),
    "--interval 0.1 0.9": ec.select_interval(SCORES.easiness, 0.1, 0.9),
    "--interval 0 1": np.arange(500),
    "--loss-rank": ec.loss_rank_selection(SCORES.loss, n_hard=N_HARD, n_medium=N_MEDIUM),
    "--loss-rank --n-hard 5 --n-medium 7": ec.loss_rank_selection(
        SCORES.loss, n_hard=5, n_medium=7
    ),
    "--random 50": ec.random_selection(500, 50, seed=0),
    "--random 50 --seed 9": ec.random_selection(500, 50, seed=9),
    "--random 0": np.arange(0),
    "--hardest 20": ORDER[:20],
    "--easiest 20": np.argsort(-SCORES.log_easiness, kind="stable")[:20],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    assert min(SCORES.summary.level_counts.values()) > 20
    folder = tmp_path_factory.mktemp("scores")
    np.save(folder / "p.npy", PROBS)
    np.save(folder / "y.npy", LABELS)
    for suffix in ("csv", "npz", "parquet"):
        out = str(folder / f"s.{suffix}")
        argv = ["score", str(folder / "p.npy"), str(folder / "y.npy"), "-o", out]
        assert main([*argv, "--sigma", "0.1", "-q"]) == 0
    return folder


@pytest.mark.parametrize("rule", RULES)
def test_rules_are_the_cores(rule, folder, capsys):
    expected = RULES[rule]
    for suffix in ("csv", "npz", "parquet"):
        assert main(["select", str(folder / f"s.{suffix}"), *rule.split()]) == 0
        captured = capsys.readouterr()
        assert captured.out == "index\n" + "".join(f"{row}\n" for row in expected)
        share = 100 * expected.size / 500
        assert captured.err == f"selected {expected.size} of 500 samples ({share:.2f} %)\n"


def test_outputs_are_never_inputs_and_replace_nothing(folder, capsys, refused):
    expected = ec.select(SCORES.level, ec.MO)
    argv = ["select", str(folder / "s.csv"), "--levels", "MO", "-q", "-o"]
    for suffix in ("npy", "csv", "txt"):
        assert main([*argv, f"out.{suffix}"]) == 0
    assert capsys.readouterr() == ("", "")
    np.testing.assert_array_equal(np.load("out.npy"), expected, strict=True)
    assert Path("out.txt").read_text().split() == [str(row) for row in expected]
    assert Path("out.csv").read_text().split() == ["index", *map(str, expected)]
    assert "it exists" in refused(*argv, "out.txt")
    assert "also an input" in refused(*argv, str(folder / "s.csv"), "--overwrite")


def test_indices_are_those_of_the_index_column(folder, capsys):
    """Rows may be reordered and dropped between `score` and `select`."""
    table = pq.read_table(folder / "s.parquet")
    keep = np.random.default_rng(0).permutation(500)[:300]
    pq.write_table(table.take(keep), "part.parquet")
    assert main(["select", "part.parquet", "--levels", "HO"]) == 0
    expected = np.sort(keep[ec.select(SCORES.level[keep], ec.HO)])
    assert capsys.readouterr().out.split() == ["index", *map(str, expected)]


def test_a_folder_names_files_rows_and_ids(capsys, refused):
    Path("in").mkdir()
    for at in range(2):
        rows = slice(250 * at, 250 * at + 250)
        np.savez(f"in/{at}.npz", probs=PROBS[rows], labels=LABELS[rows], id=np.arange(500)[rows])
    assert main(["score", "in", "-o", "out", "-q", "--sigma", "0.1"]) == 0
    assert main(["select", "out", "--hardest", "5", "-q"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [int(row["id"]) for row in rows] == ORDER[:5].tolist()
    assert [row["file"] for row in rows] == [f"out/{at // 250}.parquet" for at in ORDER[:5]]
    assert [int(row["index"]) for row in rows] == [at % 250 for at in ORDER[:5]]
    argv = ["select", "out", "--hardest", "5", "-o", "out.npy"]
    assert "rows of several files need file names" in refused(*argv, code=2)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("", "one of the arguments"),
        ("--levels MO --loss-rank", "not allowed with"),
        ("--levels MOO", "expected one of MO, EO"),
        ("--levels=", "expected one of MO, EO"),
        ("--interval 0.1", "expected 2 arguments"),
        ("--interval 0.1 1.5", "from 0 to 1"),
        ("--interval 0.9 0.1", "is above HIGH"),
        ("--random -1", "whole number >= 0"),
        ("--levels MO --seed 1", "--seed requires --random"),
        ("--random 5 --n-medium 1", "--n-medium requires --loss-rank"),
        ("--levels MO -o out.parquet", "ending in .npy, .csv or .txt"),
    ],
)
def test_usage_errors(argv, message, folder, refused):
    assert message in refused("select", str(folder / "s.csv"), *argv.split(), code=2)


INTERVAL = "--interval 0 1"
NOT_SCORES = "'easiness score' did not write"


@pytest.mark.parametrize(
    ("text", "argv", "message"),
    [
        ("index,level\n0,hard\n1,odd\n", "--levels MO", "got 'odd'"),
        ("index,level\n0,hard\n", INTERVAL, "no column 'easiness'"),
        ("index,easiness\n0,high\n", INTERVAL, "expected numbers"),
        ("index,easiness\n0,nan\n1,0.5\n", INTERVAL, "are missing"),
        ("index,easiness\n0.5,0.1\n", INTERVAL, "'index'"),
        ("index,level\n", "--levels MO", "no rows"),
        ("0.5,0.5\n", "--levels MO", "no column 'index'"),
        ("index\n0\n1\n", "--random 3", "3"),
        ("", "--levels MO", "empty"),
        ("probs", "--levels MO", NOT_SCORES),
    ],
)
def test_files_that_are_no_scores_are_refused(text, argv, message, refused):
    name = "a.csv"
    Path(name).write_text(text)
    if text == "probs":
        name = "a.npz"
        np.savez(name, probs=PROBS)
    assert message in refused("select", name, *argv.split(), "-o", "out.npy")
    assert not Path("out.npy").exists()
