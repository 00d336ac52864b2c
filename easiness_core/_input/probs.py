"""Check a matrix of probabilities, and read it block by block.

Type and shape are checked before any work. The checks that must read every probability are part of
the kernels, which only count bad rows; `explain_bad_rows` then reads the array again to say what is
wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import (
    BLOCK_ELEMENTS,
    CONVERTED_BLOCK_ELEMENTS,
    NEGATIVE_TOLERANCE,
    NEGATIVE_TOLERANCE_HALF,
    ROW_SUM_TOLERANCE,
    ROW_SUM_TOLERANCE_HALF,
)
from easiness_core._input.convert import is_half, is_torch, refuse_missing, to_named_array, widen
from easiness_core._input.extra_columns import refuse_extra_count
from easiness_core._input.frames import Names, comes_from
from easiness_core.class_names import order_of
from easiness_core.errors import InputTypeError, InputValueError


@dataclass(slots=True)
class Probs:
    """A checked array of probabilities, read block by block.

    Blocks are views if the array already has the kernels' dtype and contiguous rows, and converted
    copies if not.

    Attributes
    ----------
    array : ndarray of shape (n_samples, n_classes)
        The array as given.
    dtype : dtype
        The dtype that kernels get: float32 or float64.
    row_sum_tolerance, negative_tolerance : float
        How far the sum of a row may be from 1, and a probability below 0, by rounding.
    normalize : bool
        Whether each row is divided by its sum when it is read.
    names : tuple or None
        Column names of a data frame.
    moved : bool
        Whether columns with numbers as names were sorted by these numbers.

    Examples
    --------
    >>> from easiness_core.validation import check_probs
    >>> checked = check_probs([[1, 3], [2, 2]], normalize=True)
    >>> checked.n_rows, checked.n_classes, checked.is_view
    (2, 2, False)
    >>> checked.block(0, 2)
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    >>> [(first_row, block.shape) for first_row, block in checked.blocks()]
    [(0, (2, 2))]
    >>> next(checked.columns())
    array([0.25, 0.5 ])
    """

    array: NDArray[Any]
    dtype: np.dtype[Any]
    row_sum_tolerance: float
    negative_tolerance: float
    normalize: bool
    names: Names = None
    moved: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.array.shape[0])

    @property
    def n_classes(self) -> int:
        """Number of columns."""
        return int(self.array.shape[1])

    @property
    def is_view(self) -> bool:
        """Whether blocks are views of the array instead of converted copies."""
        flags = self.array.flags
        return (
            flags.c_contiguous
            and flags.aligned
            and not self.normalize
            and self.array.dtype == self.dtype
        )

    @property
    def block_rows(self) -> int:
        """Number of rows in every block of `blocks` except the last."""
        elements = BLOCK_ELEMENTS if self.is_view else CONVERTED_BLOCK_ELEMENTS
        return max(1, elements // self.n_classes)

    def block(self, start: int, stop: int) -> NDArray[Any]:
        """Return consecutive rows.

        Parameters
        ----------
        start, stop : int
            The first row, and the row after the last one.

        Returns
        -------
        ndarray of shape (stop - start, n_classes)
            With the dtype `dtype`, read-only and C-contiguous.
        """
        rows = self.array[start:stop]
        if not self.is_view:
            rows = self._converted(rows)
        # Kernels are compiled only for read-only arrays: this version also accepts memory maps.
        rows.flags.writeable = False
        return rows

    def _converted(self, rows: NDArray[Any]) -> NDArray[Any]:
        rows = widen(rows, self.dtype).copy()
        if self.normalize:
            with np.errstate(invalid="ignore", over="ignore"):
                total = rows.sum(axis=1, keepdims=True)
            # Rows that division cannot fix stay unchanged, so that their sums mark them as bad.
            np.divide(rows, total, out=rows, where=np.isfinite(total) & (total > 0.0))
        return rows

    def columns(self) -> Iterator[NDArray[np.float64]]:
        """Yield columns of shape (n_samples,) as float64, one at a time."""
        wide = np.dtype(np.float64)
        total = np.ones(self.n_rows)
        if self.normalize:
            for start in range(0, self.n_rows, self.block_rows):
                rows = widen(self.array[start : start + self.block_rows], wide)
                total[start : start + self.block_rows] = rows.sum(axis=1)
            # Division cannot fix these; a negative sum would reverse the order.
            total[~(total > 0.0)] = np.nan
        for index in range(self.n_classes):
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                yield widen(self.array[:, index], wide) / total

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first row of each block, and the block, as `block` returns it."""
        for start in range(0, self.n_rows, self.block_rows):
            yield start, self.block(start, start + self.block_rows)


