"""Outputs are refused early, written whole or not at all, and never left half-done."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_io import OutputError
from easiness_io.writers.atomic import atomic_write, check_output


@pytest.fixture(autouse=True)
def inputs(in_folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save("p.npy", rng.dirichlet(np.ones(3), size=50))
    np.save("y.npy", rng.integers(0, 3, size=50))


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


SCORE = ("score", "p.npy", "y.npy", "-q", "-o")


@pytest.mark.parametrize("output", ["out.csv", "out.npz", "out.parquet"])
class TestOverwrite:
    def test_an_existing_file_is_refused_before_any_reading(
        self, output: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path(output).write_bytes(b"old")
        assert main(["score", "missing.npy", "y.npy", "-o", output]) == 3
        assert capsys.readouterr().err == (
            f"easiness: error: '{output}': cannot write: it exists; "
            f"pass --overwrite to replace it\n"
        )
        assert Path(output).read_bytes() == b"old"

    def test_overwrite_replaces_it(self, output: str) -> None:
        assert main([*SCORE, output]) == 0
        fresh = Path(output).read_bytes()
        Path(output).write_bytes(b"old")
        assert main([*SCORE, output, "--overwrite"]) == 0
        assert Path(output).read_bytes() == fresh


class TestRefused:
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
        ],
    )
    def test_by_check_output(self, output: str, message: str) -> None:
        Path("folder.csv").mkdir()
        Path("target.csv").write_bytes(b"target")
        Path("link.csv").symlink_to("target.csv")
        Path("dangling.csv").symlink_to("nowhere.csv")
        os.mkfifo("pipe.csv")
        os.link("y.npy", "hard.npz")
        before = sorted(os.listdir())
        with pytest.raises(OutputError, match=f"(?i){message}"):
            check_output(output, True, inputs=["p.npy", "y.npy", None, "-"])
        assert sorted(os.listdir()) == before

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_folder_without_permission(self) -> None:
        Path("closed").mkdir(mode=0o500)
        with pytest.raises(OutputError, match="not writable"):
            check_output("closed/out.csv", False)

    @pytest.mark.parametrize("output", ["out.txt", "out", "out.npy", "out.csv.gz"])
    def test_unknown_suffix_is_a_usage_error(
        self, output: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([*SCORE, output]) == 2
        assert "ending in .parquet, .csv or .npz" in capsys.readouterr().err
        assert not Path(output).exists()


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
@pytest.mark.parametrize("output", ["out.csv", "out.npz", "out.parquet"])
@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (_no_space, 3, "'{}': cannot write: No space left on device"),
        (_interrupt, 130, "interrupted"),
    ],
    ids=["disk full", "interrupt"],
)
def test_a_failure_leaves_the_folder_as_it_was(
    existing: bool,
    output: str,
    failure: Callable[..., None],
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if existing:
        Path(output).write_bytes(b"old")
    before = files()
    monkeypatch.setattr(os, "fsync", failure)
    assert main([*SCORE, output, "--overwrite"]) == code
    assert capsys.readouterr().err == f"easiness: error: {message.format(output)}\n"
    assert files() == before


def test_a_full_disk_while_data_are_written() -> None:
    """The limit on file size makes write() itself fail, as a full disk does."""
    Path("out.bin").write_bytes(b"old")
    before = files()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with (
            pytest.raises(OutputError, match=r"'out\.bin': cannot write: File too large"),
            atomic_write("out.bin", True) as file,
        ):
            file.write(bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files() == before


def test_termination_removes_the_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    seen: list[list[str]] = []

    def terminate(*_: object) -> None:
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


class TestAtomicWrite:
    def test_nothing_is_seen_under_the_final_name_before_the_end(self) -> None:
        with atomic_write("out.bin", False) as file:
            file.write(b"new")
            assert not Path("out.bin").exists()
        assert Path("out.bin").read_bytes() == b"new"

    def test_a_file_made_meanwhile_is_not_replaced(self) -> None:
        def write() -> None:
            with atomic_write("out.bin", False) as file:
                file.write(b"new")
                Path("out.bin").write_bytes(b"theirs")

        with pytest.raises(OutputError, match="made meanwhile"):
            write()
        assert Path("out.bin").read_bytes() == b"theirs"
        assert not [name for name in os.listdir() if name.endswith(".tmp")]

    @pytest.mark.parametrize("meanwhile", [False, True])
    def test_file_systems_without_hard_links(
        self, meanwhile: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(*_: object) -> None:
            raise OSError(errno.EPERM, "no hard links")

        def write() -> None:
            with atomic_write("out.bin", False) as file:
                file.write(b"new")
                if meanwhile:
                    Path("out.bin").write_bytes(b"theirs")

        monkeypatch.setattr(os, "link", link)
        if meanwhile:
            with pytest.raises(OutputError, match="it exists"):
                write()
        else:
            write()
        assert Path("out.bin").read_bytes() == (b"theirs" if meanwhile else b"new")

    @pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
    def test_permissions_are_those_of_an_ordinary_file(self, mask: int) -> None:
        previous = os.umask(mask)
        try:
            with atomic_write("out.bin", False) as file:
                file.write(b"new")
            Path("plain.bin").write_bytes(b"")
        finally:
            os.umask(previous)
        assert Path("out.bin").stat().st_mode == Path("plain.bin").stat().st_mode

    def test_a_name_as_long_as_the_file_system_allows(self) -> None:
        name = "é" * 120 + ".csv"
        with atomic_write(name, False) as file:
            file.write(b"new")
        assert Path(name).read_bytes() == b"new"
