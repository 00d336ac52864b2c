"""Checked columns of two sets of scores, and the rows where they have the same samples."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._frames import Words
from easiness_core._input.convert import refuse_missing, to_array
from easiness_core._input.frames import check_same_index, index_of
from easiness_core._input.numbers import check_vector
from easiness_core._level import check_level_array
from easiness_core._scores import Scores
from easiness_core.errors import InputTypeError, InputValueError

_WORDS = {"b": "booleans", "i": "numbers", "U": "names"}


def score_columns(scores: Any, argument: str) -> dict[str, NDArray[Any]]:
    """Return the checked columns of scores, and whether each prediction is right."""
    found: dict[str, NDArray[Any]] = {}
    table = scores._columns() if isinstance(scores, Scores) else scores
    for name in ("label", "predicted", "easiness", "log_easiness", "level", "index", "id"):
        values = table[name] if name in _names(table) else None
        if values is None and name not in ("index", "id"):
            problem = f"expected Scores or a table with a column {name!r}, got "
            got = ", ".join(map(repr, _names(table))) or type(scores).__name__
            raise InputTypeError(problem + got, argument=argument)
        if isinstance(values, Words):
            values = values.values()
        if values is not None:
            found[name] = to_array(values, f"{argument}[{name!r}]")
            refuse_missing(found[name], f"{argument}[{name!r}]")
    n_rows = len(found["label"])
    for name in ("easiness", "log_easiness"):
        found[name] = check_vector(found[name], f"{argument}[{name!r}]", n_rows=n_rows)
    found["level"] = check_level_array(found["level"], f"{argument}['level']")
    for name, values in found.items():
        if values.shape != (n_rows,):
            problem = f"expected shape ({n_rows},) as label, got {values.shape}"
            raise InputValueError(problem, argument=f"{argument}[{name!r}]")
        if name not in ("easiness", "log_easiness", "level"):
            found[name] = check_names(values, f"{argument}[{name!r}]")
    check_same_kind(found["label"], found["predicted"], "label and predicted", argument)
    found["correct"] = found["label"] == found["predicted"]
    return found


def check_names(
    values: NDArray[Any], argument: str, *, fractions: bool = False
) -> NDArray[Any]:  # fmt: skip
    """Return ids, classes or groups as int64, booleans or text, so that equal values compare equal.

    Fractions are refused, or become text with `fractions`.
    """
    if values.dtype == object:
        kinds = {type(each) for each in values.tolist()}
        is_one = len(kinds) == 1 and kinds <= {int, bool, float, bytes}
        values = np.array(values.tolist()) if is_one else values.astype(str)
    if values.dtype.kind == "f":
        bad = np.flatnonzero(~(np.isfinite(values) & (np.floor(values) == values)))
        if bad.size and fractions:
            return values.astype(str)
        if bad.size:
            got = f"{values[bad[0]].item()!r} in row {bad[0]}"
            raise InputValueError(f"expected whole numbers or text, got {got}", argument=argument)
    if values.dtype.kind in "uf":
        is_large = bool(values.size) and float(np.abs(values).max()) >= 2.0**63
        return values.astype(str) if is_large else values.astype(np.int64)
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return values if values.dtype.kind in _WORDS else values.astype(str)


def check_same_kind(
    first: NDArray[Any], second: NDArray[Any], what: str, argument: str, hint: str | None = None
) -> None:
    """Refuse to compare names with numbers: none would be equal."""
    if first.dtype.kind != second.dtype.kind:
        kinds = f"{_WORDS[first.dtype.kind]} and {_WORDS[second.dtype.kind]}"
        raise InputValueError(f"{what} are {kinds}, which cannot be compared",
                              argument=argument, hint=hint)  # fmt: skip


def check_sides(old: Any, new: Any) -> None:
    """Refuse pandas data frames without ids whose indices differ; warn about two estimators."""
    if isinstance(old, Scores) and isinstance(new, Scores):
        used = [each.summary.estimator for each in (old, new)]
        if used[0] != used[1]:
            told = f"old and new were scored by {used[0]} and {used[1]}: easiness differs by that"
            warnings.warn(told, UserWarning, stacklevel=3)
    if not any(isinstance(each, Scores) or "id" in _names(each) for each in (old, new)):
        check_same_index(index_of(new), index_of(old), "new", "old", "old.index")


def _names(table: Any) -> list[str]:
    if isinstance(table, Mapping):
        return list(table)
    names = getattr(table, "column_names", getattr(table, "columns", []))  # Arrow; pandas, polars
    return [str(name) for name in names]


def join_rows(
    old: dict[str, NDArray[Any]], new: dict[str, NDArray[Any]]
) -> tuple[str, NDArray[np.int64], NDArray[np.int64]]:
    """Return what joins the two, and the rows of each, in the order of the old ones."""
    have = ["id" in old, "id" in new]
    if have == [False, False]:
        n_rows, n_new = len(old["label"]), len(new["label"])
        if n_rows != n_new:
            problem = f"without ids, expected {n_rows} rows, the number in old, got {n_new}"
            raise InputValueError(problem, argument="new", hint="score both with ids")
        if "index" in old and "index" in new and (old["index"] != new["index"]).any():
            row = int(np.argmax(old["index"] != new["index"]))
            raise InputValueError(
                f"without ids, rows are joined by their order, but row {row} has index "
                f"{old['index'][row].item()} in old and {new['index'][row].item()} in new",
                argument="new", hint="sort both by index, or score both with ids",
            )  # fmt: skip
        rows = np.arange(n_rows)
        first = second = rows
    elif all(have):
        ids = [old["id"], new["id"]]
        if ids[0].dtype.kind != ids[1].dtype.kind:  # 7 and "7" are the same id
            ids = [each.astype(str) for each in ids]
        for each, argument in zip(ids, ("old", "new"), strict=True):
            unique, count = np.unique(each, return_counts=True)
            if len(unique) < len(each):
                problem = f"the id {unique[count > 1][0].item()!r} occurs twice"
                raise InputValueError(problem, argument=argument, hint="drop one of the rows")
        _, first, second = np.intersect1d(ids[0], ids[1], assume_unique=True, return_indices=True)
        order = np.argsort(first)
        first, second = first[order].astype(np.int64), second[order].astype(np.int64)
    else:
        raise InputValueError(
            f"only {'old' if have[0] else 'new'} has ids",
            argument="new", hint="score both with ids, or both without",
        )  # fmt: skip
    if not len(first):
        problem = "no sample is in both" if all(have) else "there are no samples"
        raise InputValueError(problem, argument="new")
    return ("id" if all(have) else "row"), first, second


def check_groups(groups: ArrayLike, n_rows: int, owner: str) -> NDArray[Any]:
    """Return the group of each row of `owner`: text, numbers or booleans, none missing."""
    if isinstance(groups, (list, tuple)):  # NumPy would turn a missing value into "nan"
        refuse_missing(np.array(groups, dtype=object), "groups")
    names = to_array(groups, "groups")
    refuse_missing(names.astype(object) if names.dtype.kind == "f" else names, "groups")
    if names.shape != (n_rows,):
        problem = f"expected shape ({n_rows},), one per row of {owner}, got {names.shape}"
        raise InputValueError(problem, argument="groups")
    return check_names(names, "groups", fractions=True)
