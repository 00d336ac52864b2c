"""Outputs are refused early, written whole or not at all, and never left half-done."""

import errno
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_io import DataError
from easiness_io.writers.atomic import atomic_write, check_output

SCORE = ("score", "p.npy", "y.npy", "-q", "-o")


@pytest.fixture(autouse=True)
def inputs(in_folder):
    rng = np.random.default_rng(0)
    np.save("p.npy", rng.dirichlet(np.ones(3), size=50))
    np.save("y.npy", rng.integers(0, 3, size=50))


def files():
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


@pytest.mark.parametrize("output", ["out.csv", "out.npz", "out.parquet"])
def test_an_existing_file_is_replaced_only_if_asked(output, refused):
    assert main([*SCORE, output]) == 0
    fresh = Path(output).read_bytes()
    Path(output).write_bytes(b"old")
    # Before any reading.
    said = refused("score", "missing.npy", "y.npy", "-o", output)
    assert said == f"'{output}': cannot write: it exists; pass --overwrite to replace it"
    assert Path(output).read_bytes() == b"old"
    assert main([*SCORE, output, "--overwrite"]) == 0
    assert Path(output).read_bytes() == fresh


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("no/such/out.csv", "the folder 'no/such' does not exist"),
        ("folder.csv", "it is a folder"),
        ("link.csv", "symbolic link"),
        ("dangling.csv", "symbolic link"),
        ("pipe.csv", "not a regular file"),
        ("p.npy", "also an input"),
        ("./hard.npz", "also an input"),
        ("x" * 300 + ".csv", "name too long"),
        ("a\0.csv", "null"),
        pytest.param("closed/out.csv", "not writable", marks=pytest.mark.skipif(
            os.geteuid() == 0, reason="root may write anywhere")),
    ],
)  # fmt: skip
def test_outputs_that_cannot_be_written_are_refused(output, message):
    Path("folder.csv").mkdir()
    Path("closed").mkdir(mode=0o500)
    Path("target.csv").write_bytes(b"target")
    Path("link.csv").symlink_to("target.csv")
    Path("dangling.csv").symlink_to("nowhere.csv")
    os.mkfifo("pipe.csv")
    os.link("y.npy", "hard.npz")
    before = sorted(os.listdir())
    with pytest.raises(DataError, match=f"(?i){message}"):
        check_output(output, True, inputs=["p.npy", "y.npy", None, "-"])
    assert sorted(os.listdir()) == before


def _no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("output", ["out.csv", "out.npz", "out.parquet"])
@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [(_no_space, 3, "cannot write: No space left on device"), (_interrupt, 130, "interrupted")],
    ids=["disk full", "interrupt"],
)
def test_a_failure_leaves_the_folder_as_it_was(
    output, failure, code, message, monkeypatch, refused
):
    monkeypatch.setattr(os, "fsync", failure)
    for _ in range(2):
        before = files()
        assert message in refused(*SCORE, output, "--overwrite", code=code)
        assert files() == before
        Path(output).write_bytes(b"old")


def test_termination_removes_the_temporary_file(monkeypatch):
    before = files()
    seen = []

    def terminate(*_):
        seen.append([name for name in os.listdir() if name.endswith(".tmp")])
        os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "fsync", terminate)
    with pytest.raises(SystemExit) as stopped:
        main([*SCORE, "out.csv"])
    assert stopped.value.code == 143
    assert len(seen[0]) == 1
    assert files() == before
    assert signal.getsignal(signal.SIGTERM) is handler


def write(name="out.bin", *, meanwhile=False):
    with atomic_write(name, False) as file:
        file.write(b"new")
        assert not Path(name).exists()
        if meanwhile:
            Path(name).write_bytes(b"theirs")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_made_meanwhile_is_not_replaced(has_links, monkeypatch):
    def link(*_):
        raise OSError(errno.EPERM, "no hard links")

    if not has_links:
        monkeypatch.setattr(os, "link", link)
    with pytest.raises(DataError, match="made meanwhile" if has_links else "it exists"):
        write(meanwhile=True)
    assert Path("out.bin").read_bytes() == b"theirs"
    os.unlink("out.bin")
    write()
    assert Path("out.bin").read_bytes() == b"new"
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_those_of_an_ordinary_file(mask):
    previous = os.umask(mask)
    try:
        write()
        Path("plain.bin").write_bytes(b"")
    finally:
        os.umask(previous)
    assert Path("out.bin").stat().st_mode == Path("plain.bin").stat().st_mode


def test_a_name_as_long_as_the_file_system_allows():
    name = "é" * 120 + ".csv"
    write(name)
    assert Path(name).read_bytes() == b"new"
