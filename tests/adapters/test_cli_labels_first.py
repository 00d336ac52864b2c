"""Labels of a set are checked before any shard is scored, where they can be read alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _stream
from easiness_cli.shards import ShardError
from easiness_dask import score_shards

N = 40
PROBS = np.full((N, 2), 0.5)
GOOD = np.arange(N) % 2


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 2 * 7)
    Path("in").mkdir()
    Path("y").mkdir()


def write(kind: str, name: str, labels: Any) -> None:
    if kind == "parquet":
        pq.write_table(pa.table({"probs": list(PROBS), "label": labels}), f"in/{name}.parquet")
    elif kind == "npz":
        np.savez_compressed(f"in/{name}.npz", probs=PROBS, labels=labels)
    elif kind == "zarr":
        group = pytest.importorskip("zarr").open_group(f"in/{name}.zarr", mode="w")
        group.create_array("probs", data=PROBS, chunks=(5, 2))
        group.create_array("labels", data=labels, chunks=(16,))
    else:
        np.save(f"in/{name}.npy", PROBS)
        if kind == "npy":
            np.save(f"y/{name}.npy", labels)
        else:
            Path(f"y/{name}.csv").write_text("label\n" + "".join(f"{each}\n" for each in labels))


def changed(at: int, value: Any, dtype: Any = None) -> Any:
    labels = GOOD.astype(dtype or GOOD.dtype)
    labels[at] = value
    return labels


BAD: dict[str, tuple[Any, str]] = {
    "range": (
        changed(33, 2),
        "labels: 1 of .* are outside 0 to 1 .*; the first is row 33, label 2",
    ),
    "negative": (changed(33, -1), "outside 0 to 1 .*; the first is row 33, label -1"),
    "nan": (changed(33, np.nan, float), "not whole numbers; .* the first is row 33, label nan"),
    "half": (changed(33, 0.5, float), "not whole numbers; .* the first is row 33, label 0.5"),
}


@pytest.mark.parametrize("kind", ["npy", "npz", "zarr", "parquet", "npy and csv"])
@pytest.mark.parametrize("case", BAD)
def test_nothing_is_scored_where_a_label_of_any_shard_is_wrong(kind: str, case: str) -> None:
    bad, message = BAD[case]
    for name, labels in (("a", GOOD), ("b", bad), ("c", GOOD)):
        write(kind, name, labels.astype(bad.dtype))
    separate = {"labels": "y"} if kind.startswith("npy") else {}
    told = r"^'\S*/(in|y)/b\.\w+': .*" + message
    with pytest.raises(ShardError, match=told):
        score_shards("in", "out", **separate)  # type: ignore[arg-type]
    assert not os.path.exists("out")
    write(kind, "b", GOOD.astype(bad.dtype))
    assert score_shards("in", "out", **separate).n_samples == 3 * N  # type: ignore[arg-type]


def test_null_and_unknown_labels_of_parquet() -> None:
    names = np.array(["x", "y"])[GOOD]
    for labels, told in (
        ([*names[:-1], None], "column 'label': 1 of rows .* are null"),
        ([*names[:-1], "z"], "b.parquet': labels: 1 of .* are not among classes .*label 'z'"),
    ):
        write("parquet", "a", names)
        write("parquet", "b", labels)
        with pytest.raises(ShardError, match=told):
            score_shards("in", "out", classes=["x", "y"])
        assert not os.path.exists("out")


def test_labels_within_csv_are_found_when_their_shard_is_scored() -> None:
    """To read them is to read all of the text."""
    for name, last in (("a", 1), ("b", 2)):
        Path(f"in/{name}.csv").write_text("u,v,label\n" + ".5,.5,0\n" * N + f".5,.5,{last}\n")
    with pytest.raises(ShardError, match="outside 0 to 1"):
        score_shards("in", "out")
    assert os.path.exists("out/a.parquet")
