"""log E of an easy row, with all the digits of the tail, for kernels.

Where every argument x_j of Phi is at least 3, log E is so near 0 that its digits are those of
the upper tail: without them the order of the easiest half of the rows is lost, and with it
1.2 points of AUROC in ranking wrong labels (docs/numerics.md).

`log Phi(x) = log1p(-Q(x))` with `Q(x) = erfc(x / sqrt 2) / 2 = R(x) exp(-x^2 / 2)`, R smooth.
Of many terms each is taken relative to the rival's, the largest, by arithmetic alone, which
becomes vector instructions:

- `exp(-(x_j^2 - x_rival^2) / 2)` as the 32nd power of a polynomial, so that no bits of the
  exponent need to be put together (32 roundings cost 1e-14);
- `R(x)` as a polynomial in `v = 1 / (x + 2)`, times v;
- `log1p(-Q)` as its series up to Q^5, since Q is at most 0.00135.

Guarded by tests/core/test_easy_tail.py and tests/core/test_accuracy.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    EASY_ROW_FROM,
    ELEMENTS_AT_ONCE,
    EXP_DEGREE,
    NEGLIGIBLE_SQUARE,
    PHI_IS_ONE_FROM,
    TAIL_DEGREE,
    VECTOR_TERMS_FROM,
    VECTOR_WIDTH,
)
from easiness_core._kernels.jit import jit

_SQRT_HALF = math.sqrt(0.5)
# v at the two ends of the range, and the map from there to [-1, 1].
_V_LOW = 1.0 / (math.sqrt(PHI_IS_ONE_FROM**2 + NEGLIGIBLE_SQUARE) + 2.0)
_V_HIGH = 1.0 / (EASY_ROW_FROM + 2.0)
_V_SCALE = 2.0 / (_V_HIGH - _V_LOW)
_V_SHIFT = -(_V_HIGH + _V_LOW) / (_V_HIGH - _V_LOW)
# The 32nd root of the exponential takes arguments from 0 to this.
_ROOT_SPAN = NEGLIGIBLE_SQUARE / 2.0 / 32.0
_ROOT_SCALE = 2.0 / _ROOT_SPAN / 64.0


def _polynomial(function: Callable[..., Any], degree: int) -> NDArray[np.float64]:
    """Coefficients, lowest power first, of the interpolant at Chebyshev's nodes in [-1, 1]."""
    nodes = np.cos(np.pi * (2 * np.arange(degree + 1) + 1) / (2 * degree + 2))
    coefficients = np.linalg.solve(np.vander(nodes, increasing=True), function(nodes))
    return np.asarray(coefficients, dtype=np.float64)


def _r_over_v(t: NDArray[np.float64]) -> Any:
    from scipy.special import erfcx

    x = 1.0 / ((t - _V_SHIFT) / _V_SCALE) - 2.0
    return erfcx(x * _SQRT_HALF) / 2.0 * (x + 2.0)


_R = _polynomial(_r_over_v, TAIL_DEGREE)
_ROOT = _polynomial(lambda t: np.exp(-(t + 1.0) * (_ROOT_SPAN / 2.0)), EXP_DEGREE)


@jit
def sum_easy(h: Any, i: int, scale: float, x_rival: float, scratch: Any) -> float:
    """Sum of log Phi((h_i - h_j) scale) over j != i, of which `x_rival` is the least argument.

    `scratch` has room for all terms, filled up to a multiple of VECTOR_WIDTH.
    """
    if x_rival >= PHI_IS_ONE_FROM:
        return 0.0
    own = np.float64(h[i])
    limit = math.sqrt(x_rival * x_rival + NEGLIGIBLE_SQUARE)
    n = 0
    for j in range(h.size):
        x = (own - np.float64(h[j])) * scale
        scratch[n] = x
        n += int(x < limit and j != i)
    if n < VECTOR_TERMS_FROM:
        log_e = 0.0
        for k in range(n):
            log_e += log_phi_easy(scratch[k])
        return log_e
    # Filled up with what counts for nothing, since terms left over would be taken one by one.
    whole = (n + VECTOR_WIDTH - 1) // VECTOR_WIDTH * VECTOR_WIDTH
    scratch[n:whole] = limit
    return _sum_tails(scratch[:whole], x_rival)


@jit
def log_phi_easy(x: float) -> float:
    """Logarithm of Phi(x) for x well above 0, with a small relative error."""
    return math.log1p(-0.5 * math.erfc(x * _SQRT_HALF))


@jit
def _sum_tails(x: Any, x_rival: float) -> float:
    """Sum of log Phi over many arguments from x_rival on; overwrites them."""
    largest = math.exp(-0.5 * x_rival * x_rival)
    for k in range(x.size):
        t = (x[k] - x_rival) * (x[k] + x_rival) * _ROOT_SCALE - 1.0
        # Even and odd powers apart: two short chains in place of a long one.
        t2 = t * t
        even = _ROOT[EXP_DEGREE]
        for power in range(EXP_DEGREE - 2, -1, -2):
            even = even * t2 + _ROOT[power]
        odd = _ROOT[EXP_DEGREE - 1]
        for power in range(EXP_DEGREE - 3, 0, -2):
            odd = odd * t2 + _ROOT[power]
        root = even + t * odd
        root2 = root * root
        root4 = root2 * root2
        root8 = root4 * root4
        root16 = root8 * root8

        v = 1.0 / (x[k] + 2.0)
        t = v * _V_SCALE + _V_SHIFT
        t2 = t * t
        odd = _R[TAIL_DEGREE]
        for power in range(TAIL_DEGREE - 2, 0, -2):
            odd = odd * t2 + _R[power]
        even = _R[TAIL_DEGREE - 1]
        for power in range(TAIL_DEGREE - 3, -1, -2):
            even = even * t2 + _R[power]

        relative = (even + t * odd) * v * (root16 * root16)
        q = relative * largest
        x[k] = relative * (1.0 + q * (1 / 2 + q * (1 / 3 + q * (1 / 4 + q * (1 / 5)))))
    total = 0.0
    for start in range(0, x.size, ELEMENTS_AT_ONCE):
        stretch = 0.0
        for k in range(start, min(start + ELEMENTS_AT_ONCE, x.size)):
            stretch += x[k]
        total += stretch
    return 0.0 - largest * total
