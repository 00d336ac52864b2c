"""Probabilities, labels and ids of one input, in blocks of rows."""

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import easiness_core as ec
from easiness_core.validation import LabelEncoder
from easiness_io.class_columns import one_column
from easiness_io.columns import Part, find_columns, is_unnamed
from easiness_io.errors import DataError, located
from easiness_io.fingerprint import fingerprint
from easiness_io.parameters import Parameters
from easiness_io.readers.base import Block, Values, rebatched, rows_of, show
from easiness_io.readers.registry import STANDARD_INPUT, open_reader
from easiness_io.sample_block import Samples
from easiness_io.values import as_ids, as_text, check_same_ids, encode_labels

_ELEMENTS = 4_000_000
_MOST_ROWS = 1 << 18


class SampleReader:
    r"""An open input: a file of probabilities and, optionally, one of labels.

    `open_samples` returns it.

    Attributes
    ----------
    paths, fingerprints : list
        The files, and fingerprints that show whether a file has changed since it was opened.
    n_rows, estimated_rows : int or None
        Number of rows, or None if it is unknown until the file has been read; and an estimate of
        it, or None.
    n_classes : int
        Number of classes; 0 if the file has lists and no rows.
    block_rows : int
        Number of rows in every block except the last; depends only on the number of classes.
    classes : list of str or None
        Class names in column order, unless they are unknown or just column numbers.
    are_named : bool
        Whether the option `classes` names the classes.
    class_columns, left_out : list of str
        Columns of probabilities in the order of the classes, and columns that are not used.
    ids_name : str or None
        Column of ids, in the probabilities or else in the labels.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from easiness_io import open_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.csv")
    ...     _ = path.write_text("id,label,cat,dog\na,dog,0.2,0.8\nb,cat,0.9,0.1\n")
    ...     reader = open_samples(path)
    ...     reader.check_labels()
    ...     [ids.to_pylist() for ids in reader.ids()]
    ...     [block.labels.tolist() for block in reader.blocks()]
    [['a', 'b']]
    [[1, 0]]
    """

    def __init__(self, path: str, labels_path: str | None, options: Parameters) -> None:
        self.paths = [path] + ([] if labels_path is None else [labels_path])
        if self.paths.count(STANDARD_INPUT) > 1:
            raise DataError("only one of two inputs can be standard input")
        self._options = options
        with located(path):
            # Before the headers are read, so that any later change is noticed.
            self.fingerprints = [fingerprint(each) for each in self.paths if os.path.exists(each)]
            first = self._open_probs(path, has_labels=labels_path is None)
        self._parts = [first]
        if labels_path is not None:
            with located(labels_path):
                self._parts.append(self._open_labels(first, labels_path))
        self._labels = self._parts[-1]
        self._label = str(self._labels.label)
        self._with_ids = [part for part in self._parts if part.ids is not None]
        with located(path):
            self._settle(first)

    def __repr__(self) -> str:
        rows = "" if self.n_rows is None else f"{self.n_rows} rows, "
        return f"SampleReader({rows}{self.n_classes} classes, {len(self.paths)} files)"

    def _open_probs(self, path: str, *, has_labels: bool) -> Part:
        options = self._options if has_labels else replace(self._options, labels=None)
        reader = open_reader(path, options)
        if reader.layout == "arrays" and len(reader.fields) == 1 and has_labels:
            raise reader.source.error("it holds one array", hint="give the file of labels as well")
        return find_columns(reader, options, probs=True, label=has_labels)

    def _open_labels(self, first: Part, path: str) -> Part:
        """Open the file of labels; refuse one that could itself be scored.

        An unquoted glob can cause that.
        """
        reader, options = open_reader(path, self._options), self._options
        part = find_columns(reader, options, probs=False, label=True)
        if options.labels is not None or self.paths[0] == STANDARD_INPUT:
            return part
        if os.path.exists(path) and os.path.samefile(self.paths[0], path):
            return part
        try:
            find_columns(first.reader, options, probs=False, label=True)
            probs = find_columns(reader, options, probs=True, label=True).probs
        except DataError:
            return part
        if probs == first.probs:
            raise DataError(
                f"it was given as the label file, but it also has probabilities, and "
                f"{self.paths[0]!r} holds labels",
                hint="to score both, quote the glob or name their folder; to take the labels of "
                "the second, pass {labels}",
            )
        return part

    def _settle(self, first: Part) -> None:
        """Determine which columns are read, and the numbers of rows and classes."""
        self.ids_name = self._with_ids[0].ids if self._with_ids else None
        if self._options.ids and not self._with_ids:
            raise self._no_column(self._options.ids, argument="ids")
        self._shared = self._shared_columns()
        self._kept = {name: self._part_with(name) for name in self._options.keep}
        self._names = []  # the columns to read of each file
        for part in self._parts:
            more = [*self._shared, *(name for name, each in self._kept.items() if each is part)]
            texts = [name for name in (*part.text_names, *more) if name not in part.probs]
            self._names.append(list(dict.fromkeys([*part.names, *more])))
            part.reader.choose(self._names[-1], list(dict.fromkeys(texts)))
        self.n_rows, other = first.reader.n_rows, self._labels.reader.n_rows
        if None not in (self.n_rows, other) and self.n_rows != other:
            raise self._uneven(f"{other}", f"{self.n_rows}")
        probs = first.probs
        self.estimated_rows = first.reader.estimated_rows
        self.n_classes = first.reader.width(probs[0]) if len(probs) == 1 else len(probs)
        self.block_rows = min(_MOST_ROWS, max(1, _ELEMENTS // max(1, self.n_classes)))
        if self.n_classes == 1 or (self.n_classes == 0 and self.n_rows):
            raise one_column(first.reader, probs[0])
        self.class_columns, self.left_out = list(probs), list(first.left_out)
        self.are_named = self._options.classes is not None
        labels = self._labels.reader
        is_named = len(probs) > 1 and first.reader.layout == "table"
        with located(self.paths[-1]):
            texts = []
            if labels.fields[self._label].kind == "text":
                head = labels.head([self._label])[self._label].tolist()
                texts = [text for text in head if text is not None]
            self._encoder = LabelEncoder(
                self.n_classes or len(self._options.classes or ()),
                columns=probs if is_named else None, classes=self._options.classes,
                codes=labels.fields[self._label].class_names, examples=texts,
            )  # fmt: skip
        found = self._encoder.classes
        self.classes = None if found is None else list(found)

    def _part_with(self, name: str) -> Part:
        """Find a further column: in the probabilities, else in the labels."""
        for part in self._parts:
            if name in part.reader.fields:
                if not part.reader.fields[name].is_single:
                    problem = f"column {name!r}: expected one number or string per row"
                    raise part.reader.source.error(problem)
                return part
        raise self._no_column(name)

    def _no_column(self, name: str, argument: str | None = None) -> DataError:
        names = [name for part in self._parts for name in part.reader.fields]
        return DataError(f"no column {name!r}; it has {show(names)}", argument=argument)

    def _uneven(self, n_labels: str, n_rows: str, hint: str | None = None) -> DataError:
        problem = f"{n_labels} labels, but {n_rows} rows of probabilities in {self.paths[0]!r}"
        return DataError(problem, path=self.paths[-1], hint=hint)

    def _shared_columns(self) -> list[str]:
        """Return other columns that both files have, which must be equal."""
        if len(self._parts) < 2 or self._with_ids or self._options.ids == "":
            return []
        first, second = (
            [n for n, e in p.reader.fields.items() if e.kind == "text" or is_unnamed(n)]
            for p in self._parts
        )
        used = {name for part in self._parts for name in part.names}
        return [name for name in first if name in second and name not in used]

    def blocks(self) -> Iterator[Samples]:
        """Read the input from its start.

        Yields
        ------
        Samples
            Consecutive rows. The last block may have fewer than `block_rows` rows; an input without
            rows gives one empty block.

        Raises
        ------
        DataError
            If values are missing, a label is not a class, or the two files do not match.
        """
        first_row = 0
        for blocks in self._aligned():
            yield self._samples(blocks, first_row)
            first_row += rows_of(blocks[0])
        if not first_row:
            ids = None
            if self.ids_name is not None:
                named = self._with_ids[0].reader.fields[self.ids_name]
                whole = pa.uint64() if named.is_unsigned else pa.int64()
                ids = pa.array([], whole if named.kind in ("integer", "float") else pa.string())
            probs = np.empty((0, max(2, self.n_classes)))
            kept = {name: pa.array([], pa.string()) for name in self._kept}
            yield Samples(probs, np.empty(0, np.int64), ids, 0, None, kept)

    def _aligned(self) -> Iterator[list[Block]]:
        """Read the files side by side."""
        size, done = self.block_rows, 0
        cut = [
            rebatched(part.reader.blocks(names, size), size, part.reader.source)
            for part, names in zip(self._parts, self._names, strict=True)
        ]
        while True:
            found: list[Block] = []
            for path, each in zip(self.paths, cut, strict=True):
                with located(path):
                    found.append(next(each, {}))
            counts = [rows_of(block) for block in found]
            if not any(counts):
                return
            if len(set(counts)) > 1:
                n_rows, n_labels = (
                    f"{'at least ' if count == size else ''}{done + count}" for count in counts
                )
                raise self._uneven(n_labels, n_rows, self._header_hint(counts[1] - counts[0]))
            yield found
            done += counts[0]

    def _header_hint(self, n_more_labels: int) -> str | None:
        """Suggest an option if the first line of a csv may have been misread."""
        words = {
            ("unnamed", 1): "holds names, pass {header}",
            ("table", -1): "is a row, pass {no_header}",
        }
        for part, extra in ((self._labels, n_more_labels), (self._parts[0], -n_more_labels)):
            found = words.get((part.reader.layout, extra))
            if found is not None and part.reader.guessed_header:
                what = "labels" if part is self._labels else "probabilities"
                return f"if the first line of the {what} {found}"
        return None

    def _samples(self, blocks: list[Block], first_row: int) -> Samples:
        with located(self.paths[-1]):
            labels = self._encoded(blocks[-1][self._label], first_row)
        ids = [
            as_ids(block[part.ids], part.reader.source, first_row)
            for block, part in zip(blocks, self._parts, strict=True)
            if part.ids is not None
        ]
        compared = {"ids": ids} if len(ids) == 2 else {}
        for name in self._shared:
            source = self._labels.reader.source
            compared[f"values of {name!r}"] = [as_ids(b[name], source, first_row) for b in blocks]
        for what, (one, two) in compared.items():
            check_same_ids(one, two, first_row, *self.paths, what=what)
        with located(self.paths[0]):
            columns = [blocks[0][name] for name in self.class_columns]
            for name, column in zip(self.class_columns, columns, strict=True):
                if isinstance(column, pa.Array):
                    self._parts[0].reader.source.check_complete(column, first_row, name)
            probs = columns[0] if len(columns) == 1 else np.column_stack(columns)
            logits = probs if self._options.logits else None
            probs = probs if logits is None else ec.softmax(logits)
        kept = {
            name: as_text(blocks[self._parts.index(part)][name])
            for name, part in self._kept.items()
        }
        return Samples(probs, labels, ids[0] if ids else None, first_row, logits, kept)

    def _encoded(self, labels: Values, first_row: int) -> NDArray[np.int64]:
        source = self._labels.reader.source
        return encode_labels(self._encoder, labels, self.n_classes, source, first_row)

    def check_labels(self) -> None:
        """Check the labels as scoring will, if it is cheap to read only them.

        Raises
        ------
        DataError
            If a label is missing, or is not one of the classes.
        """
        if self._labels.reader.is_columnar or len(self._parts) == 2:
            with located(self.paths[-1]):
                for first_row, values in self._labels.column(self._label, _MOST_ROWS):
                    self._encoded(values, first_row)

    def ids(self) -> Iterator[pa.Array]:
        """Read only the ids, if the format allows it; nothing if the input has no ids.

        Yields
        ------
        pyarrow.Array
            Whole numbers or text, of consecutive rows.
        """
        for part in self._with_ids[:1]:
            for first_row, values in part.column(str(self.ids_name), _MOST_ROWS):
                yield as_ids(values, part.reader.source, first_row)
