"""Convert logits to probabilities and log-odds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from easiness_core._config import CONVERTED_BLOCK_ELEMENTS
from easiness_core._input.convert import widen
from easiness_core._input.frames import like_frame
from easiness_core._input.probs import real_matrix
from easiness_core.errors import InputValueError

_WIDE = np.dtype(np.float64)


def softmax(logits: ArrayLike, *, dtype: DTypeLike = np.float64) -> Any:
    """Turn logits into probabilities: `exp(z - max z) / sum exp(z - max z)`, in float64.

    Parameters
    ----------
    logits : array of shape (n_samples, n_classes)
        Logits of any real dtype. -inf marks an impossible class. They are read in blocks, so a
        memory map is never copied whole.
    dtype : float64 or float32, default float64
        Type of the result. float32 takes half the memory; values below 1e-45 become 0.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        In [0, 1]; rows sum to 1 within rounding. A pandas data frame gives a data frame with the
        same columns and index, polars gives polars, and any other frame gives a pyarrow table.

    Raises
    ------
    TypeError, ValueError
        If `logits` is not a matrix of real numbers, contains NaN or +inf, or has a row of -inf
        only; or if `dtype` is neither float64 nor float32.

    Examples
    --------
    >>> import numpy as np
    >>> import easiness_core as ec
    >>> ec.softmax([[1000.0, 1000.0], [0.0, -np.inf]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    array, _ = real_matrix(logits, "logits")
    kind = np.dtype(dtype)
    if kind not in (_WIDE, np.dtype(np.float32)):
        raise InputValueError(f"expected float64 or float32, got {kind}", argument="dtype")
    probs = np.empty(array.shape, kind)
    for part, rows, highest in _blocks(array):
        # A difference outside the range of float64 is -inf, whose exponential, 0, is right.
        with np.errstate(over="ignore", under="ignore"):
            powers = np.exp(rows - highest)
            powers /= powers.sum(axis=1, keepdims=True)
            probs[part] = powers
    return like_frame(probs, logits)


def log_odds_columns(array: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """Log-odds `z_k - log sum exp z_j over j != k` of checked logits, one class k at a time.

    They have the order of the probabilities, and stay distinct where those round to 0 or 1.
    """
    n_rows = array.shape[0]
    leader = np.empty(n_rows, dtype=np.int64)
    largest, total, leaders = np.empty((3, n_rows))
    for part, rows, highest in _blocks(array):
        row = np.arange(len(rows))
        leader[part] = rows.argmax(axis=1)
        largest[part] = highest[:, 0]
        rest = rows.copy()
        rest[row, leader[part]] = -np.inf
        second = rest.max(axis=1, keepdims=True)
        # If all other classes are impossible, the odds are infinite.
        second_or_0 = np.where(np.isfinite(second), second, 0.0)
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            total[part] = np.exp(rows - highest).sum(axis=1)
            others = np.log(np.exp(rest - second_or_0).sum(axis=1))
            leaders[part] = (highest - second_or_0)[:, 0] - others
    for k in range(array.shape[1]):
        with np.errstate(over="ignore", under="ignore"):
            below = widen(array[:, k], _WIDE) - largest
            # Without a class that does not lead, at least 1 remains, so no digit is lost.
            leading = leader == k
            odds = below - np.log(total - np.where(leading, 0.0, np.exp(below)))
        odds[leading] = leaders[leading]
        yield odds


def _blocks(
    array: NDArray[Any],
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
    """Blocks of rows as float64, with the largest logit of each row."""
    block_rows = max(1, CONVERTED_BLOCK_ELEMENTS // array.shape[1])
    for start in range(0, array.shape[0], block_rows):
        rows = widen(array[start : start + block_rows], _WIDE)
        highest = rows.max(axis=1, keepdims=True)
        # The maximum of a row with NaN is NaN.
        bad = ~np.isfinite(highest[:, 0])
        if bad.any():
            row = start + int(np.flatnonzero(bad)[0])
            raise InputValueError(
                f"expected finite numbers (-inf is allowed next to a finite one), got "
                f"{np.asarray(highest[row - start, 0])} in row {row}",
                argument="logits",
                row=row,
            )
        yield slice(start, start + len(rows)), rows, highest
