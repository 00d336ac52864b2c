"""What is the same for every estimator: the loss, the level, and the tally of a block of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from easiness_core._config import EASINESS_FRACTION_BITS, LOSS_FRACTION_BITS
from easiness_core._jit import jit

_EASINESS_UNIT = float(1 << EASINESS_FRACTION_BITS)
_LOSS_UNIT = float(1 << LOSS_FRACTION_BITS)
_LIMB = 32
_LIMB_MASK = (1 << _LIMB) - 1
# Rows a chunk: 256 * 2**52 stays far from 64 bits, and the chunk stays in cache.
_CHUNK = 256

# A float64 from its bits: the mantissa's 52, and the exponent's, which is 1023 for 1.0.
_MANTISSA_BITS = 52
_MANTISSA = (1 << _MANTISSA_BITS) - 1
_BIAS = 1023
_BITS_OF_SQRT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
_SHIFT_TO_SQRT_HALF = (_BIAS << _MANTISSA_BITS) - _BITS_OF_SQRT_HALF
_SMALLEST_NORMAL = float(np.finfo(np.float64).smallest_normal)
# log 2 in two parts, the first with so few digits that its multiples are exact.
_LOG2_HIGH = float(round(math.log(2.0) * 2**32) / 2**32)
_LOG2_LOW = math.log(2.0) - _LOG2_HIGH


@jit
def minus_log(values: Any, out: Any) -> None:
    """-log of positive normal numbers, within 2 units in the last place.

    Arithmetic alone, so that the compiler makes vector instructions of it: 2.5 ns a value
    where `math.log` takes 8. With value = 2^k m, m in [sqrt(1/2), sqrt 2), f = m - 1 and
    s = f / (2 + f): log m = 2 atanh s = f - s (f - 2 s^2 (1/3 + s^2/5 + s^4/7 + ...)).
    """
    bits_in = values.view(np.int64)
    bits_out = out.view(np.int64)
    for r in range(values.size):
        shifted = bits_in[r] + _SHIFT_TO_SQRT_HALF
        k = np.float64((shifted >> _MANTISSA_BITS) - _BIAS)
        bits_out[r] = (shifted & _MANTISSA) + _BITS_OF_SQRT_HALF
        f = out[r] - 1.0
        s = f / (2.0 + f)
        z = s * s
        # |s| <= 0.172: the first term left out is below 2^-56 of the sum.
        low = 1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11))))
        high = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
        series = 2.0 * z * (low + z * z * z * z * z * high)
        out[r] = -(k * _LOG2_HIGH + (f - (s * (f - series) - k * _LOG2_LOW)))


@jit
def finish(labels: Any, cuts: Any, edges: Any, out: Any, tally: Any) -> None:
    """Turn h_i into the loss, cut the levels, and add every row to the tally.

    `cuts` is (log E at and below which a row is hard, at and above which it is easy). Row b of
    `tally` belongs to bin b: rows, correct rows, sum of easiness (two limbs); the last row
    holds hard, medium, easy rows and infinite losses, the one before the sum of finite losses.
    """
    hard_to, easy_from = cuts
    n_bins = edges.size - 1
    own = np.empty(_CHUNK)
    for start in range(0, labels.size, _CHUNK):
        stop = min(start + _CHUNK, labels.size)
        own[: stop - start] = out.loss[start:stop]
        minus_log(own[: stop - start], out.loss[start:stop])
        for r in range(start, stop):
            loss = out.loss[r]
            h_i = own[r - start]
            if h_i < _SMALLEST_NORMAL:
                loss = -math.log(h_i) if h_i > 0.0 else np.inf
            elif h_i >= 1.0:
                loss = 0.0
            out.loss[r] = loss
            if loss < np.inf:
                tally[n_bins, 2] += int(loss * _LOSS_UNIT + 0.5)
            else:
                tally[n_bins + 1, 3] += 1

            log_e = out.log_easiness[r]
            kind = 1
            if log_e <= hard_to:
                kind = 0
            elif log_e >= easy_from:
                kind = 2
            out.level[r] = 1 << kind
            tally[n_bins + 1, kind] += 1

            easiness = out.easiness[r]
            # The product may round across an edge: one step puts it right.
            b = min(int(easiness * n_bins), n_bins - 1)
            if easiness < edges[b]:
                b -= 1
            elif b < n_bins - 1 and easiness >= edges[b + 1]:
                b += 1
            tally[b, 0] += 1
            if out.predicted[r] == labels[r]:
                tally[b, 1] += 1
            tally[b, 2] += int(easiness * _EASINESS_UNIT + 0.5)
        for b in range(n_bins + 1):
            tally[b, 3] += tally[b, 2] >> _LIMB
            tally[b, 2] &= _LIMB_MASK
