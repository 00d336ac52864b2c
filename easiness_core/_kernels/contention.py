"""Which classes of a row can win at all: below a bar, easiness with respect to a class is nothing.

`g` a row that sums to 1, `w = sigma sqrt 2`. log Phi is concave, so of many classes at most the
value at their mean counts. With `g_1` the largest, for any class j and for one that is not it:

    log E_j <= (M - 1) log Phi((g_j - m) / w),   m = (1 - g_j) / (M - 1),
    log E_j <= log Phi((g_j - g_1) / w) + (M - 2) log Phi((g_j - m') / w),
               m' = (1 - g_j - g_1) / (M - 2).

Both rise with g_j: each gives a probability below which E_j is under 2^-64.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import CONTENTION_MARGIN, CONTENTION_STEPS, LOG_NEGLIGIBLE


def closed_form_min_winning_prob(
    largest: NDArray[np.float64], n_classes: int, sigma: float
) -> NDArray[np.float64]:
    """Probability, for each row, below which a class's easiness is under 2^-64."""
    lead, least, table = _bounds(n_classes, sigma)
    step = np.clip((largest * CONTENTION_STEPS).astype(np.int64), 0, CONTENTION_STEPS - 1)
    bar = np.minimum(np.maximum(largest + lead, table[step]), largest)
    # A row as flat as this has no winner, were it the largest itself.
    bar[largest < least] = np.inf
    return bar


@lru_cache(maxsize=8)
def _bounds(n_classes: int, sigma: float) -> tuple[float, float, NDArray[np.float64]]:
    """Least lead over the largest; least probability at all, and beside a largest of each step."""
    from scipy.special import log_ndtr, ndtri_exp

    width = sigma * math.sqrt(2.0)
    others = n_classes - 1
    lead = width * float(ndtri_exp(LOG_NEGLIGIBLE))
    # g - (1 - g) / others, the lead over the mean of the others, solved for g.
    mean_lead = width * float(ndtri_exp(LOG_NEGLIGIBLE / others))
    least = (others * mean_lead + 1.0) / n_classes

    edges = np.arange(CONTENTION_STEPS + 1) / CONTENTION_STEPS
    rest = n_classes - 2
    low, high = np.zeros(CONTENTION_STEPS), np.ones(CONTENTION_STEPS)
    for _ in range(53):
        g = (low + high) / 2
        # At the ends of the step that make each term larger.
        log_e = log_ndtr((g - edges[:-1]) / width)
        log_e += rest * log_ndtr((g - (1.0 - g - edges[1:]) / max(rest, 1)) / width)
        low, high = np.where(log_e < LOG_NEGLIGIBLE, (g, high), (low, g))
    return lead - CONTENTION_MARGIN, least - CONTENTION_MARGIN, low - CONTENTION_MARGIN
