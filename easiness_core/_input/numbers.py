"""Checks of numbers and vectors."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.convert import is_half, refuse_missing, to_array, widen
from easiness_core._input.frames import comes_from
from easiness_core.errors import InputTypeError, InputValueError


def check_number(
    value: Any,
    name: str,
    *,
    low: float,
    high: float,
    open_low: bool = False,
    closed_high: bool = False,
) -> float:
    """Check that a value is a real number in [low, high).

    Parameters
    ----------
    value : float
        The number.
    name : str
        Name of the argument in messages.
    low, high : float
        The range. `high=inf` allows any finite number from `low` up.
    open_low : bool, default False
        Exclude `low` itself.
    closed_high : bool, default False
        Include `high` itself.

    Returns
    -------
    float
        The number.

    Raises
    ------
    InputTypeError
        If it is not a real number, or is a bool.
    InputValueError
        If it is out of range, infinite or NaN.

    Examples
    --------
    >>> from easiness_core.validation import check_number
    >>> check_number(1, "damping", low=0.0, high=1.0, closed_high=True)
    1.0
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise InputTypeError(f"expected a number, got {type(value).__name__}", argument=name)
    number = float(value)
    above = low < number if open_low else low <= number
    below = number <= high if closed_high else number < high
    if not (above and below):
        bound = f"above {low:g}" if open_low else f"at least {low:g}"
        limit = f"at most {high:g}" if closed_high else f"below {high:g}"
        limit = "finite" if high == float("inf") else limit
        raise InputValueError(f"expected a value {bound} and {limit}, got {value!r}", argument=name)
    return number


def check_count(value: Any, name: str, *, low: int) -> int:
    """Check that a value is a whole number, at least `low`.

    Parameters
    ----------
    value : int
        The number; NumPy integers are allowed.
    name : str
        Name of the argument in messages.
    low : int
        Smallest number allowed.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InputTypeError
        If it is not a whole number, or is a bool.
    InputValueError
        If it is below `low`.

    Examples
    --------
    >>> from easiness_core.validation import check_count
    >>> check_count(5, "n_bins", low=1)
    5
    """
    # The exact type first: a check against the abstract class costs a microsecond.
    if type(value) is not int and (not isinstance(value, Integral) or isinstance(value, bool)):
        got = f"{type(value).__name__} {value!r}"
        raise InputTypeError(f"expected a whole number, got {got}", argument=name)
    if value < low:
        raise InputValueError(f"expected {low} or more, got {value}", argument=name)
    return int(value)


def check_vector(values: ArrayLike, name: str, *, n_rows: int | None = None) -> NDArray[np.float64]:
    """Check that values form a one-dimensional array of real numbers without NaN.

    Parameters
    ----------
    values : array of shape (n_samples,)
        Real numbers of any dtype and layout; infinity is allowed.
    name : str
        Name of the argument in messages.
    n_rows : int, optional
        Expected number of values; any number by default.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        C-contiguous; a view of `values` where possible.

    Raises
    ------
    InputTypeError
        If `values` does not hold real numbers in host memory.
    InputValueError
        If it has the wrong shape or length, or contains NaN.

    Examples
    --------
    >>> from easiness_core.validation import check_vector
    >>> check_vector([1, 2], "loss")
    array([1., 2.])
    """
    if hasattr(values, "summary") and hasattr(values, name):
        raise in_place_of(values, name, name)
    array = to_array(values, name)
    if array.dtype.kind not in "fiub" and not is_half(array.dtype):
        refuse_missing(array, name)
        got = f"an array of dtype {array.dtype}"
        raise InputTypeError(f"expected real numbers, got {got}", argument=name)
    if array.ndim != 1:
        raise InputValueError(f"expected shape (n_samples,), got {array.shape}", argument=name)
    if n_rows is not None and array.size != n_rows:
        raise InputValueError(f"expected {n_rows} values, got {array.size}", argument=name)
    vector = widen(array, np.dtype(np.float64))
    nan = np.isnan(vector)
    if nan.any():
        row = int(np.flatnonzero(nan)[0])
        raise InputValueError(
            f"{int(nan.sum())} of {vector.size} values are NaN; the first is row {row}",
            argument=name,
            row=row,
        )
    return vector


def in_place_of(scores: Any, argument: str, name: str) -> InputTypeError:
    """Error about scores passed in place of one of their arrays."""
    got = f"expected an array, got {type(scores).__name__}"
    return InputTypeError(got, argument=argument, hint=f"pass its {name}, such as scores.{name}")


def check_rows(rows: ArrayLike, n_rows: int) -> NDArray[Any]:
    """Convert a selection of rows to a mask or to whole numbers."""
    if comes_from(rows, "pandas") and hasattr(rows, "get_indexer"):
        raise InputTypeError(
            "expected a slice, a mask or an array of rows, got an Index of pandas, which holds "
            "labels",
            argument="rows",
            hint="pass a mask, as scores.to_pandas().index.isin(labels) gives",
        )
    array = to_array(rows, "rows")
    if array.ndim != 1 or not (array.dtype.kind in "iub" or array.size == 0):
        got = f"an array of shape {array.shape} and dtype {array.dtype}"
        got = f"{type(rows).__name__} {rows!r}" if array.ndim == 0 else got
        raise InputTypeError(
            f"expected a slice, a mask or an array of rows, got {got}", argument="rows"
        )
    if array.dtype.kind == "b" and array.size != n_rows:
        problem = f"expected a mask of {n_rows} rows, got {array.size}"
        raise InputValueError(problem, argument="rows")
    return array if array.size else array.astype(np.intp)
