"""Ids that occur twice, within a shard and across shards, and the memory to find them."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_io import DataError, ShardError, open_samples, score_shards
from easiness_io.shards.compare import check_unique
from hypothesis import given
from hypothesis import strategies as st
from shard_cases import save


def shards_of(folder: str, every: list[Any]) -> list[Any]:
    """Write shards with these ids, and open them."""
    readers = []
    for at, ids in enumerate(every):
        columns = {"a": np.full(len(ids), 0.5), "b": np.full(len(ids), 0.5)}
        path = f"{folder}/{at}.parquet"
        pq.write_table(pa.table({"id": ids, **columns, "label": np.zeros(len(ids), int)}), path, 2)
        readers.append(open_samples(path))
    return readers


SHARDS = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=5), min_size=1, max_size=6)


@given(SHARDS, st.sampled_from([int, str, "{:02}".format]))
def test_ids_are_refused_where_one_occurs_twice_and_only_there(
    shards: list[list[int]], write: Callable[[int], Any]
) -> None:
    named: list[list[Any]] = [[write(i) for i in ids] for ids in shards]
    every = [i for ids in named for i in ids]
    with TemporaryDirectory() as folder:
        readers = shards_of(folder, named)
        if len(set(every)) == len(every):
            check_unique(readers, 1 << 20)
            return
        with pytest.raises(DataError, match="the id") as caught:
            check_unique(readers, 1 << 20)
        twice = re.findall("the id ('?)(.*?)\\1 (?:is|occurs)", str(caught.value))[0][1]
        assert [str(i) for i in every].count(twice) > 1
        inside = any(len(set(ids)) < len(ids) for ids in named)
        if inside:
            with pytest.raises(DataError, match="occurs twice in it"):
                check_unique(readers, 1 << 20, across=False)
        else:
            check_unique(readers, 1 << 20, across=False)


def test_ranges_that_hold_others() -> None:
    readers = shards_of(".", [[0, 100], [5, 10], [50, 100]])
    with pytest.raises(DataError, match=r"2.parquet': the id 100 is in '.*0.parquet' as well"):
        check_unique(readers, 1 << 20)


@pytest.mark.parametrize("ids", [[None, 1], [None, "a"], [None, None]])
def test_missing_ids_are_not_compared(ids: Any) -> None:
    # Of shards whose first block is of nulls alone, too.
    first = pa.array([None, None, *ids], pa.string() if "a" in ids else pa.int64())
    check_unique(shards_of(".", [first, pa.array([None], first.type)]), 1 << 20)


@pytest.mark.parametrize("write", [int, str])
def test_ids_that_are_alike_are_found_wherever_they_are(write: Any) -> None:
    for at in range(9):
        ids = [f"{i:02}" if write is str else i for i in range(10)]
        check_unique(shards_of(".", [ids]), 1 << 20)
        ids[at + 1] = ids[at]
        with pytest.raises(DataError, match=f"the id {ids[at]!r} occurs twice"):
            check_unique(shards_of(".", [ids]), 1 << 20)


def test_uint64_beyond_int64() -> None:
    ids = np.arange(5, dtype=np.uint64) + np.uint64(2**63)
    check_unique(shards_of(".", [ids, ids + np.uint64(5)]), 1 << 20)
    with pytest.raises(DataError, match=f"the id {2**63 + 2} is in"):
        check_unique(shards_of(".", [ids, ids[2:3]]), 1 << 20)


N, BLOCK = 100_000, 1024


class Made:
    """Every so many ids, from `at` on, in blocks."""

    def __init__(self, at: int, n_shards: int, write: Callable[[Any], Any]) -> None:
        every = np.arange(at, N, n_shards)
        self._blocks = [write(every[at : at + BLOCK]) for at in range(0, every.size, BLOCK)]
        self.paths = [str(at)]

    def ids(self) -> Any:
        return iter(self._blocks)


def peak_of(work: Callable[[], Any]) -> int:
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] + max(0, pool.bytes_allocated() - before)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("n_shards", [1, 4])
@pytest.mark.parametrize(
    ("write", "n_bytes"),
    [(pa.array, 8), (lambda ids: pa.array(np.char.mod("%010d", ids), pa.string()), 18)],
    ids=["int64", "text"],
)
def test_more_memory_than_is_allowed_is_refused(
    write: Callable[[Any], Any], n_bytes: int, n_shards: int
) -> None:
    """Ranges overlap: the ids of all shards are in memory together, and once more, joined."""
    shards: list[Any] = [Made(at, n_shards, write) for at in range(n_shards)]
    limit = int(2.02 * n_bytes * N)
    check_unique(shards, limit)
    with pytest.raises(DataError, match=r"exceeds the limit of .* max_bytes=.*check_ids=False"):
        check_unique(shards, limit - N)
    assert peak_of(lambda: check_unique(shards, limit)) < 1.1 * limit


def test_ranges_that_do_not_overlap_are_compared_one_by_one() -> None:
    class Apart(Made):
        def __init__(self, at: int) -> None:
            super().__init__(0, 1, lambda ids: pa.array(ids + at * N))

    shards: list[Any] = [Apart(at) for at in range(4)]
    check_unique(shards, int(2.02 * 8 * N))


class TestShards:
    def test_ids_in_two_shards(self) -> None:
        save("in/0.npz", slice(0, 9), id=np.arange(9))
        save("in/1.npz", slice(9, 18), id=np.arange(9) + 8)
        said = r"1.npz': the id 8 is in '.*0.npz' as well; .*check_ids=False"
        with pytest.raises(ShardError, match=said):
            score_shards("in", "out")
        assert not Path("out").exists()
        assert score_shards("in", "out", check_ids=False).n_samples == 18

    def test_ids_twice_in_one_shard(self) -> None:
        save("in/0.npz", slice(0, 2), id=["a", "a"])
        with pytest.raises(ShardError, match=r"0.npz': the id 'a' occurs twice in it"):
            score_shards("in", "out")

    @pytest.mark.parametrize("name", ["index", "Index"])
    def test_an_index_may_count_from_0_in_every_file(self, name: str) -> None:
        Path("in").mkdir()
        frame = pd.DataFrame({"a": [0.1, 0.9], "b": [0.9, 0.1], "label": ["a", "b"]})
        for at in range(2):
            frame.rename_axis(name).reset_index().to_parquet(f"in/{at}.parquet", index=False)
        assert score_shards("in", "out").n_samples == 4
        assert pd.read_parquet("out")["id"].tolist() == [0, 1, 0, 1]
        with pytest.raises(ShardError, match="the id 0 is in"):
            score_shards("in", "other", ids=name)  # asked for by name: these are the ids
        frame.assign(index=[7, 7]).to_parquet("in/2.parquet", index=False)
        with pytest.raises(ShardError, match="the id 7 occurs twice"):
            score_shards("in", "other")

    @pytest.mark.parametrize("labels", ["npz", "parquet", "csv"])
    @pytest.mark.parametrize("probs", ["npy", "csv"])
    def test_ids_of_the_labels(self, probs: str, labels: str) -> None:
        """Carried, compared across shards, and left out, as those of the probabilities."""

        def write(at: int, start: int) -> None:
            values = np.full((6, 2), 0.5)
            if probs == "npy":
                np.save(f"in/{at}.npy", values)
            else:
                pd.DataFrame(values, columns=["a", "b"]).to_csv(f"in/{at}.csv", index=False)
            columns = {"id": np.arange(6) + start, "label": np.zeros(6, int)}
            if labels == "npz":
                np.savez(f"y/{at}.npz", **columns)
            elif labels == "csv":
                pd.DataFrame(columns).to_csv(f"y/{at}.csv", index=False)
            else:
                pd.DataFrame(columns).to_parquet(f"y/{at}.parquet", index=False)

        for folder in ("in", "y"):
            Path(folder).mkdir()
        write(0, 0)
        write(1, 6)
        score_shards("in", "out", labels_path="y")
        assert pd.read_parquet("out")["id"].astype(int).tolist() == list(range(12))
        write(1, 2)
        with pytest.raises(ShardError, match=r"the id '?2'? is in"):
            score_shards("in", "new", labels_path="y")
        score_shards("in", "new", labels_path="y", ids="")
        assert "id" not in pd.read_parquet("new")
