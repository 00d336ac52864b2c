"""Losses that the suites compare, one a sample; imported, not run."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from easiness_torch import sample_easiness_loss
from torch import Tensor
from torch.nn import functional

PerSample = Callable[[Tensor, Tensor], Tensor]


def smoothed(share: float = 0.1) -> PerSample:
    """Cross-entropy against labels of which a share is spread over all classes."""
    return partial(functional.cross_entropy, label_smoothing=share, reduction="none")


def gce(q: float = 0.7) -> PerSample:
    """Give the generalized cross-entropy (Zhang & Sabuncu, 2018): (1 - p^q) / q."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        ce = functional.cross_entropy(logits, labels, reduction="none")
        return -torch.expm1(-q * ce) / q

    return loss


def symmetric_ce(
    ce_weight: float = 0.1, rce_weight: float = 1.0, log_zero: float = -4.0
) -> PerSample:
    """Cross-entropy, and the reverse one with log 0 put at -4 (Wang et al., 2019): 4 (1 - p)."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        ce = functional.cross_entropy(logits, labels, reduction="none")
        return ce_weight * ce - rce_weight * log_zero * -torch.expm1(-ce)

    return loss


def with_sel(ce_weight: float, sel_weight: float, sigma: float) -> PerSample:
    """`ce_weight` times cross-entropy plus `sel_weight` times SEL at a sigma."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        sel = sample_easiness_loss(
            logits, labels, lambda_=1.0, sigma=sigma, tail=None, reduction="none"
        )
        ce = functional.cross_entropy(logits, labels, reduction="none")
        return sel_weight * (sel - ce) + ce_weight * ce

    return loss


def clipped_sel(draws: int, lambda_: float = 0.1, sigma: float = 0.01) -> PerSample:
    """Cross-entropy plus SEL whose win rates are at least 1 / draws, the least count above none."""
    lowest = float(torch.special.ndtri(torch.tensor(1.0 / draws, dtype=torch.float64)))
    scale = 1.0 / (sigma * math.sqrt(2.0))

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        h = logits.softmax(1)
        own = functional.one_hot(labels, logits.shape[1]).bool()
        x = scale * (h.gather(1, labels[:, None]) - h)
        log_wins = torch.special.log_ndtr(x.clamp(min=lowest)).masked_fill(own, 0.0)
        ce = functional.cross_entropy(logits, labels, reduction="none")
        return ce - lambda_ * log_wins.sum(1)

    return loss
