"""Data sets whose samples come with their indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset


def with_indices(dataset: Dataset[Any], *, key: str = "index") -> IndexedDataset:
    """Add to each sample its index in the data set, for `EasinessSampler.update`.

    A sample `(x, y)` becomes `(index, x, y)`; a mapping becomes a dict with one more key; anything
    else becomes a pair `(index, sample)`. Loaders collate indices into an int64 tensor.

    Parameters
    ----------
    dataset : map-style Dataset
        Any object with `__getitem__` and `__len__`. `__getitems__`, with which a loader fetches a
        batch at once, is used if present. If whole batches are fetched by a list, a slice or a
        tensor (a loader with `batch_size=None` over a `BatchSampler`), they get a tensor of
        indices.
    key : str, default "index"
        Key of the index, if samples are mappings.

    Returns
    -------
    Dataset
        The data set with indices. Its attribute `dataset` is the original; it can be pickled if the
        original can.

    Raises
    ------
    TypeError
        If the data set has no `__getitem__` or no length.
    ValueError
        If samples already have indices, or, in `__getitem__`, already have the key. To train on a
        subset, apply `with_indices` to the `Subset`.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from easiness_torch import with_indices
    >>> with_indices(TensorDataset(torch.zeros(3, 2), torch.tensor([5, 6, 7])))[1]
    (1, tensor([0., 0.]), tensor(6))
    """
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"dataset: expected a map-style data set, got {type(dataset).__name__}; for a stream "
            f"of samples with ids, use EasinessStream"
        )
    if not hasattr(dataset, "__len__"):
        raise TypeError(f"dataset: expected a length, {type(dataset).__name__} has none")
    if has_indices(dataset):
        raise ValueError(
            "dataset: its samples already have indices; pass it as it is, or take the part "
            "first, and then its indices: with_indices(Subset(dataset, indices))"
        )
    batched = bool(getattr(dataset, "__getitems__", None))
    return IndexedBatches(dataset, key) if batched else IndexedDataset(dataset, key)


def has_indices(dataset: Any) -> bool:
    """Whether samples have indices, those of the data set or of the one that it is part of."""
    return isinstance(_innermost(dataset), IndexedDataset)


def split_indices(dataset: Any, batch: Any) -> tuple[Tensor, Any]:
    """Split a batch of a data set with indices into those and the rest."""
    if isinstance(batch, Mapping):
        rest = dict(batch)
        return rest.pop(_innermost(dataset).key), rest
    indices, *rest_of_batch = batch
    return indices, rest_of_batch


def _innermost(dataset: Any) -> Any:
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    return dataset


class IndexedDataset(Dataset[Any]):
    """Result of `with_indices`."""

    def __init__(self, dataset: Any, key: str) -> None:
        self.dataset = dataset
        self.key = key

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any) -> Any:
        return self._indexed(self._numbers(index), self.dataset[index])

    def _numbers(self, index: Any) -> Any:
        """Return an int for one sample, an int64 tensor for several; resolve negative ones."""
        if isinstance(index, int) and index >= 0:
            # Loaders that fetch single samples pass ints.
            return index
        n_samples = len(self)
        if isinstance(index, slice):
            return torch.arange(*index.indices(n_samples), device="cpu")
        numbers = torch.as_tensor(index, device="cpu")
        if numbers.dtype == torch.bool:
            return numbers.nonzero().squeeze(1)
        numbers = torch.where(numbers < 0, numbers + n_samples, numbers).long()
        return numbers if numbers.ndim else int(numbers)

    def _indexed(self, index: Any, sample: Any) -> Any:
        if isinstance(sample, Mapping):
            if self.key in sample:
                raise ValueError(
                    f"dataset: samples already have a key {self.key!r}; pass another key for "
                    f'their index, as in with_indices(dataset, key="row")'
                )
            return {self.key: index, **sample}
        # A named tuple has no field for the index, so it becomes a plain tuple.
        return (index, *sample) if isinstance(sample, (tuple, list)) else (index, sample)


class IndexedBatches(IndexedDataset):
    """The same for a data set that fetches whole batches; loaders call `__getitems__`."""

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Fetch the samples of a batch at once."""
        samples = self.dataset.__getitems__(indices)
        pairs = zip(indices, samples, strict=True)
        return [self._indexed(self._numbers(index), sample) for index, sample in pairs]
