"""The whole numbers behind a `Summary`: four a row, as the kernels fill them.

A row a bin (samples, correct ones, sum of easiness in two limbs), then one of losses (their sum in
the last two), then one of levels (hard, medium, easy, infinite losses).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from easiness_core._config import LOSS_FRACTION_BITS
from easiness_core._metrics import sums_by_bin

_LIMB = 32


def tally_of_rows(
    easiness: Any, loss: Any, level: Any, correct: Any, n_bins: int
) -> list[list[int]]:
    """Count and add up scored rows, as the kernels do."""
    which = np.searchsorted(np.arange(1, n_bins) / max(n_bins, 1), easiness, side="right")
    finite = loss < np.inf
    n_finite = int(finite.sum())
    (lost,) = sums_by_bin(loss[finite], np.zeros(n_finite, np.intp), 1, LOSS_FRACTION_BITS)
    bins = zip(
        np.bincount(which, minlength=n_bins).tolist(),
        np.bincount(which[correct], minlength=n_bins).tolist(),
        sums_by_bin(easiness, which, n_bins),
        strict=True,
    )
    levels = [int(np.count_nonzero(level == value)) for value in (1, 2, 4)]
    return [
        *([count, hits, *split(total)] for count, hits, total in bins),
        [0, 0, *split(lost)],
        [*levels, len(loss) - n_finite],
    ]


def join(row: list[int]) -> int:
    """Sum of a row, from its two limbs."""
    return (row[3] << _LIMB) + row[2]


def split(total: int) -> tuple[int, int]:
    """Limbs of a sum."""
    return total & ((1 << _LIMB) - 1), total >> _LIMB


def ratio(numerator: int, denominator: int) -> float:
    """Divide whole numbers of any size, correctly rounded; nan where there is nothing."""
    return numerator / denominator if denominator else np.nan