def check_probs(probs: ArrayLike, *, normalize: bool = False) -> Probs:
    """Check the type and shape of probabilities; `score` checks their values.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Real numbers of any dtype and layout; at least 2 classes.
    normalize : bool, default False
        Divide each row by its sum when it is read.

    Returns
    -------
    Probs
        The array and how to read it. Only data frames are copied; columns with numbers as names are
        sorted.

    Raises
    ------
    InputTypeError
        If `probs` does not hold real numbers in host memory.
    InputValueError
        If it has another shape, or fewer than 2 columns.

    Examples
    --------
    >>> from easiness_core.validation import check_probs
    >>> checked = check_probs([[0.9, 0.1], [0.2, 0.8]])
    >>> checked.n_rows, checked.n_classes
    (2, 2)
    """
    array, names, moved = class_matrix(probs, "probs")
    if normalize and names is not None:
        refuse_extra_count(array, names)
    half = is_half(array.dtype)
    single = array.dtype.kind == "f" and array.dtype.itemsize == 4
    to_float32 = (single or half) and not normalize
    return Probs(
        array=array,
        dtype=np.dtype(np.float32 if to_float32 else np.float64),
        row_sum_tolerance=ROW_SUM_TOLERANCE_HALF if half else ROW_SUM_TOLERANCE,
        negative_tolerance=NEGATIVE_TOLERANCE_HALF if half else NEGATIVE_TOLERANCE,
        normalize=bool(normalize),
        names=names,
        moved=moved,
    )


def check_logits(logits: ArrayLike) -> NDArray[Any]:
    """Check the type and shape of logits, not their values.

    Parameters
    ----------
    logits : array of shape (n_samples, n_classes)
        Real numbers of any dtype and layout; at least 2 classes.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        A view of `logits` if possible, with its own dtype (bfloat16 as its bits). Columns of a data
        frame with numbers as names are sorted.

    Raises
    ------
    InputTypeError
        If `logits` does not hold real numbers in host memory.
    InputValueError
        If it has another shape, or fewer than 2 columns.

    Examples
    --------
    >>> from easiness_core.validation import check_logits
    >>> check_logits([[2.0, -1.0], [0.0, 3.0]]).shape
    (2, 2)
    """
    return class_matrix(logits, "logits")[0]


def class_matrix(values: ArrayLike, name: str) -> tuple[NDArray[Any], Names, bool]:
    """Array and column names in the order of the classes, and whether that order is new."""
    array, names = real_matrix(values, name)
    if names is None or names == tuple(range(len(names))):
        return array, None, False
    order = order_of(names)
    if order == sorted(order):
        return array, names, False
    return array[:, order], tuple(names[at] for at in order), True


def real_matrix(values: ArrayLike, name: str) -> tuple[NDArray[Any], Names]:
    """Array and column names, in the order given."""
    array, names = to_named_array(values, name)
    if array.dtype.kind not in "fiub" and not is_half(array.dtype):
        if array.ndim == 0:
            got = type(values).__name__
            is_path = isinstance(values, str | os.PathLike)
            advice = "read the file first, or score it with the command: easiness score FILE"
            raise InputTypeError(
                f"expected an array, got {got}", argument=name, hint=advice if is_path else None
            )
        refuse_missing(array, name)
        raise InputTypeError(
            f"expected real numbers, got dtype {array.dtype}",
            argument=name,
            hint="if their imaginary parts are 0, pass np.real({argument})"
            if array.dtype.kind == "c"
            else _conversion(values),
        )
    hint = None
    if 0 in array.shape[:1]:
        hint = "if there are no rows, pass np.empty((0, n_classes))"
    elif array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        other = "1 - p" if name == "probs" else "0 * p"
        p, join = "np.ravel({argument})", "np.column_stack([%s, p])"
        if is_torch(values):
            p, join = "{argument}.ravel()", "torch.stack([%s, p], 1)"
        elif comes_from(values, "pandas") and hasattr(values, "iloc"):  # keeps the index
            p = "{argument}" if array.ndim == 1 else "{argument}.iloc[:, 0]"
            join = "pd.concat([%s, p], axis=1, keys=[0, 1])"
        quantity = "probability" if name == "probs" else "logit"
        hint = f"for the {quantity} of class 1, p = {p}, pass {join % other}"
    if array.ndim != 2:
        raise InputValueError(
            f"expected shape (n_samples, n_classes), got {array.shape}", argument=name, hint=hint
        )
    if array.shape[1] < 2:
        raise InputValueError(
            f"expected at least 2 classes (columns), got shape {array.shape}",
            argument=name,
            hint=hint,
        )
    return array, names


def _conversion(values: Any) -> str | None:
    """Advice on values that are not real numbers, if there is any that works."""
    try:
        np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if comes_from(values, "pandas"):  # keeps names and index
        return "convert it first, with {argument}.astype('float64')"
    if comes_from(values, "polars"):
        return "convert it first, with {argument}.cast(pl.Float64)"
    return "convert it first, for example with np.asarray({argument}, dtype=np.float64)"
