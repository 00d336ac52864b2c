"""The command as a process: start, help, broken pipes, full devices."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_cli.parser import COMMANDS

import easiness_core as ec

COMMAND = [sys.executable, "-m", "easiness_cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    rng = np.random.default_rng(0)
    np.save(folder / "p.npy", rng.dirichlet(np.ones(3), size=20_000))
    np.save(folder / "y.npy", rng.integers(0, 3, size=20_000))
    assert main(["score", str(folder / "p.npy"), str(folder / "y.npy"), "-q", "-o",
                 str(folder / "s.npz")]) == 0  # fmt: skip
    return folder


def run(*argv: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *argv], cwd=cwd, text=True, capture_output=not options, timeout=300, **options
    )


@pytest.mark.parametrize("argv", [["--help"], *[[name, "--help-all"] for name in COMMANDS]])
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    code = (
        "import sys\n"
        "from easiness_cli.__main__ import main\n"
        "try:\n"
        f"    main({argv!r})\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code, stop.code\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pyarrow', 'sklearn', 'matplotlib', 'easiness_core',"
        " 'easiness_io', 'jinja2', 'tqdm'}\n"
        "found = sorted(heavy & set(sys.modules))\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: easiness")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"easiness {ec.__version__}\n"


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["score"], ["--nonsense"]])
def test_usage_errors_are_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("easiness: error: ")
    assert "--help" in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_process_from_end_to_end(folder: Path, tmp_path: Path) -> None:
    done = run("score", "p.npy", "y.npy", "-o", str(tmp_path / "out.csv"), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "samples        20,000" in done.stdout
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 20_001


def test_a_failing_process_shows_no_traceback(folder: Path) -> None:
    done = run("score", "none.npy", "y.npy", cwd=folder)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "easiness: error: 'none.npy': cannot be read: No such file or directory\n"
    )


@pytest.mark.parametrize(
    "argv",
    [["select", "s.npz", "--interval", "0", "1"], ["score", "p.npy", "y.npy", "-o", "-"]],
    ids=["select", "score"],
)
def test_a_reader_that_goes_away_is_no_error(argv: list[str], folder: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, *argv, "-q"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(300) == 141
    assert errors == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "argv",
    [
        ["select", "s.npz", "--interval", "0", "1"],
        ["score", "p.npy", "y.npy", "-o", "-", "-q"],
        ["score", "p.npy", "y.npy", "--json"],
    ],
    ids=["select", "score", "summary"],
)
def test_a_full_standard_output_is_one_line(argv: list[str], folder: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*argv, cwd=folder, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 3
    assert done.stderr == (
        "easiness: error: cannot write standard output: No space left on device\n"
    )


def test_a_pipe_named_as_a_file(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "score", "/dev/stdin", "y.npy"],
        cwd=folder,
        input=(folder / "p.npy").read_bytes(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"samples        20,000" in done.stdout


SCORE = "score p.npy y.npy"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (f"{SCORE} >&-", 3, "cannot write standard output: it is closed"),
        (f"{SCORE} -q -o - >&-", 3, "cannot write standard output: it is closed"),
        ("report p.npy y.npy -q -o - >&-", 3, "cannot write standard output: it is closed"),
        ("select s.npz --interval 0 1 >&-", 3, "cannot write standard output: it is closed"),
        ("--help >&-", 3, "cannot write standard output: it is closed"),
        (f"{SCORE} -q >&-", 0, ""),
        ("score - y.npy <&-", 3, "'standard input': it is closed; name a file"),
        (f"{SCORE} -q <&-", 0, ""),
        ("score none.npy y.npy 2>&-", 3, ""),
    ],
)
def test_closed_streams(command: str, code: int, message: str, folder: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m easiness_cli {command}',
        shell=True, cwd=folder, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    expected = f"easiness: error: {message}\n" if message else ""
    assert (done.returncode, done.stdout, done.stderr) == (code, "", expected)
