"""Check labels: class indices, or names that are looked up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.convert import (
    is_half,
    is_torch,
    refuse_missing,
    to_array,
    widen,
)
from easiness_core._input.encoder import LabelEncoder, check_hashable
from easiness_core._input.frames import comes_from, is_missing, missing, names_of_codes
from easiness_core.errors import InputTypeError, InputValueError

_NAME_THEM = "pass {classes}, the class names in the order of the columns of probs"
# Labels are counted by value if their range exceeds their number by at most this.
_SPAN = 1 << 16
_NUMBER_THEM = "number the classes first, as np.unique(labels, return_inverse=True)[1] does"


def check_labels(
    labels: ArrayLike,
    n_rows: int,
    n_classes: int,
    *,
    classes: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    first_row: int = 0,
    of: str | None = None,
) -> NDArray[np.int64]:
    """Check labels and convert them to class indices.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        Class indices, or names with `classes` or `columns`.
    n_rows, n_classes : int
        Shape of the array that the labels belong to.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns.
    columns : sequence of length n_classes, optional
        Names of the columns; a common part, such as `prob_`, is dropped.
    first_row : int, default 0
        Number of the first row, for messages.
    of : str, optional
        Name of the array that the labels belong to, `"probs"` by default. With another name, such
        as `"logits"`, messages do not recommend the option `classes`.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        In 0 to n_classes - 1, contiguous and read-only; a copy.

    Raises
    ------
    InputTypeError
        If labels are not whole numbers, or are names without `classes` or `columns`.
    InputValueError
        If labels have the wrong shape or length, or are outside the classes; if `classes` has
        another length, duplicates, or the column names in another order.

    Examples
    --------
    >>> from easiness_core.validation import check_labels
    >>> check_labels(["cat", "dog", "cat"], 3, 2, classes=["cat", "dog"])
    array([0, 1, 0])
    >>> check_labels(["dog", "cat"], 2, 2, columns=["prob_cat", "prob_dog"])
    array([1, 0])
    """
    return name_labels(
        labels, n_rows, n_classes, classes=classes, columns=columns, first_row=first_row, of=of
    )[0]


def name_labels(
    labels: ArrayLike,
    n_rows: int,
    n_classes: int,
    *,
    classes: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    first_row: int = 0,
    of: str | None = None,
) -> tuple[NDArray[np.int64], tuple[Any, ...] | None]:
    """As `check_labels`, with the class names; None if classes are numbers from 0."""
    array = _names(labels, "labels")
    if is_half(array.dtype):
        array = widen(array, np.dtype(np.float32))
    if array.ndim != 1:
        column = array.ndim == 2 and 1 in array.shape
        flat = "labels.ravel()" if is_torch(labels) else "np.ravel(labels)"
        if comes_from(labels, "pandas"):
            flat = "labels.iloc[:, 0]"
        raise InputValueError(
            f"expected shape ({n_rows},), got {array.shape}",
            argument="labels",
            hint=f"pass {flat}" if column and array.size == n_rows else None,
        )
    if array.size != n_rows:
        raise InputValueError(
            f"expected one label per row of {of or 'probs'} ({n_rows}), got {array.size}",
            argument="labels",
        )
    codes = None if type(labels) is np.ndarray else names_of_codes(labels)
    if classes is None and columns is None and codes is None:
        return _as_indices(array, n_classes, first_row, of), None
    unique, which = _distinct(array)
    if any(map(is_missing, unique)):
        refuse_missing(array, "labels", first_row)
    encoder = LabelEncoder(
        n_classes,
        columns=columns,
        classes=None if classes is None else _listed(classes),
        codes=codes,
        examples=[value for value in unique if isinstance(value, str)],
    )
    found = encoder.encode(unique, which, first_row) if array.size else array
    return _as_indices(found, n_classes, first_row, of), encoder.classes


def _as_indices(
    array: NDArray[Any], n_classes: int, first_row: int, of: str | None
) -> NDArray[np.int64]:
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    kind = array.dtype.kind
    if kind in "USOT":
        refuse_missing(array, "labels", first_row)
        raise InputTypeError(
            f"expected class indices 0 to {n_classes - 1}, got dtype {array.dtype} "
            f"(first label {array[:1].tolist()[0]!r})",
            argument="labels",
            hint=_NAME_THEM if of is None else _NUMBER_THEM,
        )
    if kind not in "fiub":
        got = f"an array of dtype {array.dtype}"
        raise InputTypeError(f"expected integers, got {got}", argument="labels")
    if kind == "f":
        with np.errstate(invalid="ignore"):
            bad = ~(np.isfinite(array) & (np.floor(array) == array))
        if bad.any():
            raise _refusal(array, bad, first_row, "are not whole numbers; labels are class indices")
    if array.dtype != np.int64:
        _check_range(array, n_classes, first_row, of)
    # A copy: otherwise, correcting labels later would change existing results.
    own = np.array(array, np.int64, order="C")
    own.flags.writeable = False
    if _label_check()(own, n_classes) >= 0:
        _check_range(array, n_classes, first_row, of)
    return own


@lru_cache(maxsize=1)
def _label_check() -> Callable[..., int]:
    # Numba is imported at the first scoring, not with the package.
    from easiness_core._kernels.rows import first_label_outside

    return first_label_outside  # type: ignore[no-any-return]


def _check_range(array: NDArray[Any], n_classes: int, first_row: int, of: str | None) -> None:
    outside = (array < 0) | (array >= n_classes)
    if outside.any():
        columns = f"{of or 'probs'} has {n_classes} columns"
        has = f"n_classes is {n_classes}" if of == "labels" else columns
        hint = "for other labels pass {classes}, their values in the order of the columns"
        if of is not None:
            hint = _NUMBER_THEM
        if (array[outside] < 0).all():
            keep = f"drop them and their rows of {of or 'probs'}: keep = np.asarray(labels) >= 0"
            hint = f"{hint}; if these have no class, {keep}"
        raise _refusal(array, outside, first_row, f"are outside 0 to {n_classes - 1} ({has})", hint)


def _refusal(
    array: NDArray[Any], bad: NDArray[np.bool_], first_row: int, reason: str,
    hint: str | None = None,
) -> InputValueError:  # fmt: skip
    row = int(np.flatnonzero(bad)[0])
    return InputValueError(
        f"{int(bad.sum())} of {array.size} labels {reason}; "
        f"the first is row {first_row + row}, label {array[row].item()!r}",
        argument="labels",
        hint=hint,
        row=first_row + row,
    )


def _names(values: Any, name: str) -> NDArray[Any]:
    """Array of labels or names; values of a mixed list keep their types."""
    if isinstance(values, (list, tuple)):
        n_texts = sum(isinstance(value, (str, bytes)) for value in values)
        if 0 < n_texts < len(values):
            return np.fromiter(values, dtype=object, count=len(values))
    return to_array(values, name)


def check_ids(ids: Any, n_rows: int) -> NDArray[Any] | None:
    """Sample ids, one per row."""
    if ids is None:
        return None
    if isinstance(ids, (list, tuple)) or getattr(ids, "nlevels", 1) > 1:
        kinds = {type(value) for value in ids}
        if len(kinds) > 1 or tuple in kinds:  # types are kept: 1 and "1" are two ids
            ids = np.fromiter(ids, dtype=object, count=len(ids))
    names = ids if type(ids) is np.ndarray and ids.ndim == 1 else to_array(ids, "ids")
    refuse_missing(names, "ids")
    if names.dtype.kind == "f" and np.isnan(names).any():
        raise missing("ids", np.isnan(names))
    if names.shape == (n_rows, 1):
        flat = "{argument}.iloc[:, 0]" if comes_from(ids, "pandas") else "np.ravel({argument})"
        problem = f"expected shape ({n_rows},), got {names.shape}"
        raise InputValueError(problem, argument="ids", hint=f"pass {flat}")
    if names.shape != (n_rows,):
        raise InputValueError(
            f"expected shape ({n_rows},), one per row of probs, got {names.shape}", argument="ids"
        )
    return names.copy()


def _listed(classes: Sequence[Any]) -> list[Any]:
    """Class names as Python values."""
    array = _names(classes, "classes")
    if array.ndim != 1:
        got = f"{type(classes).__name__} of shape {array.shape}"
        raise InputTypeError(
            f"expected a sequence of names, one per column of probs, got {got}", argument="classes"
        )
    names: list[Any] = array.tolist()
    return names


def _distinct(array: NDArray[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the distinct labels, and the position of each row's label among them."""
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        span = high - low + 1
        if span <= array.size + _SPAN:
            # Counting takes 3 ns per row; a sort or a dictionary takes 50.
            wide = array if array.dtype.kind == "u" else array.astype(np.int64)
            at = (wide - wide.dtype.type(low)).astype(np.int64)
            present = np.bincount(at, minlength=span) > 0
            unique = [low + each for each in np.flatnonzero(present).tolist()]
            return unique, (np.cumsum(present) - 1)[at]
    values = array.tolist()
    try:
        index = {value: at for at, value in enumerate(dict.fromkeys(values))}
    except TypeError:
        check_hashable(values, "labels")
        raise
    return list(index), np.fromiter(map(index.__getitem__, values), np.int64, len(values))
