"""The tail of the normal distribution, for kernels: one formula for every x.

With `u = |x|`, `R(u) = erfcx(u / sqrt 2) / 2` and `Q(u) = R(u) exp(-u^2 / 2)`:

    Phi(u) = 1 - Q(u),    Phi(-u) = Q(u),    log Phi(-u) = log R(u) - u^2 / 2.

Only arithmetic, so that the compiler can vectorize it. Guarded by tests/core/test_normal_tail.py.
"""

from __future__ import annotations

import math

import numpy as np

from easiness_core._config import EXP_IS_ZERO_FROM, JIT_FMA_OPTIONS, TAIL_LEVELS_OFF_FROM
from easiness_core._kernels.jit import jit_step

# (u + 5) R(u) as a polynomial in t = (u - 5) / (u + 5), lowest power first, within 9e-16 relative
# for all u >= 0. Computed by tests/tail_polynomial.py.
TAIL = (
    0.769193049750063,
    -0.6653825028900684,
    0.49530561596999373,
    -0.31353315667043613,
    0.16502036616910737,
    -0.06911863872545303,
    0.020795066827479357,
    -0.002993376574719397,
    -0.0007978696711036696,
    0.0005448979466789302,
    -5.9374254572626344e-05,
    -4.97588940707279e-05,
    1.6676472037663173e-05,
    3.972040494146394e-06,
    -2.759874941021964e-06,
    -3.2349752237852993e-07,
    4.218019214509211e-07,
    2.982859361326789e-08,
    -5.814075965453212e-08,
    -2.3627806826406506e-09,
    5.151491485332322e-09,
)
# exp(-s) for |s| <= log(2) / 2, by its Taylor series: the first omitted term is below 2^-57.
_EXP = tuple((-1) ** k / math.factorial(k) for k in range(14))
_LOG2_E = 1.0 / math.log(2.0)
# log 2 in two parts, the first with so few digits that its multiples are exact.
LOG2_HIGH = 0x162E42FEE / 2**33
LOG2_LOW = 1.9082149292705877e-10
MANTISSA_BITS = 52
BIAS = 1023  # the exponent bits of 1.0


@jit_step(**JIT_FMA_OPTIONS)
def exp_minus(w: float) -> float:
    """exp(-w), w 0 or more; 0 from EXP_IS_ZERO_FROM on.

    With w = k log 2 + s, exp(-w) = 2^-k exp(-s); 2^-k is built from its bits.
    """
    # Clamped, so that the result is never denormal: denormal numbers are a hundred times slower.
    held = w if w < EXP_IS_ZERO_FROM else EXP_IS_ZERO_FROM
    k = np.int32(held * _LOG2_E + 0.5)
    s = (held - k * LOG2_HIGH) - k * LOG2_LOW
    power_of_2 = np.int64(np.int64(BIAS - k) << MANTISSA_BITS).view(np.float64)
    c = _EXP
    # Split by powers modulo 4: four short chains instead of a long one.
    s2 = s * s
    s4 = s2 * s2
    low = (c[0] + s4 * (c[4] + s4 * (c[8] + s4 * c[12]))) + s * (
        c[1] + s4 * (c[5] + s4 * (c[9] + s4 * c[13]))
    )
    high = (c[2] + s4 * (c[6] + s4 * c[10])) + s * (c[3] + s4 * (c[7] + s4 * c[11]))
    return (low + s2 * high) * power_of_2 if w < EXP_IS_ZERO_FROM else 0.0


@jit_step(**JIT_FMA_OPTIONS)
def tail_factor(u: float) -> float:
    """R(u) for u >= 0."""
    v = 1.0 / ((u if u < TAIL_LEVELS_OFF_FROM else TAIL_LEVELS_OFF_FROM) + 5.0)
    t = 1.0 - 10.0 * v
    c = TAIL
    t2 = t * t
    t4 = t2 * t2
    p0 = c[0] + t4 * (c[4] + t4 * (c[8] + t4 * (c[12] + t4 * (c[16] + t4 * c[20]))))
    p1 = c[1] + t4 * (c[5] + t4 * (c[9] + t4 * (c[13] + t4 * c[17])))
    p2 = c[2] + t4 * (c[6] + t4 * (c[10] + t4 * (c[14] + t4 * c[18])))
    p3 = c[3] + t4 * (c[7] + t4 * (c[11] + t4 * (c[15] + t4 * c[19])))
    return ((p0 + t * p1) + t2 * (p2 + t * p3)) * v
