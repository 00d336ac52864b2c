"""Samples that know their ids, and scoring a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

import easiness_core as ec
from easiness_torch._batches import batches_of_dataset, batches_of_loader, drops_samples, has_ids
from easiness_torch._check import check_estimator
from easiness_torch._gather import Gather
from easiness_torch._ids import IdentifiedBatches, IdentifiedDataset
from easiness_torch._input import moved
from easiness_torch._merge import world
from easiness_torch.sampler import EasinessSampler

_DEFAULT = ec.ClosedForm()


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


def score_dataset(
    model: torch.nn.Module,
    data: Dataset[Any] | DataLoader[Any],
    *,
    sampler: EasinessSampler | None = None,
    estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT,
    step: Callable[[torch.nn.Module, Any], tuple[Tensor, Tensor]] | None = None,
    device: torch.device | str | None = None,
    batch_size: int = 512,
    num_workers: int = 0,
) -> ec.Scores | None:
    """Score every sample of a data set by a model, in evaluation mode and without gradients.

    With a sampler, its scores are refreshed on the device if that is due before the next epoch
    (`sampler.refresh_due`); otherwise nothing is done. So one line before each epoch is enough.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits. Each of its modules is back in its own training mode afterwards. For mixed
        precision call this within `torch.autocast`.
    data : Dataset or DataLoader
        A map-style data set of samples `(x, y)`, `with_ids` or without, best without random
        augmentation; or a loader over one, which without ids must go through it in order. Under
        torch.distributed, a sampler that merges ranks is given each rank's share of a data set.
    sampler : EasinessSampler, optional
        Sampler to update. Its own estimator is used.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is estimated, without a sampler.
    step : callable, optional
        Takes the model and a batch (without ids, on the device), returns logits of shape
        (n, n_classes) and labels of shape (n,). By default `x, y = batch; model(x), y`.
    device : torch.device or str, optional
        Where batches are moved; by default where the model's first parameter is.
    batch_size, num_workers : int, default 512 and 0
        For a data set; a loader has its own.

    Returns
    -------
    easiness_core.Scores or None
        On the host, in the order of ids, with the exact summary; None with a sampler.

    Raises
    ------
    TypeError, ValueError
        If samples are no pairs and there is no `step`, if a loader shuffles without ids or
        leaves samples out, if lengths do not match, or if probabilities are not finite.

    Notes
    -----
    Memory: the columns of the result, and one batch. Random numbers on the CPU are left as they
    were, so that scoring in between does not change a training run.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from easiness_torch import score_dataset
    >>> x = torch.tensor([[2.0, 0.0], [0.0, 0.05], [0.0, 3.0]])
    >>> dataset = TensorDataset(x, torch.tensor([0, 0, 0]))
    >>> score_dataset(torch.nn.Identity(), dataset).easiness.round(3)
    array([1.   , 0.039, 0.   ])
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    if sampler is not None:
        if not isinstance(sampler, EasinessSampler):
            raise TypeError(f"sampler: expected EasinessSampler, got {type(sampler).__name__}")
        if estimator != _DEFAULT:
            raise ValueError(
                "estimator: the sampler has its own; pass estimator= to EasinessSampler instead"
            )
    check_estimator(estimator)
    n_samples = _length(data)
    if sampler is not None:
        if n_samples != sampler.options.n_samples:
            raise ValueError(
                f"data: expected {sampler.options.n_samples} samples, as the sampler was made "
                f"for, got {n_samples}"
            )
        if isinstance(data, DataLoader) and drops_samples(data):
            raise ValueError(
                "data: this loader drops its last batch, whose samples would not be scored; make "
                "it with drop_last=False, or pass the data set itself"
            )
        if not sampler._agree_to_refresh(sampler.refresh_due):
            sampler._between_epochs()
            return None

    if isinstance(data, DataLoader):
        batches = batches_of_loader(data)
    else:
        shard = world() if sampler is not None and sampler._merging() else (1, 0)
        dataset = data if has_ids(data) else with_ids(data)
        batches = batches_of_dataset(dataset, shard, batch_size, num_workers)
    device = _device_of(model, device)
    gather = None if sampler is not None else Gather(n_samples, estimator)
    with evaluating(model):
        for ids, batch in batches:
            logits, labels = (step or _pair)(model, all_moved(batch, device))
            if sampler is not None:
                sampler.update(ids, logits, labels)
            elif gather is not None:
                gather.add(ids, logits, labels)
    if gather is not None:
        return gather.scores()
    if sampler is not None:
        sampler._refreshed()
    return None


def _length(data: Any) -> int:
    dataset = data.dataset if isinstance(data, DataLoader) else data
    while isinstance(dataset, Subset) and has_ids(dataset):
        dataset = dataset.dataset
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise TypeError(
            f"data: expected a map-style data set or a loader over one, got "
            f"{type(dataset).__name__}"
        )
    return len(dataset)


def _device_of(model: torch.nn.Module, device: torch.device | str | None) -> torch.device:
    if device is not None:
        return torch.device(device)
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Switch to evaluation without gradients, and put each module's own mode back after it."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        # Loaders and augmentation draw random numbers; the training run's are its own.
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        # By train() first: some modules merge weights in eval() and part them again there.
        model.train(modes[0][1])
        for module, training in modes:
            module.training = training


def _pair(model: torch.nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(batch, (list, tuple)) or len(batch) != 2:
        what = f"{len(batch)} parts" if isinstance(batch, (list, tuple)) else type(batch).__name__
        raise TypeError(
            f"data: expected samples (x, y), got {what}; pass step=, a function of the model and "
            f"a batch that returns logits and labels"
        )
    return model(batch[0]), batch[1]


def all_moved(batch: Any, device: torch.device) -> Any:
    """Move every tensor of a batch, however nested."""
    if isinstance(batch, Tensor):
        return moved(batch, device)
    if isinstance(batch, dict):
        return {key: all_moved(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        parts = [all_moved(value, device) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else parts
    return batch
