"""Batches with the index and weight of each sample, for Hugging Face's Trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

# Keys of a training batch; evaluation batches have neither.
INDEX, WEIGHT = "sample_index", "sample_weight"


class WeightedData(Dataset[Any]):
    """Samples by index, with index and weight."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, pair: tuple[int, float]) -> Any:
        return (*pair, self.dataset[pair[0]])

    def __getitems__(self, pairs: Sequence[tuple[int, float]]) -> list[Any]:
        fetch: Callable[[list[int]], Any] | None = getattr(self.dataset, "__getitems__", None)
        if fetch is None:
            return [self[pair] for pair in pairs]
        samples = fetch([index for index, _ in pairs])
        return [(*pair, sample) for pair, sample in zip(pairs, samples, strict=True)]


class WeightedCollator:
    """The Trainer's collator for samples, with two more columns."""

    def __init__(self, collate: Callable[[list[Any]], Any]) -> None:
        self.collate = collate

    def __call__(self, rows: Sequence[tuple[int, float, Any]]) -> Any:
        """Collate the samples, and add their indices and weights."""
        indices, weights, samples = zip(*rows, strict=True)
        try:
            batch = self.collate(list(samples))
        except TypeError as error:
            if isinstance(samples[0], Mapping):
                raise
            raise TypeError(
                f"train_dataset: expected samples that are mappings, such as {{'input_ids': ..., "
                f"'labels': ...}}, or a data_collator that makes one of a batch; got "
                f"{type(samples[0]).__name__}, and the collator raised: {error}"
            ) from error
        if not isinstance(batch, MutableMapping):
            raise TypeError(
                f"data_collator: expected it to return a mapping, got {type(batch).__name__}"
            )
        batch[INDEX] = torch.tensor(indices)
        batch[WEIGHT] = torch.tensor(weights)
        return batch
