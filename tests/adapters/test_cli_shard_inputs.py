"""Shards: when an input is the same as before, and when it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import _shard_run
from easiness_cli.__main__ import main
from easiness_cli._parameters import Parameters
from easiness_cli._stream import Reading, Rows
from easiness_cli.shards import ShardError, score_shard

import easiness_core as ec

RNG = np.random.default_rng(21)
PROBS = RNG.dirichlet(np.ones(3), size=40)
LABELS = RNG.integers(0, 3, size=40)
PARAMETERS = Parameters(ec.ClosedForm(), 5, False, False, Reading())


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr(_shard_run, "score_blocks", never)


def save(path: str, probs: Any = PROBS) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    np.savez(path, probs=probs, labels=LABELS)
    os.utime(path, (0, 0))


def chunked(path: str) -> list[str]:
    zarr = pytest.importorskip("zarr")
    np.save("y.npy", LABELS)
    made = zarr.create_array(path, shape=(40, 3), chunks=(20, 3), dtype="f8", compressors=None)
    made[:] = PROBS
    chunks = [f"{path}/c/0/0", f"{path}/c/1/0"]
    for name in chunks:
        os.utime(name, (0, 0))
    return chunks


def swap(first: str, second: str) -> None:
    os.rename(first, "aside")
    os.rename(second, first)
    os.rename("aside", second)


def test_another_file_of_one_name_size_and_time_is_another_input() -> None:
    save("train/p.npz")
    save("test/p.npz", PROBS[::-1])
    first = score_shard("train/p.npz", "s.csv")
    with pytest.raises(ShardError, match=r"from '.*train/p\.npz', which is not 'test/p\.npz'"):
        score_shard("test/p.npz", "s.csv")
    assert score_shard("test/p.npz", "s.csv", overwrite=True) != first


def test_content_that_changes_within_one_size_and_time_is_another_input() -> None:
    save("p.npz")
    score_shard("p.npz", "s.csv")
    save("p.npz", PROBS[::-1])
    with pytest.raises(ShardError, match=r"from 'p\.npz' before it changed"):
        score_shard("p.npz", "s.csv")


@pytest.mark.parametrize("kind", ["npz", "zarr"])
def test_a_data_set_that_moved_is_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("old").mkdir()
    labels = None
    if kind == "npz":
        save("old/p.npz")
    else:
        chunked("old/p.zarr")
        labels = "y.npy"
    first = score_shard(f"old/p.{kind}", f"old/s-{kind}.csv", labels=labels)
    shutil.copytree("old", "new")
    shutil.rmtree("old")
    forbid(monkeypatch)
    assert score_shard(f"new/p.{kind}", f"new/s-{kind}.csv", labels=labels) == first


def test_chunks_that_change_places_are_another_input() -> None:
    chunks = chunked("p.zarr")
    score_shard("p.zarr", "s.csv", labels="y.npy")
    swap(*chunks)
    with pytest.raises(ShardError, match=r"from 'p\.zarr' before it changed"):
        score_shard("p.zarr", "s.csv", labels="y.npy")
    swap(*chunks)
    score_shard("p.zarr", "s.csv", labels="y.npy")


def test_chunks_that_change_places_while_they_are_read_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chunks = chunked("p.zarr")
    blocks = Rows.blocks

    def swapped(rows: Rows) -> Any:
        yield from blocks(rows)
        swap(*chunks)

    monkeypatch.setattr(Rows, "blocks", swapped)
    with pytest.raises(ShardError, match="changed while it was read"):
        score_shard("p.zarr", "s.csv", labels="y.npy")
    assert not os.path.exists("s.csv")


def test_an_output_within_an_input_is_refused() -> None:
    chunked("p.zarr")
    with pytest.raises(ShardError, match=r"'p.zarr/s.csv': it is in the input 'p.zarr'"):
        score_shard("p.zarr", "p.zarr/s.csv", labels="y.npy")
    assert main(["score", "p.zarr", "y.npy", "-o", "p.zarr/s.csv"]) == 3
    assert not os.path.exists("p.zarr/s.csv")


def test_a_pipe_is_no_shard() -> None:
    os.mkfifo("p.npz")
    with pytest.raises(ShardError, match=r"'p.npz': it is no file or folder, but a pipe"):
        score_shard("p.npz", "s.csv")
    os.mkdir("pipes")
    os.rename("p.npz", "pipes/p.npz")
    assert main(["score", "pipes", "-o", "out"]) == 3
