"""Iterate over the indices of an epoch, with a position that can be saved and restored."""

from __future__ import annotations

from collections.abc import Iterator
from operator import length_hint
from typing import Any, Protocol

from torch import Tensor

from easiness_torch.sampling.plan import Plan

# Indices converted to Python ints at a time: a whole epoch would take five times the memory.
_CHUNK = 1 << 16


class EpochSource(Protocol):
    """The sampler as its iterators see it."""

    def _begin(self, epoch: int, plan: Plan | None) -> Tensor: ...

    def _finish(self, epoch: int) -> None: ...

    def _resumed(self, epoch: int) -> Plan | None: ...


class EpochIterator(Iterator[int]):
    """Iterator over the indices of an epoch; without a plan, it makes one at the first index.

    Loaders make iterators that they never draw from (torchdata's, when it resumes), so an epoch
    has begun only once an index is drawn.
    """

    def __init__(self, sampler: EpochSource, epoch: int, plan: Plan | None) -> None:
        self._sampler = sampler
        self._epoch = epoch
        self._plan = plan
        # Where the running chunk ends in the epoch.
        self._stop = 0
        self._order: Tensor | None = None
        self._chunk: Iterator[int] = iter(())

    def __next__(self) -> int:
        for index in self._chunk:
            return index
        if self._order is None:
            self._order = self._sampler._begin(self._epoch, self._plan)
        values = self._order[self._stop : self._stop + _CHUNK].tolist()
        if not values:
            self._sampler._finish(self._epoch)
            raise StopIteration
        self._stop += len(values)
        self._chunk = iter(values)
        return next(self._chunk)

    def state_dict(self) -> dict[str, Any]:
        """Return the epoch and the number of indices drawn."""
        return {"epoch": self._epoch, "drawn": self._stop - length_hint(self._chunk)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where another iterator stopped, with the plan that the sampler has restored."""
        self._epoch = state["epoch"]
        self._stop = state["drawn"]
        self._plan = self._sampler._resumed(self._epoch)
