"""log Phi, the logarithm of the standard normal distribution function, for kernels.

Three ranges for sums that are far from 0:

- `x >= TABLE_HIGH`: Phi(x) rounds to 1, so 0;
- `TABLE_LOW <= x < TABLE_HIGH`: one polynomial of degree 7 on each piece of width 1/8,
  24 KB in all, which stay in the first-level cache;
- `x < TABLE_LOW`: the asymptotic series of the Mills ratio,
  `log Phi(x) = -x^2/2 - log(-x) - log(2 pi)/2 + log(1 - 1/x^2 + 3/x^4 - ...)`,
  finite and strictly ordered where erfc has long underflowed.

Sums near 0, of easy rows, take `log_phi_easy`: log1p of the upper tail, with all its digits
down to 1e-308. Without it the order of the easiest half of the rows is lost, and with it
1.2 points of AUROC in ranking wrong labels (docs/numerics.md).

Source of the series: Abramowitz and Stegun, 26.2.12. Guarded by tests/core/test_log_phi.py.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    TABLE_DEGREE,
    TABLE_HIGH,
    TABLE_LOW,
    TABLE_PIECES_PER_UNIT,
)
from easiness_core._jit import jit

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
_SQRT_HALF = math.sqrt(0.5)
_LOW = float(TABLE_LOW)
_HIGH = float(TABLE_HIGH)
_PIECES = float(TABLE_PIECES_PER_UNIT)
# The table's ends in units of a piece; the last place lies inside the last piece.
_FIRST_PLACE = _LOW * TABLE_PIECES_PER_UNIT
_LAST_PLACE = _HIGH * TABLE_PIECES_PER_UNIT - 2.0**-20
_FIRST_PIECE = TABLE_LOW * TABLE_PIECES_PER_UNIT


@lru_cache(maxsize=1)
def log_phi_table() -> NDArray[np.float64]:
    """Coefficients, lowest power first, of shape (n_pieces, degree + 1).

    The variable of a piece is its own coordinate in units of a piece, 0 at its middle.
    """
    from scipy.special import log_ndtr

    n_pieces = (TABLE_HIGH - TABLE_LOW) * TABLE_PIECES_PER_UNIT
    n_nodes = TABLE_DEGREE + 1
    nodes = np.cos(np.pi * (2 * np.arange(n_nodes) + 1) / (2 * n_nodes)) / 2
    middles = np.arange(n_pieces) + _FIRST_PIECE + 0.5
    values = log_ndtr((middles[:, None] + nodes) / TABLE_PIECES_PER_UNIT)
    coefficients = np.linalg.solve(np.vander(nodes, increasing=True), values.T)
    table = np.ascontiguousarray(coefficients.T, dtype=np.float64)
    table.setflags(write=False)
    return table


@jit
def log_phi(x: float, table: Any) -> float:
    """Logarithm of Phi(x), within 1e-14 relative or 2e-16 absolute."""
    if x >= _HIGH:
        return 0.0
    if x < _LOW:
        return log_phi_far(x)
    scaled = x * _PIECES
    piece = math.floor(scaled)
    # Exact: a product with a power of two, and a difference of neighbours.
    t = scaled - piece - 0.5
    c = table[int(piece) - _FIRST_PIECE]
    t2 = t * t
    low = (c[0] + c[1] * t) + (c[2] + c[3] * t) * t2
    high = (c[4] + c[5] * t) + (c[6] + c[7] * t) * t2
    return low + high * (t2 * t2)


@jit
def sum_log_phi(h: Any, own: float, curve: Any, x_rival: float, scratch: Any) -> float:
    """Sum of log Phi((own - h_j) scale) over a row, by the same table in two steps.

    The first step is arithmetic alone, and becomes vector instructions: 3 ns an element in
    place of 6, at 100 classes. Arguments beyond the table are held at its ends: at the upper
    one log Phi is -1e-19; if the least, `x_rival`, lies below the lower one, a third step puts
    such terms right.
    """
    scale, table = curve
    places, pieces = scratch
    log_e = 0.0
    for start in range(0, h.size, places.size):
        chunk = h[start : start + places.size]
        for k in range(chunk.size):
            scaled = (own - np.float64(chunk[k])) * scale * _PIECES
            inside = min(max(scaled, _FIRST_PLACE), _LAST_PLACE)
            piece = np.int32(inside - _FIRST_PLACE)
            pieces[k] = piece
            places[k] = (inside - _FIRST_PLACE) - np.float64(piece) - 0.5
        for k in range(chunk.size):
            t = places[k]
            c = table[np.uint32(pieces[k])]
            t2 = t * t
            low = (c[0] + c[1] * t) + (c[2] + c[3] * t) * t2
            high = (c[4] + c[5] * t) + (c[6] + c[7] * t) * t2
            log_e += low + high * (t2 * t2)
        if x_rival < _LOW:
            for k in range(chunk.size):
                x = (own - np.float64(chunk[k])) * scale
                if x < _LOW:
                    log_e += log_phi_far(x) - log_phi(_LOW, table)
    return log_e


@jit
def log_phi_easy(x: float) -> float:
    """Logarithm of Phi(x) for x well above 0, with a small relative error."""
    return math.log1p(-0.5 * math.erfc(x * _SQRT_HALF))


@jit
def log_phi_far(x: float) -> float:
    """Logarithm of Phi(x) for x far below 0."""
    q = 1.0 / (x * x)
    tail = q * (-1.0 + q * (3.0 + q * (-15.0 + q * (105.0 - 945.0 * q))))
    return -0.5 * x * x - math.log(-x) - _HALF_LOG_2PI + math.log1p(tail)
