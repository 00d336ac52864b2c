"""Decisions of a review applied to labels, for `easiness label-errors --apply`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from easiness_io import (
    DataError,
    LabelFile,
    ReadOptions,
    as_text,
    open_reader,
    read_labels,
    write_csv,
)

DECISIONS = ("keep", "change", "unsure")
_COLUMNS = ("file", "index", "id", "label", "label_number", "decision", "suggested", "new_label",
            "new_label_number")  # fmt: skip


@dataclass(frozen=True)
class Applied:
    """Labels after a review, and how many decisions of each kind there were."""

    labels: LabelFile
    counts: dict[str, int]
    n_changed: int

    def write(self, file: BinaryIO, suffix: str) -> None:
        """Write id (or index) and label; as npy, the labels alone."""
        texts = self.labels.texts
        whole = self.labels.are_numbers
        if suffix == ".npy":
            array = np.array(texts.to_pylist(), dtype=np.int64 if whole else np.str_)
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            file.write(buffer.getvalue())
            return
        columns: dict[str, Any] = {"index": pa.array(np.arange(len(texts)))}
        if self.labels.ids is not None:
            columns = {self.labels.ids_name: self.labels.ids}
        columns["label"] = texts.cast(pa.int64()) if whole else texts
        table = pa.table(columns)
        if suffix == ".parquet":
            pq.write_table(table, file)
        else:
            write_csv(table, file)


def apply_decisions(args: argparse.Namespace, options: ReadOptions) -> Applied:
    """Read the decisions and the labels, check that they belong together, and change labels."""
    labels = read_labels(args.path, options)
    rows = _read(args.apply, args.max_bytes)
    if options.ids == "":
        rows = [{name: each[name] for name in each if name != "id"} for each in rows]
    at = _positions(rows, labels, args.apply, args.path)
    old = labels.texts.to_pylist()
    given = [_plain(old[each]) for each in at]
    numbers = _label_numbers(rows, given, at, args.apply, args.path)
    texts = list(old)
    for row, each in enumerate(rows):
        if each["decision"] != "change":
            continue
        if numbers:
            new = each.get("new_label_number")
        else:
            new = each.get("new_label") or each.get("suggested")
        if new is None:
            expected = "new_label_number" if numbers else "new_label"
            raise _error(args.apply, row, f"the decision is change, but {expected} is empty")
        texts[at[row]] = new
    if labels.are_numbers and not all(text.lstrip("-").isdigit() for text in texts):
        row = next(k for k, each in enumerate(at) if not texts[each].lstrip("-").isdigit())
        problem = f"{args.path!r} holds numbers, and the new label is {texts[at[row]]!r}"
        raise _error(args.apply, row, problem)
    return Applied(
        LabelFile(
            pa.array(texts, pa.string()), labels.are_numbers, labels.ids, labels.label_name,
            labels.ids_name,
        ),
        {kind: sum(each["decision"] == kind for each in rows) for kind in DECISIONS},
        sum(a != b for a, b in zip(old, texts, strict=True)),
    )  # fmt: skip


def _error(path: str, row: int, problem: str, hint: str | None = None) -> DataError:
    return DataError(f"row {row}: {problem}", path=path, row=row, hint=hint)


def _read(path: str, max_bytes: int) -> list[dict[str, Any]]:
    """Give the rows of the decisions; every value is text, or None where it is empty."""
    reader = open_reader(path, ReadOptions(max_bytes=max_bytes))
    names = [name for name in reader.fields if name in _COLUMNS]
    for name in ("decision", "label"):
        if name not in names:
            shown = ", ".join(map(repr, list(reader.fields)[:20]))
            hint = "export it from the page that 'easiness label-errors -o review.html' writes"
            raise DataError(f"no column {name!r}; it has {shown}", path=path, hint=hint)
    if "file" in names and "id" not in names:
        problem = "its decisions are on rows of several files; review one file at a time"
        raise DataError(problem, path=path)
    reader.choose(names, names)
    rows: list[dict[str, Any]] = []
    for block in reader.blocks(names, 1 << 16):
        columns = [as_text(block[name]).to_pylist() for name in names]
        rows += [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if not rows:
        raise DataError("it has no decisions", path=path)
    for row, each in enumerate(rows):
        if each["decision"] not in DECISIONS:
            expected = f"expected {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}"
            raise _error(path, row, f"decision: {expected}, got {each['decision']!r}")
    return rows


def _positions(rows: Sequence[Any], labels: LabelFile, path: str, labels_path: str) -> list[int]:
    """Give the row of LABELS that each decision is about."""
    has_ids = "id" in rows[0]
    if has_ids != (labels.ids is not None):
        problem = f"it has no ids, but {labels_path!r} has"
        hint = "ignore them with {no_ids} if the rows match"
        if has_ids:
            problem = f"it has ids, but {labels_path!r} has none"
            hint = "pass the file of labels that has the ids, or ignore them with {no_ids}"
        raise DataError(problem, path=path, hint=hint)
    if not has_ids and "index" not in rows[0]:
        raise DataError("no column 'id' or 'index' tells which samples it is about", path=path)
    names = [each.get("id" if has_ids else "index") for each in rows]
    if has_ids:
        known: dict[str, int] = {}
        for at, each in enumerate(labels.ids.to_pylist()):  # type: ignore[union-attr]
            if known.setdefault(each, at) != at:
                problem = f"the id {each!r} occurs twice, in rows {known[each]} and {at}"
                raise DataError(problem, path=labels_path, row=at)
    else:
        known = {str(at): at for at in range(len(labels.texts))}
    # A spreadsheet may have saved 7.0 for 7.
    plain = {_plain(name): at for name, at in known.items()}
    found: list[int] = []
    seen: dict[int, int] = {}
    what = "id" if has_ids else "index"
    for row, name in enumerate(names):
        at = known.get(name or "", plain.get(_plain(name), -1))
        if at < 0:
            raise _error(path, row, f"{labels_path!r} has no {what} {name!r}")
        if seen.setdefault(at, row) != row:
            raise _error(path, row, f"the {what} {name!r} was decided in row {seen[at]} already")
        found.append(at)
    return found


def _label_numbers(
    rows: Sequence[Any], given: Sequence[str], at: Sequence[int], path: str, labels_path: str
) -> bool:
    """Whether LABELS holds the classes' numbers; refuse decisions made on other labels."""
    names = [given[row] == _plain(each["label"]) for row, each in enumerate(rows)]
    if all(names):
        return False
    numbers = [given[row] == each.get("label_number") for row, each in enumerate(rows)]
    if all(numbers):
        return True
    row = (names if sum(names) >= sum(numbers) else numbers).index(False)
    raise _error(
        path, row,
        f"the decision was made on the label {rows[row]['label']!r}, but row {at[row]} of "
        f"{labels_path!r} has {given[row]!r}", "pass the labels that were reviewed",
    )  # fmt: skip


def _plain(text: str | None) -> str:
    """Write a whole number without its decimal point, as spreadsheets may save it."""
    whole, _, rest = (text or "").partition(".")
    return whole if rest and not rest.strip("0") and whole.lstrip("-").isdigit() else text or ""
