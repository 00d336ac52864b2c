"""Ids of any type: carried where that is natural, else left out with a notice, or refused."""

from __future__ import annotations

import datetime
import decimal
import uuid
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _stream
from easiness_cli.__main__ import main
from easiness_cli._errors import Notice
from easiness_cli.shards import ShardError, score_shard

N = 6
PROBS = np.full((N, 2), 0.5)
LABELS = np.zeros(N, int)
DAY = datetime.datetime(2024, 2, 29, 12, 30)
BIG = 2**63


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 2 * 2)


def write(kind: str, ids: Any, name: str = "id", n_rows: int = N) -> str:
    """Some rows with ids, as parquet, npz or zarr."""
    path = f"p.{kind}"
    probs, labels = PROBS[:n_rows], LABELS[:n_rows]
    if kind == "parquet":
        table = {name: ids, "a": probs[:, 0], "b": probs[:, 1], "label": labels}
        pq.write_table(pa.table(table), path)
    elif kind == "npz":
        np.savez(path, probs=probs, labels=labels, **{name: ids}, allow_pickle=True)
    else:
        zarr = pytest.importorskip("zarr")
        group = zarr.open_group(path, mode="w")
        for key, values in {"probs": probs, "labels": labels, name: ids}.items():
            array = group.create_array(
                key, shape=values.shape, dtype=values.dtype, chunks=(9, *values.shape[1:])
            )
            array[:] = values
    return path


