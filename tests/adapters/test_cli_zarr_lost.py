"""zarr arrays of which chunks are not stored, and folders behind links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli.shards import ShardError, score_shard
from easiness_dask import score_shards

zarr = pytest.importorskip("zarr")
RNG = np.random.default_rng(20240917)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def whole(name: str, values: Any, **options: Any) -> None:
    """Write all chunks, those of fill values too."""
    zarr.create_array(name, data=values, config={"write_empty_chunks": True}, **options)


@pytest.mark.parametrize("shards", [None, (10, 3)])
def test_a_lost_chunk_of_logits_is_missed(shards: Any) -> None:
    logits = RNG.normal(size=(20, 3))
    logits[5:10] = 0  # not stored by default, within a shard nor without
    options: dict[str, Any] = {"chunks": (5, 3), "shards": shards, "fill_value": 0.0}
    zarr.create_array("p.zarr", data=logits, **options)
    np.save("y.npy", np.zeros(20, int))
    with pytest.raises(ShardError, match=r"probs: 'c/[01]/0' lacks a chunk: it was lost"):
        score_shard("p.zarr", "s.parquet", labels="y.npy", logits=True)
    whole("q.zarr", logits, **options)
    assert score_shard("q.zarr", "s.parquet", labels="y.npy", logits=True).n_samples == 20


@pytest.mark.parametrize("fill", [0.0, 0.25, np.nan])
def test_a_lost_chunk_of_probabilities_is_missed(fill: float) -> None:
    probs = RNG.dirichlet(np.ones(4), size=20)
    zarr.create_array("p.zarr", data=probs, chunks=(5, 4), fill_value=fill)
    np.save("y.npy", probs.argmax(axis=1))
    assert score_shard("p.zarr", "s.parquet", labels="y.npy").accuracy == 1
    os.unlink("p.zarr/c/2/0")
    told = "do not sum to 1" if fill == 0 else "'c/2/0' lacks a chunk"
    with pytest.raises(ShardError, match=told):
        score_shard("p.zarr", "t.parquet", labels="y.npy")


@pytest.mark.parametrize(
    ("shape", "chunks", "shards"),
    [
        ((23, 3), (5, 3), (10, 3)), ((100, 10), (10, 10), (80, 10)), ((20, 5), (5, 1), (10, 4)),
        ((7, 5), (2, 2), (4, 4)), ((21, 3), (5, 3), None), ((7, 5), (2, 2), None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("logits", [False, True])
def test_chunks_beyond_the_end_are_not_missed(
    shape: Any, chunks: Any, shards: Any, logits: bool
) -> None:
    values = RNG.dirichlet(np.ones(shape[1]), size=shape[0])
    np.save("y.npy", values.argmax(axis=1))
    if logits:
        values = np.log(values)
    zarr.create_array("p.zarr", data=values, chunks=chunks, shards=shards, fill_value=0.5)
    assert score_shard("p.zarr", "s.parquet", labels="y.npy", logits=logits).accuracy == 1


def test_zeros_that_are_not_stored_are_probabilities() -> None:
    sure = np.eye(4)[np.arange(20) // 5]
    zarr.create_array("p.zarr", data=sure, chunks=(5, 1), fill_value=0.0)
    assert len(list(Path("p.zarr/c").glob("*/*"))) == 4
    np.save("y.npy", np.arange(20) // 5)
    assert score_shard("p.zarr", "s.parquet", labels="y.npy").accuracy == 1


@pytest.mark.parametrize("fill", [0.0, 0.25])
def test_an_array_that_promises_what_it_lacks_is_refused_at_once(fill: float) -> None:
    group = zarr.open_group("p.zarr", mode="w")
    group.create_array("probs", shape=(10**15, 4), chunks=(1000, 4), dtype="f8", fill_value=fill)
    group.create_array("labels", shape=(10**15,), chunks=(1000,), dtype="i8", fill_value=0)
    with pytest.raises(ShardError, match=r"lacks a chunk|nothing is stored of the last one"):
        score_shards(["p.zarr"], "out")


def test_chunks_behind_a_link_belong_to_an_input() -> None:
    probs = RNG.dirichlet(np.ones(3), size=20)
    for name, values in (("p", probs), ("q", probs[::-1])):
        zarr.create_array(f"{name}.zarr", data=values, chunks=(20, 3))
    np.save("y.npy", probs.argmax(axis=1))
    os.rename("p.zarr/c", "chunks")
    os.symlink(Path("chunks").resolve(), "p.zarr/c")
    assert score_shard("p.zarr", "s.parquet", labels="y.npy").accuracy == 1
    os.rename("chunks", "old")
    os.rename("q.zarr/c", "chunks")
    with pytest.raises(ShardError, match="before it changed"):
        score_shard("p.zarr", "s.parquet", labels="y.npy")


def test_links_in_a_circle_end() -> None:
    probs = RNG.dirichlet(np.ones(3), size=20)
    zarr.create_array("p.zarr", data=probs, chunks=(20, 3))
    np.save("y.npy", probs.argmax(axis=1))
    os.symlink(".", "p.zarr/itself")
    assert score_shard("p.zarr", "s.parquet", labels="y.npy").accuracy == 1
