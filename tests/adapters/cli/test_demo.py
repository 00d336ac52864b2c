"""`easiness demo`: what it prints and writes, held against the core."""

from __future__ import annotations

import csv
import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main
from easiness_cli.commands import demo as command

import easiness_core as ec

NAMES = ("logistic_regression", "random_forest", "adaboost", "naive_bayes")
LEVEL_NAMES = {1: "hard", 2: "medium", 4: "easy"}
EXPECTED = {
    "labels.npy",
    "comparison.csv",
    "report.html",
    *(f"probs_{name}.npy" for name in NAMES),
    *(f"scores_{name}.parquet" for name in NAMES),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run once, into a folder that does not exist yet; give the folder."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "out"
    assert main(["demo", "-o", str(folder), "--folds", "2", "--seed", "3", "-q"]) == 0
    return folder


def rerun(folder: Path, *options: str) -> int:
    return main(["demo", "-o", str(folder), "--folds", "2", *options])


def test_writes_exactly_the_promised_files(demo):
    assert {path.name for path in demo.iterdir()} == EXPECTED


def test_comparison_is_the_cores_numbers_of_the_written_probabilities(demo):
    labels = np.load(demo / "labels.npy", allow_pickle=False)
    assert labels.shape == (1797,)
    with open(demo / "comparison.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(row["classifier"] for row in rows) == NAMES
    for row in rows:
        probs = np.load(demo / f"probs_{row['classifier']}.npy", allow_pickle=False)
        scores = ec.score(probs, labels)
        summary = scores.summary
        assert float(row["accuracy"]) == summary.accuracy
        assert float(row["auroc"]) == ec.auroc(probs, labels)
        assert float(row["msr"]) == summary.msr
        assert float(row["ese"]) == summary.ese
        assert float(row["mean_log_easiness"]) == scores.log_easiness.mean()
        for level, count in summary.level_counts.items():
            assert int(row[level]) == count


def test_scores_are_the_cores(demo):
    labels = np.load(demo / "labels.npy")
    for name in NAMES:
        table = pq.read_table(demo / f"scores_{name}.parquet").to_pydict()
        scores = ec.score(np.load(demo / f"probs_{name}.npy"), labels)
        assert table["label"] == labels.tolist()
        assert table["log_easiness"] == scores.log_easiness.tolist()
        assert table["level"] == [LEVEL_NAMES[level] for level in scores.level.tolist()]


def test_predictions_are_out_of_fold(demo):
    # A random forest is right about every image that it was trained on.
    scores = ec.score(np.load(demo / "probs_random_forest.npy"), np.load(demo / "labels.npy"))
    assert 0.9 < scores.summary.accuracy < 0.999


def test_prints_the_table_and_names_every_file_and_is_repeatable(demo, capsys, recwarn):
    before = {name: (demo / name).read_bytes() for name in EXPECTED}
    assert rerun(demo, "--seed", "3", "--overwrite") == 0
    assert {name: (demo / name).read_bytes() for name in EXPECTED} == before
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [f"2 folds of {n.replace('_', ' ')} ..." for n in NAMES]
    assert " folds of " not in printed.out
    assert not recwarn.list
    for name in EXPECTED:
        assert str(demo / name) in printed.out
    summary = ec.score(
        np.load(demo / "probs_naive_bayes.npy"), np.load(demo / "labels.npy")
    ).summary
    line = next(li for li in printed.out.splitlines() if li.startswith("naive_bayes "))
    cells = re.split(r"\s{2,}", line)
    counts = summary.level_counts
    assert cells[1] == f"{100 * summary.accuracy:.2f} %"
    assert cells[3] == f"{100 * summary.msr:.2f} %"
    assert cells[5:8] == [f"{counts[level]:,}" for level in ("hard", "medium", "easy")]
    assert "adaboost: 100.0 % of the samples are medium" in printed.out
    assert "naive_bayes: " not in printed.out
    assert printed.out.splitlines()[-2:] == [
        f"  {line}" for line in command.next_commands(str(demo))
    ]


def test_suggested_command_works(demo, capsys):
    scores = str(demo / "scores_logistic_regression.parquet")
    assert main(["select", scores, "--hardest", "20"]) == 0
    indices = [int(line) for line in capsys.readouterr().out.split()[1:]]
    labels = np.load(demo / "labels.npy")
    found = ec.score(np.load(demo / "probs_logistic_regression.npy"), labels).log_easiness
    assert indices == np.argsort(found, kind="stable")[:20].tolist()


def test_existing_files_are_refused_before_any_work(tmp_path, capsys):
    (tmp_path / "report.html").write_text("mine")
    assert rerun(tmp_path) == 3
    printed = capsys.readouterr()
    assert "not empty" in printed.err
    assert "--overwrite" in printed.err
    assert printed.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "mine"


def test_output_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert rerun(tmp_path / "file", "--overwrite") == 3
    assert "it is a file; name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--folds", "175"), "from 2 to 174"), (("--seed", str(2**32)), "from 0 to 4294967295")],
)
def test_options_out_of_range_are_refused(tmp_path, capsys, options, message):
    assert main(["demo", "-o", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def results(folds, seed, *, quiet):
    """Stand in for the training: a few rows of the same kind."""
    labels = np.arange(40, dtype=np.int64) % 4
    probs = np.full((40, 4), 0.1) + 0.6 * np.eye(4)[labels]
    return labels, dict.fromkeys(NAMES, probs)


@pytest.mark.parametrize("there", ["nothing", "folder", "file", "stranger"])
def test_failed_run_leaves_no_part_of_a_file(tmp_path, capsys, monkeypatch, there):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "new" / "out"
    if there != "nothing":
        folder.mkdir(parents=True)
    if there == "file":
        (folder / "labels.npy").write_text("mine")
    if there == "stranger":
        (folder / "notes.txt").write_text("mine")
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr(command, "_train", results)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        assert rerun(folder, "--overwrite") == 3
    assert "No space left on device" in capsys.readouterr().err
    assert {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()} == before
    assert rerun(folder, "-q", "--overwrite") == 0
    assert {path.name for path in folder.iterdir()} - {"notes.txt"} == EXPECTED


@pytest.mark.parametrize("package", ["sklearn", "pyarrow", "matplotlib"])
def test_missing_package_is_told_before_a_folder_is_made(tmp_path, capsys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert rerun(tmp_path / "out") == 3
    error = capsys.readouterr().err
    assert error == f"easiness: error: this needs {package}: pip install 'easiness-core[cli]'\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "on_path"), [("easiness", True), ("easiness", False), ("-m", 0)])
def test_printed_commands_work_as_printed(name, on_path, demo, tmp_path, monkeypatch):
    starter = tmp_path / "an environment" / "easiness"
    starter.parent.mkdir()
    starter.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m easiness_cli \"$@\"\n", "utf-8"
    )  # fmt: skip
    starter.chmod(0o755)
    if on_path:
        monkeypatch.setenv("PATH", f"{starter.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "argv", [str(starter) if name == "easiness" else "__main__.py"])
    monkeypatch.chdir(tmp_path)
    text = command.next_commands(str(demo))
    if on_path:
        assert all(line.startswith("easiness ") for line in text)
    (demo / "review.html").unlink(missing_ok=True)
    done = [subprocess.run(line, shell=True, capture_output=True, timeout=300) for line in text]
    assert [each.returncode for each in done] == [0, 0]
    assert len(done[0].stdout.splitlines()) == 21
    assert (demo / "review.html").exists()
    (demo / "review.html").unlink()
