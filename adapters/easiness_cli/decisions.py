"""Decisions of a review applied to labels, for `easiness label-errors --apply`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from easiness_io import (
    DataError,
    LabelFile,
    ReadOptions,
    as_text,
    escaped,
    open_reader,
    read_labels,
    write_csv,
)

DECISIONS = ("keep", "change", "unsure")
_COLUMNS = ("file", "index", "id", "label", "label_number", "decision", "suggested", "new_label",
            "new_label_number")  # fmt: skip


@dataclass(frozen=True)
class Applied:
    """Labels after a review, and how many decisions of each kind there were.

    `n_elsewhere` counts those whose sample is in another row than their index says.
    """

    labels: LabelFile
    counts: dict[str, int]
    n_changed: int
    n_elsewhere: int

    def write(self, file: BinaryIO, suffix: str) -> None:
        """Write id (or index) and label; as npy, the labels alone. Types stay."""
        labels = self.labels
        whole = labels.are_numbers
        if suffix == ".npy":
            array = np.array(labels.texts.to_pylist(), dtype=np.int64 if whole else np.str_)
            if whole and labels.dtype is not None:
                kept = array.astype(labels.dtype)
                array = kept if np.array_equal(kept, array) else array
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            file.write(buffer.getvalue())
            return
        columns: dict[str, Any] = {"index": pa.array(np.arange(len(labels.texts)))}
        if labels.ids is not None:
            columns = {labels.ids_name: labels.ids.cast(labels.ids_type)}
        name = "label" if labels.dtype is not None else labels.label_name
        columns[name] = labels.texts.cast(pa.int64()) if whole else labels.texts
        table = pa.table(columns)
        if suffix == ".parquet":
            pq.write_table(table, file)
        else:
            write_csv(table, file)


def apply_decisions(
    args: argparse.Namespace, options: ReadOptions, classes: Sequence[str] = ()
) -> Applied:
    """Read the decisions and the labels, check that they belong together, and change labels."""
    labels = read_labels(args.path, options)
    rows = _read(args.apply, args.max_bytes)
    if options.ids == "":
        rows = [{name: each[name] for name in each if name != "id"} for each in rows]
    at, n_elsewhere = _positions(rows, labels, args.apply, args.path)
    old = labels.texts.to_pylist()
    given = [_plain(old[each]) for each in at]
    numbers = _label_numbers(rows, given, classes, at, args.apply, args.path)
    known = [*dict.fromkeys(old), *(map(str, range(len(classes))) if numbers else classes)]
    # As a spreadsheet may have saved them, or as they were escaped for it.
    allowed: dict[str, str] = {}
    for text in known:
        allowed |= {each: text for each in (_plain(text), escaped(text)) if each not in allowed}
    allowed |= {text: text for text in known}
    texts = list(old)
    for row, each in enumerate(rows):
        if each["decision"] != "change":
            continue
        new = name = each.get("new_label") or each.get("suggested")
        if numbers:
            new = each.get("new_label_number") or _number_of(name, classes)
        if new is None:
            problem = "the decision is change, but new_label is empty"
            if name is not None:
                problem = f"{args.path!r} holds numbers, and no class is called {name!r}"
            raise _error(
                args.apply, row, problem, "list all classes with {classes}" if name else None
            )
        if labels.are_numbers and not _plain(new).lstrip("-").isdigit():
            problem = f"{args.path!r} holds numbers, and the new label is {new!r}"
            raise _error(args.apply, row, problem)
        found = allowed.get(new, allowed.get(_plain(new)))
        if found is None:
            raise _error(args.apply, row, f"{args.path!r} has no label {new!r}",
                         "if it is a class, list all classes with {classes}")  # fmt: skip
        if _plain(found) == given[row]:
            raise _error(args.apply, row, f"the decision is change, but the label is {new!r} "
                         "already", "write keep, or another new_label")  # fmt: skip
        texts[at[row]] = found
    return Applied(
        replace(labels, texts=pa.array(texts, pa.string())),
        {kind: sum(each["decision"] == kind for each in rows) for kind in DECISIONS},
        sum(a != b for a, b in zip(old, texts, strict=True)),
        n_elsewhere,
    )


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


def _positions(
    rows: Sequence[Any], labels: LabelFile, path: str, labels_path: str
) -> tuple[list[int], int]:
    """Give the row of LABELS that each decision is about, and count those of another index."""
    has_ids = "id" in rows[0]
    if has_ids != (labels.ids is not None):
        problem = f"it has no ids, but {labels_path!r} has"
        hint = "ignore them with {no_ids} if both have the same rows"
        if has_ids:
            problem = f"it has ids, but {labels_path!r} has none"
            hint = "name its column of ids with --ids, or ignore the ids with {no_ids}"
        raise DataError(problem, path=path, hint=hint)
    if not has_ids and "index" not in rows[0]:
        raise DataError("no column 'id' or 'index' tells which samples it is about", path=path)
    what = "id" if has_ids else "index"
    ids: list[str] = list(map(str, range(len(labels.texts))))
    if labels.ids is not None:
        ids = labels.ids.to_pylist()
    known: dict[str, int] = {}
    twice: dict[int, int] = {}
    alike: dict[str, list[int]] = {}  # a spreadsheet saves 7 for 007 and 7.0
    for at, each in enumerate(ids):
        if known.setdefault(each, at) == at:
            alike.setdefault(_number(each), []).append(at)
        else:
            twice[known[each]] = at
    is_escaped = any("'" in (each.get(what) or "") for each in rows)
    escapes = {escaped(each): at for each, at in known.items()} if is_escaped else {}
    found: list[int] = []
    seen: dict[int, int] = {}
    n_elsewhere = 0
    for row, each in enumerate(rows):
        name = each.get(what) or ""
        index = _plain(each.get("index")) if has_ids and "file" not in each else ""
        same = alike.get(_number(name), [])
        plain = [at for at in same if _plain(ids[at]) == _plain(name)]
        plain.sort(key=lambda at: str(at) != index)
        at = known.get(name, escapes.get(name, plain[0] if plain else -1))
        if at < 0:
            raise _error(path, row, f"{labels_path!r} has no {what} {name!r}")
        if len(same) > 1 and str(at) != index and (name not in known or name == _number(name)):
            names = " or ".join(repr(ids[each]) for each in same[:3])
            raise _error(path, row, f"the id {name!r} may stand for {names}, as a spreadsheet "
                         "saves them", "open the csv with ids as text")  # fmt: skip
        if at in twice:
            problem = f"the id {ids[at]!r} occurs twice, in rows {at} and {twice[at]}"
            raise DataError(problem, path=labels_path, row=twice[at],
                            hint="drop one of them, or ignore the ids with {no_ids}")  # fmt: skip
        if seen.setdefault(at, row) != row:
            raise _error(path, row, f"the {what} {name!r} was decided in row {seen[at]} already")
        n_elsewhere += index not in ("", str(at))
        found.append(at)
    return found, n_elsewhere


def _label_numbers(
    rows: Sequence[Any], given: Sequence[str], classes: Sequence[str], at: Sequence[int],
    path: str, labels_path: str,
) -> bool:  # fmt: skip
    """Whether LABELS holds the classes' numbers; refuse decisions made on other labels."""
    pairs = list(zip(rows, given, strict=True))
    names = [text == _plain(each["label"]) or escaped(text) == each["label"]
             for each, text in pairs]  # fmt: skip
    if all(names):
        return False
    numbers = [
        text == (_plain(each.get("label_number")) or _number_of(each["label"], classes))
        for each, text in pairs
    ]
    if all(numbers):
        return True
    row = (names if sum(names) >= sum(numbers) else numbers).index(False)
    hint = "pass the labels that were reviewed"
    if given[row].isdigit() and not classes:
        hint += "; if they are class numbers, pass the class names with {classes}"
    raise _error(
        path, row,
        f"the decision was made on the label {rows[row]['label']!r}, but row {at[row]} of "
        f"{labels_path!r} has {given[row]!r}", hint,
    )  # fmt: skip


def _number_of(name: str | None, classes: Sequence[str]) -> str | None:
    """Give the number of a class by its name, as text."""
    return next((str(k) for k, each in enumerate(classes) if name in (each, escaped(each))), None)


def _plain(text: str | None) -> str:
    """Write a whole number without its decimal point, as spreadsheets may save it."""
    whole, _, rest = (text or "").partition(".")
    return whole if rest and not rest.strip("0") and whole.lstrip("-").isdigit() else text or ""


def _number(text: str) -> str:
    """Write a whole number as a spreadsheet does: without zeros before it."""
    plain = _plain(text)
    return (plain.lstrip("0") or "0") if plain.isdigit() else plain
