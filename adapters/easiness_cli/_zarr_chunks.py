"""What chunks of zarr arrays decode to, found out before zarr decodes them.

Zarr compares a chunk with its declared shape only once all of it is in memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import math
import os
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from easiness_cli._source import Source

# Deflate at its best.
_GZIP_RATIO = 1032
_STEP = 1 << 20
# The offset of a chunk that a shard does not hold.
_ABSENT = (1 << 64) - 1
_COMPRESSORS = ("blosc", "zstd", "lz4", "gzip", "zlib", "bz2", "lzma")
_APPENDED = ("crc32c", "fletcher32")
# What keeps the size, to a small factor.
_HARMLESS = (
    *_APPENDED, "bytes", "endian", "transpose", "shuffle", "delta", "fixedscaleoffset", "quantize",
    "astype", "bitround", "packbits", "vlen-utf8",
)  # fmt: skip


class Chunks:
    """The stored chunks of one array, in its folder.

    Of one that is to be `complete`, a chunk that is not stored is refused: it was lost, or holds
    fill values alone, and nothing else would tell which.

    Raises
    ------
    CommandError
        If it is compressed by a codec whose decoded size cannot be told beforehand, or by two.
    """

    def __init__(self, source: Source, name: str, array: Any, *, complete: bool = False) -> None:
        assert source.path is not None
        self._complete = complete
        self._source, self._name, self._array = source, name, array
        self._folder = os.path.join(source.path, array.path)
        codecs = [*(array.filters or ()), *(array.compressors or ())]
        kinds = [_kind(codec) for codec in codecs]
        while kinds and kinds[-1] in _APPENDED:
            kinds.pop()
        compressors = [kind for kind in kinds if kind in _COMPRESSORS]
        others = [kind for kind in kinds if kind not in _COMPRESSORS + _HARMLESS]
        if others or len(compressors) > 1 or compressors != kinds[-1:][: len(compressors)]:
            raise source.error(
                f"{name}: encoded by {', '.join(map(repr, kinds))}: what that takes in memory "
                f"cannot be told beforehand; encode it by one of {', '.join(_COMPRESSORS)}"
            )
        self._compressor = compressors[0] if compressors else None
        self._sharding = None
        if getattr(array, "shards", None):
            self._sharding = array.metadata.codecs[-1].to_dict()["configuration"]
            index = [_kind(codec) for codec in self._sharding["index_codecs"]]
            if index not in (["bytes"], ["bytes", "crc32c"]):
                raise source.error(f"{name}: shards with an index encoded by {index}")

    def check(self, start: int, stop: int) -> None:
        """Refuse rows whose chunks decode to more than `--max-bytes`, all of them together."""
        pieces = list(self._pieces(start, stop))
        stored = sum(n_bytes for _, _, n_bytes in pieces)
        told = f"of rows {start} to {stop - 1}"
        self._source.check_size(stored, f"{self._name}: what is stored {told}")
        limit = self._source.max_bytes
        if self._compressor is None:
            return
        if self._compressor in ("gzip", "zlib") and stored * _GZIP_RATIO <= limit:
            return
        total = 0
        for path, offset, n_bytes in pieces:
            with open(path, "rb") as file:
                file.seek(offset)
                total += _decoded(file, n_bytes, self._compressor, limit - total)
            if total > limit:
                self._source.check_size(
                    total,
                    f"{self._name}: what the chunks {told} hold, up to "
                    f"{os.path.relpath(path, self._folder)!r},",
                )

    def check_end(self) -> None:
        """Refuse an array that promises rows of which nothing is stored."""
        n_rows = self._array.shape[0]
        if next(self._pieces(n_rows - 1, n_rows), None) is None:
            raise self._source.error(
                f"{self._name}: {n_rows:,} rows promised, but nothing is stored of the last one"
            )

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[str, int, int]]:
        """Give file, offset and size of what is stored; what is not stored are fill values."""
        array = self._array
        grid = array.shards if self._sharding else array.chunks
        ranges = [range(start // grid[0], -(-stop // grid[0]))]
        ranges += [
            range(-(-size // step)) for size, step in zip(array.shape[1:], grid[1:], strict=True)
        ]
        for at in itertools.product(*ranges):
            path = os.path.join(self._folder, array.metadata.encode_chunk_key(at))
            try:
                n_bytes = os.stat(path).st_size
            except FileNotFoundError:
                self._lacks(path)
                continue
            if self._sharding is None:
                yield path, 0, n_bytes
            else:
                yield from self._inner(path, n_bytes, at)

    def _inner(
        self, path: str, n_bytes: int, at: tuple[int, ...]
    ) -> Iterator[tuple[str, int, int]]:
        """Read the index of a shard: offset and size of each chunk, and perhaps a checksum."""
        assert self._sharding is not None
        array = self._array
        grid = [size // step for size, step in zip(array.shards, array.chunks, strict=True)]
        count = math.prod(grid)
        end = 4 * (len(self._sharding["index_codecs"]) - 1)
        size = 16 * count + end
        self._source.check_size(size, f"the index of shards of {self._name}")
        if n_bytes < size:
            return  # zarr refuses it
        with open(path, "rb") as file:
            if self._sharding["index_location"] == "end":
                file.seek(n_bytes - size)
            index = np.frombuffer(file.read(16 * count), self._index_dtype()).reshape(-1, 2)
        for number, (offset, length) in enumerate(index.tolist()):
            if offset == _ABSENT:
                inner = np.unravel_index(number, grid)
                begins = [
                    shard * size + int(chunk) * step
                    for shard, size, chunk, step in zip(
                        at, array.shards, inner, array.chunks, strict=True
                    )
                ]
                # In the last shards, chunks beyond the array's end are never stored.
                if all(begin < size for begin, size in zip(begins, array.shape, strict=True)):
                    self._lacks(path)
            if offset < n_bytes:  # else fill values, or refused by zarr
                yield path, offset, min(length, n_bytes - offset)

    def _lacks(self, path: str) -> None:
        if self._complete:
            raise self._source.error(
                f"{self._name}: {os.path.relpath(path, self._folder)!r} lacks a chunk: it was "
                f"lost, or holds fill values alone; write those too (zarr: write_empty_chunks)"
            )

    def _index_dtype(self) -> str:
        assert self._sharding is not None
        order = self._sharding["index_codecs"][0].get("configuration", {}).get("endian", "little")
        return "<u8" if order == "little" else ">u8"


def _kind(codec: Any) -> str:
    """Name a codec of zarr 3, a codec of numcodecs, or its description."""
    if isinstance(codec, dict):
        return str(codec["name"])
    found = getattr(codec, "codec_id", None) or codec.to_dict()["name"]
    return str(found).removeprefix("numcodecs.")


def _decoded(file: BinaryIO, n_bytes: int, kind: str, limit: int) -> int:
    """Tell to how many bytes a piece decodes; for some codecs, no more than just above `limit`."""
    head = file.read(min(18, n_bytes))
    told = None
    if kind == "blosc":
        told = int.from_bytes(head[4:8], "little")
    elif kind == "lz4":
        told = int.from_bytes(head[:4], "little")
    elif kind == "zstd":
        told = _zstd_content(head)
    if told is not None:
        return told
    data = io.BytesIO(head + file.read(n_bytes - len(head)))
    count = 0
    try:
        decoder = _decoder(kind, data)
        while count <= limit and (piece := decoder.read(_STEP)):
            count += len(piece)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        pass  # zarr refuses it, having decoded as much
    return count


def _zstd_content(head: bytes) -> int | None:
    """Read the size of the content from a frame's header (RFC 8878, 3.1.1.1), if it is there."""
    if head[:4] != b"\x28\xb5\x2f\xfd" or len(head) < 5:
        return None
    flag, single = head[4] >> 6, head[4] >> 5 & 1
    if not flag and not single:
        return None
    at = 5 + (not single) + (0, 1, 2, 4)[head[4] & 3]
    width = (1, 2, 4, 8)[flag]
    return int.from_bytes(head[at : at + width], "little") + (256 if width == 2 else 0)


def _decoder(kind: str, data: io.BytesIO) -> Any:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=data)
    if kind == "zlib":
        return _Zlib(data)
    if kind == "bz2":
        return bz2.BZ2File(data)
    if kind == "lzma":
        return lzma.LZMAFile(data)
    import pyarrow as pa  # zstd of other writers, which leave the size out

    return pa.CompressedInputStream(pa.BufferReader(data.getbuffer()), "zstd")


class _Zlib:
    def __init__(self, data: io.BytesIO) -> None:
        self._decoder, self._waiting = zlib.decompressobj(), data.read()

    def read(self, size: int) -> bytes:
        piece = self._decoder.decompress(self._waiting, size)
        self._waiting = self._decoder.unconsumed_tail
        return piece
