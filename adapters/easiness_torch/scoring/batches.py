"""Batches for scoring, with the indices of the samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, SequentialSampler, Subset

from easiness_torch.scoring.indices import has_indices, split_indices


def batches_of_dataset(
    dataset: Dataset[Any], shard: tuple[int, int], batch_size: int, num_workers: int
) -> Iterator[tuple[Tensor, Any]]:
    """Batches of a data set, or of this rank's share, with indices; equally many on all ranks."""
    size, rank = shard
    if size > 1:
        n_samples = len(dataset)  # type: ignore[arg-type]
        # Equally many, because a model may wait for all ranks in its forward pass.
        share = [i % n_samples for i in range(rank, -(-n_samples // size) * size, size)]
        dataset = Subset(dataset, share)
    return _with_indices(DataLoader(dataset, batch_size=batch_size, num_workers=num_workers))


def batches_of_loader(loader: DataLoader[Any]) -> Iterator[tuple[Tensor, Any]]:
    """Batches with indices, from a loader that has them or does not shuffle."""
    samplers = (loader.sampler, getattr(loader.batch_sampler, "sampler", None))
    if any(hasattr(sampler, "refresh_due") for sampler in samplers):
        raise ValueError(
            "data: this loader draws from an EasinessSampler, and yields only selected samples; "
            "pass the data set itself, or a separate loader"
        )
    if has_indices(loader.dataset):
        return _with_indices(loader)
    in_order = (
        isinstance(loader.sampler, SequentialSampler)
        and isinstance(loader.batch_sampler, BatchSampler)
        and getattr(loader, "in_order", True)
    )
    if not in_order or loader.drop_last:
        what = "drops its last batch" if in_order else "does not read its data set in order"
        raise ValueError(
            f"data: this loader {what}, so samples cannot be matched to their indices; wrap "
            f"its data set: DataLoader(with_indices(dataset), ...), or pass the data set itself"
        )
    return _numbered(loader)


def drops_samples(loader: DataLoader[Any]) -> bool:
    """Whether a loader drops its last, incomplete batch."""
    size = loader.batch_size
    return bool(loader.drop_last and size and len(loader.sampler) % size)  # type: ignore[arg-type]


def _with_indices(loader: DataLoader[Any]) -> Iterator[tuple[Tensor, Any]]:
    # Within the generator, because the loader draws its seed when it is created.
    for batch in loader:
        yield split_indices(loader.dataset, batch)


def _numbered(loader: DataLoader[Any]) -> Iterator[tuple[Tensor, Any]]:
    start = 0
    sizes = (len(indices) for indices in loader.batch_sampler)  # type: ignore[union-attr]
    for batch, size in zip(loader, sizes, strict=True):
        yield torch.arange(start, start + size, device="cpu"), batch
        start += size
