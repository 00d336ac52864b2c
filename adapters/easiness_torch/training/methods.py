"""Training methods by name: the options of the sampler, and the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

import easiness_core as ec
from easiness_torch.sampling.keep import SampleScores
from easiness_torch.sampling.preset import FINAL_SHARE
from easiness_torch.training.loss import SampleEasinessLoss

PerSample = Callable[[Tensor, Tensor], Tensor]


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(logits, labels, reduction="none")


def _sel() -> PerSample:
    return SampleEasinessLoss(reduction="none")


@dataclass(frozen=True)
class Method:
    """A method. `sampler` holds options of `EasinessSampler`.

    `final` is the share of epochs at the end that use all samples; `selects` is False if every
    epoch does; with `stops`, training ends with the warm-up. With `per_batch`, all samples go
    through the model in every epoch, and after the warm-up the loss of a batch is that of the rows
    kept.
    """

    sampler: Mapping[str, Any] = field(default_factory=dict)
    loss: Callable[[], PerSample] = lambda: _cross_entropy
    selects: bool = True
    stops: bool = False
    per_batch: bool = False
    warmup: float = 0.15
    final: float = 0.0

    def epochs(self, n_epochs: int) -> tuple[int, int]:
        """Return the numbers of warm-up epochs and of full epochs at the end."""
        warmup = max(1, round(self.warmup * n_epochs)) if self.selects else n_epochs
        return warmup, math.ceil(self.final * n_epochs)


def below_mean_loss_halved(scores: SampleScores) -> Tensor:
    """Return the sampling rates of InfoBatch: 0.5 below the mean loss, otherwise 1.

    A `keep` function for `EasinessSampler`, which weights the kept samples 2 and 1. InfoBatch
    itself uses all samples in the last 12.5 % of epochs.

    Parameters
    ----------
    scores : SampleScores
        Scores of the samples that have been scored.

    Returns
    -------
    Tensor of shape (n_scored,)
        0.5 or 1.

    Notes
    -----
    Source: Qin et al., *InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning*,
    ICLR 2024.

    Examples
    --------
    >>> import torch
    >>> from easiness_torch import EasinessSampler, below_mean_loss_halved
    >>> sampler = EasinessSampler(
    ...     4, keep=below_mean_loss_halved, refresh="training", warmup_epochs=0, min_samples=1
    ... )
    >>> logits = torch.tensor([[4.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    >>> sampler.update(torch.arange(4), logits, torch.tensor([0, 0, 0, 0]))
    >>> sampler.set_epoch(0)
    >>> set(sampler) >= {2, 3}  # the samples with the higher loss
    True
    """
    return torch.where(scores.loss < scores.loss.mean(), 0.5, 1.0)


METHODS: dict[str, Method] = {
    "classic": Method(selects=False),
    "SEL": Method(loss=_sel, selects=False),
    "SET": Method({"keep": ec.MO}),
    "L-SET": Method({"keep": ec.MO, "rank_by": "loss"}),
    "SEL-SET": Method({"keep": ec.MO}, loss=_sel),
    "SET per batch": Method({"keep": ec.MO}, per_batch=True),
    "random": Method({"keep": ec.MO, "random_control": True}),
    "RS2": Method({"keep": ec.MO, "in_turn": True}),
    "warm-up": Method(stops=True),
    "InfoBatch": Method(
        {"keep": below_mean_loss_halved, "refresh": "training"}, warmup=0.0, final=0.125
    ),
    "fewer_easy": Method({"keep": "fewer_easy"}, warmup=0.0, final=FINAL_SHARE),
}


def method_of(name: Any) -> Method:
    """Return the method of a name."""
    if name not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {name!r}")
    return METHODS[name]
