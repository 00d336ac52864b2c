"""Where bytes come from: a file or standard input, its format told by its first bytes."""

from __future__ import annotations

import io
import os
import stat
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

from numpy.typing import NDArray

from easiness_cli._errors import CommandError, reason

PROBS_NAMES = ("probs", "pred_probs", "predictions", "probabilities")
# Columns that number or name the samples, as pandas and others write them; in lower case.
INDEX_NAMES = ("id", "index", "sample_id", "unnamed: 0")
LABEL_NAMES = ("label", "labels", "y", "ground_truth", "target", "targets")

_MAGIC = (
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"PK\x05\x06", "npz"),
    (b"PAR1", "parquet"),
)
_SUFFIXES = {".npy": "npy", ".npz": "npz", ".parquet": "parquet", ".pq": "parquet"}
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
PICKLE_ADVICE = (
    "holds pickled objects, which can run code when loaded; save plain numbers instead: "
    "numpy.save('probs.npy', probs.float().cpu().numpy()) for a tensor, "
    "numpy.save('probs.npy', probs.astype(float)) for an array"
)
_STEP = 1 << 20


@dataclass(frozen=True)
class Request:
    """What to look for in a file: the probabilities, or only the labels."""

    what: str
    probs_key: str | None
    with_labels: bool
    labels_key: str | None
    logits: bool
    ids_key: str | None = None


@dataclass(frozen=True)
class Content:
    """What a file held.

    Attributes
    ----------
    probs, labels : ndarray or None
        The arrays.
    columns : list of str or None
        The names of the class columns, where it has such columns.
    n_columns : int or None
        How many columns were taken for classes, where the file may hold others too.
    below : Content or None
        Where the first line may be data or the header `0` or `0,1` that pandas writes: what the
        file held if it is a header.
    looks_headed : bool
        Whether the lines below that first one are written in another way.
    """

    probs: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None
    columns: list[str] | None = None
    n_columns: int | None = None
    below: Content | None = None
    looks_headed: bool = False


@dataclass(frozen=True)
class Source:
    """A file on disk (`path`), or bytes in memory (`data`)."""

    name: str
    kind: str
    max_bytes: int
    path: str | None = None
    data: bytes = b""

    def __str__(self) -> str:
        return self.name

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return len(self.data) if self.path is None else os.stat(self.path).st_size

    def open(self) -> BinaryIO:
        """Open for reading, from the start, seekable."""
        return io.BytesIO(self.data) if self.path is None else open(self.path, "rb")

    def error(self, message: str) -> CommandError:
        """Build an error that starts with the file's name."""
        return CommandError(f"{self.name}: {message}")

    def check_size(self, n_bytes: int, what: str) -> None:
        """Refuse more bytes than `--max-bytes` allows in memory."""
        if n_bytes > self.max_bytes:
            raise self.error(
                f"{what} takes {n_bytes:,} bytes in memory, more than --max-bytes "
                f"{self.max_bytes:,}"
            )

    def check_texts(self, longest: int, n_rows: int, what: str, *, held: int = 0) -> None:
        """Refuse texts that are too wide: NumPy gives each the width of the longest.

        While they are joined, the `held` bytes of their parts are in memory too.
        """
        self.check_size(
            4 * longest * n_rows + held,
            f"{what}: {n_rows:,} texts, the longest of {longest:,} characters,",
        )

    def no_memory(self) -> CommandError:
        """Build the error for memory that the system does not give."""
        return self.error(
            f"out of memory: give the process more, or refuse such files by a --max-bytes lower "
            f"than {self.max_bytes:,}"
        )


def open_source(path: str, max_bytes: int) -> Source:
    """Find out what a file is, without loading it; standard input and pipes are read at once.

    Parameters
    ----------
    path : str
        The file; `-` is standard input.
    max_bytes : int
        How much may be loaded into memory.

    Returns
    -------
    Source
        With `kind` npy, npz, parquet or csv.

    Raises
    ------
    CommandError
        If there is no such file, it is empty, pickled, or not what its suffix says.
    """
    if path == "-":
        # Python's name for a standard input that was closed before the start.
        if sys.stdin is None:
            raise CommandError("standard input: it is closed; name a file, or open it")
        return _from_stream(sys.stdin.buffer, "standard input", max_bytes)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise CommandError(f"{path!r}: it is a folder, not a file")
        with open(path, "rb") as file:
            if not stat.S_ISREG(mode):
                return _from_stream(file, repr(path), max_bytes)
            head = file.read(8)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path!r}: cannot be read: {reason(error)}") from error
    return Source(repr(path), _kind(head, path), max_bytes, path=path)


def _from_stream(file: BinaryIO, name: str, max_bytes: int) -> Source:
    buffer = io.BytesIO()
    while chunk := file.read(_STEP):
        buffer.write(chunk)
        if buffer.tell() > max_bytes:
            raise CommandError(f"{name}: more than --max-bytes {max_bytes:,} bytes")
    data = buffer.getvalue()
    return Source(name, _kind(data[:8], name), max_bytes, data=data)


def _kind(head: bytes, name: str) -> str:
    shown = name if name == "standard input" else repr(name)
    suffix = os.path.splitext(name)[1].lower()
    # Pickle protocols 2 to 5 start with byte 128 and their number.
    if suffix in _PICKLES or (head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5")):
        raise CommandError(f"{shown}: {PICKLE_ADVICE}")
    if not head:
        raise CommandError(f"{shown}: it is empty (0 bytes)")
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "csv")
    expected = _SUFFIXES.get(suffix, kind)
    if kind != expected:
        raise CommandError(
            f"{shown}: it does not begin as {expected} does: damaged, cut short or another format"
        )
    return kind
