"""The loop over rows for the closed form.

Arguments are checked before; a bad row is reported by a count, never raised.

Letters, as in the paper: `h` a row of probabilities, `i` its label, `d_j = h_i - h_j`,
`eps_j` the probability that `h_i` beats `h_j` under noise, `E` their product over j != i.

Most rows need none of the eps_j: they are settled by their sum, which is taken anyway
(`rows.settle`; docs/numerics.md counts such rows in real probability sets). Of the others,
`x_rival`, the least argument of Phi, says whether the row is easy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from easiness_core._config import (
    EASY_ROW_FROM,
    ELEMENTS_AT_ONCE,
    PHI_IS_ONE_FROM,
    ROWS_AT_ONCE,
    VECTOR_WIDTH,
)
from easiness_core._kernels.easy_tail import sum_easy
from easiness_core._kernels.finish import finish
from easiness_core._kernels.jit import jit
from easiness_core._kernels.log_phi import sum_log_phi
from easiness_core._kernels.rows import is_bad, rival_and_predicted, rows_of, settle, settle_scratch

# 1 - h_i and the row's sum less h_i differ by rounding: settle only beyond this.
_MARGIN = 1e-9


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, curve: Any, ends: Any, out: Any) -> int:
    """Score rows by the closed form; returns the number of bad ones.

    `curve` is (1 / (sigma sqrt 2), table of log Phi); for `ends` see `finish.finish`. Until
    that turns it into the loss, `part.loss` holds h_i.

    Rows of one kind are taken together, so that the processor guesses the way they go.
    """
    scale = curve[0]
    settled_from = (PHI_IS_ONE_FROM + _MARGIN) / scale + _MARGIN
    sums_of_rows = settle_scratch()
    totals, absolutes, open_rows = sums_of_rows
    easy_rows, other_rows = np.empty_like(open_rows), np.empty_like(open_rows)
    x_rival = np.empty(ROWS_AT_ONCE)
    terms = np.empty(probs.shape[1] + VECTOR_WIDTH)
    scratch = (np.empty(ELEMENTS_AT_ONCE), np.empty(ELEMENTS_AT_ONCE, dtype=np.int32))
    n_bad = 0
    for start in range(0, labels.size, ROWS_AT_ONCE):
        h_rows = probs[start : start + ROWS_AT_ONCE]
        i_rows = labels[start : start + ROWS_AT_ONCE]
        part = rows_of(out, start)
        n_open = settle(h_rows, i_rows, tolerance, settled_from, part, sums_of_rows)
        n_easy = n_other = 0
        for r in open_rows[:n_open]:
            if is_bad(h_rows[r], totals[r], absolutes[r], tolerance):
                n_bad += 1
                continue
            rival, part.predicted[r] = rival_and_predicted(h_rows[r], i_rows[r])
            x_rival[r] = (part.loss[r] - rival) * scale
            easy = x_rival[r] >= EASY_ROW_FROM
            easy_rows[n_easy] = r
            n_easy += easy
            other_rows[n_other] = r
            n_other += not easy
        for r in easy_rows[:n_easy]:
            part.log_easiness[r] = sum_easy(h_rows[r], i_rows[r], scale, x_rival[r], terms)
        others = other_rows[:n_other]
        sum_log_phi(h_rows, i_rows, others, x_rival, curve, scratch, part.log_easiness)
        for r in open_rows[:n_open]:
            part.easiness[r] = math.exp(part.log_easiness[r])
        if n_bad == 0:
            finish(i_rows, ends, part, totals)
    return n_bad
