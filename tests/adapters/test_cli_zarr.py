"""Zarr: what chunks decode to is known before they are decoded, and none is decoded twice."""

from __future__ import annotations

import gzip
import io
import lzma
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pyarrow as pa
import pytest
from easiness_cli import _stream, _zarr_chunks
from easiness_cli._errors import CommandError
from easiness_cli._source import Source
from easiness_cli._stream import Reading, Rows

zarr = pytest.importorskip("zarr")
# Such that every codec makes them smaller, and no chunk is one of fill values.
PROBS = 0.01 + 0.96 * np.eye(4)[np.arange(100) // 7 % 4]
LABELS = PROBS.argmax(axis=1)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 8 * 4)


def read(**options: Any) -> tuple[Any, Any]:
    blocks = list(Rows("p.zarr", None, Reading(**options)).blocks())
    return (
        np.concatenate([each.probs for each in blocks]),
        np.concatenate([each.labels for each in blocks]),
    )


def write(zarr_format: int, **options: Any) -> None:
    group = zarr.open_group("p.zarr", mode="w", zarr_format=zarr_format)
    group.create_array("probs", data=PROBS, chunks=(10, 2), **options)
    group.create_array("labels", data=LABELS, chunks=(100,))


V3: list[Any] = [
    None,
    *(zarr.codecs.GzipCodec(), zarr.codecs.BloscCodec(), zarr.codecs.ZstdCodec()),
]
V2: list[Any] = [
    None, numcodecs.GZip(), numcodecs.Zlib(), numcodecs.BZ2(), numcodecs.LZMA(), numcodecs.Blosc(),
    numcodecs.LZ4(), numcodecs.Zstd(),
]  # fmt: skip
CODECS = [(3, codec, False) for codec in V3] + [(3, codec, True) for codec in V3]
CODECS += [(2, codec, False) for codec in V2]


@pytest.mark.parametrize(("zarr_format", "codec", "sharded"), CODECS)
def test_what_chunks_decode_to_is_known_before(
    zarr_format: int, codec: Any, sharded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"shards": (20, 4)} if sharded else {}
    write(zarr_format, compressors=codec, **options)
    monkeypatch.setattr(_zarr_chunks, "_GZIP_RATIO", 1 << 40)
    probs, labels = read()
    assert (probs == PROBS).all()
    assert (labels == LABELS).all()
    array = zarr.open("p.zarr", mode="r")["probs"]
    # 20 rows of 4 doubles, compressed to less than that.
    for limit in (20 * 4 * 8, 20 * 4 * 8 - 1):
        chunks = _zarr_chunks.Chunks(Source("'p.zarr'", "zarr", limit, path="p.zarr"), "p", array)
        if limit == 20 * 4 * 8:
            chunks.check(40, 60)
            continue
        with pytest.raises(CommandError, match=r"of rows 40 to 59 .*--max-bytes"):
            chunks.check(40, 60)


def test_zstd_of_other_writers_is_counted() -> None:
    """They may leave the size out of the header."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(bytes(1 << 20))
    data = sink.getvalue().to_pybytes()
    assert _zarr_chunks._zstd_content(data[:18]) is None
    assert _zarr_chunks._decoded(io.BytesIO(data), len(data), "zstd", 1 << 30) == 1 << 20
    for size in (1, 255, 256, 65_791, 65_792, 1 << 17):
        data = bytes(numcodecs.Zstd().encode(bytes(size)))
        assert _zarr_chunks._zstd_content(data[:18]) == size
    data = gzip.compress(bytes(3 << 20)) + gzip.compress(bytes(3 << 20))
    assert _zarr_chunks._decoded(io.BytesIO(data), len(data), "gzip", 1 << 30) == 6 << 20
    assert 1 << 20 < _zarr_chunks._decoded(io.BytesIO(data), len(data), "gzip", 1 << 20) <= 2 << 20
    data = lzma.compress(bytes(3 << 20))
    assert _zarr_chunks._decoded(io.BytesIO(data), len(data), "lzma", 1 << 20) <= 2 << 20


@pytest.mark.parametrize(
    "options",
    [
        {"filters": [numcodecs.Zlib()], "compressors": numcodecs.GZip()},
        {"filters": [numcodecs.Zlib(), numcodecs.Delta("u1")]},
    ],
)
def test_codecs_of_which_nothing_can_be_told_are_refused(options: Any) -> None:
    write(2, **options)
    with pytest.raises(CommandError, match=r"probs: encoded by 'zlib', .*cannot be told before"):
        read()


def test_no_chunk_of_a_column_is_decoded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    decoded: list[str] = []
    check = _zarr_chunks.Chunks.check

    def noted(self: Any, start: int, stop: int) -> None:
        decoded.append(f"{self._name} {start} {stop}")
        check(self, start, stop)

    monkeypatch.setattr(_zarr_chunks.Chunks, "check", noted)
    _, labels = read()
    assert (labels == LABELS).all()
    assert [each for each in decoded if "labels" in each] == ["labels 0 100"]
    assert len(decoded) == 11


@pytest.mark.parametrize("chunk", [1, 3, 8, 10, 11, 64, 99, 100])
def test_columns_of_any_chunks(chunk: int) -> None:
    write(3)
    group = zarr.open_group("p.zarr", mode="a")
    del group["labels"]
    group.create_array("labels", data=LABELS, chunks=(chunk,))
    group.create_array("id", data=np.arange(100), chunks=(7,))
    rows = Rows("p.zarr", None, Reading())
    assert (read()[1] == LABELS).all()
    assert np.concatenate(list(rows.ids())).tolist() == list(range(100))
