"""Exact confidence intervals of shares, such as accuracy and MSR."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.convert import to_array
from easiness_core._input.numbers import check_number
from easiness_core.errors import InputTypeError, InputValueError


def binomial_interval(
    successes: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> NDArray[np.float64]:
    """Exact confidence interval of a proportion (Clopper and Pearson).

    Whatever the true proportion, the interval contains it with a probability of at least
    `confidence`, provided the samples are independent.

    Parameters
    ----------
    successes : int or array of int
        Number of successes, such as samples predicted correctly; 0 to `n`.
    n : int or array of int
        Number of samples; its shape broadcasts with `successes`.
    confidence : float in (0, 1), default 0.95
        Least probability that the interval contains the true proportion.

    Returns
    -------
    ndarray of shape (..., 2), float64
        Low and high end, in [0, 1]. Without samples the interval is (0, 1): any proportion is
        possible.

    Raises
    ------
    TypeError
        If an argument does not hold numbers.
    ValueError
        If a count is negative, not whole, or larger than `n`; if the shapes do not broadcast;
        or if `confidence` is not between 0 and 1.

    Notes
    -----
    The ends are quantiles of beta distributions; with `a = (1 - confidence) / 2`, the a-quantile
    of Beta(k, n - k + 1) and the (1 - a)-quantile of Beta(k + 1, n - k). Source: Clopper and
    Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
    Biometrika 26, 1934.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.binomial_interval(934, 1000).round(3)
    array([0.917, 0.949])
    >>> ec.binomial_interval([0, 5, 10], 10).round(3)
    array([[0.   , 0.308],
           [0.187, 0.813],
           [0.692, 1.   ]])
    """
    # Imported here, because SciPy's special functions take longer to import than this package.
    from scipy.special import betainccinv, betaincinv

    confidence = check_number(confidence, "confidence", low=0.0, high=1.0, open_low=True)
    k, total = _check_counts(successes, "successes"), _check_counts(n, "n")
    try:
        k, total = np.broadcast_arrays(k, total)
    except ValueError:
        got = f"{k.shape} and n of shape {total.shape}"
        raise InputValueError(
            f"expected shapes that broadcast, got {got}", argument="successes"
        ) from None
    if (k > total).any():
        where = np.unravel_index(int(np.argmax(k > total)), k.shape)
        problem = f"expected at most n, got {k[where]:.0f} of {total[where]:.0f}"
        raise InputValueError(problem, argument="successes")
    tail = (1.0 - confidence) / 2.0
    ends = np.empty((*k.shape, 2))
    # At 0 and at n a beta distribution has no quantile, and the interval ends at 0 or 1.
    with np.errstate(all="ignore"):
        ends[..., 0] = np.where(k > 0, betaincinv(k, total - k + 1.0, tail), 0.0)
        ends[..., 1] = np.where(k < total, betainccinv(k + 1.0, total - k, tail), 1.0)
    return ends


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Exact 95 % interval of a single share, from integers of any size."""
    low, high = binomial_interval(float(part), float(whole))
    return float(low), float(high)


def accuracy_intervals(
    accuracy: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Exact 95 % intervals of accuracies, each of `count` samples."""
    # An accuracy is correct / count, rounded once, so the product rounds to the integer again.
    correct = np.rint(np.where(count > 0, accuracy, 0.0) * count)
    return binomial_interval(correct, count)


def _check_counts(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = to_array(values, name)
    if array.dtype.kind not in "iuf":
        raise InputTypeError(f"expected whole numbers, got dtype {array.dtype}", argument=name)
    counts = array.astype(np.float64)
    bad = ~((counts >= 0.0) & (counts == np.floor(counts)) & np.isfinite(counts))
    if bad.any():
        got = counts[np.unravel_index(int(np.argmax(bad)), counts.shape)]
        raise InputValueError(f"expected whole numbers of at least 0, got {got:g}", argument=name)
    return counts
