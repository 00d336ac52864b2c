"""Data sets whose samples come with their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset, IterableDataset, Subset


def with_ids(dataset: Dataset[Any]) -> IdentifiedDataset:
    """Give each sample of a data set its id, for `EasinessSampler.update`.

    A sample `(x, y)` becomes `(id, x, y)`; a dict gets a key "id"; anything else becomes a pair
    `(id, sample)`. The id is the index, an int: batches hold int64 tensors of them.

    Parameters
    ----------
    dataset : map-style Dataset
        Anything with `__getitem__` and `__len__`. `__getitems__`, by which a loader fetches a
        batch at once, is used if there.

    Returns
    -------
    Dataset
        Of the same length, with the original as `dataset`; it pickles if the original does.

    Raises
    ------
    TypeError
        If the data set has no index or no length: ids are indices.
    ValueError
        If samples have ids already, from `with_ids` or, in `__getitem__`, by a key "id". To
        train on a part of a data set, take the part first, and then `with_ids`.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from easiness_torch import with_ids
    >>> with_ids(TensorDataset(torch.zeros(3, 2), torch.tensor([5, 6, 7])))[1]
    (1, tensor([0., 0.]), tensor(6))
    """
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"dataset: expected a map-style data set, whose indices are the ids, got "
            f"{type(dataset).__name__}"
        )
    if not hasattr(dataset, "__len__"):
        raise TypeError(f"dataset: expected a length, {type(dataset).__name__} has none")
    if has_ids(dataset):
        raise ValueError(
            "dataset: its samples come with ids already; pass it on as it is, or take the part "
            "first, and then its ids: with_ids(Subset(dataset, indices))"
        )
    batched = bool(getattr(dataset, "__getitems__", None))
    return IdentifiedBatches(dataset) if batched else IdentifiedDataset(dataset)


def has_ids(dataset: Any) -> bool:
    """Whether samples come with ids: the data set, or what it is a subset of, is `with_ids`."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    return isinstance(dataset, IdentifiedDataset)


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
