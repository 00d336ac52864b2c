"""Counting over shared noise on the device, as a search among the sorted differences.

The count is that of the differences `b_k - a_k` below `d_j = h_i - h_j`, in float64, as in
easiness_core._monte_carlo.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

import easiness_core as ec


@lru_cache(maxsize=8)
def _tables(estimator: ec.MonteCarlo, device: torch.device) -> tuple[Tensor, Tensor]:
    """Sorted differences of noise, and the logarithm of each share of counts; float64."""
    a, b = estimator.noise()
    with np.errstate(divide="ignore"):
        log_share = np.log(np.arange(estimator.draws + 1) / estimator.draws)
    return torch.from_numpy(np.sort(b - a)).to(device), torch.from_numpy(log_share).to(device)


# An operator of its own, because the compiler cannot trace how the tables are made and kept.
@torch.library.custom_op("easiness_torch::log_share", mutates_args=())
def _log_share(d: Tensor, sigma: float, draws: int, seed: int) -> Tensor:
    """Logarithm of the share of noises under which a class d ahead wins; float64."""
    estimator = ec.MonteCarlo(sigma=sigma, draws=draws, seed=seed)
    differences, log_share = _tables(estimator, d.device)
    return log_share[torch.searchsorted(differences, d)]


@_log_share.register_fake
def _(d: Tensor, sigma: float, draws: int, seed: int) -> Tensor:
    return torch.empty_like(d)


def log_easiness_by_counting(h: Tensor, labels: Tensor, estimator: ec.MonteCarlo) -> Tensor:
    """Log easiness of each row, float64, without a gradient: h (n, m), labels (n,)."""
    h, i = h.detach().double(), labels.unsqueeze(1)
    d = h.gather(1, i) - h
    terms = _log_share(d, estimator.sigma, estimator.draws, estimator.seed)
    # A search files NaN above everything, which would make it easy.
    terms = torch.where(d.isnan(), d, terms).scatter(1, i, 0.0)
    # One after the other, as the core adds them; a tree of sums would round otherwise.
    return terms.cumsum(1)[:, -1]
