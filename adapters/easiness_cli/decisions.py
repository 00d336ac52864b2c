"""Apply the decisions of a review to labels, for `easiness label-errors --apply`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from easiness_io import DataError
from easiness_io.columns import find_columns
from easiness_io.errors import located
from easiness_io.parameters import Parameters
from easiness_io.readers.base import rebatched
from easiness_io.readers.registry import open_reader
from easiness_io.values import as_ids, as_text
from easiness_io.writers.tables import escaped, write_table

DECISIONS = ("keep", "change", "unsure")
_COLUMNS = ("file", "index", "id", "label", "label_number", "decision", "suggested", "new_label",
            "new_label_number")  # fmt: skip
_Rows = list[dict[str, str | None]]


@dataclass(frozen=True)
class LabelFile:
    """Labels, and ids if there are any, as they are written, one per row."""

    texts: pa.Array  # of strings; whole numbers without a decimal point
    are_numbers: bool  # those of csv are text
    ids: pa.Array | None
    label_name: str
    ids_name: str  # empty without ids
    dtype: np.dtype[Any] | None  # of the labels in npy and npz


class Applied(NamedTuple):
    """New labels; numbers of decisions of each kind, changed labels, and samples in other rows."""

    texts: Sequence[str]
    counts: dict[str, int]
    n_changed: int
    n_elsewhere: int


def apply_decisions(
    args: argparse.Namespace, options: Parameters, classes: Sequence[str], labels: LabelFile
) -> Applied:
    """Read the decisions, check that they belong to the labels, and change the labels."""
    rows = _read(args.apply, args.max_bytes)
    if options.ids == "":
        rows = [{name: each[name] for name in each if name != "id"} for each in rows]
    at, n_elsewhere = _positions(rows, labels, args.apply, args.path)
    old: list[str] = labels.texts.to_pylist()
    given = [_plain(old[each]) for each in at]
    numbers = _label_numbers(rows, given, classes, at, args.apply, args.path)
    known = [*dict.fromkeys(old), *(map(str, range(len(classes))) if numbers else classes)]
    # Values as a spreadsheet may have saved them, or as escaped for it.
    allowed = {key: text for text in known[::-1] for key in (escaped(text), _plain(text))}
    allowed |= {text: text for text in known}
    texts = list(old)
    for row, each in enumerate(rows):
        if each["decision"] != "change":
            continue
        problem = hint = None
        new = name = each.get("new_label") or each.get("suggested")
        if numbers:
            new = each.get("new_label_number") or _number_of(name, classes)
        found = allowed.get(new or "", allowed.get(_plain(new)))
        if name is None and new is None:
            problem = "the decision is change, but new_label is empty"
        elif new is None:
            problem = f"{args.path!r} holds numbers, and no class is called {name!r}"
            hint = "list all classes with {classes}"
        elif labels.are_numbers and not _plain(new).lstrip("-").isdigit():
            problem = f"{args.path!r} holds numbers, and the new label is {new!r}"
        elif found is None:
            problem = f"{args.path!r} has no label {new!r}"
            hint = "if it is a class, list all classes with {classes}"
        elif _plain(found) == given[row]:
            problem = f"the decision is change, but the label is {new!r} already"
            hint = "write keep, or another new_label"
        if problem or found is None:
            raise _error(args.apply, row, str(problem), hint)
        texts[at[row]] = found
    counts = {kind: sum(each["decision"] == kind for each in rows) for kind in DECISIONS}
    n_changed = sum(a != b for a, b in zip(old, texts, strict=True))
    return Applied(texts, counts, n_changed, n_elsewhere)


def read_labels(path: str, options: Parameters) -> LabelFile:
    """Read the label column of a file; other columns are ignored.

    Refuses missing labels and ids, and labels that are numbers but not whole.
    """
    with located(path):
        reader = open_reader(path, options)
        part = find_columns(reader, options, probs=False, label=True)
        if options.ids and part.ids is None:
            raise reader.source.error(f"no column {options.ids!r}", argument="ids")
        reader.choose(part.names, part.text_names)
        source = reader.source
        block = next(rebatched(reader.blocks(part.names, 1 << 18), 1 << 62, source), None)
        if block is None:
            raise source.error("it has no rows")
        values, ids, dtype = block[str(part.label)], None, None
        are_numbers = not (isinstance(values, pa.Array) and pa.types.is_string(values.type))
        if isinstance(values, np.ndarray):
            dtype = values.dtype if reader.layout == "arrays" else None
            values = values.astype(np.int64) if values.dtype.kind == "b" else values
        texts = as_text(values)
        source.check_complete(texts, 0)
        row = pc.index(pc.match_substring_regex(texts, "^-?[0-9]+$"), False).as_py()
        if are_numbers and row >= 0:
            problem = f"expected whole numbers or text, got {texts[row]} in row {row}"
            raise source.error(problem, argument="labels", row=row)
        if part.ids is not None:
            ids = as_ids(block[part.ids], source, 0)
            source.check_complete(ids, 0, part.ids)
    return LabelFile(texts, are_numbers, ids, str(part.label), part.ids or "", dtype)


def write_labels(labels: LabelFile, texts: Sequence[str], file: BinaryIO, suffix: str) -> None:
    """Write id (or index) and label; as npy, only the labels. Types do not change."""
    whole = labels.are_numbers
    if suffix == ".npy":
        array = np.array(texts, dtype=np.int64 if whole else np.str_)
        if whole and labels.dtype is not None:
            kept = array.astype(labels.dtype)
            array = kept if np.array_equal(kept, array) else array
        np.save(file, array, allow_pickle=False)
        return
    columns: dict[str, Any] = {"index": pa.array(np.arange(len(texts)))}
    if labels.ids is not None:
        columns = {labels.ids_name: labels.ids}
    name = "label" if labels.dtype is not None else labels.label_name
    column = pa.array(texts, pa.string())
    columns[name] = column.cast(pa.int64()) if whole else column
    write_table(pa.table(columns), file, suffix)


def _error(path: str, row: int, problem: str, hint: str | None = None) -> DataError:
    return DataError(f"row {row}: {problem}", path=path, row=row, hint=hint)


def _read(path: str, max_bytes: int) -> _Rows:
    """Return the rows of the decisions; values are text, or None if empty."""
    reader = open_reader(path, Parameters(max_bytes=max_bytes))
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
    rows: _Rows = []
    for block in reader.blocks(names, 1 << 16):
        rows += pa.table({name: as_text(block[name]) for name in names}).to_pylist()
    if not rows:
        raise DataError("it has no decisions", path=path)
    for row, each in enumerate(rows):
        if each["decision"] not in DECISIONS:
            expected = f"expected {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}"
            raise _error(path, row, f"decision: {expected}, got {each['decision']!r}")
    return rows


def _positions(
    rows: _Rows, labels: LabelFile, path: str, labels_path: str
) -> tuple[list[int], int]:
    """Return the row of LABELS for each decision, and count those whose index differs."""
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
        ids = labels.ids.cast(pa.string()).to_pylist()
    known: dict[str, int] = {}
    twice: dict[str, int] = {}
    alike: dict[str, list[int]] = {}  # a spreadsheet saves 007 and 7.0 as 7
    for at, each in enumerate(ids):
        if known.setdefault(each, at) == at:
            alike.setdefault(_number(each), []).append(at)
        else:
            twice[each] = at
    is_escaped = any("'" in (each.get(what) or "") for each in rows)
    escapes = {escaped(each): at for each, at in known.items()} if is_escaped else {}
    seen: dict[int, int] = {}  # the decision on each row, in order
    n_elsewhere = 0
    for row, decision in enumerate(rows):
        name = decision.get(what) or ""
        index = _plain(decision.get("index")) if has_ids and "file" not in decision else ""
        same = alike.get(_number(name), [])
        plain = [at for at in same if _plain(ids[at]) == _plain(name)]
        plain.sort(key=lambda at: str(at) != index)
        at = known.get(name, escapes.get(name, plain[0] if plain else -1))
        if at < 0:
            raise _error(path, row, f"{labels_path!r} has no {what} {name!r}")
        if len(same) > 1 and str(at) != index and (name not in known or name == _number(name)):
            names = " or ".join(repr(ids[each]) for each in same[:3])
            problem = f"the id {name!r} may stand for {names}, as a spreadsheet saves them"
            raise _error(path, row, problem, "open the csv with ids as text")
        if ids[at] in twice:
            other = twice[ids[at]]
            problem = f"the id {ids[at]!r} occurs twice, in rows {at} and {other}"
            hint = "drop one of them, or ignore the ids with {no_ids}"
            raise DataError(problem, path=labels_path, row=other, hint=hint)
        if seen.setdefault(at, row) != row:
            raise _error(path, row, f"the {what} {name!r} was decided in row {seen[at]} already")
        n_elsewhere += index not in ("", str(at))
    return list(seen), n_elsewhere


def _label_numbers(
    rows: _Rows, given: Sequence[str], classes: Sequence[str], at: Sequence[int],
    path: str, labels_path: str,
) -> bool:  # fmt: skip
    """Whether LABELS holds the classes' numbers; refuse decisions made on other labels."""
    pairs = [(each["label"] or "", each, text) for each, text in zip(rows, given, strict=True)]
    names = [text == _plain(label) or escaped(text) == label for label, _, text in pairs]
    if all(names):
        return False
    numbers = [
        text == (_plain(each.get("label_number")) or _number_of(label, classes))
        for label, each, text in pairs
    ]
    if all(numbers):
        return True
    row = (names if sum(names) >= sum(numbers) else numbers).index(False)
    hint = "pass the labels that were reviewed"
    if given[row].isdigit() and not classes:
        hint += "; if they are class numbers, pass the class names with {classes}"
    problem = f"the decision was made on the label {rows[row]['label']!r}, but row {at[row]} of"
    raise _error(path, row, f"{problem} {labels_path!r} has {given[row]!r}", hint)


def _number_of(name: str | None, classes: Sequence[str]) -> str | None:
    """Return the number of a class by its name, as text."""
    return next((str(k) for k, each in enumerate(classes) if name in (each, escaped(each))), None)


def _plain(text: str | None) -> str:
    """Write a whole number without its decimal point, as spreadsheets may save it."""
    whole, _, rest = (text or "").partition(".")
    return whole if rest and not rest.strip("0") and whole.lstrip("-").isdigit() else text or ""


def _number(text: str) -> str:
    """Write a whole number as a spreadsheet does, without leading zeros."""
    plain = _plain(text)
    return (plain.lstrip("0") or "0") if plain.isdigit() else plain
