"""Shards: what is not as this library writes it, notes and locks, does no harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_cli._sidecar import Sidecar, json_sha256
from easiness_cli.shards import score_shard

RNG = np.random.default_rng(12)
PROBS = RNG.dirichlet(np.ones(3), size=50)
LABELS = RNG.integers(0, 3, size=50)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    np.savez(name, probs=PROBS, labels=LABELS)


@pytest.mark.parametrize("kind", ["symlink", "hard link", "pipe"])
def test_a_lock_that_is_no_file_of_its_own_is_left_alone(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("in/p.npz")
    Path("out").mkdir()
    Path("victim").write_text("precious")
    if kind == "pipe":
        os.mkfifo("out/.easiness.lock")
    else:
        (os.symlink if kind == "symlink" else os.link)(
            os.path.abspath("victim"), "out/.easiness.lock"
        )
    assert main(["score", "in", "-o", "out"]) == 3
    assert "cannot lock 'out/.easiness.lock'" in capsys.readouterr().err
    assert Path("victim").read_text() == "precious"


def set_at(note: Any, keys: list[Any], value: Any) -> None:
    for key in keys[:-1]:
        note = note[key]
    note[keys[-1]] = value


@pytest.mark.parametrize("value", [None, 1.5, True, [1], "1"])
@pytest.mark.parametrize(
    "keys",
    [
        ["inputs"], ["inputs", 0], ["inputs", 0, "name"], ["inputs", 0, "sha256"],
        ["inputs", 0, "size"], ["inputs", 0, "mtime_ns"], ["rows"], ["classes"], ["version"],
        ["output"], ["output", "size"], ["output", "sha256"], ["parameters"], ["summary"],
    ],
)  # fmt: skip
def test_a_note_of_other_types_is_a_damaged_note(keys: list[Any], value: Any) -> None:
    if value == "1" and keys[-1] in ("name", "version", "sha256"):
        value = 1
    save("p.npz")
    score_shard("p.npz", "s.csv")
    whole = Path("s.csv.json").read_bytes()
    note = json.loads(whole)
    set_at(note, keys, value)
    if keys == ["parameters"]:
        note["parameters_sha256"] = json_sha256(value)
    del note["note_sha256"]
    note["note_sha256"] = json_sha256(note)
    Path("s.csv.json").write_text(json.dumps(note, indent=1, sort_keys=True))
    with pytest.raises(ValueError, match=r"note of a shard|rows|format 1"):
        Sidecar.from_bytes(Path("s.csv.json").read_bytes())
    assert main(["merge", "s.csv.json"]) == 3
    score_shard("p.npz", "s.csv")
    assert Path("s.csv.json").read_bytes() == whole


def test_a_bit_that_flips_in_a_note_is_seen() -> None:
    save("p.npz")
    expected = score_shard("p.npz", "s.csv")
    whole = Path("s.csv.json").read_bytes()
    for at in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"."):
            Sidecar.from_bytes(bytes(flipped))
    damaged = bytearray(whole)
    damaged[whole.index(b'"summary"') + 40] ^= 1
    Path("s.csv.json").write_bytes(damaged)
    assert main(["merge", "s.csv.json"]) == 3
    assert score_shard("p.npz", "s.csv") == expected
    assert Path("s.csv.json").read_bytes() == whole
