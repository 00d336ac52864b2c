"""CSV text, some thousand lines at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from easiness_cli import _read_csv as whole
from easiness_cli._csv_lines import Column, Lines, opened
from easiness_cli._errors import CommandError
from easiness_cli._ids import pick_ids
from easiness_cli._source import LABEL_NAMES, Request, Source
from easiness_cli._stream_parts import Parts, Stream

# The lines of this many bytes tell about how many there are.
_HEAD = 1 << 16


def stream_csv(source: Source, request: Request) -> Stream:
    """Stream class columns, and columns of labels and ids where they are wanted."""
    if request.what == "probs" and request.probs_key:
        raise source.error("--probs-key has no meaning for csv, where each class has a column")
    with opened(source) as lines:
        if request.what == "labels" and len(lines.first) == 1:
            name = lines.first[0]
            named = name == request.labels_key or name.lower() in LABEL_NAMES
            lines.header = lines.first if named else None
        header = lines.header
        left_out = whole._index_columns(header)
        # A name that nobody asked for may be missing.
        empty = request.ids_key is None
        label_at, id_at = None, None
        if request.with_labels:
            label_at = whole._label_column(lines, request.labels_key, left_out)
        if request.ids_key is not None or header:
            others = [n for at, n in enumerate(header or []) if at != label_at]
            name_found = pick_ids(others, request, source)
            id_at = None if name_found is None else (header or []).index(name_found)
        if request.what == "labels":
            doubtful = _in_doubt(lines, ["0"])
            return _Csv(source, header, [], label_at, id_at, doubtful=doubtful, empty_ids=empty)
        if label_at is None and header:
            left_out |= {at for at, n in enumerate(header) if n.lower() in whole._NEVER_CLASSES}
        # A name such as `ids` is one of ids only where it was asked for: it may be a class.
        if id_at is not None and id_at not in left_out and not request.ids_key:
            id_at = None
        columns = [
            at for at in range(len(lines.first))
            if at != label_at and at != id_at and at not in left_out
        ]  # fmt: skip
        if len(columns) < 2:
            raise source.error(
                f"expected one column a class, at least 2, got {len(columns)}"
                + (f" (of the columns {', '.join(map(repr, header[:10]))})" if header else "")
            )
        doubtful = _in_doubt(lines, ["0", "1"])
        return _Csv(source, header, columns, label_at, id_at, doubtful=doubtful, empty_ids=empty)


def _in_doubt(lines: Lines, first: list[str]) -> bool:
    return lines.header is None and lines.first == first


class _Csv(Stream):
    def __init__(
        self,
        source: Source,
        header: list[str] | None,
        columns: list[int],
        label_at: int | None,
        id_at: int | None,
        *,
        doubtful: bool,
        empty_ids: bool,
    ) -> None:
        super().__init__(
            source, n_rows=None, n_classes=len(columns),
            ids_name=None if id_at is None else (header or [])[id_at],
            columns=[header[at] for at in columns] if header and columns else None,
            n_columns=len(columns) or None,
        )  # fmt: skip
        self._header, self._class_at = header, columns
        self._label_at, self._id_at = label_at, id_at
        self._doubtful, self._empty_ids = doubtful, empty_ids
        self._kind, self._n_read = "", 0

    def settle_header(self, labels: Stream | None) -> None:
        """Decide by the number of labels, as `_read._headers_told` does for whole files."""
        if not self._doubtful:
            super().settle_header(labels)
            return
        assert labels is not None  # without a header no column could be the labels
        n_rows, n_labels = self.count_rows(), labels.count_rows()
        pairs = [
            (headed, labels_headed)
            for headed in (False, True)
            for labels_headed in (False, True)[: 2 if _labels_in_doubt(labels) else 1]
            if n_rows - headed == n_labels - labels_headed
        ]
        if len(pairs) > 1 and not self._looks_headed():
            raise CommandError(whole.two_headers_in_doubt(self.source, labels.source))
        # Of no pair, both counts are told when the rows are read.
        headed, labels_headed = pairs[-1] if pairs else (False, False)
        if headed:
            self._header = self.columns = ["0", "1"]
        if labels_headed:
            assert isinstance(labels, _Csv)
            labels._header = ["0"]

    def _looks_headed(self) -> bool:
        with opened(self.source) as lines:
            lines.header = None
            return any(not {cell.strip() for cell in row} <= {"0", "1"} for row in lines)

    def settle_labels_header(self, probs: Stream) -> None:
        if self._doubtful and self.count_rows() == probs.count_rows() + 1:
            self._header = ["0"]

    def about_rows(self) -> int:
        with self.source.open() as file:
            head = file.read(_HEAD)
        return round(self.source.size * head.count(b"\n") / max(1, len(head)))

    def count_rows(self) -> int:
        with opened(self.source) as lines:
            lines.header = self._header
            return sum(1 for _ in lines)

    def parts(self, block_rows: int) -> Iterator[Parts]:
        yield from self._read(block_rows, self._class_at, self._label_at)

    def only_ids(self) -> Iterator[Parts]:
        yield from self._read(1 << 16, [], None)

    def only_labels(self) -> Iterator[Parts] | None:
        return None if self._class_at else self._read(1 << 16, [], self._label_at)

    def _read(self, block_rows: int, columns: list[int], label_at: int | None) -> Iterator[Parts]:
        # A cell is an object of some 60 bytes until it is a number.
        size = min(block_rows, 1 << 14)
        self._kind, self._n_read = "", 0
        with opened(self.source) as lines:
            lines.header = self._header
            batch = _Batch(lines, columns, label_at, self._id_at, self._empty_ids)
            for row in lines:
                batch.add(row)
                if batch.n_rows == size:
                    yield self._checked(batch.take())
            if batch.n_rows:
                yield self._checked(batch.take())

    def _checked(self, part: Parts) -> Parts:
        """Refuse labels whose kind changes: joined, `1` would be one label, and `01` the same."""
        if part.labels is not None:
            kind = "text" if part.labels.dtype.kind == "U" else "numbers"
            if self._kind not in ("", kind):
                raise self.source.error(
                    f"labels: {self._kind} up to row {self._n_read}, {kind} from there on; "
                    f"write all in one way"
                )
            self._kind = kind
        self._n_read += len(part)
        return part


def _labels_in_doubt(labels: Stream) -> bool:
    return isinstance(labels, _Csv) and labels._doubtful


class _Batch:
    """Rows that are being read."""

    def __init__(
        self,
        lines: Lines,
        columns: list[int],
        label_at: int | None,
        id_at: int | None,
        empty_ids: bool,
    ) -> None:
        self._lines, self._class_at = lines, columns
        self._label_at, self._id_at, self._empty_ids = label_at, id_at, empty_ids
        # Of one column, `itemgetter` gives no tuple; there are two classes at least.
        self._pick = itemgetter(*columns) if columns else None
        self._clear()

    def _clear(self) -> None:
        self.n_rows = 0
        self._values = array("d")
        self._labels, self._ids = Column(self._lines), Column(self._lines, empty=self._empty_ids)

    def add(self, row: list[str]) -> None:
        if self._pick is not None:
            try:
                self._values.extend(map(float, self._pick(row)))
            except ValueError:
                raise self._lines.bad_number(row, self._class_at) from None
        if self._label_at is not None:
            self._labels.add(row[self._label_at])
        if self._id_at is not None:
            self._ids.add(row[self._id_at])
        self.n_rows += 1

    def take(self) -> Parts:
        probs: Any = None
        if self._class_at:
            probs = np.frombuffer(self._values, np.float64).reshape(-1, len(self._class_at))
        labels = None if self._label_at is None else self._labels.values()
        ids = None
        if self._id_at is not None:
            ids = self._ids.texts()
        self._clear()
        return Parts(probs, labels, ids)
