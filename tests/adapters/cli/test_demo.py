"""`easiness demo`: what it prints and writes, held against the core."""

import csv
import errno
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main
from easiness_cli.commands import demo as command

import easiness_core as ec

NAMES = ("logistic_regression", "random_forest", "adaboost", "naive_bayes")
LEVEL_NAMES = {1: "hard", 2: "medium", 4: "easy"}
EXPECTED = {
    "labels.npy", "comparison.csv", "report.html", *(f"probs_{name}.npy" for name in NAMES),
    *(f"scores_{name}.parquet" for name in NAMES),
}  # fmt: skip


def run(folder, *options):
    return main(["demo", "-o", str(folder), "--folds", "2", *options])


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run once, into a folder that does not exist yet; give the folder."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "out"
    assert run(folder, "--seed", "3", "-q") == 0
    return folder


def test_tables_are_the_cores_numbers_of_the_written_probabilities(demo):
    assert {path.name for path in demo.iterdir()} == EXPECTED
    labels = np.load(demo / "labels.npy", allow_pickle=False)
    assert labels.shape == (1797,)
    with open(demo / "comparison.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(row["classifier"] for row in rows) == NAMES
    for row in rows:
        probs = np.load(demo / f"probs_{row['classifier']}.npy", allow_pickle=False)
        scores = ec.score(probs, labels)
        summary = scores.summary
        expected = {"accuracy": summary.accuracy, "auroc": ec.auroc(probs, labels),
                    "msr": summary.msr, "ese": summary.ese,
                    "mean_log_easiness": scores.log_easiness.mean(),
                    **summary.level_counts}  # fmt: skip
        assert {name: float(row[name]) for name in expected} == expected
        table = pq.read_table(demo / f"scores_{row['classifier']}.parquet").to_pydict()
        assert table["label"] == labels.tolist()
        assert table["log_easiness"] == scores.log_easiness.tolist()
        assert table["level"] == [LEVEL_NAMES[level] for level in scores.level.tolist()]
    # Out of fold: a random forest is right about every image that it was trained on.
    assert 0.9 < float(rows[1]["accuracy"]) < 0.999


def test_prints_the_table_and_names_every_file_and_is_repeatable(demo, capsys, recwarn):
    before = {name: (demo / name).read_bytes() for name in EXPECTED}
    assert run(demo, "--seed", "3", "--overwrite") == 0
    assert {name: (demo / name).read_bytes() for name in EXPECTED} == before
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [f"2 folds of {n.replace('_', ' ')} ..." for n in NAMES]
    assert not recwarn.list
    assert all(str(demo / name) in printed.out for name in EXPECTED)
    with open(demo / "comparison.csv", newline="", encoding="utf-8") as file:
        row = list(csv.DictReader(file))[-1]
    line = next(line for line in printed.out.splitlines() if line.startswith("naive_bayes "))
    shown = [f"{100 * float(row[name]):.2f} %" for name in ("accuracy", "msr")]
    shown += [f"{int(row[name]):,}" for name in ("hard", "medium", "easy")]
    assert all(each in re.split(r"\s{2,}", line) for each in shown)
    assert "adaboost: 100.0 % of the samples are medium" in printed.out
    assert "naive_bayes: " not in printed.out
    commands = [f"  {line}" for line in command.next_commands(str(demo))]
    assert printed.out.splitlines()[-2:] == commands


def test_printed_commands_work_as_printed(demo, tmp_path, monkeypatch):
    starter = tmp_path / "an environment" / "easiness"
    starter.parent.mkdir()
    module = f"{shlex.quote(sys.executable)} -m easiness_cli"
    starter.write_text(f'#!/bin/sh\nexec {module} "$@"\n', "utf-8")
    starter.chmod(0o755)
    printed = []
    for at, (path, start) in enumerate(
        ((os.defpath, module), (f"{starter.parent}{os.pathsep}{os.defpath}", "easiness"))
    ):
        monkeypatch.setenv("PATH", path)
        commands = command.next_commands(str(demo))
        assert all(each.startswith(f"{start} ") for each in commands)
        printed.append(commands[at])
    done = [subprocess.run(each, shell=True, capture_output=True, timeout=300) for each in printed]
    assert [each.returncode for each in done] == [0, 0]
    assert len(done[0].stdout.splitlines()) == 21
    (demo / "review.html").unlink()


@pytest.mark.parametrize(
    ("there", "options", "code", "message"),
    [
        ("report.html", [], 3, "not empty; "),
        ("", ["--overwrite"], 3, "it is a file; name a folder"),
        (None, ["--folds", "175"], 2, "from 2 to 174"),
        (None, ["--seed", str(2**32)], 2, "from 0 to 4294967295"),
    ],
)
def test_mistakes_are_refused_before_any_work(tmp_path, refused, there, options, code, message):
    folder = tmp_path / "out"
    if there is not None:
        folder.mkdir() if there else None
        (folder / there).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert message in refused("demo", "-o", str(folder), *options, code=code)
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_package_is_told_before_a_folder_is_made(tmp_path, refused, monkeypatch):
    for package in ("sklearn", "pyarrow", "matplotlib"):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            said = refused("demo", "-o", "out")
        assert said == f"this needs {package}: pip install 'easiness-core[cli]'"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_told_before_the_training(tmp_path, refused, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(command, "_train", None)
    assert "file/out': Not a directory" in refused("demo", "-o", "file/out")


def results(folds, seed, *, quiet):
    """Stand in for the training: a few rows of the same kind."""
    labels = np.arange(40, dtype=np.int64) % 4
    return labels, dict.fromkeys(NAMES, np.full((40, 4), 0.1) + 0.6 * np.eye(4)[labels])


@pytest.mark.parametrize("there", ["nothing", "labels.npy", "notes.txt"])
def test_failed_run_leaves_no_part_of_a_file(tmp_path, capsys, monkeypatch, there):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "new" / "out"
    if there != "nothing":
        folder.mkdir(parents=True)
        (folder / there).write_text("mine")
    before = [path for path in tmp_path.rglob("*") if path.is_file()]
    monkeypatch.setattr(command, "_train", results)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        assert run(folder, "--overwrite") == 3
    assert "No space left on device" in capsys.readouterr().err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == before
    assert run(folder, "-q", "--overwrite") == 0
    assert {path.name for path in folder.iterdir()} - {"notes.txt"} == EXPECTED


def test_what_cannot_be_printed_is_an_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "_train", results)
    with open("/dev/full", "w", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(tmp_path) == 3
    error = "easiness: error: cannot write standard output: No space left on device\n"
    assert capsys.readouterr().err == error
