"""CSV text, some thousand lines at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from easiness_cli import _read_csv as whole
from easiness_cli._source import LABEL_NAMES, Request, Source
from easiness_cli._stream_parts import Parts, Stream, pick_ids


def stream_csv(source: Source, request: Request) -> Stream:
    """Stream class columns, and columns of labels and ids where they are wanted."""
    if request.what == "probs" and request.probs_key:
        raise source.error("--probs-key has no meaning for csv, where each class has a column")
    with whole._opened(source) as lines:
        if request.what == "labels" and len(lines.first) == 1:
            name = lines.first[0]
            named = name == request.labels_key or name.lower() in LABEL_NAMES
            lines.header = lines.first if named else None
        header = lines.header
        left_out = whole._index_columns(header)
        label_at, id_at = None, None
        if request.with_labels:
            label_at = whole._label_column(lines, request.labels_key, left_out)
        if request.ids_key is not None or header:
            others = [n for at, n in enumerate(header or []) if at != label_at]
            name_found = pick_ids(others, request, source)
            id_at = None if name_found is None else (header or []).index(name_found)
        if request.what == "labels":
            return _Csv(source, header, [], label_at, id_at, doubtful=_in_doubt(lines, ["0"]))
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
        return _Csv(source, header, columns, label_at, id_at, doubtful=_in_doubt(lines, ["0", "1"]))


def _in_doubt(lines: whole._Lines, first: list[str]) -> bool:
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
    ) -> None:
        super().__init__(
            source, n_rows=None, n_classes=len(columns), has_ids=id_at is not None,
            columns=[header[at] for at in columns] if header and columns else None,
            n_columns=len(columns) or None,
        )  # fmt: skip
        self._header, self._class_at = header, columns
        self._label_at, self._id_at = label_at, id_at
        self._doubtful = doubtful
        self._kind, self._n_read = "", 0

    def settle_header(self, labels: Stream | None) -> None:
        if self._doubtful:
            raise self.source.error(
                "its first line '0,1' may be a header or data; give it a header such as 'a,b', or "
                "begin it with '0.0,1.0'"
            )
        super().settle_header(labels)

    def settle_labels_header(self, probs: Stream) -> None:
        if not self._doubtful:
            return
        rows = probs.n_rows
        if rows is None:
            rows = sum(len(part) for part in probs.parts(1 << 12))
        if sum(len(part) for part in self.parts(1 << 12)) == rows + 1:
            self._header = ["0"]

    def parts(self, block_rows: int) -> Iterator[Parts]:
        # A cell is an object of some 60 bytes until it is a number.
        size = min(block_rows, 1 << 14)
        self._kind, self._n_read = "", 0
        with whole._opened(self.source) as lines:
            lines.header = self._header
            batch = _Batch(lines, self._class_at, self._label_at, self._id_at)
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


class _Batch:
    """Rows that are being read."""

    def __init__(
        self, lines: whole._Lines, columns: list[int], label_at: int | None, id_at: int | None
    ) -> None:
        self._lines, self._class_at = lines, columns
        self._label_at, self._id_at = label_at, id_at
        self._pick = itemgetter(*columns) if columns else None
        self._clear()

    def _clear(self) -> None:
        self.n_rows = 0
        self._values = array("d")
        self._labels, self._ids = whole._Column(self._lines), whole._Column(self._lines)

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
