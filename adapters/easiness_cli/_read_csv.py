"""CSV text: one column a class, and perhaps one of labels. Needs NumPy alone."""

from __future__ import annotations

from array import array
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._csv_lines import Column, Lines, opened
from easiness_cli._source import INDEX_NAMES, LABEL_NAMES, Content, Request, Source

# With LABELS given, a column `y` may be a class ("n", "y"); these can hardly be.
_NEVER_CLASSES = ("label", "labels", "target", "targets")


def read_csv(source: Source, request: Request) -> Content:
    """Read class columns, a label column, or both."""
    if request.what == "probs" and request.probs_key:
        raise source.error("--probs-key has no meaning for csv, where each class has a column")
    with opened(source) as lines:
        if request.what == "labels":
            return _read_labels(lines, request.labels_key)
        return _read_table(lines, request)


def csv_columns(source: Source, names: list[str]) -> dict[str, NDArray[Any]]:
    """Read the named columns of numbers or text."""
    with opened(source) as lines:
        header = lines.header or []
        for name in names:
            if name not in header:
                raise source.error(
                    f"no column {name!r}; 'easiness score' did not write this. It has the columns "
                    f"{', '.join(map(repr, header[:20])) or '(no header)'}"
                )
        columns = {header.index(name): Column(lines) for name in names}
        for row in lines:
            for at, column in columns.items():
                column.add(row[at])
        return {header[at]: column.values() for at, column in columns.items()}


def _read_table(lines: Lines, request: Request) -> Content:
    header = lines.header
    left_out = _index_columns(header)
    label_at = None
    if request.with_labels:
        label_at = _label_column(lines, request.labels_key, left_out)
    elif header:
        left_out |= {at for at, name in enumerate(header) if name.lower() in _NEVER_CLASSES}
    if request.ids_key:
        left_out |= {at for at, name in enumerate(header or []) if name == request.ids_key}
    columns = [at for at in range(len(lines.first)) if at != label_at and at not in left_out]
    if len(columns) < 2:
        raise lines.source.error(
            f"expected one column a class, at least 2, got {len(columns)}"
            + (f" (of the columns {', '.join(map(repr, header[:10]))})" if header else "")
        )
    pick = itemgetter(*columns)
    values, labels = array("d"), Column(lines)
    limit = lines.source.max_bytes // 8
    doubtful = header is None and lines.first == ["0", "1"]
    looks_headed = False
    for row in lines:
        try:
            values.extend(map(float, pick(row)))
        except ValueError:
            raise lines.bad_number(row, columns) from None
        if label_at is not None:
            labels.add(row[label_at])
        if doubtful and not looks_headed:
            looks_headed = not {cell.strip() for cell in row} <= {"0", "1"}
        if len(values) > limit:
            lines.source.check_size(len(values) * 8, "the data read so far")
    probs = np.frombuffer(values, dtype=np.float64).reshape(-1, len(columns))
    return Content(
        probs=probs,
        labels=labels.values() if label_at is not None else None,
        columns=[header[at] for at in columns] if header else None,
        n_columns=len(columns),
        below=Content(probs[1:], None, lines.first, len(columns)) if doubtful else None,
        looks_headed=looks_headed,
    )


def _index_columns(header: list[str] | None) -> set[int]:
    """Find the columns that number the samples: by name, or the first if it has none."""
    names = header or []
    found = {at for at, name in enumerate(names) if name.lower() in INDEX_NAMES}
    return found | ({0} if names and not names[0] else set())


def _label_column(lines: Lines, key: str | None, left_out: set[int]) -> int:
    names = lines.header or []
    wanted = LABEL_NAMES if key is None else (key,)
    found = [at for at, name in enumerate(names) if (name if key else name.lower()) in wanted]
    if len(found) == 1:
        return found[0]
    remaining = [at for at in range(len(lines.first)) if at not in left_out]
    if not found and key is None and len(remaining) == 1:
        return remaining[0]
    problem = "more than one column of labels" if found else "no column of labels"
    shown = f"the columns {', '.join(map(repr, names[:20]))}" if names else "no header"
    raise lines.source.error(
        f"{problem}: it has {shown}; pass LABELS, or name the column by --labels-key"
    )


def two_headers_in_doubt(source: Source, label_source: Source) -> str:
    """Say that both first lines may be data, and how to tell."""
    return (
        f"{source}, {label_source}: the first lines '0,1' and '0' may be headers or data; give "
        f"both files headers such as 'a,b' and 'label', or begin them with '0.0,1.0' and '0.0'"
    )


def _read_labels(lines: Lines, key: str | None) -> Content:
    if len(lines.first) == 1:
        name = lines.first[0]
        # Alone, a text cell may be a name or the first label.
        lines.header = lines.first if name == key or name.lower() in LABEL_NAMES else None
    at = _label_column(lines, key, _index_columns(lines.header))
    labels = Column(lines)
    for row in lines:
        labels.add(row[at])
    doubtful = lines.header is None and lines.first == ["0"]
    below = Content(labels=labels.values(below_first=True)) if doubtful else None
    return Content(labels=labels.values(), below=below)
