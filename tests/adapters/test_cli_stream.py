"""Reading in blocks: what cannot be read is refused, in one line."""

from __future__ import annotations

import os
import sys
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _stream
from easiness_cli._errors import CommandError
from easiness_cli._source import Source
from easiness_cli._stream import Reading, Rows
from easiness_cli._stream_parts import Parts, blocks
from easiness_cli.shards import ShardError, score_shard
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

PROBS = np.random.default_rng(3).dirichlet(np.ones(3), size=200)
LABELS = PROBS.argmax(axis=1)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 50 * 3)
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)


def refused(match: str, *paths: str, **options: Any) -> None:
    labels = paths[1] if len(paths) > 1 else None
    before = sorted(os.listdir())
    with pytest.raises(ShardError, match=match) as caught:
        score_shard(paths[0], "s.csv", labels=labels, **options)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir()) == before


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 8))
def test_blocks_keep_every_row_in_order(sizes: list[int], size: int) -> None:
    rows = np.arange(sum(sizes))
    cuts = np.cumsum([0, *sizes])
    parts = [Parts(labels=rows[a:b]) for a, b in pairwise(cuts)]
    found = [part.labels for part in blocks(iter(parts), size)]
    assert np.concatenate([[], *found]).tolist() == rows.tolist()  # type: ignore[list-item]
    assert all(len(each) == size for each in found[:-1])  # type: ignore[arg-type]
    assert all(0 < len(each) <= size for each in found[-1:])  # type: ignore[arg-type]


def test_texts_that_are_joined_take_twice_their_room() -> None:
    texts = np.full(2000, "x" * 100)
    parts = [Parts(ids=texts[:1000]), Parts(ids=texts[1000:])]
    source = Source("ids", "csv", texts.nbytes)
    assert [part.ids.nbytes for part in blocks(iter(parts), 1000, source)] == [400_000] * 2
    with pytest.raises(CommandError, match=r"ids: 2,000 texts.*takes 1,600,000 bytes in memory"):
        list(blocks(iter(parts), 2000, source))
    assert len(list(blocks(iter(parts), 2000, replace(source, max_bytes=1_600_000)))) == 1


def test_labels_of_another_number() -> None:
    np.save("y.npy", LABELS[:-1])
    refused("199 labels, but 200 rows", "p.npy", "y.npy")
    Path("y.csv").write_text("label\n" + "1\n" * 201)
    refused("differ in number: 201 labels, 200 rows", "p.npy", "y.csv")
    Path("y.csv").write_text("label\n" + "1\n" * 120)
    refused("differ in number: 120 labels, at least 150 rows", "p.npy", "y.csv")


def test_no_labels() -> None:
    refused("pass labels as well", "p.npy")
    np.savez("p.npz", probs=PROBS)
    refused("as the labels", "p.npz")
    pq.write_table(pa.table({"probs": list(PROBS)}), "p.parquet")
    refused("no column of labels", "p.parquet")


def test_no_rows() -> None:
    np.save("p.npy", PROBS[:0])
    np.save("y.npy", LABELS[:0])
    assert score_shard("p.npy", "u.csv", labels="y.npy") == ec.score(PROBS[:0], LABELS[:0]).summary
    assert len(Path("u.csv").read_text().splitlines()) == 1
    Path("p.csv").write_text("a,b,label\n")
    assert score_shard("p.csv", "t.csv").n_samples == 0
    Path("p.csv").write_text("")
    refused("empty .0 bytes", "p.csv")


def test_labels_that_change_their_kind() -> None:
    lines = [f"{a},{b},{c},1\n" for a, b, c in PROBS]
    lines[150] = lines[150].replace(",1\n", ",cat\n")
    Path("p.csv").write_text("u,1,v,label\n" + "".join(lines))
    refused("numbers up to row 150, text from there", "p.csv")


def test_an_unknown_name_in_a_later_block() -> None:
    names = np.array(["x", "y", "z"])[LABELS]
    names[120] = "w"
    pq.write_table(pa.table({"probs": list(PROBS), "label": names}), "p.parquet")
    refused("row 20, label 'w'.*from row 100", "p.parquet", classes=["x", "y", "z"])


def test_headers_of_labels_are_told_by_the_number_of_rows() -> None:
    Path("data.csv").write_text("".join(f"{label}\n" for label in [0, *LABELS[1:]]))
    Path("headed.csv").write_text("0\n" + "".join(f"{label}\n" for label in LABELS))
    for name, first in (("data.csv", 0), ("headed.csv", LABELS[0])):
        found = np.concatenate([b.labels for b in Rows("p.npy", name, Reading()).blocks()])
        assert found.tolist() == [first, *LABELS[1:]]


def test_damaged_npz_member() -> None:
    np.savez("p.npz", probs=PROBS, y=LABELS)
    data = bytearray(Path("p.npz").read_bytes())
    data[data.index(PROBS[100].tobytes()) + 3] ^= 1
    Path("p.npz").write_bytes(data)
    refused("not a readable npz file: Bad CRC-32", "p.npz")


