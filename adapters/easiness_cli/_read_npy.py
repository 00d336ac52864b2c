"""npy and npz files, with every size checked before anything is loaded."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from easiness_cli._errors import CommandError, reason
from easiness_cli._source import (
    LABEL_NAMES,
    PICKLE_ADVICE,
    PROBS_NAMES,
    Content,
    Request,
    Source,
)

# NumPy writes headers of some hundred bytes, and refuses to parse more than 10,000.
_HEAD_BYTES = 10_012


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(source: Source, request: Request) -> Content:
    """Map the one array of an npy file; bytes from standard input are viewed in memory."""
    if request.what == "probs" and request.with_labels:
        raise source.error("an npy file holds one array: pass LABELS as well")
    # The other key is meant for the other file.
    if request.probs_key if request.what == "probs" else request.labels_key:
        raise source.error(f"--{request.what}-key has no meaning for npy, which holds one array")
    with source.open() as file:
        header = _read_header(file, source)
    if source.size < header.offset + header.n_bytes:
        raise source.error(
            f"cut short: its header promises {header.n_bytes:,} bytes of data, "
            f"{source.size - header.offset:,} are there"
        )
    array = map_array(source, header)
    return Content(probs=array) if request.what == "probs" else Content(labels=array)


def map_array(source: Source, header: _Header) -> NDArray[Any]:
    """Map an array whose header has been checked against the size of its file."""
    order: Any = "F" if header.fortran else "C"
    if header.n_bytes == 0:
        return np.empty(header.shape, header.dtype)
    if source.path is None:
        count = math.prod(header.shape)
        flat = np.frombuffer(source.data, header.dtype, count, header.offset)
        return flat.reshape(header.shape, order=order)
    return np.memmap(
        source.path, header.dtype, "r", offset=header.offset, shape=header.shape, order=order
    )


def _read_header(
    file: IO[bytes], source: Source, name: str = "", kinds: str = "fiubcUS"
) -> _Header:
    """Parse an npy header from a bounded number of bytes, and refuse what is not plain numbers."""
    what = f"array {name!r}: " if name else ""
    head = io.BytesIO(file.read(_HEAD_BYTES))
    try:
        with warnings.catch_warnings():
            # A header written by Python 2 is announced, and read all the same.
            warnings.simplefilter("ignore")
            version = npy_format.read_magic(head)
            if version == (1, 0):
                shape, fortran, dtype = npy_format.read_array_header_1_0(head)
            elif version == (2, 0):
                shape, fortran, dtype = npy_format.read_array_header_2_0(head)
            else:
                raise ValueError(f"npy version {version[0]}.{version[1]} is not for plain numbers")
    except Exception as error:  # the header is parsed as Python text: anything can go wrong
        text = reason(error)
        if "max_header_size" in text or "array header" in text:
            text = "its header is cut short, or longer than 10,000 bytes"
        raise source.error(f"{what}not a readable npy file: {text}") from error
    if dtype.hasobject:
        raise source.error(what + PICKLE_ADVICE)
    if dtype.kind not in kinds or dtype.itemsize == 0:
        raise source.error(
            f"{what}expected plain numbers, got dtype {dtype}; if this is bfloat16 or a record, "
            f"convert it, as with probs.astype('float32'), before saving"
        )
    if any(size < 0 for size in shape):
        raise source.error(f"{what}its header gives the impossible shape {shape}")
    return _Header(shape, fortran, dtype, head.tell())


def read_npz(source: Source, request: Request) -> Content:
    """Read the arrays of an npz file that are needed, and no others."""
    with _archive(source) as archive:
        members = _members(archive, source)
        needed: dict[str, str] = {}
        if request.what == "probs":
            needed["probs"] = _choose_probs(source, members, request)
        if request.with_labels:
            needed["labels"] = _choose(
                source, members, request.labels_key, LABEL_NAMES, "labels",
                alone=request.what == "labels",
            )  # fmt: skip
        arrays = _read_members(archive, members, [*needed.values()], source)
    labels = arrays[needed["labels"]] if request.with_labels else None
    return Content(arrays[needed["probs"]] if request.what == "probs" else None, labels)


def npz_columns(source: Source, names: list[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays."""
    with _archive(source) as archive:
        members = _members(archive, source)
        for name in names:
            if name not in members:
                raise source.error(
                    f"no array {name!r}; 'easiness score' did not write this. It holds "
                    f"{_describe(source, members)}"
                )
        return _read_members(archive, members, names, source)


@contextmanager
def _archive(source: Source) -> Iterator[zipfile.ZipFile]:
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (
        OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error
    ) as error:  # fmt: skip
        raise source.error(f"not a readable npz file: {reason(error)}") from error


def _members(archive: zipfile.ZipFile, source: Source) -> dict[str, zipfile.ZipInfo]:
    members = {
        info.filename[:-4]: info for info in archive.infolist() if info.filename.endswith(".npy")
    }
    if not members:
        if any(info.filename.endswith(".pkl") for info in archive.infolist()):
            raise source.error(PICKLE_ADVICE)
        raise source.error("no arrays in it")
    return members


def _choose_probs(source: Source, members: dict[str, zipfile.ZipInfo], request: Request) -> str:
    if "logits" in members and request.probs_key is None:
        if request.logits:
            return "logits"
        if not any(name in members for name in PROBS_NAMES):
            raise source.error("it holds 'logits' and no probabilities: pass --logits")
    return _choose(source, members, request.probs_key, PROBS_NAMES, "probs")


def _choose(
    source: Source,
    members: dict[str, zipfile.ZipInfo],
    key: str | None,
    known: tuple[str, ...],
    what: str,
    *,
    alone: bool = True,
) -> str:
    """Find an array by its given name, by a usual name, or because there is no other."""
    if key is not None:
        if key in members:
            return key
        raise source.error(f"no array {key!r} in it; it holds {_describe(source, members)}")
    found = [name for name in known if name in members]
    if not found and alone and len(members) == 1:
        found = list(members)
    if len(found) == 1:
        return found[0]
    problem = "more than one array could be" if found else "no array is named as"
    raise source.error(
        f"{problem} the {what}; pass --{what}-key. It holds {_describe(source, members)}"
    )


def _describe(source: Source, members: dict[str, zipfile.ZipInfo]) -> str:
    shapes = []
    with source.open() as file, zipfile.ZipFile(file) as archive:
        for name, info in list(members.items())[:20]:
            try:
                with archive.open(info) as member:
                    shapes.append(f"{name} {_read_header(member, source).shape}")
            except CommandError:
                shapes.append(f"{name} (unreadable)")
    return ", ".join(shapes) + (", ..." if len(members) > 20 else "")


def _read_members(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    names: list[str],
    source: Source,
) -> dict[str, NDArray[Any]]:
    total = sum(members[name].file_size for name in names)
    source.check_size(total, f"the data ({', '.join(names)})")
    return {name: _read_member(archive, members[name], source) for name in names}


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Source) -> NDArray[Any]:
    name = info.filename[:-4]
    with archive.open(info) as member:
        header = _read_header(member, source, name)
        if header.offset + header.n_bytes != info.file_size:
            raise source.error(
                f"array {name!r}: its header promises {header.n_bytes:,} bytes of data, the "
                f"archive holds {info.file_size - header.offset:,}"
            )
        member.seek(0)
        array: NDArray[Any] = npy_format.read_array(member, allow_pickle=False)
    return array
