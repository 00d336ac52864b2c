"""Rows of a file in blocks of one size, in memory that does not grow with the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._errors import CommandError
from easiness_cli._ids import MissingIds, settle_ids
from easiness_cli._ids_of import open_named, refuse_missing
from easiness_cli._labels import encode
from easiness_cli._mix_up import refuse_second_of_two
from easiness_cli._read import Inputs
from easiness_cli._sidecar import stamp
from easiness_cli._source import Request, Source, open_source
from easiness_cli._stream_empty import no_ids
from easiness_cli._stream_parts import Stream, aligned
from easiness_core._validate import check_labels

_ELEMENTS = 4_000_000
_MOST_ROWS = 1 << 18


@dataclass(frozen=True)
class Reading:
    """How inputs are to be read; see `read_inputs`, whose options these are."""

    logits: bool = False
    classes: tuple[str, ...] | None = None
    probs_key: str | None = None
    labels_key: str | None = None
    ids_key: str | None = None
    max_bytes: int = 8 << 30


class Rows:
    """The rows of one input, in blocks.

    Attributes
    ----------
    n_classes : int
        Columns of the probabilities; 0 where lists of no rows do not tell.
    n_rows : int or None
        Rows; None where only reading all of the file would tell (csv).
    classes : list of str or None
        The class names in column order, where the file or the options give them.
    columns : list of str or None
        What the columns are called, where they are not numbered from 0 on.
    are_named : bool
        Whether the options name the classes, whatever the columns are called.
    has_ids : bool
        Whether the file of probabilities or that of labels names the samples.
    paths : list of str
        The files that are read.
    stamps : list of dict
        What tells that one of them has changed since it was opened.
    """

    def __init__(self, probs_path: str, labels_path: str | None, reading: Reading) -> None:
        self._reading = reading
        self.paths = [probs_path] + ([] if labels_path is None else [labels_path])
        for path in self.paths:
            if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
                raise CommandError(
                    f"{path!r}: it is no file or folder, but a pipe or device, which cannot be "
                    f"read twice; save it to a file"
                )
        # Before the headers are read: what changes from here on is not what they describe.
        self.stamps = [stamp(path) for path in self.paths if os.path.exists(path)]
        self._probs, self._labels = _open_both(probs_path, labels_path, reading)
        self.n_rows = self._probs.n_rows
        self.n_classes = self._probs.n_classes
        if self.n_rows == 0 and self._probs.source.kind == "parquet" and self._columns is None:
            self.n_classes = 0
        elif self.n_classes < 2:
            raise self._probs.source.error(
                f"expected one column a class, at least 2, got {self.n_classes}"
            )
        # Both name the same rows: of the labels, they are carried where PROBS has none.
        both = [self._probs] if self._labels is None else [self._probs, self._labels]
        self._named = next((stream for stream in both if stream.has_ids), self._probs)
        self.has_ids = self._named.has_ids
        classes = None if reading.classes is None else list(reading.classes)
        self.are_named = classes is not None
        named = self._columns or []
        plain = named == [str(at) for at in range(len(named))]
        self.columns = None if plain else named
        # With no label at all: refuses a wrong number of names, and says which would be used.
        width = self.n_classes or len(classes or ())
        self.classes = encode(np.empty(0, np.int64), width, classes, self._columns)[1]

    @property
    def _columns(self) -> list[str] | None:
        return self._probs.columns

    @property
    def about_rows(self) -> int:
        """The number of rows, or where only reading tells, about how many there are."""
        return self._probs.about_rows()

    @property
    def block_rows(self) -> int:
        """Rows of every block but the last; a function of the number of classes alone."""
        return min(_MOST_ROWS, max(1, _ELEMENTS // max(1, self.n_classes)))

    def blocks(self) -> Iterator[Inputs]:
        """Read the file from its start.

        Yields
        ------
        Inputs
            Blocks of `block_rows` rows, the last one shorter; what they hold is not yet checked.
            One of no rows where there are none.

        Raises
        ------
        CommandError
            If the file cannot be read, or labels are of a kind that changes within the file.
        """
        streams = [self._probs] if self._labels is None else [self._probs, self._labels]
        kinds: dict[str, str] = {}
        first_row = 0
        for part in aligned(streams, self.block_rows):
            probs, labels = part.probs, part.labels
            assert probs is not None
            assert labels is not None
            if part.ids is not None:
                _refuse_another_kind(kinds, "ids", part.ids, first_row, self._named.source)
            labels, classes = self._encoded(labels, kinds, first_row)
            if self._reading.logits:
                probs = ec.softmax(probs)
            yield Inputs(
                probs, labels, classes, self._probs.n_columns, ids=part.ids, first_row=first_row
            )
            first_row += labels.size
        if not first_row:
            probs, labels = np.empty((0, max(2, self.n_classes))), np.empty(0, np.int64)
            ids = no_ids(self._named) if self.has_ids else None
            yield Inputs(probs, labels, self.classes, self._probs.n_columns, ids=ids)

    def check_labels(self) -> None:
        """Read the labels alone, where that is cheap, and check them as scoring will.

        Raises
        ------
        CommandError
            If one is missing, unknown or out of range.
        """
        stream = self._probs if self._labels is None else self._labels
        kinds: dict[str, str] = {}
        first_row = 0
        for part in stream.only_labels() or ():
            assert part.labels is not None
            labels, _ = self._encoded(part.labels, kinds, first_row)
            try:
                check_labels(labels, labels.size, self.n_classes, first_row=first_row)
            except (ValueError, TypeError) as error:
                raise stream.source.error(str(error)) from error
            first_row += labels.size

    def _encoded(
        self, labels: NDArray[Any], kinds: dict[str, str], first_row: int
    ) -> tuple[NDArray[Any], list[str] | None]:
        given = None if self._reading.classes is None else list(self._reading.classes)
        source = (self._probs if self._labels is None else self._labels).source
        _refuse_another_kind(kinds, "labels", labels, first_row, source)
        try:
            return encode(labels, self.n_classes, given, self._columns)
        except CommandError as error:
            raise source.error(f"{error} (rows counted from row {first_row})") from error

    def ids(self) -> Iterator[NDArray[Any]]:
        """Read the samples' names alone where the format allows it."""
        for part in self._named.only_ids():
            assert part.ids is not None
            yield part.ids


