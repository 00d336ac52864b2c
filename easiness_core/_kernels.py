"""The loops. Arguments are checked before; a bad row is reported by a count, never raised.

Letters, as in the paper: `h` a row of probabilities, `i` its label, `d_j = h_i - h_j`,
`eps_j` the probability that `h_i` beats `h_j` under noise, `E` their product over j != i.

Most rows need none of the eps_j. The other classes share `1 - h_i`, so if `h_i` exceeds that
by enough, every log eps_j underflows and the row is settled by its sum, which is taken
anyway: docs/numerics.md counts such rows in real probability sets, tests/core/test_kernels.py
holds rows at the switch to the naive product.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    EASINESS_FRACTION_BITS,
    EASY_ROW_FROM,
    JIT_SUM_OPTIONS,
    LOSS_FRACTION_BITS,
    NEGLIGIBLE_SQUARE,
    PHI_IS_ONE_FROM,
    ROWS_PER_CARRY,
    TABLE_HIGH,
)
from easiness_core._jit import jit
from easiness_core._log_phi import log_phi, log_phi_easy

_TABLE_HIGH = float(TABLE_HIGH)
_EASINESS_UNIT = float(1 << EASINESS_FRACTION_BITS)
_LOSS_UNIT = float(1 << LOSS_FRACTION_BITS)
_LIMB = 32
_LIMB_MASK = (1 << _LIMB) - 1
# 1 - h_i and the row's sum less h_i differ by rounding: settle only beyond this.
_MARGIN = 1e-9


class Columns(NamedTuple):
    """What is known of each row; `loss` holds h_i until `finish` turns it into -log h_i."""

    easiness: NDArray[np.float64]
    log_easiness: NDArray[np.float64]
    loss: NDArray[np.float64]
    level: NDArray[np.uint8]
    predicted: NDArray[np.int64]


class Tolerance(NamedTuple):
    """How far rounding may carry a row's sum from 1 and a probability below 0."""

    row_sum: float
    negative: float


@jit(**JIT_SUM_OPTIONS)
def _sums(h: Any) -> tuple[float, float]:
    """Sum of a row, and of its absolute values: they differ where a value is negative."""
    total = 0.0
    absolute = 0.0
    for j in range(h.size):
        value = np.float64(h[j])
        total += value
        absolute += abs(value)
    return total, absolute


@jit
def _is_bad(h: Any, total: float, absolute: float, tolerance: Any) -> bool:
    if not abs(total - 1.0) <= tolerance.row_sum:  # true for NaN as well
        return True
    if absolute != total:
        for j in range(h.size):
            if h[j] < -tolerance.negative or h[j] > 1.0 + tolerance.row_sum:
                return True
    return False


@jit
def _rival_and_predicted(h: Any, i: int) -> tuple[float, int]:
    """Largest probability of another class, and the first class of the largest."""
    rival = -np.inf
    rival_class = 0
    for j in range(h.size):
        value = np.float64(h[j])
        if j != i and value > rival:
            rival = value
            rival_class = j
    own = np.float64(h[i])
    if own > rival or (own == rival and i < rival_class):
        return rival, i
    return rival, rival_class


@jit
def first_label_outside(labels: Any, n_classes: int) -> int:
    """Index of the first label that is no class; -1 if there is none."""
    for r in range(labels.size):
        if labels[r] < 0 or labels[r] >= n_classes:
            return r
    return -1


@jit
def _log_product(h: Any, i: int, x_rival: float, scale: float, table: Any) -> float:
    """Sum of log Phi over the other classes; `x_rival` is the least argument among them."""
    own = np.float64(h[i])
    log_e = 0.0
    if x_rival < EASY_ROW_FROM:
        for j in range(h.size):
            x = (own - np.float64(h[j])) * scale
            if j != i and x < _TABLE_HIGH:
                log_e += log_phi(x, table)
    else:
        limit = math.sqrt(x_rival * x_rival + NEGLIGIBLE_SQUARE)
        for j in range(h.size):
            x = (own - np.float64(h[j])) * scale
            if j != i and x < limit:
                log_e += log_phi_easy(x)
    return log_e


