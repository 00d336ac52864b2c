"""Check the arguments of `fit` before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from easiness_torch.training.methods import Method
from easiness_torch.training.result import FitResult

_OWN = ("seed", "total_epochs", "warmup_epochs", "random_control", "in_turn")
_CONTROLS = ("random", "RS2")


def check_data(data: Any, name: str) -> bool:
    """Check a data set by its first sample; return whether that is on a GPU."""
    if isinstance(data, (DataLoader, IterableDataset)) or not hasattr(data, "__getitem__"):
        raise TypeError(
            f"{name}: expected a map-style data set of pairs (x, y), got {type(data).__name__}"
        )
    if len(data) == 0:
        raise ValueError(f"{name}: expected samples, got an empty data set")
    with torch.random.fork_rng(devices=[]):
        sample = data[0]
    if not isinstance(sample, (list, tuple)) or len(sample) != 2:
        raise TypeError(
            f"{name}: expected samples that are pairs (x, y), got {type(sample).__name__}"
            f"{f' of {len(sample)}' if hasattr(sample, '__len__') else ''}"
        )
    label = torch.as_tensor(sample[1])
    if label.ndim or label.is_floating_point() or label.is_complex() or label.dtype == torch.bool:
        raise TypeError(
            f"{name}: expected y to be one class index, got {label.dtype} of shape "
            f"{tuple(label.shape)}"
        )
    return any(isinstance(part, Tensor) and part.is_cuda for part in sample)


def check_used(
    spec: Method, method: str, *, warmup_epochs: Any, keep: Any, options: Mapping[str, Any] | None
) -> None:
    """Refuse options that a method does not use, or that `fit` sets itself."""
    own = [name for name in _OWN if name in (options or {})]
    if own:
        raise ValueError(
            f"sampler_options: {', '.join(own)} follow from fit's own arguments; pass seed=, "
            f'n_epochs=, warmup_epochs=, and method="random" with reference='
        )
    if "fewer_easy" in [each for each in (keep, (options or {}).get("keep")) if type(each) is str]:
        raise ValueError(f"keep: got 'fewer_easy' with {method!r}; pass method=\"fewer_easy\"")
    if spec.per_batch and set(options or {}) - {"estimator"}:
        raise ValueError(
            f"sampler_options: {method!r} takes the estimator alone, got "
            f"{', '.join(sorted(set(options or {}) - {'estimator'}))}"
        )
    given = {"warmup_epochs": warmup_epochs, "keep": keep, "sampler_options": options}
    unused = [name for name, value in given.items() if value is not None and not spec.selects]
    if unused:
        raise ValueError(
            f"{', '.join(unused)}: not used by {method!r}, which takes all samples in all epochs"
        )


def sizes_of(reference: FitResult, method: str, n_epochs: int, n_samples: int) -> dict[str, Any]:
    """Return the sampler's options for a control of the same size as another run."""
    if method not in _CONTROLS:
        raise ValueError(
            f'reference: not used by {method!r}, only by method="random" and method="RS2"'
        )
    if not isinstance(reference, FitResult):
        raise TypeError(f"reference: expected what fit returned, got {type(reference).__name__}")
    if reference.history and "usage" in reference.history[0]:
        first = reference.history[0]
        size = round(first["n_selected"] / first["usage"])
        if size != n_samples:
            raise ValueError(f"reference: a run on {size} samples, train has {n_samples}")
    if len(reference.history) != n_epochs:
        raise ValueError(
            f"n_epochs: expected {len(reference.history)}, those of the reference, got {n_epochs}"
        )
    sizes = [record["n_selected"] for record in reference.history]
    return {"random_control": sizes, "warmup_epochs": reference.warmup_epochs}


def check_optimizer(optimizer: Any) -> torch.optim.Optimizer:
    """Refuse optimizers that need a closure."""
    if not isinstance(optimizer, torch.optim.Optimizer) or isinstance(optimizer, torch.optim.LBFGS):
        raise TypeError(
            f"optimizer: expected a function that makes a torch.optim.Optimizer whose step() "
            f"needs no closure, got {type(optimizer).__name__} from it"
        )
    return optimizer


def check_schedule(schedule: Any) -> Any:
    """Refuse a scheduler that does not work with one plain step per epoch."""
    plateau = isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)
    if plateau or not (schedule is None or hasattr(schedule, "step")):
        raise TypeError(
            f"scheduler: expected a function that makes a scheduler with step() or None, got "
            f"{type(schedule).__name__} from it"
        )
    return schedule


def is_true(answer: Any) -> bool:
    """Whether a callback returned True, of Python, NumPy or torch; 1 or 1.0 may be a metric."""
    if isinstance(answer, Tensor):
        return answer.dtype == torch.bool and answer.ndim == 0 and bool(answer)
    return isinstance(answer, (bool, np.bool_)) and bool(answer)
