"""Zarr arrays and groups of arrays, chunk by chunk."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError, reason
from easiness_cli._ids import UnusableIds, leave_out, pick_ids
from easiness_cli._source import LABEL_NAMES, PICKLE_ADVICE, PROBS_NAMES, Request, Source
from easiness_cli._stream_npy import check_shape
from easiness_cli._stream_parts import Parts, Room, Stream
from easiness_cli._zarr_chunks import Chunks

MARKS = ("zarr.json", ".zarray", ".zgroup")


def is_zarr(path: str) -> bool:
    """Whether a folder is a zarr array or group."""
    return any(os.path.isfile(os.path.join(path, mark)) for mark in MARKS)


def stream_zarr(source: Source, request: Request) -> Stream:
    """Stream a zarr array, or the arrays of a group, found by name as in npz files."""
    assert source.path is not None
    if not is_zarr(source.path):
        raise source.error(f"it is a folder, but no zarr array: none of {', '.join(MARKS)} in it")
    try:
        import zarr
    except ImportError as error:
        raise source.error("this needs zarr: pip install 'easiness-core[zarr]'") from error
    try:
        found = zarr.open(source.path, mode="r")
        arrays = dict(found.arrays()) if isinstance(found, zarr.Group) else {"": found}
    except Exception as error:  # zarr has no one exception for a folder that it cannot read
        raise source.error(f"not a readable zarr array: {reason(error)}") from error
    alone = "" in arrays
    needed, ids = ({request.what: arrays[""]}, None) if alone else _choose(source, arrays, request)
    if alone and request.what == "probs" and request.with_labels:
        raise source.error("one zarr array: pass LABELS as well")
    if alone:
        pick_ids([], request, source)
    for name, array in needed.items():
        _check(source, name, array)
    counts = {name: array.shape[0] for name, array in needed.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise source.error(f"its arrays differ in their number of rows: {told}")
    if ids is not None:
        try:
            _check_ids(source, arrays[ids], next(iter(counts.values())))
        except UnusableIds as error:
            leave_out(ids, error, request)
        else:
            needed["ids"] = arrays[ids]
    # Rows of lost zeros do not sum to 1; lost logits, and other fill values, are rows like others.
    complete = "probs" in needed and (request.logits or needed["probs"].fill_value != 0)
    return _Zarr(source, needed, ids, complete=complete)


def _check_ids(source: Source, array: Any, n_rows: int) -> None:
    try:
        _check(source, "ids", array, "fiubUSTM")
        Chunks(source, "ids", array)
    except CommandError as error:
        raise UnusableIds(source, str(error).removeprefix(f"{source}: ")) from error
    if array.shape[0] != n_rows:
        raise UnusableIds(source, f"they are {array.shape[0]}, for {n_rows} rows")


def _choose(
    source: Source, arrays: dict[str, Any], request: Request
) -> tuple[dict[str, Any], str | None]:
    """Find the arrays that are needed, and the name of the one of ids."""
    wanted: list[tuple[str, str | None, tuple[str, ...]]] = []
    if request.what == "probs":
        known = ("logits",) if request.logits and "logits" in arrays else PROBS_NAMES
        wanted.append(("probs", request.probs_key, known))
    if request.with_labels:
        wanted.append(("labels", request.labels_key, LABEL_NAMES))
    needed = {}
    for what, key, names in wanted:
        found = [name for name in ((key,) if key is not None else names) if name in arrays]
        if len(found) != 1:
            held = ", ".join(map(repr, sorted(arrays)[:20])) or "no arrays"
            raise source.error(f"which array is the {what}? It holds {held}; pass --{what}-key")
        needed[what] = arrays[found[0]]
    taken = {id(array) for array in needed.values()}
    others = [name for name, array in arrays.items() if id(array) not in taken]
    return needed, pick_ids(others, request, source)


def _check(source: Source, name: str, array: Any, kinds: str = "fiubUST") -> None:
    check_shape(source, name, array.shape)
    coders = [
        *(getattr(array, "filters", None) or ()),
        *(getattr(array, "compressors", None) or ()),
    ]
    if array.dtype.kind == "O" or any("pickle" in str(coder).lower() for coder in coders):
        raise source.error(f"{name}: {PICKLE_ADVICE}")
    if array.dtype.kind not in kinds:
        raise source.error(f"{name}: expected plain numbers or text, got {array.dtype}")
    size = math.prod(getattr(array, "shards", None) or array.chunks) * array.dtype.itemsize
    source.check_size(size, f"one chunk of {name}")


class _Zarr(Stream):
    def __init__(
        self, source: Source, arrays: dict[str, Any], ids: str | None, *, complete: bool
    ) -> None:
        shape = next(iter(arrays.values())).shape
        super().__init__(
            source, n_rows=shape[0], n_classes=shape[1] if "probs" in arrays else 0,
            ids_name=ids if "ids" in arrays else None,
            ids_in_doubt="ids" in arrays and arrays["ids"].dtype.kind not in "iuUST",
        )  # fmt: skip
        self._arrays = arrays
        self._stored = {
            name: Chunks(source, name, array, complete=complete and name == "probs")
            for name, array in arrays.items()
        }
        if "probs" in arrays and shape[0]:
            # What is promised without being there ends here, before labels are read.
            self._stored["probs"].check_end()

    def forget_ids(self) -> None:
        super().forget_ids()
        del self._arrays["ids"]

    def parts(self, block_rows: int) -> Iterator[Parts]:
        yield from self._named(list(self._arrays), block_rows)

    def only_ids(self) -> Iterator[Parts]:
        yield from self._named(["ids"], 1 << 16)

    def only_labels(self) -> Iterator[Parts] | None:
        return self._named(["labels"], 1 << 16) if "labels" in self._arrays else None

    def _named(self, names: list[str], block_rows: int) -> Iterator[Parts]:
        assert self.n_rows is not None
        # Whole chunks: a chunk is decompressed anew for every piece that is asked of it.
        chunk = self._arrays[names[0]].chunks[0]
        rows = max(chunk, block_rows // chunk * chunk) if chunk <= 4 * block_rows else block_rows
        columns = {name: self._column(name, rows) for name in names if name != "probs"}
        for start in range(0, self.n_rows, rows):
            part = {
                name: next(columns[name])
                if name in columns
                else self._read(name, start, min(self.n_rows, start + rows))
                for name in names
            }
            if "ids" in part:
                part["ids"] = self.checked_ids(part["ids"])
            yield Parts(**part)

    def _column(self, name: str, rows: int) -> Iterator[NDArray[Any]]:
        """Give pieces of a column, of which each chunk is decompressed once."""
        assert self.n_rows is not None
        chunk = self._arrays[name].chunks[0]
        last, begins = np.empty(0), 0
        for start in range(0, self.n_rows, rows):
            stop, pieces = min(self.n_rows, start + rows), []
            room = Room(self.source, name)
            while start < stop:
                if start >= begins + len(last):
                    # Where chunks are small, as many as are wanted.
                    begins = start // chunk * chunk
                    ends = max(begins + chunk, -(-stop // chunk) * chunk)
                    last = self._read(name, begins, min(self.n_rows, ends)).reshape(-1)
                pieces.append(last[start - begins : stop - begins])
                room.add(pieces[-1])
                start += len(pieces[-1])
            yield pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        self._stored[name].check(start, stop)
        try:
            array = np.asarray(self._arrays[name][start:stop])
        except MemoryError:
            raise
        except Exception as error:
            raise self.source.error(f"{name}: unreadable: {reason(error)}") from error
        if array.dtype.kind == "T":
            longest = max(1, int(np.strings.str_len(array).max(initial=0)))
            self.source.check_texts(longest, array.size, name)
            array = array.astype(np.str_)
        return array