@jit
def closed_form(probs: Any, labels: Any, tolerance: Any, curve: Any, out: Any) -> int:
    """Easiness, log easiness, h_i and predicted class by the closed form.

    `curve` is (1 / (sigma sqrt 2), table of log Phi). Returns the number of bad rows.
    """
    scale, table = curve
    settled_from = (PHI_IS_ONE_FROM + _MARGIN) / scale + _MARGIN
    n_bad = 0
    for r in range(probs.shape[0]):
        h = probs[r]
        i = labels[r]
        own = np.float64(h[i])
        total, absolute = _sums(h)
        if _is_bad(h, total, absolute, tolerance):
            n_bad += 1
            continue
        out.loss[r] = own
        out.easiness[r] = 1.0
        out.log_easiness[r] = 0.0
        out.predicted[r] = i
        if absolute == total and own - (total - own) >= settled_from:
            continue
        rival, out.predicted[r] = _rival_and_predicted(h, i)
        log_e = _log_product(h, i, (own - rival) * scale, scale, table)
        out.log_easiness[r] = log_e
        out.easiness[r] = math.exp(log_e)
    return n_bad


@jit
def count_below(d: float, differences: Any, starts: Any, step: float) -> int:
    """Count the sorted noise differences below d.

    `bucket` is monotone in floating point, so a difference in an earlier bucket than d's is
    below d and one in a later bucket is not; only d's own bucket is compared.
    """
    n = differences.size
    if d > differences[n - 1]:
        return n
    if d <= differences[0]:
        return 0
    b = bucket(d, differences[0], step)
    k = starts[b]
    while k < starts[b + 1] and differences[k] < d:
        k += 1
    return k


@jit
def bucket(d: float, lowest: float, step: float) -> int:
    """Bucket of a difference not below the lowest."""
    return int((d - lowest) * step)


@jit
def bucket_starts(differences: Any, n_buckets: int, step: float) -> Any:
    """Index of the first sorted difference of each bucket, and the end."""
    starts = np.zeros(n_buckets + 1, dtype=np.int32)
    for k in range(differences.size):
        starts[bucket(differences[k], differences[0], step) + 1] += 1
    for b in range(n_buckets):
        starts[b + 1] += starts[b]
    return starts


@jit
def monte_carlo(probs: Any, labels: Any, tolerance: Any, noise: Any, out: Any) -> int:
    """Easiness, log easiness, h_i and predicted class by counting over shared noise.

    `noise` is (sorted differences, starts of their buckets, buckets a unit, log(k / n) for
    each count k). Products and sums run in the order of the columns, as the definition does.
    """
    differences, starts, step, log_share = noise
    n = differences.size
    n_bad = 0
    for r in range(probs.shape[0]):
        h = probs[r]
        i = labels[r]
        own = np.float64(h[i])
        total, absolute = _sums(h)
        if _is_bad(h, total, absolute, tolerance):
            n_bad += 1
            continue
        out.loss[r] = own
        rival, out.predicted[r] = _rival_and_predicted(h, i)
        easiness = 1.0
        log_e = 0.0
        if own - rival <= differences[0]:
            easiness = 0.0
            log_e = -np.inf
        elif own - rival <= differences[n - 1]:
            for j in range(h.size):
                if j != i:
                    count = count_below(own - np.float64(h[j]), differences, starts, step)
                    if count < n:
                        easiness *= count / n
                        log_e += log_share[count]
        out.easiness[r] = easiness
        out.log_easiness[r] = log_e
    return n_bad


@jit
def finish(labels: Any, cuts: Any, edges: Any, out: Any, tally: Any) -> None:
    """Turn h_i into the loss, cut the levels, and add every row to the tally.

    `cuts` is (log E at and below which a row is hard, at and above which it is easy). Row b of
    `tally` belongs to bin b: rows, correct rows, sum of easiness (two limbs); the last row
    holds hard, medium, easy rows and infinite losses, the one before the sum of finite losses.
    """
    hard_to, easy_from = cuts
    n_bins = edges.size - 1
    for start in range(0, labels.size, ROWS_PER_CARRY):
        for r in range(start, min(start + ROWS_PER_CARRY, labels.size)):
            own = out.loss[r]
            loss = 0.0
            if own <= 0.0:
                loss = np.inf
                tally[n_bins + 1, 3] += 1
            elif own < 1.0:
                loss = -math.log(own)
                tally[n_bins, 2] += int(loss * _LOSS_UNIT + 0.5)
            out.loss[r] = loss

            log_e = out.log_easiness[r]
            kind = 1
            if log_e <= hard_to:
                kind = 0
            elif log_e >= easy_from:
                kind = 2
            out.level[r] = 1 << kind
            tally[n_bins + 1, kind] += 1

            easiness = out.easiness[r]
            b = n_bins - 1
            while b > 0 and easiness < edges[b]:
                b -= 1
            tally[b, 0] += 1
            if out.predicted[r] == labels[r]:
                tally[b, 1] += 1
            tally[b, 2] += int(easiness * _EASINESS_UNIT + 0.5)
        for b in range(n_bins + 1):
            tally[b, 3] += tally[b, 2] >> _LIMB
            tally[b, 2] &= _LIMB_MASK
