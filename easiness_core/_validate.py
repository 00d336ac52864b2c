"""All validation of arrays, and its messages. Everything behind it assumes checked input.

Cheap checks (type, shape, labels) happen here, before any work. The checks that must read
every probability ride in the kernels, which only count bad rows; `explain_bad_rows` then
reads the array again to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import (
    NEGATIVE_TOLERANCE,
    NEGATIVE_TOLERANCE_HALF,
    ROW_SUM_TOLERANCE,
    ROW_SUM_TOLERANCE_HALF,
)
from easiness_core._convert import is_half, to_array, widen
from easiness_core._probs import Probs


def check_probs(probs: ArrayLike, *, normalize: bool = False) -> Probs:
    """Check type and shape of `probs`; its values are checked when they are read."""
    array = _real_matrix(probs, "probs")
    half = is_half(array.dtype)
    single = array.dtype.kind == "f" and array.dtype.itemsize == 4
    to_float32 = (single or half) and not normalize
    return Probs(
        array=array,
        dtype=np.dtype(np.float32 if to_float32 else np.float64),
        row_sum_tolerance=ROW_SUM_TOLERANCE_HALF if half else ROW_SUM_TOLERANCE,
        negative_tolerance=NEGATIVE_TOLERANCE_HALF if half else NEGATIVE_TOLERANCE,
        normalize=bool(normalize),
    )


def check_logits(logits: ArrayLike) -> NDArray[Any]:
    """Check type and shape of `logits`."""
    return _real_matrix(logits, "logits")


def _real_matrix(values: ArrayLike, name: str) -> NDArray[Any]:
    array = to_array(values, name)
    if array.dtype.kind not in "fiub" and not is_half(array.dtype):
        fix = (
            "pass the part that holds the probabilities, such as its real part"
            if array.dtype.kind == "c"
            else f"convert it first, for example with np.asarray({name}, dtype=np.float64)"
        )
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}; {fix}")
    if array.ndim != 2:
        hint = (
            f"; for the probability p of class 1 pass np.column_stack([1 - {name}, {name}])"
            if array.ndim == 1
            else ""
        )
        raise ValueError(f"{name}: expected shape (n_samples, n_classes), got {array.shape}{hint}")
    if array.shape[1] < 2:
        raise ValueError(
            f"{name}: expected at least 2 classes (columns), got shape {array.shape}; for the "
            f"probability p of class 1 pass np.column_stack([1 - p, p])"
        )
    return array


def check_labels(
    labels: ArrayLike,
    n_rows: int,
    n_classes: int,
    *,
    classes: Sequence[Any] | None = None,
    first_row: int = 0,
    of: str | None = None,
) -> NDArray[np.int64]:
    """Check `labels` and return them as class indices, contiguous int64.

    `of` names what the classes are of where there is no `classes=` to advise.
    """
    rows = "probs" if of is None else of
    names, numbers = _advice(of)
    array = to_array(labels, "labels")
    if array.ndim != 1:
        hint = "; pass labels.ravel()" if array.ndim == 2 and 1 in array.shape else ""
        raise ValueError(f"labels: expected shape ({n_rows},), got {array.shape}{hint}")
    if array.size != n_rows:
        raise ValueError(f"labels: expected {n_rows} labels, one a row of {rows}, got {array.size}")
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if classes is not None:
        return _look_up(array, class_index(classes, n_classes), first_row)
    kind = array.dtype.kind
    if kind in "USOT":
        raise TypeError(
            f"labels: expected class indices 0 to {n_classes - 1}, got dtype {array.dtype} "
            f"(first label {array[:1].tolist()[0]!r}); {names}"
        )
    if kind not in "fiub":
        raise TypeError(f"labels: expected integers, got an array of dtype {array.dtype}")
    if kind == "f":
        with np.errstate(invalid="ignore"):
            whole = np.isfinite(array) & (np.floor(array) == array)
        _refuse(array, ~whole, first_row, "are not whole numbers; labels are class indices")
    if array.dtype != np.int64:
        _refuse_outside(array, n_classes, first_row, rows, numbers)
    flags = array.flags
    as_is = array.dtype == np.int64 and flags.c_contiguous and flags.aligned
    view = array.view() if as_is else np.require(array, np.int64, ["C", "A"]).view()
    view.flags.writeable = False
    if _label_check()(view, n_classes) >= 0:
        _refuse_outside(array, n_classes, first_row, rows, numbers)
    return view


@lru_cache(maxsize=1)
def _label_check() -> Callable[..., int]:
    # Numba is imported at the first scoring, not with the package.
    from easiness_core._rows import first_label_outside

    return first_label_outside  # type: ignore[no-any-return]


def _advice(of: str | None) -> tuple[str, str]:
    """How to mend labels that are names, and numbers that are no classes."""
    if of is None:
        return (
            "pass classes=, the class names in the order of the columns of probs",
            "for other labels pass classes=, their values in the order of the columns",
        )
    number = "number the classes first, as np.unique(labels, return_inverse=True)[1] does"
    return number, f"leave out rows without a class (such as -100), and {number}"


def _refuse_outside(
    array: NDArray[Any], n_classes: int, first_row: int, rows: str, advice: str
) -> None:
    outside = (array < 0) | (array >= n_classes)
    has = f"n_classes is {n_classes}" if rows == "labels" else f"{rows} has {n_classes} columns"
    _refuse(array, outside, first_row, f"are outside 0 to {n_classes - 1} ({has}); {advice}")


def _refuse(array: NDArray[Any], bad: NDArray[np.bool_], first_row: int, reason: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"labels: {int(bad.sum())} of {array.size} labels {reason}; "
            f"the first is row {first_row + row}, label {array[row].item()!r}"
        )


def class_index(classes: Sequence[Any], n_classes: int) -> dict[Any, int]:
    """Column of each class name."""
    array = to_array(classes, "classes")
    if array.ndim != 1:
        raise TypeError(
            f"classes: expected a sequence of names, one a column of probs, got "
            f"{type(classes).__name__} of shape {array.shape}"
        )
    names = array.tolist()
    if len(names) != n_classes:
        raise ValueError(
            f"classes: expected {n_classes} names, one a column of probs, got {len(names)}"
        )
    index = {name: column for column, name in enumerate(names)}
    if len(index) != n_classes:
        raise ValueError("classes: expected distinct names, got some twice")
    return index


def _look_up(array: NDArray[Any], index: dict[Any, int], first_row: int) -> NDArray[np.int64]:
    names = array.tolist()
    found = np.fromiter((index.get(name, -1) for name in names), np.int64, len(names))
    if (found < 0).any():
        row = int(np.flatnonzero(found < 0)[0])
        known = ", ".join(repr(name) for name in list(index)[:5])
        more = ", ..." if len(index) > 5 else ""
        raise ValueError(
            f"labels: {int((found < 0).sum())} of {found.size} labels are not in classes "
            f"({known}{more}); the first is row {first_row + row}, label {names[row]!r}"
        )
    found.flags.writeable = False
    return found


def explain_bad_rows(probs: Probs, *, first_row: int = 0) -> ValueError:
    """Read `probs` again and say which rows are bad, of the first bad row's kind."""
    kinds = (
        ("hold NaN", "drop or impute these rows"),
        ("hold infinity", "drop or impute these rows"),
        ("hold values below 0", "if these are logits, pass ec.softmax(logits)"),
        ("hold values above 1", "if these are logits, pass ec.softmax(logits); "
         "if they are counts or percentages, pass normalize=True"),
        (f"do not sum to 1 within {probs.row_sum_tolerance:g}", "pass normalize=True to divide "
         "each row by its sum, or ec.softmax(logits) if these are logits"),
    )  # fmt: skip
    counts = np.zeros(len(kinds), dtype=np.int64)
    first: tuple[int, int, float] | None = None
    for start, rows in probs.blocks():
        kind, shown = _kind_of_bad(rows, probs)
        counts += np.bincount(kind[kind >= 0], minlength=len(kinds))
        if first is None and (kind >= 0).any():
            row = int(np.flatnonzero(kind >= 0)[0])
            first = (int(kind[row]), start + row, float(shown[row]))
    if first is None:
        return ValueError("probs: changed while being scored; pass a copy")
    which, row, value = first
    if which == 4 and probs.normalize:
        return ValueError(
            f"probs: {counts[which]} of {probs.n_rows} rows sum to 0 or overflow, so that "
            f"normalize=True cannot divide by their sum; the first is row {first_row + row}"
        )
    what, fix = kinds[which]
    return ValueError(
        f"probs: {counts[which]} of {probs.n_rows} rows {what}; the first is row "
        f"{first_row + row} ({'sum' if which == 4 else 'value'} {value:.9g}); {fix}"
    )


