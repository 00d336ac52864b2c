"""Iterator over one epoch's indices, with a position that can be saved and restored."""

from __future__ import annotations

from collections.abc import Iterator
from operator import length_hint
from typing import Any, Protocol

from easiness_torch.sampling.plan import Plan


class EpochSource(Protocol):
    """The sampler as its iterators see it."""

    def _begin(self, epoch: int, plan: Plan | None) -> list[int]: ...

    def _finish(self, epoch: int) -> None: ...

    def _resumed(self, epoch: int) -> Plan | None: ...


class EpochIterator(Iterator[int]):
    """Indices of an epoch. Its plan, if not given, is made when the first index is drawn.

    Loaders make iterators that they never draw from (torchdata's, when it resumes), so an epoch
    has begun only once an index is drawn.
    """

    def __init__(self, sampler: EpochSource, epoch: int, plan: Plan | None) -> None:
        self._sampler = sampler
        self._epoch = epoch
        self._plan = plan
        self._skip = 0
        self._size = 0
        self._indices: Iterator[int] | None = None

    def __next__(self) -> int:
        if self._indices is None:
            indices = self._sampler._begin(self._epoch, self._plan)
            self._size = len(indices)
            self._indices = iter(indices[self._skip :])
        try:
            return next(self._indices)
        except StopIteration:
            self._sampler._finish(self._epoch)
            raise

    def state_dict(self) -> dict[str, Any]:
        """Epoch, and number of its indices drawn."""
        drawn = self._skip if self._indices is None else self._size - length_hint(self._indices)
        return {"epoch": self._epoch, "drawn": drawn}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another iterator was, over the plan that the sampler has restored."""
        self._epoch = state["epoch"]
        self._skip = state["drawn"]
        self._plan = self._sampler._resumed(self._epoch)
