"""Scoring a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

import easiness_core as ec
from easiness_torch.scoring.batches import batches_of_dataset, batches_of_loader, drops_samples
from easiness_torch.scoring.check import check_estimator
from easiness_torch.scoring.device import all_moved, device_of
from easiness_torch.scoring.gather import Gather
from easiness_torch.scoring.indices import has_indices, with_indices
from easiness_torch.scoring.refresh import RefreshableSampler

_DEFAULT = ec.ClosedForm()
_STEP = "pass step=, such as lambda model, batch: (model(batch[0])[0], batch[1])"


def score_dataset(
    model: torch.nn.Module,
    data: Dataset[Any] | DataLoader[Any],
    *,
    sampler: RefreshableSampler | None = None,
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
        A map-style data set of samples `(x, y)`, `with_indices` or without, best without random
        augmentation; or a loader over one, which without indices must go through it in order. Under
        torch.distributed, a sampler that merges ranks is given each rank's share of a data set.
    sampler : EasinessSampler, optional
        Sampler to update. Its own estimator is used.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is estimated, without a sampler.
    step : callable, optional
        Takes the model and a batch (without indices, on the device), returns logits of shape
        (n, n_classes) and labels of shape (n,). By default `x, y = batch; model(x), y`, or for a
        mapping with a key "labels", `model(**rest), labels`; the model gives a tensor, or a mapping
        with a key "logits" (`ModelOutput`).
    device : torch.device or str, optional
        Where batches are moved; by default where the model's first parameter is.
    batch_size, num_workers : int, default 512 and 0
        For a data set; a loader has its own.

    Returns
    -------
    easiness_core.Scores or None
        On the host, in the order of indices, with the exact summary; None with a sampler.

    Raises
    ------
    TypeError, ValueError
        If samples are no pairs and there is no `step`, if a loader shuffles without indices or
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
        if not isinstance(sampler, RefreshableSampler):
            raise TypeError(f"sampler: expected EasinessSampler, got {type(sampler).__name__}")
        if estimator != _DEFAULT:
            raise ValueError(
                "estimator: the sampler has its own; pass estimator= to EasinessSampler instead"
            )
    check_estimator(estimator)
    n_samples = _length(data)
    shard = (1, 0)
    if sampler is not None:
        if isinstance(data, DataLoader) and drops_samples(data):
            raise ValueError(
                "data: this loader drops its last batch, whose samples would not be scored; make "
                "it with drop_last=False, or pass the data set itself"
            )
        due = sampler._begin_refresh(n_samples)
        if due is None:
            return None
        shard = due

    if isinstance(data, DataLoader):
        batches = batches_of_loader(data)
    else:
        dataset = data if has_indices(data) else with_indices(data)
        batches = batches_of_dataset(dataset, shard, batch_size, num_workers)
    device = device_of(model, device)
    gather = None if sampler is not None else Gather(n_samples, estimator)
    with evaluating(model):
        for indices, batch in batches:
            logits, labels = (step or _pair)(model, all_moved(batch, device))
            if sampler is not None:
                sampler.update(indices, logits, labels)
            elif gather is not None:
                gather.add(indices, logits, labels)
    if gather is not None:
        return gather.scores()
    if sampler is not None:
        sampler._end_refresh()
    return None


def _length(data: Any) -> int:
    dataset = data.dataset if isinstance(data, DataLoader) else data
    while isinstance(dataset, Subset) and has_indices(dataset):
        dataset = dataset.dataset
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise TypeError(
            f"data: expected a map-style data set or a loader over one, got "
            f"{type(dataset).__name__}"
        )
    return len(dataset)


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
    if isinstance(batch, Mapping) and "labels" in batch:
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        return logits_of(model(**inputs)), batch["labels"]
    if not isinstance(batch, (list, tuple)) or len(batch) != 2:
        what = f"{len(batch)} parts" if isinstance(batch, (list, tuple)) else type(batch).__name__
        raise TypeError(
            f"data: expected samples (x, y) or mappings with a key 'labels', got {what}; pass "
            f"step=, a function of the model and a batch that returns logits and labels"
        )
    return logits_of(model(batch[0])), batch[1]


def logits_of(output: Any, hint: str = _STEP) -> Tensor:
    """Logits that a model gave, as a tensor or in a mapping (a `ModelOutput`)."""
    if isinstance(output, Mapping) and isinstance(output.get("logits"), Tensor):
        logits: Tensor = output["logits"]
        return logits
    if isinstance(output, Tensor):
        return output
    got = f"with keys {', '.join(map(str, output))}" if isinstance(output, Mapping) else ""
    raise TypeError(
        f"model: expected logits, as a tensor or under the key 'logits', got "
        f"{' '.join(filter(None, [type(output).__name__, got]))}; {hint}"
    )
