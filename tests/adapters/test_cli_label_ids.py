"""Ids beside the probabilities, in the file of labels: carried, compared, or left out as others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _score_stream, _stream
from easiness_cli.__main__ import main
from easiness_cli._errors import Notice
from easiness_cli.shards import ShardError, score_shard
from easiness_dask import score_shards

N = 6
PROBS = np.full((N, 2), 0.5)
FORMATS = ["npy", "npz", "parquet", "csv", "zarr", "group.zarr"]
LABELED = ["npz", "parquet", "csv", "group.zarr"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 2 * 4)
    Path("in").mkdir()
    Path("y").mkdir()


def write(path: str, **arrays: Any) -> str:
    """Write one array, or columns, by what the name ends with."""
    kind = path.partition(".")[2]
    if kind == "npy":
        (array,) = arrays.values()
        np.save(path, array)
    elif kind == "npz":
        np.savez(path, **arrays)
    elif "zarr" in kind:
        zarr = pytest.importorskip("zarr")
        if kind == "zarr":
            (array,) = arrays.values()
            zarr.create_array(path, data=array)
        else:
            group = zarr.open_group(path, mode="w")
            for name, array in arrays.items():
                group.create_array(name, data=np.asarray(array))
    else:
        probs = arrays.pop("probs", None)
        classes = {} if probs is None else {"a": probs[:, 0], "b": probs[:, 1]}
        columns = {**classes, **arrays}
        if kind == "parquet":
            pq.write_table(pa.table(columns), path)
        else:
            rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
            Path(path).write_text("\n".join([",".join(columns), *rows]) + "\n")
    return path


def ids_of(path: str) -> list[int] | None:
    with np.load(path) as found:
        return found["id"].astype(int).tolist() if "id" in found else None


@pytest.mark.parametrize("labels", LABELED)
@pytest.mark.parametrize("probs", FORMATS)
def test_a_file_is_scored_with_the_ids_of_its_labels(
    probs: str, labels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write(f"p.{probs}", probs=PROBS)]
    names = {"id": np.arange(N) + 7, "case": np.arange(N)[::-1]}
    paths.append(write(f"y.{labels}", label=np.zeros(N, int), **names))
    for key, expected in ((None, names["id"]), ("case", names["case"]), ("", None)):
        given = [] if key is None else ["--ids-key", key]
        score_shard(paths[0], "s.npz", labels=paths[1], ids_key=key, overwrite=True)
        assert main(["score", *paths, "-o", "t.npz", "-q", "--overwrite", *given]) == 0
        with monkeypatch.context() as patch:
            patch.setattr(_score_stream, "AUROC_ELEMENTS", 2)  # large: read in blocks
            assert main(["score", *paths, "-o", "u.npz", "-q", "--overwrite", *given]) == 0
        for name in ("s.npz", "t.npz", "u.npz"):
            assert ids_of(name) == (None if expected is None else expected.tolist())


@pytest.mark.parametrize("labels", LABELED)
@pytest.mark.parametrize("probs", ["npy", "zarr", "csv"])
def test_ids_of_the_labels_are_compared_within_and_among_shards(
    probs: str, labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def label(name: str, start: int) -> None:
        write(f"y/{name}.{labels}", label=np.zeros(N, int), id=np.arange(N) + start)

    for name, start in (("0", 0), ("1", N)):
        write(f"in/{name}.{probs}", probs=PROBS)
        label(name, start)
    argv = ["score", f"in/*.{probs}", f"y/*.{labels}", "-q"]
    assert main([*argv, "-o", "out", "--format", "npz"]) == 0
    assert [ids_of(f"out/{name}.npz") for name in "01"] == [[*range(N)], [*range(N, 2 * N)]]
    label("1", 2)
    assert main([*argv, "-o", "new"]) == 3
    told = capsys.readouterr().err
    assert f"is in 'in/0.{probs}' and in 'in/1.{probs}'" in told
    with pytest.raises(ShardError, match=r"the id .* is in"):
        score_shards(argv[1], "new", labels=argv[2])
    assert not list(Path("new").glob("*.parquet"))
    assert main([*argv, "-o", "new", "--no-check-ids"]) == 0
    assert main([*argv, "-o", "none", "--ids-key", "", "--format", "npz"]) == 0
    assert ids_of("none/0.npz") is None


def test_shards_of_which_some_labels_have_no_ids_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, ids in (("0", {"id": np.arange(N)}), ("1", {})):
        write(f"in/{name}.npy", probs=PROBS)
        write(f"y/{name}.npz", labels=np.zeros(N, int), **ids)
    assert main(["score", "in", "y", "-o", "out", "-q"]) == 3
    assert "shards differ in having ids" in capsys.readouterr().err


@pytest.mark.parametrize("labels", ["npz", "parquet", "group.zarr"])
def test_ids_of_labels_that_cannot_be_carried(
    labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As those of probabilities: left out with one notice, refused where they are asked for."""
    paths = [write("p.npy", probs=PROBS)]
    paths.append(write(f"y.{labels}", label=np.zeros(N, int), id=np.arange(N) + 0.5))
    with pytest.warns(Notice, match=r"'id' is left out, .*--ids-key") as told:
        score_shard(paths[0], "s.npz", labels=paths[1])
    assert len(told) == 1
    assert ids_of("s.npz") is None
    with pytest.raises(ShardError, match="not all whole; leave them out by ids_key=''"):
        score_shard(paths[0], "t.npz", labels=paths[1], ids_key="id")
    assert main(["score", *paths, "-o", "t.npz", "-q"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "note: 'id' is left out" in lines[0]
    assert ids_of("t.npz") is None


def test_ids_of_labels_where_those_of_the_probabilities_cannot_be_carried() -> None:
    write("p.npz", probs=PROBS, id=np.arange(N) + 0.5)
    write("y.csv", id=np.arange(N), label=np.zeros(N, int))
    with pytest.warns(Notice, match="'id' is left out"):
        score_shard("p.npz", "s.npz", labels="y.csv")
    assert ids_of("s.npz") == list(range(N))


def test_ids_of_no_rows_have_the_type_of_the_others() -> None:
    for name, rows in (("0", slice(0, 0)), ("1", slice(0, N))):
        write(f"in/{name}.npy", probs=PROBS[rows])
        write(f"y/{name}.npz", labels=np.zeros(N, int)[rows], id=np.arange(N)[rows])
    assert main(["score", "in", "y", "-o", "out", "-q"]) == 0
    first, second = (pq.read_schema(f"out/{name}.parquet") for name in "01")
    assert first.equals(second)
    assert first.field("id").type == pa.int64()
