"""The loop over rows for the closed form.

Arguments are checked before; a bad row is reported by a count, never raised.

Letters, as in the paper: `h` a row of probabilities, `i` its label, `d_j = h_i - h_j`,
`eps_j` the probability that `h_i` beats `h_j` under noise, `E` their product over j != i.

Most rows need none of the eps_j. The other classes share `1 - h_i`, so if `h_i` exceeds that
by enough, every log eps_j underflows and the row is settled by its sum, which is taken
anyway: docs/numerics.md counts such rows in real probability sets, tests/core/test_kernels.py
holds rows at the switch to the naive product.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from easiness_core._config import (
    DENSE_CHUNK,
    DENSE_FROM_CLASSES,
    EASY_ROW_FROM,
    NEGLIGIBLE_SQUARE,
    PHI_IS_ONE_FROM,
    TABLE_HIGH,
)
from easiness_core._jit import jit
from easiness_core._log_phi import log_phi, log_phi_easy, sum_log_phi
from easiness_core._rows import is_bad, rival_and_predicted, sums

_TABLE_HIGH = float(TABLE_HIGH)
# 1 - h_i and the row's sum less h_i differ by rounding: settle only beyond this.
_MARGIN = 1e-9


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, curve: Any, out: Any) -> int:
    """Easiness, log easiness, h_i and predicted class by the closed form.

    `curve` is (1 / (sigma sqrt 2), table of log Phi). Returns the number of bad rows.
    """
    scale, table = curve
    settled_from = (PHI_IS_ONE_FROM + _MARGIN) / scale + _MARGIN
    scratch = (np.empty(DENSE_CHUNK), np.empty(DENSE_CHUNK, dtype=np.int32))
    n_bad = 0
    for r in range(probs.shape[0]):
        h = probs[r]
        i = labels[r]
        own = np.float64(h[i])
        total, absolute = sums(h)
        if is_bad(h, total, absolute, tolerance):
            n_bad += 1
            continue
        out.loss[r] = own
        out.easiness[r] = 1.0
        out.log_easiness[r] = 0.0
        out.predicted[r] = i
        if absolute == total and own - (total - own) >= settled_from:
            continue
        rival, out.predicted[r] = rival_and_predicted(h, i)
        x_rival = (own - rival) * scale
        if x_rival >= EASY_ROW_FROM:
            log_e = _easy_row(h, i, scale, x_rival)
        elif h.size >= DENSE_FROM_CLASSES:
            log_e = sum_log_phi(h[:i], own, curve, x_rival, scratch)
            log_e += sum_log_phi(h[i + 1 :], own, curve, x_rival, scratch)
        else:
            log_e = _few_classes(h, i, scale, table)
        out.log_easiness[r] = log_e
        out.easiness[r] = math.exp(log_e)
    return n_bad


@jit
def _easy_row(h: Any, i: int, scale: float, x_rival: float) -> float:
    """Sum of log Phi where all arguments are at least `x_rival`, with the digits of the tail."""
    own = np.float64(h[i])
    limit = math.sqrt(x_rival * x_rival + NEGLIGIBLE_SQUARE)
    log_e = 0.0
    for j in range(h.size):
        x = (own - np.float64(h[j])) * scale
        if j != i and x < limit:
            log_e += log_phi_easy(x)
    return log_e


@jit
def _few_classes(h: Any, i: int, scale: float, table: Any) -> float:
    """Sum of log Phi, one class at a time."""
    own = np.float64(h[i])
    log_e = 0.0
    for j in range(h.size):
        x = (own - np.float64(h[j])) * scale
        if j != i and x < _TABLE_HIGH:
            log_e += log_phi(x, table)
    return log_e
