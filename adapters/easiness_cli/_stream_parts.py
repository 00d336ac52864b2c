"""Parts of any size, as a format gives them, cut into blocks of one size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError
from easiness_cli._ids import check_ids, check_same_ids
from easiness_cli._source import Source

_NAMES = ("probs", "labels", "ids")


@dataclass(frozen=True)
class Parts:
    """Consecutive rows: their probabilities, labels and ids, as far as the file holds them."""

    probs: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] | None = None

    def __len__(self) -> int:
        return next(len(a) for a in (self.probs, self.labels, self.ids) if a is not None)

    def rows(self, start: int, stop: int) -> Parts:
        """Give some of the rows, as views."""
        cut = [None if a is None else a[start:stop] for a in (self.probs, self.labels, self.ids)]
        return Parts(*cut)


class Stream(ABC):
    """One file, open for reading in parts; the formats derive from it.

    Attributes
    ----------
    source : Source
        The file.
    n_rows : int or None
        None where only reading all of it would tell.
    n_classes : int
        Columns of the probabilities; 0 where only labels are wanted.
    columns : list of str or None
        The names of the class columns, where the file has such columns.
    n_columns : int or None
        How many columns were taken for classes, where the file may hold others too.
    has_ids : bool
        Whether the file names its samples, and that can be carried.
    ids_name : str
        What it calls the names, where it has them.
    ids_in_doubt : bool
        Whether only reading them tells if they can be carried.
    """

    def __init__(
        self,
        source: Source,
        *,
        n_rows: int | None,
        n_classes: int = 0,
        columns: list[str] | None = None,
        n_columns: int | None = None,
        ids_name: str | None = None,
        ids_in_doubt: bool = False,
    ) -> None:
        self.source = source
        self.n_rows = n_rows
        self.n_classes = n_classes
        self.columns = columns
        self.n_columns = n_columns
        self.has_ids = ids_name is not None
        self.ids_name = ids_name or ""
        self.ids_in_doubt = ids_in_doubt

    @abstractmethod
    def parts(self, block_rows: int) -> Iterator[Parts]:
        """Give all rows in order, in parts of about `block_rows` rows or fewer."""

    def only_ids(self) -> Iterator[Parts]:
        """Give the ids alone."""
        return self.parts(1 << 16)

    def survey_ids(self) -> None:
        """Read all ids.

        Raises
        ------
        UnusableIds
            If any cannot be carried.
        """
        for _ in self.only_ids():
            pass  # each block is checked as it is read

    def only_labels(self) -> Iterator[Parts] | None:
        """Give the labels alone, or None where that is no cheaper than to read all."""
        return None

    def forget_ids(self) -> None:
        """Read no ids any more."""
        self.has_ids = False

    def checked_ids(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Give what the file holds as whole numbers or text."""
        return check_ids(ids, self.source)

    def count_rows(self) -> int:
        """Count the rows, by reading all where nothing else tells."""
        return (
            sum(len(part) for part in self.parts(1 << 12)) if self.n_rows is None else self.n_rows
        )

    def about_rows(self) -> int:
        """Estimate the rows where only reading all would tell; else give their number."""
        return self.n_rows or 0

    def settle_header(self, labels: Stream | None) -> None:
        """Decide whether a first line `0,1` or `0` is a header, where the file is such a csv."""
        if labels is not None:
            labels.settle_labels_header(self)

    def settle_labels_header(self, probs: Stream) -> None:  # noqa: B027 - most have no header
        """Decide the same for a file of labels, by the number of rows."""


def aligned(streams: list[Stream], block_rows: int) -> Iterator[Parts]:
    """Cut streams into blocks of `block_rows` rows, and join what each of them holds.

    Raises
    ------
    CommandError
        If one ends before another.
    """
    cut = [blocks(stream.parts(block_rows), block_rows, stream.source) for stream in streams]
    done = 0
    while True:
        found = [_next(each, stream.source) for each, stream in zip(cut, streams, strict=True)]
        present = [part for part in found if part is not None]
        if not present:
            return
        if len(present) < len(found) or len({len(part) for part in present}) > 1:
            counts = [done + (0 if part is None else len(part)) for part in found]
            raise CommandError(
                f"{streams[-1].source}: labels and rows of probabilities differ in number: "
                f"{_counted(counts[-1], found[-1], block_rows)} labels, "
                f"{_counted(counts[0], found[0], block_rows)} rows in {streams[0].source}"
            )
        named = [part.ids for part in present if part.ids is not None]
        if len(named) > 1:
            check_same_ids(named[0], named[1], done, streams[0].source, streams[1].source)
        done += len(present[0])
        joined = {
            name: next((v for p in present if (v := getattr(p, name)) is not None), None)
            for name in _NAMES
        }
        yield Parts(**joined)


def _next(parts: Iterator[Parts], source: Source) -> Parts | None:
    try:
        return next(parts, None)
    except MemoryError as error:
        raise source.no_memory() from error


def _counted(count: int, part: Parts | None, block_rows: int) -> str:
    # A full block may be followed by more.
    return f"{'at least ' if part is not None and len(part) == block_rows else ''}{count}"


def blocks(parts: Iterator[Parts], size: int, source: Source | None = None) -> Iterator[Parts]:
    """Cut and join parts into blocks of `size` rows, the last one shorter; copies only to join.

    Raises
    ------
    CommandError
        If joined texts, each as wide as the longest, take more than the `--max-bytes` of `source`.
    """
    waiting: list[Parts] = []
    n_waiting = 0
    rooms = [Room(source, name) for name in ("labels", "ids")]
    for part in parts:
        start = 0
        while start < len(part):
            stop = min(len(part), start + size - n_waiting)
            waiting.append(part.rows(start, stop))
            for room in rooms:
                room.add(getattr(waiting[-1], room.name))
            n_waiting += stop - start
            start = stop
            if n_waiting == size:
                yield _join(waiting)
                waiting, n_waiting = [], 0
                rooms = [Room(source, name) for name in ("labels", "ids")]
    if n_waiting:
        yield _join(waiting)


def _join(parts: list[Parts]) -> Parts:
    if len(parts) == 1:
        return parts[0]
    columns = []
    for name in _NAMES:
        arrays = [getattr(part, name) for part in parts]
        columns.append(None if arrays[0] is None else np.concatenate(arrays))
    return Parts(*columns)


class Room:
    """What texts take while they are joined, each then as wide as the longest."""

    def __init__(self, source: Source | None, name: str) -> None:
        self.name = name
        self._source = source
        self._longest = self._count = self._held = 0

    def add(self, texts: NDArray[Any] | None) -> None:
        """Count an array, if it is one of texts.

        Raises
        ------
        CommandError
            If all together take more than the `--max-bytes` of the source.
        """
        if texts is None or texts.dtype.kind != "U" or self._source is None:
            return
        self._longest = max(self._longest, texts.dtype.itemsize // 4)
        self._count += texts.size
        self._held += texts.nbytes
        # One alone is not joined, and so not copied.
        held = self._held if self._count > texts.size else 0
        self._source.check_texts(self._longest, self._count, self.name, held=held)
