"""Indices and weights of a whole run, in equal parts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler

from easiness_torch.sampling.sampler import EasinessSampler


class TrainingRun(Sampler[tuple[int, float]]):
    """Indices and weights of a whole run, in parts of equal length.

    Indices carry their weights, because loaders prefetch: an epoch may begin before the last batch
    of the previous one is trained on.
    """

    def __init__(self, sampler: EasinessSampler, n_steps: int, per_step: int) -> None:
        self.sampler, self.length, self.per_step = sampler, n_steps * per_step, per_step
        self.turn = 0
        self.epochs: dict[int, tuple[Tensor, Tensor]] = {}
        # First epoch whose training has not ended, and its first position in the run.
        self.first = self.begin = 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, float]]:
        start = self.turn * self.length
        self.turn += 1
        end = epoch = 0
        while end < start + self.length:
            begin, end = end, end + self.sampler.expected_steps(1, epochs=[epoch])
            if end > start:
                part = slice(max(start - begin, 0), start + self.length - begin)
                indices, weights = (
                    column[part].tolist() for column in self._epoch(epoch, end - begin)
                )
                yield from zip(indices, weights, strict=True)
            epoch += 1

    def _epoch(self, epoch: int, size: int) -> tuple[Tensor, Tensor]:
        if epoch < self.first:
            # Trained on before the checkpoint: batches that a resumed run counts and skips.
            return torch.zeros(size, dtype=torch.int64), torch.ones(size)
        if epoch not in self.epochs:
            self.sampler.set_epoch(epoch)
            with warnings.catch_warnings():
                # If the epochs do not fill a whole number of steps, one more fills the last.
                warnings.filterwarnings("ignore", "total_epochs: ")
                order = torch.tensor(list(self.sampler), dtype=torch.int64)
            self.epochs[epoch] = order, self.sampler.weights(order, device="cpu")
        return self.epochs[epoch]

    def trained(self, n_samples: int) -> None:
        """Drop the epochs whose training has ended; workers may be several epochs ahead."""
        while self.first in self.epochs:
            end = self.begin + len(self.epochs[self.first][0])
            if end > n_samples:
                break
            del self.epochs[self.first]
            self.first, self.begin = self.first + 1, end

    def state_dict(self, step: int) -> dict[str, Any]:
        """Return the epochs whose training has not ended, with the sampler's state."""
        return {
            "step": step, "sampler": self.sampler.state_dict(), "epochs": dict(self.epochs),
            "first": self.first, "begin": self.begin,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue after the step at which the state was saved."""
        self.sampler.load_state_dict(state["sampler"])
        self.epochs = dict(state["epochs"])
        self.first, self.begin = state["first"], state["begin"]
        self.turn = state["step"] // (self.length // self.per_step)
