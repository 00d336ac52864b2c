"""Ids that occur twice, within a shard and across shards, and the memory to find them."""

import re
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_io import DataError, open_samples, score_shards
from easiness_io.shards.compare import check_unique
from hypothesis import given
from hypothesis import strategies as st
from shard_cases import save
from table_files import write


def shards_of(folder, every):
    """Write shards with these ids, in row groups of two, and open them."""
    readers = []
    for at, ids in enumerate(every):
        halves = np.full(len(ids), 0.5)
        path = f"{folder}/{at}.parquet"
        pq.write_table(
            pa.table({"id": ids, "a": halves, "b": halves, "label": halves < 0}), path, 2
        )
        readers.append(open_samples(path))
    return readers


SHARDS = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=5), min_size=1, max_size=6)


@given(SHARDS, st.sampled_from([int, str, "{:02}".format]))
def test_ids_are_refused_where_one_occurs_twice_and_only_there(shards, as_id):
    named = [[as_id(i) for i in ids] for ids in shards]
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
        if any(len(set(ids)) < len(ids) for ids in named):
            with pytest.raises(DataError, match="occurs twice in it"):
                check_unique(readers, 1 << 20, across=False)
        else:
            check_unique(readers, 1 << 20, across=False)


BIG = np.arange(5, dtype=np.uint64) + np.uint64(2**63)


@pytest.mark.parametrize(
    ("shards", "said"),
    [
        ([[0, 100], [5, 10], [50, 100]], "2.parquet': the id 100 is in '.*0.parquet' as well"),
        ([BIG, BIG[2:3]], f"the id {2**63 + 2} is in"),
        ([BIG, BIG + np.uint64(5)], None),
        # Missing ids are not compared, nor in shards whose first block is of nulls alone.
        ([[None, None, None, 1], [None, 2]], None),
        ([[None, None, None, "a"], [None, "b"]], None),
        ([pa.array([None] * 4, pa.int64()), pa.array([None], pa.int64())], None),
    ],
)
def test_large_and_missing_ids(shards, said):
    readers = shards_of(".", shards)
    if said is None:
        check_unique(readers, 1 << 20)
    else:
        with pytest.raises(DataError, match=said):
            check_unique(readers, 1 << 20)


N, BLOCK = 100_000, 1024


class Made:
    """Every so many ids, from `at` on, in blocks."""

    def __init__(self, at, n_shards, as_ids):
        every = np.arange(at, N, n_shards)
        self._blocks = [as_ids(every[at : at + BLOCK]) for at in range(0, every.size, BLOCK)]
        self.paths = [str(at)]

    def ids(self):
        return iter(self._blocks)


def peak_of(work):
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
    ("as_ids", "n_bytes"),
    [(pa.array, 8), (lambda ids: pa.array(np.char.mod("%010d", ids), pa.string()), 18)],
    ids=["int64", "text"],
)
def test_more_memory_than_is_allowed_is_refused(as_ids, n_bytes, n_shards):
    """Ranges overlap: the ids of all shards are in memory together, and once more, joined."""
    shards = [Made(at, n_shards, as_ids) for at in range(n_shards)]
    limit = int(2.02 * n_bytes * N)
    with pytest.raises(DataError, match=r"exceeds the limit of .* max_bytes=.*check_ids=False"):
        check_unique(shards, limit - N)
    assert peak_of(lambda: check_unique(shards, limit)) < 1.1 * limit
    # Ranges that do not overlap are compared one by one.
    apart = [Made(0, 1, lambda ids, at=at: pa.array(ids + at * N)) for at in range(4)]
    check_unique(apart, int(2.02 * 8 * N))


def test_shards_with_an_id_twice_are_refused():
    save("in/0.npz", slice(0, 9), id=np.arange(9))
    save("in/1.npz", slice(9, 18), id=np.arange(9) + 8)
    said = r"1.npz': the id 8 is in '.*0.npz' as well; .*check_ids=False"
    with pytest.raises(DataError, match=said):
        score_shards("in", "out")
    assert not Path("out").exists()
    assert score_shards("in", "out", check_ids=False).n_samples == 18
    save("one/0.npz", slice(0, 2), id=["a", "a"])
    with pytest.raises(DataError, match=r"0.npz': the id 'a' occurs twice in it"):
        score_shards("one", "other")


@pytest.mark.parametrize("name", ["index", "Index"])
def test_an_index_may_count_from_0_in_every_file(name):
    Path("in").mkdir()
    frame = {name: [0, 1], "a": [0.1, 0.9], "b": [0.9, 0.1], "label": ["a", "b"]}
    for at in range(2):
        write("in", frame, "parquet", str(at))
    assert score_shards("in", "out").n_samples == 4
    assert pd.read_parquet("out")["id"].tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match="the id 0 is in"):
        score_shards("in", "other", ids=name)  # asked for by name: these are the ids
    write("in", frame | {name: [7, 7]}, "parquet", "2")
    with pytest.raises(DataError, match="the id 7 occurs twice"):
        score_shards("in", "other")


@pytest.mark.parametrize("form", ["npz", "parquet", "csv"])
def test_ids_of_the_labels_are_those_of_the_shards(form):
    """Carried, compared across shards, and left out, as those of the probabilities."""

    def save_labels(at, start):
        columns = {"id": np.arange(6) + start, "label": np.zeros(6, int)}
        if form == "npz":
            np.savez(f"y/{at}.npz", **columns)
        else:
            write("y", columns, form, str(at))

    for folder in ("in", "y"):
        Path(folder).mkdir()
    np.save("in/0.npy", np.full((6, 2), 0.5))
    write("in", {"a": [0.5] * 6, "b": [0.5] * 6}, "csv", "1")
    save_labels(0, 0)
    save_labels(1, 6)
    score_shards("in", "out", labels_path="y", classes=["a", "b"])
    assert pd.read_parquet("out")["id"].astype(int).tolist() == list(range(12))
    save_labels(1, 2)
    with pytest.raises(DataError, match=r"the id '?2'? is in"):
        score_shards("in", "new", labels_path="y", classes=["a", "b"])
    score_shards("in", "new", labels_path="y", ids="", classes=["a", "b"])
    assert "id" not in pd.read_parquet("new")
