"""Count over shared noise on the device, by a search in the sorted differences.

The count is that of the differences `b_k - a_k` below `d_j = h_i - h_j`, in float64, and log
easiness the logarithm of the product of their shares, as in the core.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.library import custom_op

import easiness_core as ec


@lru_cache(maxsize=8)
def _differences(estimator: ec.MonteCarlo, device: torch.device) -> Tensor:
    """Sorted noise differences, float64."""
    a, b = estimator.noise()
    return torch.from_numpy(np.sort(b - a)).to(device)


# A custom operator, because the compiler cannot trace how the differences are made and cached.
@custom_op("easiness_torch::share_below", mutates_args=())
def _share_below(d: Tensor, sigma: float, draws: int, seed: int) -> Tensor:
    """Share of the noise values under which a class with a lead of d wins; float64."""
    differences = _differences(ec.MonteCarlo(sigma=sigma, draws=draws, seed=seed), d.device)
    return torch.searchsorted(differences, d) / torch.full_like(d, draws)


@_share_below.register_fake
def _(d: Tensor, sigma: float, draws: int, seed: int) -> Tensor:
    return torch.empty_like(d)


def log_easiness_by_counting(h: Tensor, labels: Tensor, estimator: ec.MonteCarlo) -> Tensor:
    """Log easiness of each row, float64, without a gradient: h (n, m), labels (n,)."""
    h, i = h.detach().double(), labels.unsqueeze(1)
    d = h.gather(1, i) - h
    shares = _share_below(d, estimator.sigma, estimator.draws, estimator.seed)
    # A search places NaN above everything, which would make it easy.
    shares = torch.where(d.isnan(), d, shares).scatter(1, i, 1.0)
    # One after the other, as in the core; a tree of products would round differently.
    easiness = shares.cumprod(1)[:, -1]
    # If the product underflows, use the logarithms of its factors.
    underflown = easiness < torch.finfo(easiness.dtype).smallest_normal
    return torch.where(underflown, shares.log().sum(1), easiness.log())
