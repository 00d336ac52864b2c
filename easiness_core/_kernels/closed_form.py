"""The loop over rows for the closed form.

Arguments are checked before. Bad rows are counted; nothing is raised.

Letters, as in the paper: `h` a row of probabilities, `i` its label, `d_j = h_i - h_j`, `E` the
product of `Phi(x_j)` over j != i, `x_j = d_j / (sigma sqrt 2)`. With R and Q of normal_tail.py:

    log E = sum of log(1 - Q(x_j)) over x_j >= 0, and of log R(-x_j) - x_j^2 / 2 over x_j < 0.

Most rows need none of this: their sum shows that they are saturated (`rows.score_saturated`). The
others are scored 64 at a time and 32 classes at once, laid out by class: `block[j * n + k]` belongs
to class j and to the row in lane k, so that each step is a loop of vector instructions. One
logarithm serves 32 classes: that of the product P of their factors, or of 1 - C if P is near 1,
because C keeps the digits that P lacks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from easiness_core._config import (
    CLASSES_TOGETHER,
    JIT_FMA_OPTIONS,
    PHI_IS_ONE_FROM,
    ROWS_AT_ONCE,
    ROWS_TOGETHER,
    VECTOR_ROWS,
)
from easiness_core._kernels.finish import finish, minus_log
from easiness_core._kernels.jit import jit, jit_step
from easiness_core._kernels.normal_tail import exp_minus, tail_factor
from easiness_core._kernels.rows import count_bad, make_sums, rows_of, score_saturated

# 1 - h_i and the row's sum minus h_i differ by rounding: a row is saturated only above this.
_MARGIN = 1e-9


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, scale: float, bins: Any, out: Any) -> int:
    """Score rows by the closed form, `scale` = 1 / (sigma sqrt 2); return the number of bad rows.

    Until `finish` turns it into the loss, `part.loss` holds h_i.
    """
    lead = PHI_IS_ONE_FROM / scale
    saturated_from = lead * (1.0 + _MARGIN) + _MARGIN
    sums = make_sums()
    lanes = np.empty((7, ROWS_TOGETHER))
    classes = np.empty(ROWS_TOGETHER, np.int64)
    block = np.empty(ROWS_TOGETHER * CLASSES_TOGETHER)
    n_bad = 0
    for start in range(0, labels.size, ROWS_AT_ONCE):
        h_rows = probs[start : start + ROWS_AT_ONCE]
        i_rows = labels[start : start + ROWS_AT_ONCE]
        part = rows_of(out, start)
        n_pending = score_saturated(h_rows, i_rows, tolerance, saturated_from, part, sums)
        n_bad += count_bad(h_rows, n_pending, tolerance, sums)
        if n_bad == 0:
            n_pending = _drop_saturated(h_rows, part.loss, lead, sums.pending_rows[:n_pending])
            while n_pending % VECTOR_ROWS:
                sums.pending_rows[n_pending] = sums.pending_rows[n_pending - 1]
                n_pending += 1
            for first in range(0, n_pending, ROWS_TOGETHER):
                rows = sums.pending_rows[first : min(first + ROWS_TOGETHER, n_pending)]
                _score_together(h_rows, i_rows, rows, scale, part, (lanes, classes, block))
            finish(i_rows, bins, part, sums)
    return n_bad


@jit_step
def _drop_saturated(h_rows: Any, own: Any, lead: float, pending_rows: Any) -> int:
    """Keep the rows where another class comes within `lead`; return their number.

    The others are already scored as saturated: 11 % of the rows in text classification.
    """
    n_pending = 0
    for r in pending_rows:
        n_near = 2
        if own[r] >= lead:
            h = h_rows[r]
            n_near = 0
            for j in range(h.size):
                # By difference: own minus a lead below its last digit would equal own.
                n_near += own[r] - h[j] < lead
        pending_rows[n_pending] = r
        n_pending += n_near > 1
    return n_pending


@jit_step(inline="always")
def _score_together(
    h_rows: Any, i_rows: Any, rows: Any, scale: float, part: Any, scratch: Any
) -> None:
    """Score up to ROWS_TOGETHER rows, a multiple of VECTOR_ROWS, each in its own lane."""
    lanes, classes, block = scratch
    n = rows.size
    own, largest, predicted = lanes[0, :n], lanes[1, :n], classes[:n]
    product, complement, half_squares = lanes[2, :n], lanes[3, :n], lanes[4, :n]
    logs, minus_log_e = lanes[5, :n], lanes[6, :n]
    for k in range(n):
        own[k] = largest[k] = part.loss[rows[k]]
        predicted[k] = i_rows[rows[k]]
        minus_log_e[k] = 0.0
    for left in range(0, h_rows.shape[1], CLASSES_TOGETHER):
        h = block[: min(CLASSES_TOGETHER, h_rows.shape[1] - left) * n]
        _gather(h_rows, i_rows, rows, left, h)
        _predict(h, left, largest, predicted)
        _multiply(h, own, scale, product, complement, half_squares)
        minus_log(product, complement, logs)
        for k in range(n):
            minus_log_e[k] += logs[k] + half_squares[k]
    _exp_minus_all(minus_log_e, product)
    for k in range(n):
        part.log_easiness[rows[k]] = 0.0 - minus_log_e[k]
        part.easiness[rows[k]] = product[k]
        part.predicted[rows[k]] = predicted[k]


@jit_step
def _gather(h_rows: Any, i_rows: Any, rows: Any, left: int, block: Any) -> None:
    """Lay out some classes of some rows; the label's class is -inf, which has no effect."""
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
def _predict(h: Any, left: int, largest: Any, predicted: Any) -> None:
    """Keep the largest h_j and its first class; that of the label was entered first."""
    n = largest.size
    for j in range(h.size // n):
        for k in range(n):
            value = h[j * n + k]
            tied_before = (value == largest[k]) & (left + j < predicted[k])
            wins = (value > largest[k]) | tied_before
            predicted[k] = left + j if wins else predicted[k]
            largest[k] = value if wins else largest[k]


@jit_step(**JIT_FMA_OPTIONS)
def _multiply(
    h: Any, own: Any, scale: float, product: Any, complement: Any, half_squares: Any
) -> None:
    """P, the product of 1 - Q for x >= 0 and of R for x < 0; C = 1 - product of all 1 - Q; squares.

    If an x is below 0, P is at most 1/2 (up to rounding), and C is not used.
    """
    n = own.size
    for k in range(n):
        product[k] = 1.0
        complement[k] = 0.0
        half_squares[k] = 0.0
    for j in range(h.size // n):
        for k in range(n):
            x = (own[k] - h[j * n + k]) * scale
            half_square = 0.5 * x * x
            r = tail_factor(abs(x))
            q = r * exp_minus(half_square)
            product[k] *= r if x < 0.0 else 1.0 - q
            complement[k] += q * (1.0 - complement[k])
            half_squares[k] += half_square if x < 0.0 else 0.0


@jit_step(**JIT_FMA_OPTIONS)
def _exp_minus_all(w: Any, out: Any) -> None:
    for k in range(w.size):
        out[k] = exp_minus(w[k])
