"""Manifests and locks that are not as this library writes them do no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from easiness_io import DataError, ShardError, score_shard, score_shards
from easiness_io.shards.manifest import Manifest, manifest_path
from shard_cases import save

PATH = "out.easiness/s.csv.json"


@pytest.fixture
def scored(in_folder: Path) -> bytes:
    save("p.npz")
    Path("out").mkdir()
    score_shard("p.npz", "out/s.csv")
    return Path(PATH).read_bytes()


def test_it_lies_beside_the_folder() -> None:
    here = os.getcwd()
    assert manifest_path("a/b.csv") == f"{here}/a.easiness/b.csv.json"
    assert manifest_path("b.csv") == f"{here}.easiness/b.csv.json"
    assert manifest_path("a/../b.csv") == f"{here}.easiness/b.csv.json"
    with pytest.raises(DataError, match="'/': cannot write: it is the root"):
        manifest_path("/b.csv")


def test_a_bit_that_flips_is_seen(scored: bytes) -> None:
    for at in range(8 * len(scored)):
        flipped = bytearray(scored)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"."):
            Manifest.from_bytes(bytes(flipped))
    for at in (0, 5, len(scored) // 2, scored.index(b"manifest_sha256")):
        damaged = bytearray(scored)
        damaged[at] ^= 1
        Path(PATH).write_bytes(damaged)
        assert score_shard("p.npz", "out/s.csv").n_samples == 150
        assert Path(PATH).read_bytes() == scored


@pytest.mark.parametrize("kind", ["symlink", "hard link", "pipe", "folder"])
def test_a_lock_that_is_no_file_of_its_own_is_left_alone(kind: str) -> None:
    save("in/p.npz")
    Path("out.easiness").mkdir()
    Path("victim").write_text("precious")
    make: dict[str, Any] = {
        "symlink": lambda: os.symlink(os.path.abspath("victim"), "out.easiness/lock"),
        "hard link": lambda: os.link("victim", "out.easiness/lock"),
        "pipe": lambda: os.mkfifo("out.easiness/lock"),
        "folder": lambda: os.mkdir("out.easiness/lock"),
    }
    make[kind]()
    with pytest.raises(ShardError, match=r"out.easiness/lock': cannot lock"):
        score_shards("in", "out")
    assert Path("victim").read_text() == "precious"
    assert not os.path.exists("out")


HOLD = """
import sys
from easiness_io import score_shards
def opened(readers):
    print("held", flush=True)
def progress(done, skipped):
    print("scored", flush=True)
    sys.stdin.read()
score_shards("in", "out", progress=progress)
"""


def test_one_run_at_a_time() -> None:
    save("in/p.npz")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"scored\n"
        with pytest.raises(ShardError, match=r"out': another run is writing there; wait"):
            score_shards("in", "out")
        other.kill()
    assert score_shards("in", "out").n_samples == 150  # the system released it