def _kind_of_bad(rows: NDArray[Any], probs: Probs) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Kind of badness of each row, in the order above (-1: sound), and the value that shows it."""
    wide = rows.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        total = wide.sum(axis=1)
        low = wide.min(axis=1)
        high = wide.max(axis=1)
    conditions = [
        np.isnan(wide).any(axis=1),
        np.isinf(wide).any(axis=1),
        low < -probs.negative_tolerance,
        (high > 1.0 + probs.row_sum_tolerance) & (not probs.normalize),
        # A hair stricter than the kernels, which add in another order: no bad row is missed.
        ~(np.abs(total - 1.0) <= probs.row_sum_tolerance - 1e-13),
    ]
    kind = np.select(conditions, list(range(5)), default=-1)
    infinite = np.where(np.isinf(high), high, low)
    shown = np.select(conditions, [low, infinite, low, high, total], default=0.0)
    return kind.astype(np.int64), shown


def check_number(
    value: Any,
    name: str,
    *,
    low: float,
    high: float,
    open_low: bool = False,
    closed_high: bool = False,
) -> float:
    """Check a real number within [low, high), or as the two options say; inf is never within."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
    number = float(value)
    above = low < number if open_low else low <= number
    below = number <= high if closed_high else number < high
    if not (above and below):
        bound = f"above {low:g}" if open_low else f"at least {low:g}"
        limit = f"at most {high:g}" if closed_high else f"below {high:g}"
        limit = "finite" if high == float("inf") else limit
        raise ValueError(f"{name}: expected a value {bound} and {limit}, got {value!r}")
    return number


