"""What every kernel asks of a row first: is it sound, which class is largest, who is the rival."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import DENSE_FROM_CLASSES, JIT_SUM_OPTIONS
from easiness_core._jit import jit


class Columns(NamedTuple):
    """What is known of each row; `loss` holds h_i until `finish` turns it into -log h_i."""

    easiness: NDArray[np.float64]
    log_easiness: NDArray[np.float64]
    loss: NDArray[np.float64]
    level: NDArray[np.uint8]
    predicted: NDArray[np.int64]


@jit(**JIT_SUM_OPTIONS)
def sums(h: Any) -> tuple[float, float]:
    """Sum of a row, and of its absolute values: they differ where a value is negative.

    The compiler turns this loop into vector instructions: measured at 10 classes 6.5 ns a row,
    against 17 ns for four accumulators written out by hand.
    """
    total = 0.0
    absolute = 0.0
    for j in range(h.size):
        value = np.float64(h[j])
        total += value
        absolute += abs(value)
    return total, absolute


@jit
def is_bad(h: Any, total: float, absolute: float, tolerance: Any) -> bool:
    """Whether a row holds NaN, infinity or a value out of range, or misses a sum of 1.

    `tolerance` is how far rounding may carry the sum from 1, and a probability below 0.
    """
    row_sum, negative = tolerance
    if not abs(total - 1.0) <= row_sum:  # true for NaN as well
        return True
    if absolute != total:
        for j in range(h.size):
            if h[j] < -negative or h[j] > 1.0 + row_sum:
                return True
    return False


@jit
def _largest(h: Any) -> float:
    """Largest value of a row without NaN; -inf if it is empty.

    Four chains of comparisons, since in one chain each has to wait for the one before.
    """
    a = b = c = d = -np.inf
    unrolled = h.size - h.size % 4
    for j in range(0, unrolled, 4):
        a = max(a, np.float64(h[j]))
        b = max(b, np.float64(h[j + 1]))
        c = max(c, np.float64(h[j + 2]))
        d = max(d, np.float64(h[j + 3]))
    for j in range(unrolled, h.size):
        a = max(a, np.float64(h[j]))
    return max(max(a, b), max(c, d))


@jit
def _largest_two(h: Any) -> tuple[float, float]:
    """Largest and second largest value of a row without NaN, equal where it is there twice.

    No branch to mispredict: at 10 classes the whole kernel takes a fifth less time on rows
    that are not settled than with a comparison of j with the label.
    """
    first = second = -np.inf
    for j in range(h.size):
        value = np.float64(h[j])
        second = max(second, min(first, value))
        first = max(first, value)
    return first, second


@jit
def rival_and_predicted(h: Any, i: int) -> tuple[float, int]:
    """Largest probability of another class, and the first class of the largest."""
    own = np.float64(h[i])
    if h.size < DENSE_FROM_CLASSES:
        rival, second = _largest_two(h)
        if own == rival:
            rival = second
    else:
        rival = max(_largest(h[:i]), _largest(h[i + 1 :]))
    if own > rival:
        return rival, i
    predicted = 0
    while h[predicted] != rival:
        predicted += 1
    return rival, predicted


@jit
def first_label_outside(labels: Any, n_classes: int) -> int:
    """Index of the first label that is no class; -1 if there is none."""
    for r in range(labels.size):
        if labels[r] < 0 or labels[r] >= n_classes:
            return r
    return -1
