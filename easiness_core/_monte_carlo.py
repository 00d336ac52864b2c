"""Counting over shared noise, as a look-up.

`h_i + a_k > h_j + b_k` says `d_j > b_k - a_k`, so the count is the number of sorted differences
of noise below `d_j`. They are filed into buckets; only those of `d_j`'s own bucket are compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._jit import jit
from easiness_core._rows import is_bad, rival_and_predicted, sums


def look_up_tables(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[Any, ...]:
    """Sorted differences b - a, starts of their buckets, buckets a unit, log of count shares."""
    differences = np.sort(b - a)
    n = differences.size
    width = float(differences[-1] - differences[0])
    # As many buckets as differences: more would save comparisons, and leave the cache sooner.
    step = n / width if width > 0.0 else 0.0
    n_buckets = int(bucket(differences[-1], differences[0], step)) + 1
    starts = bucket_starts(differences, n_buckets, step)
    with np.errstate(divide="ignore"):
        log_share = np.log(np.arange(n + 1) / n)
    return differences, starts, step, log_share


@jit
def bucket(d: float, lowest: float, step: float) -> int:
    """Bucket of a difference not below the lowest: never falling as d rises, rounding included."""
    return int((d - lowest) * step)


@jit
def bucket_starts(differences: Any, n_buckets: int, step: float) -> Any:
    """Index of the first sorted difference of each bucket, and the end."""
    starts = np.zeros(n_buckets + 1, dtype=np.int32)
    for k in range(differences.size):
        starts[bucket(differences[k], differences[0], step) + 1] += 1
    for b in range(n_buckets):
        starts[b + 1] += starts[b]
    return starts


@jit
def count_below(d: float, differences: Any, starts: Any, step: float) -> int:
    """Count the sorted differences below d.

    `bucket` is monotone in floating point, so a difference in an earlier bucket than d's is
    below d and one in a later bucket is not; only d's own bucket is compared.
    """
    n = differences.size
    if d > differences[n - 1]:
        return n
    if d <= differences[0]:
        return 0
    b = bucket(d, differences[0], step)
    k = starts[b]
    while k < starts[b + 1] and differences[k] < d:
        k += 1
    return k


@jit
def monte_carlo(probs: Any, labels: Any, tolerance: Any, noise: Any, out: Any) -> int:
    """Easiness, log easiness, h_i and predicted class by counting over shared noise.

    `noise` is what `look_up_tables` gives. Products and sums run in the order of the columns,
    as the definition does. Returns the number of bad rows.
    """
    differences, starts, step, log_share = noise
    n = differences.size
    lowest = differences[0]
    highest = differences[n - 1]
    n_bad = 0
    for r in range(probs.shape[0]):
        h = probs[r]
        i = labels[r]
        own = np.float64(h[i])
        total, absolute = sums(h)
        if is_bad(h, total, absolute, tolerance):
            n_bad += 1
            continue
        out.loss[r] = own
        out.easiness[r] = 1.0
        out.log_easiness[r] = 0.0
        out.predicted[r] = i
        # Settled by the sum: the other classes together leave no rival close enough. The margin
        # is that of rounding in the sum.
        if absolute == total and own - (total - own) > max(highest, 0.0) + 1e-9:
            continue
        rival, out.predicted[r] = rival_and_predicted(h, i)
        if own - rival > highest:
            continue
        easiness = 0.0
        log_e = -np.inf
        if own - rival > lowest:
            easiness, log_e = _product(h, i, differences, starts, step, log_share)
        out.easiness[r] = easiness
        out.log_easiness[r] = log_e
    return n_bad


@jit
def _product(
    h: Any, i: int, differences: Any, starts: Any, step: float, log_share: Any
) -> tuple[float, float]:
    n = differences.size
    own = np.float64(h[i])
    easiness = 1.0
    log_e = 0.0
    for j in range(h.size):
        if j != i:
            count = count_below(own - np.float64(h[j]), differences, starts, step)
            if count < n:
                easiness *= count / n
                log_e += log_share[count]
    return easiness, log_e
