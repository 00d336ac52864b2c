"""log Phi, the logarithm of the standard normal distribution function, for kernels.

Three ranges for sums that are far from 0:

- `x >= TABLE_HIGH`: Phi(x) rounds to 1, so 0 (`sum_log_phi` holds such an argument at the table's
  end, which is -1e-19);
- `TABLE_LOW <= x < TABLE_HIGH`: one polynomial of degree 7 on each piece of width 1/8,
  24 KB in all, which stay in the first-level cache;
- `x < TABLE_LOW`: the asymptotic series of the Mills ratio,
  `log Phi(x) = -x^2/2 - log(-x) - log(2 pi)/2 + log(1 - 1/x^2 + 3/x^4 - ...)`,
  finite and strictly ordered where erfc has long underflowed.

Easy rows, whose sums lie near 0, have a way of their own (`easy_tail.py`).

Source of the series: Abramowitz and Stegun, 26.2.12. Guarded by tests/core/test_log_phi.py.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    ELEMENTS_AT_ONCE,
    TABLE_DEGREE,
    TABLE_HIGH,
    TABLE_LOW,
    TABLE_PIECES_PER_UNIT,
)
from easiness_core._kernels.jit import jit

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
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
    return _piece(table, int(piece) - _FIRST_PIECE, t)


@jit
def sum_log_phi(
    probs: Any, labels: Any, rows: Any, x_rival: Any, curve: Any, scratch: Any, log_easiness: Any
) -> None:
    """Sum of log Phi((h_i - h_j) scale) over j != i, for each of `rows`, by the same table.

    In three steps over many elements at once: several rows, or a stretch of a row of many classes.
    The first two are arithmetic alone, and become vector instructions; the third reads the
    table: 3 ns an element in all, where one element after the other takes 6. Arguments beyond
    the table are held at its ends: at the upper one log Phi is -1e-19; where the least,
    `x_rival`, lies below the lower one, such terms are put right.
    """
    scale, table = curve
    places, pieces = scratch
    n_classes = probs.shape[1]
    width = min(n_classes, places.size)
    together = places.size // width
    for r in rows:
        log_easiness[r] = 0.0
    for first in range(0, rows.size, together):
        group = rows[first : first + together]
        for left in range(0, n_classes, width):
            right = min(left + width, n_classes)
            size = right - left
            for k in range(group.size):
                r = group[k]
                own = np.float64(probs[r, labels[r]])
                for j in range(size):
                    places[k * size + j] = (own - np.float64(probs[r, left + j])) * scale
                if left <= labels[r] < right:
                    # The label's own class counts for nothing: the upper end.
                    places[k * size + labels[r] - left] = _HIGH
            for e in range(group.size * size):
                place = min(max(places[e] * _PIECES, _FIRST_PLACE), _LAST_PLACE) - _FIRST_PLACE
                piece = np.int32(place)
                pieces[e] = piece
                places[e] = place - np.float64(piece) - 0.5
            for k in range(group.size):
                # Stretch by stretch: in one chain of 100,000 terms roundings pile up beyond 1e-12.
                stretch = 0.0
                for e in range(k * size, (k + 1) * size):
                    stretch += _piece(table, np.uint32(pieces[e]), places[e])
                log_easiness[group[k]] += stretch
    for r in rows:
        if x_rival[r] < _LOW:
            log_easiness[r] += _below_table(probs[r], labels[r], curve)


@jit
def _piece(table: Any, piece: Any, t: float) -> float:
    """Polynomial of a piece; the compiler inlines it."""
    c = table[piece]
    t2 = t * t
    low = (c[0] + c[1] * t) + (c[2] + c[3] * t) * t2
    high = (c[4] + c[5] * t) + (c[6] + c[7] * t) * t2
    return low + high * (t2 * t2)


@jit
def _below_table(h: Any, i: int, curve: Any) -> float:
    """Sum what the terms below the table's lower end lack when they are held there."""
    scale, table = curve
    own = np.float64(h[i])
    at_the_end = log_phi(_LOW, table)
    lacking = 0.0
    for start in range(0, h.size, ELEMENTS_AT_ONCE):
        part = 0.0
        for j in range(start, min(start + ELEMENTS_AT_ONCE, h.size)):
            x = (own - np.float64(h[j])) * scale
            if x < _LOW:
                part += log_phi_far(x) - at_the_end
        lacking += part
    return lacking


@jit
def log_phi_far(x: float) -> float:
    """Logarithm of Phi(x) for x far below 0."""
    q = 1.0 / (x * x)
    tail = q * (-1.0 + q * (3.0 + q * (-15.0 + q * (105.0 - 945.0 * q))))
    return -0.5 * x * x - math.log(-x) - _HALF_LOG_2PI + math.log1p(tail)
