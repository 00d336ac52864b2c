"""The sampler as `score_dataset` sees it, so that scoring does not depend on sampling."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor
from torch.utils.data import Sampler


class RefreshableSampler(Sampler[int], ABC):
    """Sampler that `score_dataset` gives new scores."""

    @abstractmethod
    def update(self, indices: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Score a batch."""

    @abstractmethod
    def _begin_refresh(self, n_samples: int) -> tuple[int, int] | None:
        """Return the number of shards and the one to score here, or None if no refresh is due."""

    @abstractmethod
    def _end_refresh(self) -> None:
        """Record that all samples have new scores, on all ranks together."""
