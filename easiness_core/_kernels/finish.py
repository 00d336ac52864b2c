"""Steps that all estimators share: the loss, the level, and the tally of a block of rows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    EASINESS_FRACTION_BITS,
    LOSS_FRACTION_BITS,
    PRODUCT_NEAR_ONE_FROM,
)
from easiness_core._kernels.jit import jit_step
from easiness_core._kernels.normal_tail import BIAS, LOG2_HIGH, LOG2_LOW, MANTISSA_BITS

_EASINESS_UNITS = 1 << EASINESS_FRACTION_BITS
_EASINESS_UNIT = float(_EASINESS_UNITS)
_LOSS_UNIT = float(1 << LOSS_FRACTION_BITS)
_LIMB = 32
_LIMB_MASK = (1 << _LIMB) - 1

_MANTISSA = (1 << MANTISSA_BITS) - 1
_BITS_OF_SQRT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
_SHIFT_TO_SQRT_HALF = (BIAS << MANTISSA_BITS) - _BITS_OF_SQRT_HALF
SMALLEST_NORMAL = float(np.finfo(np.float64).smallest_normal)


class Bins(NamedTuple):
    """Thresholds of levels and bins, and the tally of the rows.

    Rows are hard if log E is at most `hard_to`, and easy if it is at least `easy_from`. Row b of
    `tally` belongs to the bin that starts at `edges[b]`: number of rows, of correct rows, and sum
    of easiness (two limbs). The last row counts hard, medium and easy rows and infinite losses; the
    row before it has the sum of finite losses.
    """

    hard_to: float
    easy_from: float
    edges: NDArray[np.float64]
    tally: NDArray[np.int64]


@jit_step
def minus_log(values: Any, complements: Any, out: Any) -> None:
    """-log of positive normal numbers, within 2 units in the last place.

    Near 1, the value is taken as 1 - `complements`, which may have more digits. Only arithmetic, so
    that the compiler can vectorize it: 2.5 ns per value, where `math.log` takes 8. With
    value = 2^k m, m in [sqrt(1/2), sqrt 2), f = m - 1 and s = f / (2 + f):
    log m = 2 atanh s = f - s (f - 2 s^2 (1/3 + s^2/5 + s^4/7 + ...)).
    """
    for r in range(values.size):
        near_one = values[r] > PRODUCT_NEAR_ONE_FROM
        shifted = np.float64(values[r]).view(np.int64) + _SHIFT_TO_SQRT_HALF
        k = np.float64((shifted >> MANTISSA_BITS) - BIAS)
        m = np.int64((shifted & _MANTISSA) + _BITS_OF_SQRT_HALF).view(np.float64)
        f = -complements[r] if near_one else m - 1.0
        s = f / (2.0 + f)
        z = s * s
        # |s| <= 0.172: the first omitted term is below 2^-56 of the sum.
        low = 1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11))))
        high = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
        series = 2.0 * z * (low + z * z * z * z * z * high)
        out[r] = -(k * LOG2_HIGH + (f - (s * (f - series) - k * LOG2_LOW)))


@jit_step(inline="always")
def finish(labels: Any, bins: Any, part: Any, sums: Any) -> None:
    """Turn h_i into the loss, set the levels, and add these rows to the tally.

    `sums` serves only as working memory.
    """
    n_bins = bins.edges.size - 1
    _lose(part.loss, bins.tally[n_bins:], sums.totals, sums.absolutes)
    _cut(part.log_easiness, bins.hard_to, bins.easy_from, part.level, bins.tally[n_bins + 1])
    _count(part.easiness, part.predicted, labels, bins.edges, bins.tally, sums.pending_rows)
    for b in range(n_bins + 1):
        bins.tally[b, 3] += bins.tally[b, 2] >> _LIMB
        bins.tally[b, 2] &= _LIMB_MASK


@jit_step
def _lose(loss: Any, tally: Any, own: Any, complement: Any) -> None:
    """Losses -log h_i; their finite sum and the number of infinite ones."""
    for r in range(loss.size):
        own[r] = loss[r]
        complement[r] = 1.0 - loss[r]
    minus_log(own[: loss.size], complement[: loss.size], loss)
    for r in range(loss.size):
        if own[r] < SMALLEST_NORMAL:
            loss[r] = -math.log(own[r]) if own[r] > 0.0 else np.inf
        elif own[r] >= 1.0:
            loss[r] = 0.0
    units = 0
    infinite = 0
    for r in range(loss.size):
        finite = loss[r] < np.inf
        units += int((loss[r] if finite else 0.0) * _LOSS_UNIT + 0.5)
        infinite += not finite
    tally[0, 2] += units
    tally[1, 3] += infinite


@jit_step
def _cut(log_easiness: Any, hard_to: float, easy_from: float, level: Any, tally: Any) -> None:
    """Levels, and the number of rows of each."""
    n_hard = 0
    n_easy = 0
    for r in range(level.size):
        hard = log_easiness[r] <= hard_to
        easy = log_easiness[r] >= easy_from
        level[r] = 2 + 2 * easy - hard
        n_hard += hard
        n_easy += easy
    tally[0] += n_hard
    tally[1] += level.size - n_hard - n_easy
    tally[2] += n_easy


@jit_step
def _count(
    easiness: Any, predicted: Any, labels: Any, edges: Any, tally: Any, other_rows: Any
) -> None:
    """Rows, correct rows and easiness of each bin.

    Most rows have easiness 1. They are counted in registers without branches, because each
    addition to a bin in memory would wait for the previous one. The other rows are listed first.
    """
    n_bins = edges.size - 1
    n_other = 0
    n_full_correct = 0
    for r in range(labels.size):
        full = easiness[r] == 1.0
        other_rows[n_other] = r
        n_other += not full
        n_full_correct += full & (predicted[r] == labels[r])
    for r in other_rows[:n_other]:
        e = easiness[r]
        # The product may round across an edge; one step corrects this.
        b = min(int(e * n_bins), n_bins - 1)
        if e < edges[b]:
            b -= 1
        elif b < n_bins - 1 and e >= edges[b + 1]:
            b += 1
        tally[b, 0] += 1
        tally[b, 1] += predicted[r] == labels[r]
        tally[b, 2] += int(e * _EASINESS_UNIT + 0.5)
    n_full = labels.size - n_other
    tally[n_bins - 1, 0] += n_full
    tally[n_bins - 1, 1] += n_full_correct
    tally[n_bins - 1, 2] += n_full * _EASINESS_UNITS
