"""npy files and npz members, block by block."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli import _read_npy as whole
from easiness_cli._errors import CommandError, reason
from easiness_cli._ids import UnusableIds, leave_out, pick_ids
from easiness_cli._read_ahead import Buffers, ahead
from easiness_cli._source import LABEL_NAMES, Request, Source
from easiness_cli._stream_parts import Parts, Stream

_AHEAD_BYTES = 1 << 20


def stream_npy(source: Source, request: Request) -> Stream:
    """Stream the one array of an npy file."""
    content = whole.read_npy(source, request)
    pick_ids([], request, source)
    name = request.what
    array = getattr(content, name)
    check_shape(source, name, array.shape)
    with source.open() as file:
        header = whole._read_header(file, source)
    return _Npy(source, request.what, header)


def check_shape(source: Source, name: str, shape: tuple[int, ...]) -> None:
    """Refuse probabilities that are no matrix, and labels or ids that are no column."""
    if name == "probs" and len(shape) != 2:
        raise source.error(f"expected probabilities of shape (samples, classes), got {shape}")
    if name != "probs" and len(shape) != 1 and not (len(shape) == 2 and shape[1] == 1):
        raise source.error(f"expected one {name.rstrip('s')} a row, got shape {shape}")


class _Npy(Stream):
    def __init__(self, source: Source, name: str, header: whole._Header) -> None:
        width = header.shape[1] if name == "probs" else 0
        super().__init__(source, n_rows=header.shape[0], n_classes=width)
        self._name, self._header = name, header

    def parts(self, block_rows: int) -> Iterator[Parts]:
        if self._header.fortran and len(self._header.shape) == 2:
            yield from self._columns(block_rows)
            return
        n_bytes = min(block_rows, self._header.shape[0]) * self._header.row_bytes
        arrays = self._arrays(block_rows)
        # Of small blocks the thread would cost more than it saves.
        for array in ahead(arrays) if n_bytes >= _AHEAD_BYTES else arrays:
            yield _part(self._name, array)

    def _arrays(self, block_rows: int) -> Generator[NDArray[Any], None, None]:
        with self.source.open() as file:
            file.seek(self._header.offset)
            if self.source.path is not None and hasattr(os, "posix_fadvise"):
                # The system reads ahead twice as much.
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            yield from read_blocks(file, self.source, self._header, block_rows)

    def only_labels(self) -> Iterator[Parts] | None:
        return self.parts(1 << 16) if self._name == "labels" else None

    def _columns(self, block_rows: int) -> Iterator[Parts]:
        """Give rows of an array stored by columns, mapped anew each time.

        Pages stay counted as ours as long as they are mapped.
        """
        n_rows = self._header.shape[0]
        for start in range(0, n_rows, block_rows):
            content = whole.map_array(self.source, self._header)
            rows = np.ascontiguousarray(content[start : start + block_rows])
            del content
            yield _part(self._name, rows)


def _part(name: str, array: NDArray[Any]) -> Parts:
    return Parts(**{name: array if name == "probs" else array.reshape(-1)})


def read_blocks(
    file: IO[bytes], source: Source, header: whole._Header, block_rows: int, name: str = ""
) -> Iterator[NDArray[Any]]:
    """Read rows stored one after the other.

    They are read, not mapped: where a mapped file shrinks or its disk fails, the process dies.
    """
    n_rows, row_bytes = header.shape[0], header.row_bytes
    size = min(block_rows, max(n_rows, 1)) * row_bytes
    source.check_size(size, "one block of rows")
    buffers = Buffers(size)
    for start in range(0, n_rows, block_rows):
        rows = min(block_rows, n_rows - start)
        data: Any = buffers.lend(rows * row_bytes)
        view, at = memoryview(data), 0
        while at < data.size:
            got = file.readinto(view[at:])  # type: ignore[attr-defined]
            if not got:
                what = f"array {name!r}: " if name else ""
                raise source.error(f"{what}cut short at row {start + at // max(1, row_bytes)}")
            at += got
        array = data.view(header.dtype).reshape(rows, *header.shape[1:])
        del data, view
        yield array
        del array


def stream_npz(source: Source, request: Request) -> Stream:
    """Stream the members of an npz file that are needed."""
    needed: dict[str, str] = {}
    with whole._archive(source) as archive:
        members = whole._members(archive, source)
        if request.what == "probs":
            needed["probs"] = whole._choose_probs(source, members, request)
        if request.with_labels:
            needed["labels"] = whole._choose(
                source, members, request.labels_key, LABEL_NAMES, "labels",
                alone=request.what == "labels",
            )  # fmt: skip
        headers = {
            name: _member_header(archive, members[member], source, name)
            for name, member in needed.items()
        }
        counts = {needed[name]: header.shape[0] for name, header in headers.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise source.error(f"its arrays differ in their number of rows: {told}")
        others = [name for name in members if name not in needed.values()]
        ids = pick_ids(others, request, source)
        if ids is not None:
            n_rows = next(iter(counts.values()))
            try:
                headers["ids"] = _ids_header(archive, members[ids], source, n_rows)
            except UnusableIds as error:
                leave_out(ids, error, request)
            else:
                needed["ids"] = ids
    return _Npz(source, needed, headers)


def _ids_header(archive: Any, info: Any, source: Source, n_rows: int) -> whole._Header:
    try:
        header = _member_header(archive, info, source, "ids", "fiubcUSM")
    except CommandError as error:
        raise UnusableIds(source, str(error).removeprefix(f"{source}: ")) from error
    if header.shape[0] != n_rows:
        raise UnusableIds(source, f"they are {header.shape[0]}, for {n_rows} rows")
    return header


def _member_header(
    archive: Any, info: Any, source: Source, name: str, kinds: str = "fiubcUS"
) -> whole._Header:
    member = info.filename[:-4]
    with archive.open(info) as file:
        header = whole._read_header(file, source, member, kinds)
    check_shape(source, name, header.shape)
    if header.offset + header.n_bytes != info.file_size:
        raise source.error(
            f"array {member!r}: its header promises {header.n_bytes:,} bytes of data, the "
            f"archive holds {info.file_size - header.offset:,}"
        )
    if header.fortran and len(header.shape) == 2:
        # Rows are scattered over all of the member, which cannot be mapped.
        source.check_size(header.n_bytes, f"array {member!r}, stored by columns,")
    return header


class _Npz(Stream):
    def __init__(
        self, source: Source, needed: dict[str, str], headers: dict[str, whole._Header]
    ) -> None:
        n_rows = next(iter(headers.values())).shape[0]
        n_classes = headers["probs"].shape[1] if "probs" in headers else 0
        super().__init__(
            source, n_rows=n_rows, n_classes=n_classes, ids_name=needed.get("ids"),
            ids_in_doubt="ids" in needed and headers["ids"].dtype.kind not in "iuUS",
        )  # fmt: skip
        self._needed, self._headers = needed, headers

    def forget_ids(self) -> None:
        super().forget_ids()
        del self._needed["ids"]

    def parts(self, block_rows: int) -> Iterator[Parts]:
        yield from self._named(list(self._needed), block_rows)

    def only_ids(self) -> Iterator[Parts]:
        yield from self._named(["ids"], 1 << 16)

    def only_labels(self) -> Iterator[Parts] | None:
        return self._named(["labels"], 1 << 16) if "labels" in self._needed else None

    def _named(self, names: list[str], block_rows: int) -> Iterator[Parts]:
        with whole._archive(self.source) as archive:
            arrays = [self._array(archive, name, block_rows) for name in names]
            for found in zip(*arrays, strict=True):
                part = dict(zip(names, found, strict=True))
                for name in part.keys() - {"probs"}:
                    part[name] = part[name].reshape(-1)
                if "ids" in part:
                    part["ids"] = self.checked_ids(part["ids"])
                yield Parts(**part)

    def _array(self, archive: Any, name: str, block_rows: int) -> Iterator[NDArray[Any]]:
        member, header = self._needed[name], self._headers[name]
        if header.fortran and len(header.shape) == 2:
            array = whole._read_member(archive, archive.getinfo(member + ".npy"), self.source)
            for start in range(0, len(array), block_rows):
                yield np.ascontiguousarray(array[start : start + block_rows])
            return
        with archive.open(member + ".npy") as file:
            file.read(header.offset)
            yield from read_blocks(file, self.source, header, block_rows, member)
            try:
                file.read(1)  # the end of the member is where its checksum is compared
            except Exception as error:
                raise self.source.error(f"array {member!r}: {reason(error)}") from error
