"""Exact tests of counts, and a correction for multiple tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def sign_test(n_up: int, n_down: int) -> float:
    """Two-sided p-value of a sign test; for pairs that differ, this is McNemar's test."""
    from scipy.stats import binomtest

    return float(binomtest(n_up, n_up + n_down).pvalue) if n_up + n_down else 1.0


def against_rest(hits: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two-sided p-value of Fisher's exact test: hits of each group against those of all others.

    NaN for a group without samples, or without others to compare it with.
    """
    from scipy.stats import fisher_exact

    n_hits, total = int(hits.sum()), int(count.sum())
    found = np.full(len(count), np.nan)
    for at, (k, n) in enumerate(zip(hits.tolist(), count.tolist(), strict=True)):
        if 0 < n < total:
            rest = [n_hits - k, total - n - (n_hits - k)]
            found[at] = min(fisher_exact(np.array([[k, n - k], rest])).pvalue, 1.0)
    return found


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for their number (Holm, 1979); NaN counts as no test."""
    found = np.array(p_values, dtype=np.float64)
    flat = found.reshape(-1)
    tested = np.flatnonzero(~np.isnan(flat))
    order = tested[np.argsort(flat[tested], kind="stable")]
    steps = flat[order] * np.arange(len(order), 0, -1)
    flat[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found