def check_count(value: Any, name: str, *, low: int) -> int:
    """Check a whole number of at least `low`."""
    # The type alone first: asking the abstract class costs a microsecond.
    if type(value) is not int and (not isinstance(value, Integral) or isinstance(value, bool)):
        raise TypeError(f"{name}: expected a whole number, got {type(value).__name__} {value!r}")
    if value < low:
        raise ValueError(f"{name}: expected {low} or more, got {value}")
    return int(value)


def check_vector(values: ArrayLike, name: str, *, n_rows: int | None = None) -> NDArray[np.float64]:
    """Check a one-dimensional array of real numbers without NaN."""
    array = to_array(values, name)
    if array.dtype.kind not in "fiub" and not is_half(array.dtype):
        raise TypeError(f"{name}: expected real numbers, got an array of dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: expected shape (n_samples,), got {array.shape}")
    if n_rows is not None and array.size != n_rows:
        raise ValueError(f"{name}: expected {n_rows} values, got {array.size}")
    vector = widen(array, np.dtype(np.float64))
    nan = np.isnan(vector)
    if nan.any():
        raise ValueError(
            f"{name}: {int(nan.sum())} of {vector.size} values are NaN; the first is row "
            f"{int(np.flatnonzero(nan)[0])}"
        )
    return vector
