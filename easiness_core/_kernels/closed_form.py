"""The loop over rows for the closed form.

Arguments are checked before; a bad row is reported by a count, never raised.

Letters, as in the paper: `h` a row of probabilities, `i` its label, `d_j = h_i - h_j`, `E` the
product of `Phi(x_j)` over j != i, `x_j = d_j / (sigma sqrt 2)`. With R and Q of normal_tail.py:

    log E = sum of log(1 - Q(x_j)) over x_j >= 0, and of log R(-x_j) - x_j^2 / 2 over x_j < 0.

Most rows need none of this: they are saturated, which their sum tells (`rows.score_saturated`).
The others are taken 64 together, 16 classes at once, laid out by class: `block[j * n + k]` is of
class j and of the row in lane k. Then each step is a loop of vector instructions. The logarithms of
16 classes are one: of the product P of their factors, or of 1 - C where P is near 1, C keeping the
digits that P lacks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    CLASSES_TOGETHER,
    PHI_IS_ONE_FROM,
    ROWS_AT_ONCE,
    ROWS_TOGETHER,
    VECTOR_ROWS,
)
from easiness_core._kernels.finish import finish, minus_log
from easiness_core._kernels.jit import jit, jit_step
from easiness_core._kernels.normal_tail import exp_minus, tails
from easiness_core._kernels.rows import count_bad, make_sums, rows_of, score_saturated

# 1 - h_i and the row's sum less h_i differ by rounding: saturated only beyond this.
_MARGIN = 1e-9


class Lanes(NamedTuple):
    """What is known of each of the rows taken together."""

    own: NDArray[np.float64]
    largest: NDArray[np.float64]
    predicted: NDArray[np.int64]
    product: NDArray[np.float64]
    complement: NDArray[np.float64]
    half_squares: NDArray[np.float64]
    logs: NDArray[np.float64]
    minus_log_e: NDArray[np.float64]


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, scale: float, bins: Any, out: Any) -> int:
    """Score rows by the closed form, `scale` = 1 / (sigma sqrt 2); returns the number of bad ones.

    Until `finish` turns it into the loss, `part.loss` holds h_i.
    """
    saturated_from = (PHI_IS_ONE_FROM + _MARGIN) / scale + _MARGIN
    sums = make_sums()
    column = ROWS_TOGETHER
    size = ROWS_TOGETHER * CLASSES_TOGETHER
    lanes = Lanes(
        np.empty(column), np.empty(column), np.empty(column, np.int64), np.empty(column),
        np.empty(column), np.empty(column), np.empty(column), np.empty(column),
    )  # fmt: skip
    blocks = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    n_bad = 0
    for start in range(0, labels.size, ROWS_AT_ONCE):
        h_rows = probs[start : start + ROWS_AT_ONCE]
        i_rows = labels[start : start + ROWS_AT_ONCE]
        part = rows_of(out, start)
        n_pending = score_saturated(h_rows, i_rows, tolerance, saturated_from, part, sums)
        n_bad += count_bad(h_rows, n_pending, tolerance, sums)
        if n_bad == 0:
            for first in range(0, n_pending, ROWS_TOGETHER):
                rows = sums.pending_rows[first : min(first + ROWS_TOGETHER, n_pending)]
                _score_together(h_rows, i_rows, rows, scale, lanes, blocks, part)
            finish(i_rows, bins, part, sums)
    return n_bad


@jit_step(inline="always")
def _score_together(
    h_rows: Any, i_rows: Any, rows: Any, scale: float, lanes: Any, blocks: Any, part: Any
) -> None:
    """Score up to ROWS_TOGETHER rows; lanes beyond them hold whatever they held."""
    x, half_square, r, q = blocks
    n = (rows.size + VECTOR_ROWS - 1) // VECTOR_ROWS * VECTOR_ROWS
    for k in range(rows.size):
        lanes.own[k] = lanes.largest[k] = part.loss[rows[k]]
        lanes.predicted[k] = i_rows[rows[k]]
    for k in range(n):
        lanes.minus_log_e[k] = 0.0
    for left in range(0, h_rows.shape[1], CLASSES_TOGETHER):
        width = min(CLASSES_TOGETHER, h_rows.shape[1] - left)
        _gather(h_rows, i_rows, rows, left, width, n, x)
        _predict(x, left, width, n, lanes.largest, lanes.predicted)
        _compare(x, width, n, lanes.own, scale, half_square)
        exp_minus(half_square, width * n, q)
        tails(x, width * n, r, q)
        _multiply(x, r, q, width, n, lanes.product)
        _complement(q, width, n, lanes.complement)
        _add_squares(x, half_square, width, n, lanes.half_squares)
        minus_log(lanes.product, lanes.complement, n, lanes.logs)
        for k in range(n):
            lanes.minus_log_e[k] += lanes.logs[k] + lanes.half_squares[k]
    exp_minus(lanes.minus_log_e, n, lanes.product)
    for k in range(rows.size):
        part.log_easiness[rows[k]] = 0.0 - lanes.minus_log_e[k]
        part.easiness[rows[k]] = lanes.product[k]
        part.predicted[rows[k]] = lanes.predicted[k]


@jit_step
def _gather(h_rows: Any, i_rows: Any, rows: Any, left: int, width: int, n: int, block: Any) -> None:
    """Lay out some classes of some rows; the label's own counts for nothing, as -inf does."""
    for k in range(rows.size):
        h = h_rows[rows[k]]
        for j in range(width):
            block[j * n + k] = h[left + j]
        own = i_rows[rows[k]] - left
        if 0 <= own < width:
            block[own * n + k] = -np.inf


@jit_step
def _predict(h: Any, left: int, width: int, n: int, largest: Any, predicted: Any) -> None:
    """Keep the largest probability and its first class; the label's own came before all others."""
    for j in range(width):
        for k in range(n):
            value = h[j * n + k]
            tied_before = (value == largest[k]) & (left + j < predicted[k])
            wins = (value > largest[k]) | tied_before
            predicted[k] = left + j if wins else predicted[k]
            largest[k] = value if wins else largest[k]


@jit_step
def _compare(x: Any, width: int, n: int, own: Any, scale: float, half_square: Any) -> None:
    """Turn h_j into x_j, and give x_j^2 / 2."""
    for j in range(width):
        for k in range(n):
            x[j * n + k] = (own[k] - x[j * n + k]) * scale
            half_square[j * n + k] = 0.5 * x[j * n + k] * x[j * n + k]


@jit_step
def _multiply(x: Any, r: Any, q: Any, width: int, n: int, product: Any) -> None:
    """P = product of 1 - Q where x >= 0, and of R where x < 0."""
    for k in range(n):
        product[k] = 1.0
    for j in range(width):
        for k in range(n):
            e = j * n + k
            product[k] *= r[e] if x[e] < 0.0 else 1.0 - q[e]


@jit_step
def _complement(q: Any, width: int, n: int, complement: Any) -> None:
    """C = 1 - product of 1 - Q: it stands for 1 - P where no x is below 0."""
    for k in range(n):
        complement[k] = 0.0
    for j in range(width):
        for k in range(n):
            complement[k] += q[j * n + k] * (1.0 - complement[k])


@jit_step
def _add_squares(x: Any, half_square: Any, width: int, n: int, total: Any) -> None:
    """Sum of x^2 / 2 where x < 0."""
    for k in range(n):
        total[k] = 0.0
    for j in range(width):
        for k in range(n):
            e = j * n + k
            total[k] += half_square[e] if x[e] < 0.0 else 0.0
