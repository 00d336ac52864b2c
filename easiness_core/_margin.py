"""Margins of logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import CONVERTED_BLOCK_ELEMENTS
from easiness_core._input.convert import is_half, widen
from easiness_core._input.labels import check_labels
from easiness_core._input.probs import class_matrix
from easiness_core._input.samples import shared_index
from easiness_core.errors import InputValueError


@dataclass(frozen=True, eq=False, repr=False)
class Margins:
    """Margins and the logits behind them; arrays of shape (n_samples,).

    Attributes
    ----------
    margin : ndarray of float64
        Logit of the label minus the largest other logit; negative where another class leads.
    target_value : ndarray of float64
        Logit of the label.
    other : ndarray of int64
        Class with the largest other logit; the first one in a tie.
    other_value : ndarray of float64
        The largest other logit.

    Examples
    --------
    >>> import easiness_core as ec
    >>> found = ec.margins([[4.0, 1.0, 3.0], [0.0, 2.5, -1.0]], [0, 2])
    >>> found
    Margins(2 samples, 1 below 0)
    >>> found.other
    array([2, 1])
    """

    margin: NDArray[np.float64]
    target_value: NDArray[np.float64]
    other: NDArray[np.int64]
    other_value: NDArray[np.float64]

    def __repr__(self) -> str:
        negative = int((self.margin < 0).sum())
        return f"Margins({self.margin.size} samples, {negative} below 0)"


def margins(logits: ArrayLike, labels: ArrayLike, *, on_nan: str = "raise") -> Margins:
    """Subtract the largest other logit from the label's logit.

    The margin of a sample labeled y is `z_y - max over k != y of z_k`, on raw logits.

    Parameters
    ----------
    logits : array of shape (n_samples, n_classes)
        Logits of any real dtype, at least 2 classes. -inf marks an impossible class.
    labels : array of shape (n_samples,)
        Given class of each sample, 0 to n_classes - 1.
    on_nan : {"raise", "keep"}, default "raise"
        What to do with a row whose margin is not finite (a logit is NaN or infinite, or the
        difference overflows): raise an error, or return a margin of NaN.

    Returns
    -------
    Margins
        In float64. The subtraction is done in float32 for float32, float16 and bfloat16 logits,
        and in float64 for all others.

    Raises
    ------
    TypeError, ValueError
        If `logits` is not a matrix of real numbers, a label is outside the classes, or a margin
        is not finite and `on_nan` is "raise".

    Notes
    -----
    Source: the margin of *Identifying Mislabeled Data using the Area Under the Margin Ranking*
    (Pleiss et al. 2020), which Section 4.3 of the paper builds on. In exact arithmetic it is the
    logarithm of the ratio of two probabilities; in floating point, probabilities saturate and
    large margins are lost.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.margins([[4.0, 1.0, 3.0], [0.0, 2.5, -1.0]], [0, 2]).margin
    array([ 1. , -3.5])
    """
    if on_nan not in ("raise", "keep"):
        raise InputValueError(f'expected "raise" or "keep", got {on_nan!r}', argument="on_nan")
    array, names, _ = class_matrix(logits, "logits")
    n_rows, n_classes = array.shape
    given = check_labels(labels, n_rows, n_classes, columns=names, of="logits")
    shared_index(logits=logits, labels=labels)
    single = is_half(array.dtype) or array.dtype == np.float32
    dtype = np.dtype(np.float32 if single else np.float64)
    target_value, other_value, margin = np.empty((3, n_rows))
    other = np.empty(n_rows, dtype=np.int64)
    block_rows = max(1, CONVERTED_BLOCK_ELEMENTS // n_classes)
    for start in range(0, n_rows, block_rows):
        part = slice(start, min(start + block_rows, n_rows))
        rows = widen(array[part], dtype).copy()
        row = np.arange(rows.shape[0])
        label = given[part]
        target = rows[row, label]
        rows[row, label] = -np.inf
        best = rows.argmax(axis=1)
        # If all others are -inf, the first class may be the label itself.
        best[(best == label) & (label == 0)] = 1
        largest = rows[row, best]
        with np.errstate(invalid="ignore", over="ignore"):
            margin[part] = target - largest
        target_value[part], other_value[part], other[part] = target, largest, best
    bad = ~np.isfinite(margin)
    if bad.any():
        if on_nan == "raise":
            first = int(np.flatnonzero(bad)[0])
            raise InputValueError(
                f"{int(bad.sum())} of {n_rows} rows have no finite margin (NaN, infinity or "
                f"overflow); the first is row {first} (label's logit "
                f"{target_value[first]:g}, largest other {other_value[first]:g})",
                argument="logits",
                hint="drop these rows",
                row=first,
            )
        margin[bad] = np.nan
    return Margins(margin, target_value, other, other_value)