PARQUET: dict[str, tuple[Any, list[Any]]] = {
    "timestamps": (pa.array([DAY] * N), ["2024-02-29T12:30:00.000000"] * N),
    "dates": (pa.array([DAY.date()] * N), ["2024-02-29"] * N),
    "zones": (pa.array([DAY] * N, pa.timestamp("s", "UTC")), ["2024-02-29T12:30:00.000Z"] * N),
    "decimals": (pa.array([decimal.Decimal("1.50")] * N), ["1.50"] * N),
    "bytes": (pa.array([b"\0\xff", b"ab"] * 3), ["00ff", "6162"] * 3),
    "fixed": (pa.array([b"\0\xff", b"ab"] * 3, pa.binary(2)), ["00ff", "6162"] * 3),
    "uuid": (
        pa.array([uuid.UUID(int=at).bytes for at in range(N)], pa.uuid()),
        [uuid.UUID(int=at).hex for at in range(N)],
    ),
    "floats": (pa.array([1.0, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]),
    "unsigned": (pa.array([1, 2, 3, 4, 5, BIG], pa.uint64()), [*"12345", str(BIG)]),
    "small unsigned": (pa.array(range(N), pa.uint64()), [*"012345"]),
    "unsigned, 32 bits": (pa.array(range(N), pa.uint32()), list(range(N))),
    "categories": (pa.array([7, 8] * 3).dictionary_encode(), [7, 8] * 3),
    "text": (pa.array(["", "b"] * 3), ["", "b"] * 3),
}


@pytest.mark.parametrize("case", PARQUET)
def test_ids_of_parquet_that_can_be_carried(case: str) -> None:
    values, expected = PARQUET[case]
    write("parquet", values)
    for key in (None, "id"):
        score_shard("p.parquet", "s.npz", ids_key=key, overwrite=True)
        assert np.load("s.npz")["id"].tolist() == expected
        assert main(["score", "p.parquet", "-o", "t.npz", "--overwrite", "-q"]) == 0
        assert np.load("t.npz")["id"].tolist() == expected


ARRAYS: dict[str, tuple[Any, list[Any]]] = {
    "dates": (np.array(["2024-02-29T12:30"] * N, "M8[s]"), ["2024-02-29T12:30:00"] * N),
    "unsigned": (np.array([1, 2, 3, 4, 5, BIG], np.uint64), [*"12345", str(BIG)]),
    "small unsigned": (np.arange(6, dtype=np.uint64), [*"012345"]),
    "unsigned of another machine": (np.arange(6, dtype=">u8"), [*"012345"]),
    "unsigned, 32 bits": (np.arange(6, dtype=np.uint32), list(range(6))),
    "floats": (np.arange(6.0), list(range(6))),
    "column": (np.arange(6)[:, None], list(range(6))),
}


@pytest.mark.parametrize("kind", ["npz", "zarr"])
@pytest.mark.parametrize("case", ARRAYS)
def test_ids_of_arrays_that_can_be_carried(kind: str, case: str) -> None:
    values, expected = ARRAYS[case]
    path = write(kind, values)
    score_shard(path, "s.npz")
    assert np.load("s.npz")["id"].tolist() == expected
    assert main(["score", path, "-o", "t.npz", "-q"]) == 0
    assert np.load("t.npz")["id"].tolist() == expected


@pytest.mark.parametrize("kind", ["parquet", "npz", "zarr"])
def test_shards_with_ids_of_uint64_agree(kind: str) -> None:
    """Whether any is beyond int64 or not, and where there are none."""
    Path("in").mkdir()
    for name, start, n in (("a", 0, N), ("b", BIG, N), ("c", 0, 0), ("d", 9, N)):
        ids = np.arange(n, dtype=np.uint64) + np.uint64(start)
        Path(write(kind, ids, n_rows=n)).rename(f"in/{name}.{kind}")
    for given in ([], ["--no-check-ids"]):
        assert main(["score", "in", "-o", "out", "-q", "--overwrite", *given]) == 0
        tables = [pq.read_table(f"out/{name}.parquet") for name in "abcd"]
        assert {table.schema.field("id").type for table in tables} == {pa.string()}
        ids = pa.concat_tables(tables).column("id").to_pylist()
        assert ids == [str(at) for start in (0, BIG, 9) for at in range(start, start + N)]
    Path(write(kind, np.array([1, 2, 3, 4, 5, BIG + 2], np.uint64))).rename(f"in/e.{kind}")
    assert main(["score", "in", "-o", "new", "-q"]) == 3
    assert not list(Path("new").glob("*.parquet"))


UNUSABLE: dict[str, tuple[tuple[str, ...], Any]] = {
    "fractions": (("parquet", "npz", "zarr"), np.array([1, 2, 3, 4, 5, 1.5])),
    "nan": (("parquet", "npz", "zarr"), np.array([1, 2, 3, 4, 5, np.nan])),
    "truths": (("parquet", "npz", "zarr"), np.array([True, False] * 3)),
    "null": (("parquet",), pa.array([1, 2, 3, 4, 5, None])),
    "null text": (("parquet",), pa.array([*"abcde", None])),
    "times": (("parquet",), pa.array([datetime.time(12)] * N)),
    "durations": (("parquet",), pa.array([datetime.timedelta(1)] * N)),
    "objects": (("npz",), np.array([*"abcde", None], object)),
    "no time": (("npz", "zarr"), np.array(["2024-01-01"] * 5 + ["NaT"], "M8[s]")),
    "complex": (("npz",), np.arange(6) * 1j),
    "short": (("npz", "zarr"), np.arange(5)),
    "matrix": (("npz", "zarr"), np.zeros((6, 2), int)),
}
CASES = [(case, kind) for case, (kinds, _) in UNUSABLE.items() for kind in kinds]


@pytest.mark.parametrize(("case", "kind"), CASES)
def test_ids_that_nobody_asked_for_break_nothing(
    case: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(kind, UNUSABLE[case][1])
    with pytest.warns(Notice, match=r"'id' is left out, .*--ids-key") as told:
        score_shard(path, "s.npz")
    assert len(told) == 1
    found = np.load("s.npz")
    assert "id" not in found
    assert len(found["label"]) == N
    with pytest.raises(ShardError, match="; leave them out by ids_key=''"):
        score_shard(path, "t.npz", ids_key="id")
    score_shard(path, "u.npz", ids_key="")
    assert main(["score", path, "-o", "w.npz", "-q"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("easiness: note: 'id' is left out, not carried as ids: ")
    assert "id" not in np.load("w.npz")


def test_one_notice_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in").mkdir()
    for name in "abc":
        np.savez(f"in/{name}.npz", probs=PROBS, labels=LABELS, id=np.arange(N) + 0.5)
    assert main(["score", "in", "-o", "out", "-q"]) == 0
    assert capsys.readouterr().err.count("is left out") == 1


def test_ids_of_csv_may_be_missing() -> None:
    Path("p.csv").write_text("id,a,b,label\n7,.5,.5,a\n,.5,.5,a\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_shard("p.csv", "s.npz")
    assert np.load("s.npz")["id"].tolist() == ["7", ""]
    with pytest.raises(ShardError, match="a cell is empty"):
        score_shard("p.csv", "t.npz", ids_key="id")


def test_labels_with_ids_of_their_own() -> None:
    path = write("npz", np.arange(N))
    np.savez("y.npz", labels=LABELS, id=np.arange(N) + 0.5)
    with pytest.warns(Notice, match="is left out"):
        score_shard(path, "s.npz", labels="y.npz")
    assert np.load("s.npz")["id"].tolist() == list(range(N))


def test_bytes_that_are_no_text_are_no_ids() -> None:
    np.savez("p.npz", probs=PROBS, labels=LABELS, id=np.array([b"\xff"] * len(LABELS)))
    with pytest.raises(ShardError, match="ids: bytes that are no text in UTF-8"):
        score_shard("p.npz", "s.csv", ids_key="id")
