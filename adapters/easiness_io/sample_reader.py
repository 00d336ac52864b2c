"""Probabilities, labels and ids of one input, in blocks of rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import easiness_core as ec
from easiness_io.class_columns import one_column, show
from easiness_io.classes import LabelEncoder
from easiness_io.columns import Roles, find_roles, no_labels
from easiness_io.errors import DataError, located
from easiness_io.fingerprint import fingerprint
from easiness_io.ids import as_ids, check_same_ids
from easiness_io.names import key_of, matching_names
from easiness_io.readers.base import Block, Reader, ReadOptions, rebatched, rows_of
from easiness_io.readers.registry import STANDARD_INPUT, open_reader

_ELEMENTS = 4_000_000
_MOST_ROWS = 1 << 18


@dataclass(frozen=True)
class Samples:
    """Consecutive rows of an input.

    Attributes
    ----------
    probs : ndarray of shape (n_rows, n_classes)
        In the file's own type, not yet checked; the softmax where the file holds logits.
    labels : ndarray of shape (n_rows,), int64
        Column numbers.
    ids : pyarrow.Array or None
        Whole numbers or text, where the input names its samples.
    first_row : int
        The row of the input that these begin with.
    """

    probs: NDArray[Any]
    labels: NDArray[np.int64]
    ids: pa.Array | None
    first_row: int

    def __len__(self) -> int:
        return int(self.labels.size)


class SampleReader:
    """One input: a file of probabilities, and perhaps one of labels.

    Attributes
    ----------
    paths, fingerprints : list
        The files that are read, and what tells that one has changed since it was opened.
    n_rows, n_classes : int
        Rows, None where only reading all of the file tells; and columns of the probabilities, 0
        where lists of no rows do not tell.
    classes : list of str or None
        The class names in column order, where they are known and are no column numbers.
    class_columns, left_out : list of str
        The columns of the probabilities, in the order of the classes; and those not used.
    """

    def __init__(self, path: str, labels_path: str | None, options: ReadOptions) -> None:
        self.paths = [path] + ([] if labels_path is None else [labels_path])
        if self.paths.count(STANDARD_INPUT) > 1:
            raise DataError("only one of two inputs can be standard input")
        # Before the headers are read: what changes from here on is not what they describe.
        self._options = options
        with located(path):
            self.fingerprints = [fingerprint(each) for each in self.paths if os.path.exists(each)]
            self._open(path, labels_path)

    def _open(self, path: str, labels_path: str | None) -> None:
        self._open_probs(path, labels_path)
        self._label_reader, self._label_roles = self._reader, self._roles
        if labels_path is not None:
            with located(labels_path):
                self._open_labels(path, labels_path)
        if self._label_roles.label is None:
            raise no_labels(self._reader)
        self._check_ids()
        for reader, roles in self._parts():
            text = [name for name in (roles.label, roles.ids) if name is not None]
            reader.choose(roles.names, text)
        self.n_rows = self._reader.n_rows
        other = self._label_reader.n_rows
        if self.n_rows is not None and other is not None and self.n_rows != other:
            raise DataError(
                f"{other} labels, but {self.n_rows} rows of probabilities in {path!r}",
                path=labels_path,
            )
        roles = self._roles
        width = len(roles.probs)
        self.n_classes = self._reader.width(roles.probs[0]) if width == 1 else width
        if self.n_classes == 1 or (self.n_classes == 0 and self.n_rows):
            raise one_column(self._reader, roles.probs[0])
        self.class_columns, self.left_out = list(roles.probs), list(roles.left_out)
        self._class_names = self._named_as_labels()
        self.classes = self._encoder().classes

    def _open_probs(self, path: str, labels_path: str | None) -> None:
        reader = open_reader(path, replace(self._options, labels=self._own_label(labels_path)))
        if reader.layout == "arrays" and len(reader.fields) == 1 and labels_path is None:
            raise reader.source.error("it holds one array", hint="give the file of labels as well")
        self._reader = reader
        self._roles = find_roles(
            reader, replace(self._options, labels=self._own_label(labels_path)),
            probs=True, label=labels_path is None,
        )  # fmt: skip

    def _own_label(self, labels_path: str | None) -> str | None:
        return self._options.labels if labels_path is None else None

    def _open_labels(self, path: str, labels_path: str) -> None:
        options = self._options
        reader = open_reader(labels_path, options)
        roles = find_roles(reader, options, probs=False, label=True)
        self._label_reader, self._label_roles = reader, roles
        if options.labels is None and path != STANDARD_INPUT:
            self._refuse_second_of_two(reader, labels_path)

    def _refuse_second_of_two(self, reader: Reader, labels_path: str) -> None:
        """Refuse labels from a file that could be scored itself, where the first has its own.

        That is what an unquoted glob leads to.
        """
        if os.path.exists(labels_path) and os.path.samefile(self.paths[0], labels_path):
            return
        try:
            first = find_roles(self._reader, self._options, probs=False, label=True)
            second = find_roles(reader, self._options, probs=True, label=True)
        except DataError:
            return
        if first.label is not None and second.probs == self._roles.probs:
            raise DataError(
                f"it was given as the file of labels, and holds probabilities as well, as "
                f"{self.paths[0]!r} holds labels",
                path=labels_path,
                hint="to score both, quote the glob or name their folder; to take the labels of "
                "the second, name them by {labels}",
            )

    def _check_ids(self) -> None:
        wanted = self._options.ids
        if wanted and self.ids_name is None:
            names = [each.name for reader, _ in self._parts() for each in reader.fields]
            raise DataError(
                f"no column {wanted!r}; it has {show(names)}", path=self.paths[0], argument="ids"
            )

    def _parts(self) -> list[tuple[Reader, Roles]]:
        both = [(self._reader, self._roles), (self._label_reader, self._label_roles)]
        return both[: len(self.paths)]

    def _named_as_labels(self) -> tuple[str, ...] | None:
        """Give the names of the classes, cut as the labels of the first rows have them."""
        roles, label = self._roles, self._label_roles.label
        if roles.class_names is None or self._label_reader.field(str(label)).kind != "text":
            return roles.class_names
        with located(self.paths[-1]):
            labels = self._label_reader.head([str(label)])[str(label)].tolist()
        texts = {text for text in labels if isinstance(text, str) and isinstance(key_of(text), str)}
        return matching_names(roles.probs, texts)

    def _encoder(self) -> LabelEncoder:
        reader, roles = self._label_reader, self._label_roles
        assert roles.label is not None
        return LabelEncoder(
            self.n_classes or len(self._options.classes or ()),
            names=self._class_names, classes=self._options.classes,
            code_names=reader.field(roles.label).class_names, source=reader.source,
        )  # fmt: skip

    @property
    def are_named(self) -> bool:
        """Whether the options name the classes, whatever the columns are called."""
        return self._options.classes is not None

    @property
    def ids_name(self) -> str | None:
        """The column that names the samples; of the labels where the probabilities have none."""
        return next((roles.ids for _, roles in self._parts() if roles.ids is not None), None)

    @property
    def estimated_rows(self) -> int | None:
        """The number of rows, or an estimate where only reading all of the file tells."""
        return self._reader.estimated_rows()

    @property
    def block_rows(self) -> int:
        """Rows of every block but the last; a function of the number of classes alone."""
        return min(_MOST_ROWS, max(1, _ELEMENTS // max(1, self.n_classes)))

    def blocks(self) -> Iterator[Samples]:
        """Read the input from its start.

        Yields
        ------
        Samples
            Blocks of `block_rows` rows, the last one shorter; one of no rows where there are none.
        """
        encoder, first_row = self._encoder(), 0
        for blocks in self._aligned():
            yield self._samples(blocks, encoder, first_row)
            first_row += rows_of(blocks[0])
        if not first_row:
            ids = None
            for reader, roles in self._parts():
                if roles.ids is not None and ids is None:
                    ids = reader.empty(roles.ids)
            probs = np.empty((0, max(2, self.n_classes)))
            yield Samples(probs, np.empty(0, np.int64), ids, 0)

    def _aligned(self) -> Iterator[list[Block]]:
        """Read the files side by side."""
        size = self.block_rows
        cut = [
            rebatched(reader.blocks(roles.names, size), size, reader.source)
            for reader, roles in self._parts()
        ]
        done = 0
        while True:
            found = []
            for path, each in zip(self.paths, cut, strict=True):
                with located(path):
                    found.append(next(each, None))
            counts = [0 if block is None else rows_of(block) for block in found]
            if not any(counts):
                return
            if len(set(counts)) > 1:
                more = ["at least " if count == size else "" for count in counts]
                off = counts[1] - counts[0] if abs(counts[1] - counts[0]) == 1 else 0
                raise DataError(
                    f"{more[1]}{done + counts[1]} labels, but {more[0]}{done + counts[0]} rows of "
                    f"probabilities in {self.paths[0]!r}",
                    path=self.paths[1], hint=self._header_hint(off),
                )  # fmt: skip
            yield [block for block in found if block is not None]
            done += counts[0]

    def _header_hint(self, n_more_labels: int) -> str | None:
        """Advise on a first line that may have been taken for what it is not."""
        for reader, extra in ((self._label_reader, n_more_labels), (self._reader, -n_more_labels)):
            if reader.guessed_header and extra > 0 and reader.layout == "unnamed":
                return f"if the first line of {reader.source.path!r} holds names, pass {{header}}"
            if reader.guessed_header and extra < 0 and reader.layout == "table":
                return f"if the first line of {reader.source.path!r} is a row, pass {{no_header}}"
        return None

    def _samples(self, blocks: list[Block], encoder: LabelEncoder, first_row: int) -> Samples:
        labels_of = self._label_roles.label
        assert labels_of is not None
        with located(self.paths[-1]):
            labels = encoder.encode(blocks[-1][labels_of], first_row)
        ids = [
            as_ids(block[roles.ids], reader.source, first_row)
            for block, (reader, roles) in zip(blocks, self._parts(), strict=True)
            if roles.ids is not None
        ]
        if len(ids) == 2:
            check_same_ids(ids[0], ids[1], first_row, *self.paths)
        with located(self.paths[0]):
            probs = self._matrix(blocks[0], first_row)
            if self._options.logits:
                probs = ec.softmax(probs)
        return Samples(probs, labels, ids[0] if ids else None, first_row)

    def _matrix(self, block: Block, first_row: int) -> NDArray[Any]:
        columns = []
        for name in self._roles.probs:
            values = block[name]
            if isinstance(values, pa.Array):
                row = first_row + pc.index(values.is_null(), True).as_py()
                raise DataError(
                    f"column {name!r}: {values.null_count} values are missing; the first is row "
                    f"{row}",
                    hint="drop or fill these rows", row=row,
                )  # fmt: skip
            columns.append(values)
        if len(columns) > 1:
            return np.column_stack(columns)
        matrix: NDArray[Any] = columns[0]
        return matrix

    def check_labels(self) -> None:
        """Read the labels alone, where that is cheap, and check them as scoring will."""
        reader, label = self._label_reader, self._label_roles.label
        assert label is not None
        if not reader.is_columnar and reader is self._reader:
            return
        encoder, first_row = self._encoder(), 0
        with located(self.paths[-1]):
            for block in reader.blocks([label], _MOST_ROWS):
                encoder.encode(block[label], first_row)
                first_row += rows_of(block)

    def ids(self) -> Iterator[pa.Array]:
        """Read the ids alone, where the format allows it."""
        for path, (reader, roles) in zip(self.paths, self._parts(), strict=True):
            if roles.ids is None:
                continue
            first_row = 0
            with located(path):
                for block in reader.blocks([roles.ids], _MOST_ROWS):
                    yield as_ids(block[roles.ids], reader.source, first_row)
                    first_row += rows_of(block)
            return
