"""Large inputs are scored in parts, with the same numbers and with progress."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import _progress, _score
from easiness_cli.__main__ import main

_RNG = np.random.default_rng(11)
PROBS = _RNG.dirichlet(np.full(5, 0.1), size=700)
LABELS = _RNG.integers(0, 5, size=700)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)


def summary_of(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main(["score", "p.npy", "y.npy", "--json", *argv]) == 0
    return {**json.loads(capsys.readouterr().out), "output": None}


@pytest.mark.parametrize("elements", [1, 35, 500])
@pytest.mark.parametrize("names", [False, True])
def test_equal_the_whole(
    elements: int,
    names: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["--classes", "a,b,c,d,e"] if names else []
    if names:
        np.save("y.npy", np.array(list("abcde"))[LABELS])
    whole = summary_of(capsys, "-o", "whole.npz", *argv)
    monkeypatch.setattr(_score, "_PART_ELEMENTS", elements)
    parts = summary_of(capsys, "-o", "parts.npz", *argv)
    assert parts == whole
    assert Path("parts.npz").read_bytes() == Path("whole.npz").read_bytes()


def test_messages_name_the_row_of_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_score, "_PART_ELEMENTS", 100)
    bad = PROBS.copy()
    bad[611, 2] = np.nan
    np.save("p.npy", bad)
    assert main(["score", "p.npy", "y.npy", "-o", "out.csv"]) == 3
    assert "the first is row 611" in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_messages_name_the_label_of_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_score, "_PART_ELEMENTS", 100)
    np.save("y.npy", np.where(np.arange(700) == 613, 9, LABELS))
    assert main(["score", "p.npy", "y.npy"]) == 3
    assert "the first is row 613, label 9" in capsys.readouterr().err


@pytest.mark.parametrize("tty", [False, True])
@pytest.mark.parametrize("quiet", [False, True])
def test_progress(
    tty: bool,
    quiet: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(_score, "_PART_ELEMENTS", 1000)
    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL_S", {True: 0.0, False: 0.0})
    monkeypatch.setattr(sys.stderr, "isatty", lambda: tty, raising=False)
    assert main(["score", "p.npy", "y.npy", *(["-q"] if quiet else [])]) == 0
    err = capsys.readouterr().err
    if quiet:
        assert err == ""
    elif tty:
        assert re.match(
            r"\r\x1b\[Kscored 200 of 700 rows \(29 %\), [\d,]+ rows/s, 0:00 left\r", err
        )
        assert "\r\x1b[Kcomputing AUROC" in err
        assert err.endswith("\r\x1b[K")
    else:
        assert err.startswith("scored 200 of 700 rows (29 %), ")
        assert len(err.splitlines()) == 3


def test_progress_tells_rate_and_time_left() -> None:
    assert _progress._line(300, 1200, 0.25) == (
        "scored 300 of 1,200 rows (25 %), 0 rows/s, 1:00:00 left"
    )
    assert _progress._line(4_000, 10_000, 1000) == (
        "scored 4,000 of 10,000 rows (40 %), 1,000 rows/s, 0:06 left"
    )
    assert _progress._line(4_000, None, 1234.5) == "scored 4,000 rows, 1,234 rows/s"


def test_rows_that_were_skipped_say_nothing_of_the_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 110.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    with _progress.Progress(1000, quiet=False) as progress:
        progress.show(500, 400)
    assert capsys.readouterr().err == "scored 500 of 1,000 rows (50 %), 10 rows/s, 0:50 left\n"
