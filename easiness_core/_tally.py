"""Integer sums over samples: exact, so the result does not depend on how samples are split.

A tally has rows of four integers: one per bin of easiness (samples, correct samples, sum of
easiness in two limbs), one for losses (0, 0, sum of finite losses in two limbs), and one for levels
(hard, medium and easy samples, infinite losses). Kernels fill the same layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import EASINESS_FRACTION_BITS, LOSS_FRACTION_BITS

_LIMB = 32
_MASK = (1 << _LIMB) - 1


def join(row: list[int]) -> int:
    """Sum from its two limbs."""
    return (row[3] << _LIMB) + row[2]


def split(total: int) -> tuple[int, int]:
    """Two limbs of a sum."""
    return total & _MASK, total >> _LIMB


def exact_sums(
    values: NDArray[np.float64], which: NDArray[np.intp], n_bins: int, *, bits: int
) -> list[int]:
    """Exact sum of the values in each bin, in units of 2^-bits."""
    units = np.floor(values * float(1 << bits) + 0.5).astype(np.int64)
    sums = [0] * n_bins
    # By limbs: a sum of thousands of values exceeds 64 bits.
    for shift, part in ((0, units & _MASK), (_LIMB, units >> _LIMB)):
        partial = np.zeros(n_bins, dtype=np.int64)
        np.add.at(partial, which, part)
        sums = [total + (int(each) << shift) for total, each in zip(sums, partial, strict=True)]
    return sums


def tally_rows(
    easiness: NDArray[np.float64],
    loss: NDArray[np.float64],
    level: NDArray[np.uint8],
    correct: NDArray[np.bool_],
    n_bins: int,
) -> list[list[int]]:
    """Tally of samples already scored, as the kernels would fill it."""
    which = np.searchsorted(np.arange(1, n_bins) / n_bins, easiness, side="right")
    counts: list[Any] = [np.bincount(part, minlength=n_bins) for part in (which, which[correct])]
    sums = exact_sums(easiness, which, n_bins, bits=EASINESS_FRACTION_BITS)
    bins = [[int(n), int(k), *split(total)] for n, k, total in zip(*counts, sums, strict=True)]
    finite = loss[loss < np.inf]
    (lost,) = exact_sums(finite, np.zeros(finite.size, np.intp), 1, bits=LOSS_FRACTION_BITS)
    levels = [int(np.count_nonzero(level == value)) for value in (1, 2, 4)]
    return [*bins, [0, 0, *split(lost)], [*levels, loss.size - finite.size]]


def count_pairs(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of values and how often each occurs, of shape (n_pairs, 3), most frequent first."""
    pairs, count = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)
    order = np.argsort(-count, kind="stable")
    return np.column_stack([pairs, count])[order].astype(np.int64)
