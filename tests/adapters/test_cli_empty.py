"""Files of no rows: an empty result of `score_shard`, and no obstacle in a set of shards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main
from easiness_cli.shards import ShardError, score_shard
from easiness_dask import score_shards

import easiness_core as ec

RNG = np.random.default_rng(31)
PROBS = RNG.dirichlet(np.ones(3), size=60)
LABELS = RNG.integers(0, 3, size=60)
NAMES = ["ant", "bee", "cat"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()


def npz(name: str, rows: slice) -> None:
    np.savez(name + ".npz", probs=PROBS[rows], labels=LABELS[rows], id=np.arange(60)[rows])


def texts(name: str, rows: slice) -> None:
    ids = np.array([f"s{at}" for at in range(60)])[rows]
    np.savez(name + ".npz", probs=PROBS[rows], labels=LABELS[rows], id=ids)


def lists(name: str, rows: slice) -> None:
    columns = {"probs": pa.array(list(PROBS[rows]), pa.list_(pa.float64()))}
    table = pa.table({**columns, "label": LABELS[rows], "id": np.arange(60)[rows]})
    pq.write_table(table, name + ".parquet")


def columns(name: str, rows: slice) -> None:
    table = dict(zip(NAMES, PROBS[rows].T, strict=True))
    labels = pa.array(np.array(NAMES)[LABELS[rows]], pa.string())
    pq.write_table(pa.table({**table, "label": labels}), name + ".parquet")


def csv(name: str, rows: slice) -> None:
    lines = zip(np.arange(60)[rows], PROBS[rows], LABELS[rows], strict=True)
    text = "".join(f"{at},{','.join(map(str, p.tolist()))},{NAMES[y]}\n" for at, p, y in lines)
    Path(name + ".csv").write_text(f"id,{','.join(NAMES)},label\n{text}")


def zarr(name: str, rows: slice) -> None:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(name + ".zarr", mode="w")
    for what, array in {"probs": PROBS, "labels": LABELS, "ids": np.arange(60)}.items():
        part = array[rows]
        made = group.create_array(what, shape=part.shape, dtype=part.dtype, chunks=array.shape)
        made[:] = part


MAKE = {
    "npz": npz, "npz, ids of text": texts, "parquet lists": lists,
    "parquet columns": columns, "csv": csv, "zarr": zarr,
}  # fmt: skip
NONE = slice(0, 0)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE.keys())
def test_empty_shards_among_others(
    make: Callable[[str, slice], None], suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, rows in {"a": NONE, "b": slice(0, 40), "c": NONE, "d": slice(40, 60)}.items():
        make(f"in/{name}", rows)
    expected = ec.score(PROBS, LABELS).summary
    assert main(["score", "in", "-o", "out", "--format", suffix, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == expected.to_dict()
    assert score_shards("in", "out", format=suffix) == expected
    assert main(["merge", "out", "--verify", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["summary"], printed["n_classes"]) == (expected.to_dict(), 3)
    if suffix == "parquet":
        # As one table, whose columns are of one type.
        schemas = [pq.read_schema(f"out/{name}.parquet") for name in "abcd"]
        assert all(schema.equals(schemas[0]) for schema in schemas)
        assert pq.read_table([f"out/{name}.parquet" for name in "abcd"]).num_rows == 60
    elif suffix == "csv":
        heads = {Path(f"out/{name}.csv").read_text().splitlines()[0] for name in "abcd"}
        assert len(heads) == 1
        assert len(Path("out/a.csv").read_text().splitlines()) == 1
    else:
        found = np.concatenate([np.load(f"out/{name}.npz")["loss"] for name in "abcd"])
        np.testing.assert_array_equal(found, ec.score(PROBS, LABELS).loss)
        types = {str(np.load(f"out/{name}.npz")["label"].dtype) for name in "abcd"}
        assert types == {"int64"}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE.keys())
def test_no_rows_at_all(
    make: Callable[[str, slice], None], capsys: pytest.CaptureFixture[str]
) -> None:
    make("in/a", NONE)
    (path,) = Path("in").iterdir()
    summary = score_shard(path, "s.parquet")
    assert summary.n_samples == 0
    assert pq.read_table("s.parquet").num_rows == 0
    assert score_shard(path, "s.parquet") == summary
    # The command has nothing to say of no rows.
    for argv in (["score", str(path), "-o", "t.csv"], ["score", "in", "-o", "out"],
                 ["merge", "s.parquet.json"]):  # fmt: skip
        assert main(argv) == 3
        told = capsys.readouterr().err
        assert "no rows" in told or "no samples" in told
    assert not Path("t.csv").exists()


def test_an_empty_shard_of_another_width_is_refused() -> None:
    npz("in/a", slice(0, 60))
    np.savez("in/b.npz", probs=np.empty((0, 4)), labels=np.empty(0, int), id=np.empty(0, int))
    with pytest.raises(ShardError, match="shards differ in their number of classes"):
        score_shards("in", "out")


def test_a_shard_that_gets_rows_after_the_check_is_compared_then() -> None:
    from easiness_cli._parameters import gather
    from easiness_cli._shard_names import pair
    from easiness_cli._shard_set import check_shards, shared
    from easiness_dask._cluster import score_task

    parameters = gather(
        ec.ClosedForm(), n_bins=5, classes=None, logits=False, normalize=False, probs_key=None,
        labels_key=None, ids_key=None, escape_formulas=False, max_bytes=1 << 30,
    )  # fmt: skip
    lists("in/a", slice(0, 60))
    lists("in/b", NONE)
    shards = pair("in", None, ".", ".csv")
    expected: Any = shared(check_shards(shards, parameters, check_ids=True))
    narrow = pa.table({"probs": [[0.5, 0.5]], "label": [0], "id": [99]})
    pq.write_table(narrow, "in/b.parquet")
    assert "their number of classes was 3" in score_task(shards[1], parameters, expected, False)
    lists("in/b", NONE)
    assert score_task(shards[1], parameters, expected, False)[0].n_samples == 0