def test_npz_whose_arrays_differ_in_rows() -> None:
    np.savez("p.npz", probs=PROBS, y=LABELS[:-1])
    refused("differ in their number of rows: probs 200, y 199", "p.npz")


def test_a_file_that_shrinks_while_it_is_read() -> None:
    np.save("p.npy", np.tile(PROBS, (20, 1)))
    np.save("y.npy", np.tile(LABELS, 20))
    rows = Rows("p.npy", "y.npy", Reading()).blocks()
    next(rows)
    os.truncate("p.npy", 128 + 24 * 2075)
    with pytest.raises(CommandError, match="cut short at row 2075"):
        list(rows)


def test_damaged_parquet_page_is_seen_by_its_checksum() -> None:
    table = pa.table({"probs": list(PROBS), "label": LABELS})
    options: dict[str, Any] = {"compression": "none", "use_dictionary": False}
    for checksum in (True, False):
        pq.write_table(table, "p.parquet", write_page_checksum=checksum, **options)
        data = bytearray(Path("p.parquet").read_bytes())
        data[data.index(PROBS[100].tobytes())] ^= 1
        Path("p.parquet").write_bytes(data)
        if checksum:
            refused("CRC checksum", "p.parquet")
        else:
            # Without checksums nothing tells: this flip changes a last digit.
            score_shard("p.parquet", "s.csv")


def test_scores_are_written_with_page_checksums() -> None:
    score_shard("p.npy", "s.parquet", labels="y.npy")
    data = bytearray(Path("s.parquet").read_bytes())
    data[60] ^= 1
    Path("t.parquet").write_bytes(data)
    with pytest.raises(OSError, match="CRC checksum"):
        pq.read_table("t.parquet", page_checksum_verification=True)


class TestSizes:
    def test_a_block_of_an_absurd_width(self) -> None:
        with open("wide.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": False, "shape": (2, 1 << 36)}
            )
            os.truncate("wide.npy", 128 + (16 << 36))  # a file of holes
        np.save("y.npy", LABELS[:2])
        refused("one block of rows takes .*max_bytes", "wide.npy", "y.npy")

    def test_a_bomb_in_npz_takes_no_memory(self) -> None:
        with zipfile.ZipFile("p.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, shape in {"probs": (4, 1 << 24), "y": (4,)}.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.zeros(shape))
        refused("more than max_bytes 1,048,576", "p.npz", max_bytes=1 << 20)

    def test_parquet_lists_that_repeat(self) -> None:
        values = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(4_000_000, np.int32)), pa.array([0.5])
        ).cast(pa.float64())
        lists = pa.ListArray.from_arrays(
            pa.array(np.arange(0, 4_000_001, 1_000_000), pa.int32()), values
        )
        pq.write_table(pa.table({"probs": lists, "label": [0] * 4}), "p.parquet")
        refused("more than max_bytes 1,048,576", "p.parquet", max_bytes=1 << 20)

    def test_chunks_of_zarr(self) -> None:
        zarr = pytest.importorskip("zarr")
        zarr.create_array("p.zarr", shape=(1 << 20, 1 << 20), dtype="f8", chunks=(1 << 20, 1 << 12))
        np.save("y.npy", LABELS)
        refused("one chunk of probs takes", "p.zarr", "y.npy", max_bytes=1 << 30)


def test_zarr_that_holds_pickles() -> None:
    pytest.importorskip("zarr")
    Path("p.zarr").mkdir()
    Path("p.zarr/.zarray").write_text(
        '{"zarr_format": 2, "shape": [4, 3], "chunks": [4, 3], "dtype": "|O", "order": "C", '
        '"fill_value": null, "compressor": null, "filters": [{"id": "pickle", "protocol": 5}]}'
    )
    refused("pickle", "p.zarr", "y.npy")


def test_zarr_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("p.zarr").mkdir()
    Path("p.zarr/zarr.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "zarr", None)
    refused("pip install 'easiness-core.zarr.'", "p.zarr", "y.npy")


def test_a_folder_that_is_no_zarr() -> None:
    Path("p.zarr").mkdir()
    refused("folder, but no zarr array", "p.zarr", "y.npy")


def test_formulas_are_escaped_in_csv_where_asked() -> None:
    table = pa.table(
        {"id": ["=1+1", "@x", "plain"], "probs": list(PROBS[:3]), "label": ["-a", "+b", "c"]}
    )
    pq.write_table(table, "p.parquet")
    options: dict[str, Any] = {"classes": ["-a", "+b", "c"]}
    score_shard("p.parquet", "raw.csv", **options)
    score_shard("p.parquet", "safe.csv", escape_formulas=True, **options)
    raw, safe = Path("raw.csv").read_text(), Path("safe.csv").read_text()
    assert "0,=1+1,-a," in raw
    assert "0,'=1+1,'-a," in safe.replace('"', "")
    assert "1,'@x,'+b," in safe.replace('"', "")
    assert "2,plain,c," in safe.replace('"', "")
    # Numbers are numbers, negative ones too.
    assert ",'-0." not in safe
