"""Choose the reader of a file by its first bytes, or else by its name."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from easiness_io.errors import DataError, reason
from easiness_io.parameters import Parameters
from easiness_io.readers import ipc, text
from easiness_io.readers.arrays import PICKLE_HINT, PICKLED, NpyReader, NpzReader
from easiness_io.readers.base import Reader, Source
from easiness_io.readers.csv import CsvReader
from easiness_io.readers.jsonl import JsonLinesReader
from easiness_io.readers.parquet import ParquetReader

STANDARD_INPUT = "-"
# For each format: its reader, the first bytes of its files, and their suffixes.
FORMATS: dict[str, tuple[Callable[..., Reader], tuple[bytes, ...], tuple[str, ...]]] = {
    "npy": (NpyReader, (b"\x93NUMPY",), (".npy",)),
    "npz": (NpzReader, (b"PK\x03\x04", b"PK\x05\x06"), (".npz",)),
    "parquet": (ParquetReader, (b"PAR1",), (".parquet", ".pq")),
    "Arrow": (ipc.ArrowReader, (ipc.FILE_MAGIC, b"\xff\xff\xff\xff"),
              (".arrow", ".feather", ".ipc", ".arrows")),
    "JSON lines": (JsonLinesReader, (b"{",), (".jsonl", ".ndjson", ".json")),
    "csv": (CsvReader, (), (".csv", ".tsv", ".txt")),
}  # fmt: skip
COMPRESSED = (".gz", ".bz2", ".zst")
_TEXT = ("JSON lines", "csv")
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_STEP = 1 << 20


def split_name(path: str) -> tuple[str, str]:
    """Split a file name into its stem and the suffix of its format, without compression."""
    stem, suffix = os.path.splitext(os.path.basename(os.path.normpath(path)))
    if suffix.lower() in COMPRESSED:
        stem, suffix = os.path.splitext(stem)
    return stem, suffix.lower()


def is_readable_name(path: str) -> bool:
    """Whether a file name has the suffix of a known format."""
    return any(split_name(path)[1] in suffixes for _, _, suffixes in FORMATS.values())


def open_reader(path: str, options: Parameters) -> Reader:
    """Open a file for reading in blocks; only its header is read.

    The path may also be the folder of a saved `datasets.Dataset`, or `"-"` for standard input.
    """
    is_standard = path == STANDARD_INPUT
    source = Source("standard input" if is_standard else path, options.max_bytes)
    try:
        if is_standard:
            # Standard input was closed before the start: Python sets it to None.
            if sys.stdin is None:
                raise source.error("it is closed", hint="name a file")
            source = _kept(sys.stdin.buffer, source)
        elif os.path.isdir(path):
            if ipc.is_dataset(path):
                return ipc.ArrowReader(source, options)
            raise source.error("it is a folder, not a file")
        elif os.path.exists(path) and not os.path.isfile(path):
            with open(path, "rb") as file:
                source = _kept(file, source)
        with source.open() as file:
            first = file.read(8)
    except DataError:
        raise
    except (OSError, ValueError) as error:
        raise source.error(f"cannot be read: {reason(error)}") from error
    suffix = split_name(source.path)[1]
    # Pickle protocols 2 to 5 start with byte 128 and their number.
    if suffix in _PICKLES or (first[:1] == b"\x80" and first[1:2] in (b"\2", b"\3", b"\4", b"\5")):
        raise source.error(PICKLED, hint=PICKLE_HINT)
    if not first:
        raise source.error("it is empty (0 bytes)")
    named = next((name for name, each in FORMATS.items() if suffix in each[2]), None)
    begun = next((name for name, each in FORMATS.items() if first.startswith(each[1])), "csv")
    if begun == "csv" and text.compression_of(first) is not None:
        with text.opened(source) as stream:
            begun = "JSON lines" if stream.read(1) == b"{" else "csv"
    if named in _TEXT and begun in _TEXT:
        begun = named
    if named not in (None, begun, *_TEXT):
        raise source.error(
            f"it does not begin as {named} does: damaged, cut short, or of another format"
        )
    return FORMATS[begun][0](source, options)


def _kept(file: BinaryIO, source: Source) -> Source:
    """Read input that can be read only once into memory."""
    data = bytearray()
    while chunk := file.read(_STEP):
        data += chunk
        source.check_size(len(data), "what can be read only once")
    return replace(source, data=bytes(data))
