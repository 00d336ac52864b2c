"""`easiness report`, run as a command."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from easiness_cli import progress
from easiness_cli.__main__ import main
from report_reader import Page, made, page_of, value

import easiness_core as ec


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


@pytest.fixture
def files(tmp_path, sample):
    np.save(tmp_path / "probs.npy", sample[0])
    np.save(tmp_path / "labels.npy", sample[1])
    return tmp_path


def report(folder: Path, *options: str, output: str = "out.html") -> int:
    where = output if output == "-" else str(folder / output)
    return main(
        ["report", str(folder / "probs.npy"), str(folder / "labels.npy"), "-o", where, *options]
    )


def test_command_writes_the_page(files, sample, capsys):
    assert report(files, "--title", "A & B", "--classes", "a,b,<c>,d", "--bins", "7") == 0
    page = Page((files / "out.html").read_text("utf-8"))
    assert page.text["h1"] == ["A & B"]
    assert [row[0] for row in page.tables["classes"][1:]] == ["a", "b", "<c>", "d"]
    assert len(page.tables["bins-of-easiness"]) == 8
    assert str(files) not in page.html
    printed = capsys.readouterr()
    assert printed.out.startswith("Predicted as labeled: ")
    assert printed.out.endswith(f"Wrote {files / 'out.html'}\n")
    assert printed.err == ""


def test_command_takes_labels_that_are_names(tmp_path, sample):
    probs, labels = sample
    names = np.array(["ant", "bee", "cat", "dog"])
    np.savez(tmp_path / "in.npz", probs=probs, labels=names[labels])
    out = tmp_path / "out.html"
    assert main(["report", str(tmp_path / "in.npz"), "-o", str(out), "--classes", ",".join(names),
                 "-q"]) == 0  # fmt: skip
    page = Page(out.read_text("utf-8"))
    assert page.column("classes", "Class") == names.tolist()
    assert list(map(value, page.column("classes", "Samples"))) == np.bincount(labels).tolist()


def test_hardest_samples_of_several_files_show_their_file(tmp_path, sample):
    probs, labels = sample
    (tmp_path / "in").mkdir()
    for at in range(2):
        part = slice(300 * at, 300 * at + 300)
        np.savez(tmp_path / "in" / f"{at}.npz", probs=probs[part], labels=labels[part])
    out = tmp_path / "out.html"
    assert main(["report", str(tmp_path / "in"), "-o", str(out), "--top", "5", "-q"]) == 0
    head, *rows = Page(out.read_text("utf-8")).tables["hardest-samples"]
    assert (head[:2], head[-1]) == (["Sample", "Given class"], "File")
    hardest = np.argsort(ec.score(probs, labels).log_easiness, kind="stable")[:5]
    assert [row[-1] for row in rows] == [f"{k // 300}.npz" for k in hardest]
    assert str(tmp_path) not in out.read_text("utf-8")
    assert [int(row[0]) for row in rows] == (hardest % 300).tolist()


def test_command_writes_to_standard_output(files, capfdbinary):
    assert report(files, output="-") == 0
    printed = capfdbinary.readouterr()
    assert Page(printed.out.decode("utf-8")).facts()["Samples"] == "600"
    assert printed.err.startswith(b"Predicted as labeled: ")


def test_command_refuses_to_replace_a_file(files, capsys):
    (files / "out.html").write_text("mine")
    assert report(files) == 3
    assert (files / "out.html").read_text() == "mine"
    assert "--overwrite" in capsys.readouterr().err
    assert report(files, "--overwrite", "--progress", "-q") == 0
    assert (files / "out.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out == ""


def test_command_writes_nothing_for_bad_rows(files, sample, capsys):
    np.save(files / "probs.npy", sample[0] * 2)
    assert report(files) == 3
    assert not (files / "out.html").exists()
    error = capsys.readouterr().err
    assert error.startswith(f"easiness: error: '{files / 'probs.npy'}': probs: ")
    assert error.count("\n") == 1


def test_command_refuses_more_bins_than_can_be_drawn(files, capsys):
    assert report(files, "--bins", "101") == 2
    assert "at most 100 bins" in capsys.readouterr().err
    assert report(files, "--bins", "100", "-q") == 0
    rows = Page((files / "out.html").read_text("utf-8")).tables["bins-of-easiness"][1:]
    assert len(rows) == 100


def test_real_cifar10(data, tmp_path):
    folder = data / "cleanlab_label_errors"
    out = tmp_path / "report.html"
    stem = str(folder / "cifar10_test_set_")
    assert main(["report", stem + "pyx.npy", stem + "original_labels.npy", "-o", str(out)]) == 0
    facts = Page(out.read_text("utf-8")).facts()
    assert value(facts["Accuracy"]) == pytest.approx(0.9294, abs=1e-9)
    assert value(facts["MSR, medium sample rate"]) == pytest.approx(0.0037, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "keys", "n_classes"),
    [
        ("any_classifier/mnist__AdaBoost.npz", ("probs", "labels"), 10),
        ("any_classifier/kitti__AdaBoost.npz", ("probs", "labels"), 2),
        ("netcal_records/wideresnet-16-4-cifar-100.npz", ("predictions", "ground_truth"), 100),
    ],
)
def test_real_sets_hold_the_cores_numbers(data, name, keys, n_classes):
    with np.load(data / name) as arrays:
        probs, labels = (arrays[key] for key in keys)
    summary = ec.score(probs, labels.ravel()).summary
    page = page_of(probs, labels.ravel())
    assert len(page.tables["classes"]) == n_classes + 1
    msr = value(page.facts()["MSR, medium sample rate"])
    assert msr == pytest.approx(summary.msr, abs=5.1e-5)
    assert ("squashed" in page.html) == (summary.msr > 0.5)


@pytest.mark.parametrize(
    ("argv", "package"),
    [
        (["report", "none.npy", "-o", "out.html"], "matplotlib"),
        (["report", "none.npy", "-o", "out.html"], "jinja2"),
        (["label-errors", "none.npy", "-o", "out.html"], "jinja2"),
    ],
)
def test_missing_package_is_told_before_the_input_is_read(
    argv, package, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(argv) == 3
    assert capsys.readouterr().err.startswith(f"easiness: error: this needs {package}: ")


def test_long_work_shows_its_stages(files, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL_S", 0.0)
    assert report(files) == 0
    assert capsys.readouterr().err == ""  # not a terminal
    assert report(files, "--overwrite", "--progress") == 0
    n = len(ec.SIGMA_GRID)
    stages = ["scoring", "computing AUROC"]
    stages += [f"scoring at sigma {k} of {n}" for k in range(1, n + 1)]
    assert capsys.readouterr().err.splitlines() == [*stages, "drawing"]
    assert report(files, "--overwrite", "--progress", "-q") == 0
    assert capsys.readouterr().err == ""
