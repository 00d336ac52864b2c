from pathlib import Path

import pytest
from easiness_cli.__main__ import main


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    """Run a command that must fail with one line on standard error, and give that line."""

    def run(*argv: str, code: int = 3) -> str:
        assert main(list(argv)) == code
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        assert lines[-1].startswith("easiness: error: ")
        assert all(line.startswith("easiness: note: ") for line in lines[:-1])
        assert captured.out == ""
        return lines[-1].removeprefix("easiness: error: ")

    return run