def _refuse_another_kind(
    kinds: dict[str, str], name: str, array: NDArray[Any], first_row: int, source: Source
) -> None:
    found = "text" if array.dtype.kind in "US" else "numbers"
    if kinds.setdefault(name, found) != found:
        raise source.error(
            f"{name}: {kinds[name]} up to row {first_row}, {found} from there on; write all in "
            f"one way"
        )


def _open_both(
    probs_path: str, labels_path: str | None, reading: Reading
) -> tuple[Stream, Stream | None]:
    request = Request(
        "probs", reading.probs_key, labels_path is None, reading.labels_key, reading.logits,
        ids_key=reading.ids_key,
    )  # fmt: skip
    missing: list[MissingIds] = []
    probs = open_named(
        partial(open_stream, probs_path, max_bytes=reading.max_bytes), request, missing
    )
    if labels_path is None:
        refuse_missing(missing, 1)
        probs.settle_header(None)
        return probs, None
    refuse_second_of_two(
        probs_path, labels_path, reading.labels_key,
        probs_key=reading.probs_key, logits=reading.logits, max_bytes=reading.max_bytes,
    )  # fmt: skip
    wanted = Request("labels", None, True, reading.labels_key, False, reading.ids_key)
    labels = open_named(
        partial(open_stream, labels_path, max_bytes=reading.max_bytes), wanted, missing
    )
    refuse_missing(missing, 2)
    probs.settle_header(labels)
    if probs.n_rows is not None and labels.n_rows is not None and probs.n_rows != labels.n_rows:
        raise CommandError(
            f"{labels.source}: {labels.n_rows} labels, but {probs.n_rows} rows of probabilities "
            f"in {probs.source}"
        )
    return probs, labels


def open_stream(path: str, request: Request, max_bytes: int) -> Stream:
    """Open a file for reading in blocks; only what tells its shape is read."""
    if os.path.isdir(path):
        from easiness_cli._stream_zarr import stream_zarr

        stream = stream_zarr(Source(repr(path), "zarr", max_bytes, path=path), request)
        settle_ids(stream, request)
        return stream
    return stream_of(open_source(path, max_bytes), request)


def stream_of(source: Source, request: Request) -> Stream:
    """Give the rows of a source in parts."""
    if source.kind == "npy":
        from easiness_cli._stream_npy import stream_npy as stream
    elif source.kind == "npz":
        from easiness_cli._stream_npy import stream_npz as stream
    elif source.kind == "parquet":
        from easiness_cli._stream_parquet import stream_parquet as stream
    else:
        from easiness_cli._stream_csv import stream_csv as stream
    found = stream(source, request)
    settle_ids(found, request)
    return found
