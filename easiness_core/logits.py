"""From logits to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import CONVERTED_BLOCK_ELEMENTS
from easiness_core._input.convert import widen
from easiness_core._input.probs import check_logits
from easiness_core.errors import InputValueError


def softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """Probabilities from logits, stably: `exp(z - max z) / sum exp(z - max z)` in float64.

    Parameters
    ----------
    logits : array of shape (n_samples, n_classes)
        Logits of any real dtype. -inf stands for an impossible class.

    Returns
    -------
    ndarray of shape (n_samples, n_classes), float64
        In [0, 1]; rows sum to 1 within rounding.

    Raises
    ------
    TypeError, ValueError
        If `logits` is no matrix of real numbers, holds NaN or +inf, or has a row of -inf only.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.softmax([[1000.0, 1000.0], [0.0, -np.inf]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    array = check_logits(logits)
    probs = np.empty(array.shape)
    block_rows = max(1, CONVERTED_BLOCK_ELEMENTS // array.shape[1])
    for start in range(0, array.shape[0], block_rows):
        rows = widen(array[start : start + block_rows], probs.dtype)
        highest = rows.max(axis=1, keepdims=True)
        # The maximum of a row with NaN is NaN.
        bad = ~np.isfinite(highest[:, 0])
        if bad.any():
            row = start + int(np.flatnonzero(bad)[0])
            raise InputValueError(
                f"expected finite numbers (-inf beside a finite one is allowed), got "
                f"{np.asarray(highest[row - start, 0])} in row {row}",
                argument="logits",
                row=row,
            )
        part = probs[start : start + block_rows]
        # A difference beyond the range of float64 is -inf, whose exponential is right.
        with np.errstate(over="ignore"):
            np.subtract(rows, highest, out=part)
        np.exp(part, out=part)
        part /= part.sum(axis=1, keepdims=True)
    return probs
