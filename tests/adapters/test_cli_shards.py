"""`score_shard`: every format streamed, each shard once, whole or not at all."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _shard_run, _stream
from easiness_cli.shards import ShardError, score_shard

import easiness_core as ec

RNG = np.random.default_rng(5)
PROBS = RNG.dirichlet(np.full(4, 0.15), size=501)
LABELS = RNG.integers(0, 4, size=501)
IDS = RNG.permutation(10_000)[:501]
NAMES = ["ant", "bee", "cat", "dog"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Blocks of 64 rows, so that small files have many, and a short last one.
    monkeypatch.setattr(_stream, "_ELEMENTS", 64 * 4)


def text_rows(*columns: Any) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=True))


def npy(order: str = "C") -> dict[str, Any]:
    np.save("p.npy", np.asarray(PROBS, order=order))  # type: ignore[call-overload]
    np.save("y.npy", LABELS)
    return {"input": "p.npy", "labels": "y.npy"}


def npz(order: str = "C", save: Any = np.savez) -> dict[str, Any]:
    save("p.npz", probs=np.asarray(PROBS, order=order), y=LABELS, id=IDS)  # type: ignore[call-overload]
    return {"input": "p.npz"}


def csv(names: bool = False) -> dict[str, Any]:
    labels = np.array(NAMES)[LABELS] if names else LABELS
    rows = text_rows(IDS, *PROBS.T.tolist(), labels)
    Path("p.csv").write_text(",".join(["id", *NAMES, "label"]) + "\n" + rows)
    return {"input": "p.csv"}


def csv_pair() -> dict[str, Any]:
    Path("p.csv").write_text(text_rows(*PROBS.T.tolist()))
    # A first line of 0, and no header: the number of rows tells.
    Path("y.csv").write_text(text_rows(np.r_[0, LABELS[1:]].tolist()))
    return {"input": "p.csv", "labels": "y.csv"}


def parquet(lists: bool = True, groups: int = 100) -> dict[str, Any]:
    columns: dict[str, Any] = {"sample_id": [f"s{i}" for i in IDS], "label": LABELS}
    if lists:
        columns["probs"] = list(PROBS)
    else:
        columns |= dict(zip(NAMES, PROBS.T, strict=True))
    pq.write_table(pa.table(columns), "p.parquet", groups, write_page_checksum=True)
    return {"input": "p.parquet"}


def zarr_group() -> dict[str, Any]:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group("p.zarr", mode="w")
    for name, array in {"probs": PROBS, "labels": LABELS, "ids": IDS}.items():
        made = group.create_array(name, shape=array.shape, dtype=array.dtype, chunks=array.shape)
        made[:] = array
    return {"input": "p.zarr"}


def zarr_arrays() -> dict[str, Any]:
    zarr = pytest.importorskip("zarr")
    for name, array in {"p.zarr": PROBS, "y.zarr": LABELS}.items():
        chunks = (37, 3)[: array.ndim]
        made = zarr.create_array(name, shape=array.shape, dtype=array.dtype, chunks=chunks)
        made[:] = array
    return {"input": "p.zarr", "labels": "y.zarr"}


FILES = {
    "npy": npy,
    "npy by columns": lambda: npy("F"),
    "npz": npz,
    "npz deflated": lambda: npz(save=np.savez_compressed),
    "npz by columns": lambda: npz("F"),
    "csv": csv,
    "csv with names": lambda: csv(names=True),
    "csv pair": csv_pair,
    "parquet lists": parquet,
    "parquet columns": lambda: parquet(lists=False),
    "parquet, one group": lambda: parquet(groups=1000),
    "zarr group": zarr_group,
    "zarr arrays": zarr_arrays,
}


@pytest.mark.parametrize("make", FILES.values(), ids=FILES.keys())
def test_streams_what_the_core_gives_for_the_whole(make: Any) -> None:
    arguments = make()
    given = np.r_[0, LABELS[1:]] if make is csv_pair else LABELS
    expected = ec.score(PROBS, given)
    summary = score_shard(**arguments, output="s.npz")
    assert summary == expected.summary
    with np.load("s.npz") as found:
        for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
            np.testing.assert_array_equal(found[name], getattr(expected, name), strict=True)
        np.testing.assert_array_equal(found["label"], given)
        np.testing.assert_array_equal(found["index"], np.arange(501))
        if "labels" in arguments:
            assert "id" not in found
        elif arguments["input"] == "p.parquet":
            assert found["id"].tolist() == [f"s{i}" for i in IDS]
        else:
            ids = IDS.astype(str) if arguments["input"] == "p.csv" else IDS
            assert found["id"].tolist() == ids.tolist()


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
def test_output_formats_hold_the_same(suffix: str) -> None:
    from easiness_cli._source import open_source

    score_shard(**csv(names=True), output=f"s.{suffix}")
    source = open_source(f"s.{suffix}", 1 << 30)
    names = ["index", "id", "log_easiness"]
    if suffix == "csv":
        from easiness_cli._read_csv import csv_columns as columns
    elif suffix == "npz":
        from easiness_cli._read_npy import npz_columns as columns
    else:
        from easiness_cli._read_parquet import parquet_columns as columns

        assert pq.read_table("s.parquet")["label"].to_pylist()[:3] == [
            NAMES[at] for at in LABELS[:3]
        ]
    found = columns(source, names)
    np.testing.assert_array_equal(found["index"], np.arange(501))
    np.testing.assert_array_equal(found["id"].astype(str), IDS.astype(str))
    np.testing.assert_array_equal(found["log_easiness"], ec.score(PROBS, LABELS).log_easiness)


def test_the_note_says_what_was_done() -> None:
    import hashlib

    summary = score_shard(**npy(), output="s.csv", estimator=ec.ClosedForm(sigma=0.02))
    note = json.loads(Path("s.csv.json").read_text())
    assert ec.Summary.from_dict(note["summary"]) == summary
    assert (note["rows"], note["classes"], note["version"]) == (501, 4, ec.__version__)
    assert note["parameters"]["estimator"]["sigma"] == 0.02
    for entry, path in zip(note["inputs"], ["p.npy", "y.npy"], strict=True):
        data = Path(path).read_bytes()
        assert (entry["name"], entry["size"]) == (path, len(data))
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    data = Path("s.csv").read_bytes()
    assert note["output"] == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr(_shard_run, "score_blocks", never)


def test_a_finished_shard_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {**npy(), "output": "s.parquet"}
    first = score_shard(**arguments)
    # A copy of the inputs has another time.
    os.utime("p.npy", (1, 1))
    forbid(monkeypatch)
    assert score_shard(**arguments) == first
    with pytest.raises(AssertionError):
        score_shard(**{**arguments, "output": "t.parquet"})


def truncate() -> None:
    os.truncate("s.parquet", 900)


def flip() -> None:
    data = bytearray(Path("s.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    Path("s.parquet").write_bytes(data)


def alter() -> None:
    note = json.loads(Path("s.parquet.json").read_text())
    note["parameters"]["n_bins"] = 6
    Path("s.parquet.json").write_text(json.dumps(note))


BREAKS = {
    "output cut short": truncate,
    "output with one bit flipped": flip,
    "output missing": lambda: os.unlink("s.parquet"),
    "note damaged": lambda: os.truncate("s.parquet.json", 100),
    "note whose parameters do not match": alter,
}


@pytest.mark.parametrize("damage", BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_shard_is_done_again_into_the_same_bytes(damage: Any) -> None:
    arguments = {**npy(), "output": "s.parquet"}
    score_shard(**arguments)
    names = ["s.parquet", "s.parquet.json"]
    before = [Path(name).read_bytes() for name in names]
    damage()
    assert [Path(n).read_bytes() for n in names if Path(n).exists()] != before
    score_shard(**arguments)
    assert [Path(name).read_bytes() for name in names] == before


def test_what_was_made_otherwise_is_refused_and_can_be_overwritten() -> None:
    arguments = {**npy(), "output": "s.csv"}
    score_shard(**arguments)
    with pytest.raises(ShardError, match=r"scored with n_bins 5, not 7.*overwrite"):
        score_shard(**arguments, n_bins=7)
    assert score_shard(**arguments, n_bins=7, overwrite=True).n_bins == 7
    np.save("p.npy", PROBS[::-1])
    with pytest.raises(ShardError, match=r"from 'p.npy' before it changed"):
        score_shard(**arguments, n_bins=7)
    np.save("p.npy", PROBS[:-1])
    with pytest.raises(ShardError, match=r"other than 'p.npy' as it is now"):
        score_shard(**arguments, n_bins=7)


def test_somebody_elses_file_is_left_alone() -> None:
    Path("s.csv").write_text("mine")
    with pytest.raises(ShardError, match=r"it exists"):
        score_shard(**npy(), output="s.csv")
    assert Path("s.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["s.csv", "s.csv.json"])
def test_output_never_follows_a_link(name: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "target"
    target.write_text("precious")
    os.symlink(target, name)
    with pytest.raises(ShardError, match="symbolic link"):
        score_shard(**npy(), output="s.csv", overwrite=True)
    assert target.read_text() == "precious"
    assert os.listdir(tmp_path / "elsewhere") == ["target"]


def test_a_bad_row_in_a_later_block_leaves_nothing() -> None:
    probs = PROBS.copy()
    probs[400, 1] = np.nan
    np.save("p.npy", probs)
    np.save("y.npy", LABELS)
    with pytest.raises(ShardError, match=r"'p.npy'.*row 400"):
        score_shard("p.npy", "s.csv", labels="y.npy")
    assert sorted(os.listdir()) == ["p.npy", "y.npy"]


def test_its_error_can_be_pickled() -> None:
    with pytest.raises(ShardError) as caught:
        score_shard("none.npy", "s.csv")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


LIMITED = """
import resource, sys
from easiness_cli.shards import ShardError, score_shard
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    score_shard("p.npy", sys.argv[1], labels="y.npy")
except ShardError as error:
    print(error)
"""


@pytest.mark.parametrize("suffix", ["csv", "npz", "parquet"])
@pytest.mark.parametrize("limit", [0, 5000])
def test_a_full_disk_leaves_nothing_and_can_be_made_good(suffix: str, limit: int) -> None:
    arguments = {**npy(), "output": f"s.{suffix}"}
    before = sorted(os.listdir())
    argv = [sys.executable, "-c", LIMITED, f"s.{suffix}", str(limit)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"cannot write 's.{suffix}': File too large\n", done.stderr
    assert sorted(os.listdir()) == before
    assert score_shard(**arguments).n_samples == 501
