"""Data sets whose samples come with their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset


class IdentifiedDataset(Dataset[Any]):
    """What `with_ids` returns."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any) -> Any:
        return _identified(self._id(index), self.dataset[index])

    def _id(self, index: Any) -> int:
        # From the end, as lists count; the loader itself never does.
        return int(index) + (len(self) if index < 0 else 0)


class IdentifiedBatches(IdentifiedDataset):
    """The same over a data set that fetches whole batches; loaders ask by `__getitems__`."""

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Fetch the samples of a batch at once."""
        samples = self.dataset.__getitems__(indices)
        pairs = zip(indices, samples, strict=True)
        return [_identified(self._id(index), sample) for index, sample in pairs]


def _identified(index: int, sample: Any) -> Any:
    if isinstance(sample, (tuple, list)):
        return (index, *sample)
    if isinstance(sample, dict):
        if "id" in sample:
            raise ValueError(
                'dataset: samples already have a key "id", which with_ids would add; rename it'
            )
        return {"id": index, **sample}
    return index, sample
