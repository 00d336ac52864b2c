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

from typing import Any

import numpy as np

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


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, scale: float, bins: Any, out: Any) -> int:
    """Score rows by the closed form, `scale` = 1 / (sigma sqrt 2); returns the number of bad ones.

    Until `finish` turns it into the loss, `part.loss` holds h_i.
    """
    saturated_from = (PHI_IS_ONE_FROM + _MARGIN) / scale + _MARGIN
    sums = make_sums()
    lanes = np.empty((7, ROWS_TOGETHER))
    classes = np.empty(ROWS_TOGETHER, np.int64)
    blocks = np.empty((4, ROWS_TOGETHER * CLASSES_TOGETHER))
    n_bad = 0
    for start in range(0, labels.size, ROWS_AT_ONCE):
        h_rows = probs[start : start + ROWS_AT_ONCE]
        i_rows = labels[start : start + ROWS_AT_ONCE]
        part = rows_of(out, start)
        n_pending = score_saturated(h_rows, i_rows, tolerance, saturated_from, part, sums)
        n_bad += count_bad(h_rows, n_pending, tolerance, sums)
        if n_bad == 0:
            while n_pending % VECTOR_ROWS:
                sums.pending_rows[n_pending] = sums.pending_rows[n_pending - 1]
                n_pending += 1
            for first in range(0, n_pending, ROWS_TOGETHER):
                rows = sums.pending_rows[first : min(first + ROWS_TOGETHER, n_pending)]
                _score_together(h_rows, i_rows, rows, scale, part, (lanes, classes, blocks))
            finish(i_rows, bins, part, sums)
    return n_bad


@jit_step(inline="always")
def _score_together(
    h_rows: Any, i_rows: Any, rows: Any, scale: float, part: Any, scratch: Any
) -> None:
    """Score up to ROWS_TOGETHER rows, a multiple of VECTOR_ROWS, each in a lane of its own."""
    lanes, classes, blocks = scratch
    n = rows.size
    own, largest, predicted = lanes[0, :n], lanes[1, :n], classes[:n]
    product, complement, half_squares = lanes[2, :n], lanes[3, :n], lanes[4, :n]
    logs, minus_log_e = lanes[5, :n], lanes[6, :n]
    for k in range(n):
        own[k] = largest[k] = part.loss[rows[k]]
        predicted[k] = i_rows[rows[k]]
        minus_log_e[k] = 0.0
    for left in range(0, h_rows.shape[1], CLASSES_TOGETHER):
        size = min(CLASSES_TOGETHER, h_rows.shape[1] - left) * n
        x, half_square = blocks[0, :size], blocks[1, :size]
        r, q = blocks[2, :size], blocks[3, :size]
        _gather(h_rows, i_rows, rows, left, x)
        _compare(x, left, scale, own, largest, predicted, half_square)
        exp_minus(half_square, q)
        tails(x, r, q)
        _multiply(x, half_square, r, q, product, complement, half_squares)
        minus_log(product, complement, logs)
        for k in range(n):
            minus_log_e[k] += logs[k] + half_squares[k]
    exp_minus(minus_log_e, product)
    for k in range(n):
        part.log_easiness[rows[k]] = 0.0 - minus_log_e[k]
        part.easiness[rows[k]] = product[k]
        part.predicted[rows[k]] = predicted[k]


@jit_step
def _gather(h_rows: Any, i_rows: Any, rows: Any, left: int, block: Any) -> None:
    """Lay out some classes of some rows; the label's own counts for nothing, as -inf does."""
    n = rows.size
    width = block.size // n
    for k in range(n):
        h = h_rows[rows[k]]
        for j in range(width):
            block[j * n + k] = h[left + j]
        own = i_rows[rows[k]] - left
        if 0 <= own < width:
            block[own * n + k] = -np.inf


@jit_step
def _compare(
    x: Any, left: int, scale: float, own: Any, largest: Any, predicted: Any, half_square: Any
) -> None:
    """Keep the largest h_j and its first class, turn h_j into x_j, and give x_j^2 / 2."""
    n = own.size
    for j in range(x.size // n):
        for k in range(n):
            # The label's own h came before all others.
            h = x[j * n + k]
            tied_before = (h == largest[k]) & (left + j < predicted[k])
            wins = (h > largest[k]) | tied_before
            predicted[k] = left + j if wins else predicted[k]
            largest[k] = h if wins else largest[k]
        for k in range(n):
            e = j * n + k
            x[e] = (own[k] - x[e]) * scale
            half_square[e] = 0.5 * x[e] * x[e]


@jit_step
def _multiply(
    x: Any, half_square: Any, r: Any, q: Any, product: Any, complement: Any, half_squares: Any
) -> None:
    """P, product of 1 - Q where x >= 0, of R where x < 0; C = 1 - product of all 1 - Q; squares.

    Where an x is below 0, P is at most 1/2 but for rounding, and C is not asked for.
    """
    n = product.size
    for k in range(n):
        product[k] = 1.0
        complement[k] = 0.0
        half_squares[k] = 0.0
    for j in range(x.size // n):
        for k in range(n):
            e = j * n + k
            below = x[e] < 0.0
            product[k] *= r[e] if below else 1.0 - q[e]
            complement[k] += q[e] * (1.0 - complement[k])
            half_squares[k] += half_square[e] if below else 0.0
