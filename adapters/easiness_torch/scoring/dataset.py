"""Score a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

import easiness_core as ec
from easiness_torch.scoring.batches import batches_of_dataset, batches_of_loader
from easiness_torch.scoring.check import check_estimator
from easiness_torch.scoring.device import all_moved, device_of
from easiness_torch.scoring.gather import Gather
from easiness_torch.scoring.indices import has_indices, with_indices

_DEFAULT = ec.ClosedForm()
_STEP = "pass step=, such as lambda model, batch: (model(batch[0])[0], batch[1])"


Step = Callable[[torch.nn.Module, Any], tuple[Tensor, Tensor]]


def score_dataset(
    model: torch.nn.Module,
    data: Dataset[Any] | DataLoader[Any],
    *,
    estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT,
    step: Step | None = None,
    device: torch.device | str | None = None,
    batch_size: int = 512,
    num_workers: int = 0,
) -> ec.Scores:
    """Score every sample of a data set with a model, in evaluation mode and without gradients.

    To score the samples of a sampler, call `EasinessSampler.refresh` instead.

    Parameters
    ----------
    model : torch.nn.Module
        A model that returns logits. The training mode of each module is restored afterward. For
        mixed precision, call this within `torch.autocast`.
    data : Dataset or DataLoader
        A map-style data set of samples `(x, y)`, with or without `with_indices`, preferably without
        random augmentation; or a loader over one. Without indices, the loader must not shuffle.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How to compute easiness.
    step : callable, optional
        Function of the model and a batch (without indices, on the device) that returns logits of
        shape (n, n_classes) and labels of shape (n,). By default, `x, y = batch; model(x), y`, or,
        for a mapping with a key "labels", `model(**rest), labels`. The model returns a tensor, or a
        mapping with a key "logits" (`ModelOutput`).
    device : torch.device or str, optional
        Device for the batches; by default that of the model's first parameter.
    batch_size, num_workers : int, default 512 and 0
        Options of the loader, if `data` is a data set.

    Returns
    -------
    easiness_core.Scores
        Scores on the host, in the order of the data set, with the exact summary.

    Raises
    ------
    TypeError, ValueError
        If samples are not pairs and `step` is missing; if a loader shuffles without indices or
        leaves out samples; if lengths do not match; or if probabilities are not finite.

    Notes
    -----
    Memory: the result and one batch. The random state of the CPU is restored, so scoring does not
    change a training run.

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
    check_model(model)
    check_estimator(estimator)
    gather = Gather(length_of(data), estimator)
    score_batches(
        model, data, gather.add, shard=(1, 0), step=step, device=device_of(model, device),
        batch_size=batch_size, num_workers=num_workers,
    )  # fmt: skip
    return gather.scores()


def score_batches(
    model: torch.nn.Module,
    data: Dataset[Any] | DataLoader[Any],
    add: Callable[[Tensor, Tensor, Tensor], None],
    *,
    shard: tuple[int, int],
    step: Step | None,
    device: torch.device,
    batch_size: int,
    num_workers: int,
) -> None:
    """Pass indices, logits and labels of all batches to `add`; for a data set, those of a shard."""
    if isinstance(data, DataLoader):
        batches = batches_of_loader(data)
    else:
        dataset = data if has_indices(data) else with_indices(data)
        batches = batches_of_dataset(dataset, shard, batch_size, num_workers)
    with evaluating(model):
        for indices, batch in batches:
            add(indices, *(step or _pair)(model, all_moved(batch, device)))


def check_model(model: Any) -> None:
    """Check that `model` is a module."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")


def length_of(data: Any) -> int:
    """Count the samples of a data set or loader; for a subset with indices, of the whole."""
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
    """Switch to evaluation without gradients, and restore the mode of each module afterward."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        # Loaders and augmentation draw random numbers, which must not affect the training run.
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        # train() first: some modules merge weights in eval() and separate them again in train().
        model.train(modes[0][1])
        for module, training in modes:
            module.training = training


def _pair(model: torch.nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
    if isinstance(batch, Mapping) and "labels" in batch:
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        return logits_of(model(**inputs)), batch["labels"]
    if not isinstance(batch, (list, tuple)) or len(batch) != 2:
        if isinstance(batch, Mapping):
            what = f"mappings with keys {', '.join(map(str, batch))}"
        else:
            pair = isinstance(batch, (list, tuple))
            what = f"{len(batch)} parts" if pair else type(batch).__name__
        raise TypeError(
            f"data: expected samples (x, y) or mappings with a key 'labels', got {what}; pass "
            f"step=, a function of the model and a batch that returns logits and labels"
        )
    return logits_of(model(batch[0])), batch[1]


def logits_of(output: Any, hint: str = _STEP) -> Tensor:
    """Logits from the output of a model: a tensor or a mapping (a `ModelOutput`)."""
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
