"""What a run of train.py is: imported by the suites and by the script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from set.data import Images

import easiness_core as ec

UNIONS = {"EO": ec.EO, "HO": ec.HO, "EMO": ec.EMO, "MHO": ec.MHO}


@dataclass(frozen=True)
class Setup:
    """How a suite trains, unless the command says otherwise; with no size on all samples."""

    size: int | None
    epochs: int
    optimizer: str = "sgd"
    lr: float = 0.05
    schedule: str = "cosine"
    batch_size: int = 128
    validate_all: bool = True


@dataclass(frozen=True)
class Run:
    """One training: its suite, setting (such as the noise), name, and options of `fit`.

    A control takes as many samples in each epoch as the run named by `reference` did; with
    `spread` as many in all epochs together, the same number in each. `make` gives options that
    need the training data. Logits are multiplied by `sharpness` in validation, never in training.
    """

    suite: str
    setting: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    reference: str | None = None
    spread: bool = False
    make: Callable[[Images], dict[str, Any]] | None = None
    sharpness: float = 1.0


def control(suite: str, setting: str, reference: str, epochs: int, method: str = "random") -> Run:
    """Give the run of as many random samples as another run took."""
    options = {"method": method, "n_epochs": epochs}
    return Run(suite, setting, f"{method}, as {reference}", options, reference)


def optimizer_of(name: str, lr: float) -> Callable[[Any], torch.optim.Optimizer]:
    """SGD with momentum and weight decay, or Adam."""
    if name == "adam":
        return lambda parameters: torch.optim.Adam(parameters, lr=lr)
    return lambda parameters: torch.optim.SGD(parameters, lr=lr, momentum=0.9, weight_decay=5e-4)


def schedule_of(name: str) -> Callable[[torch.optim.Optimizer, int], Any]:
    """Half a cosine down to 0, or a constant rate."""
    if name == "constant":
        return lambda optimizer, n_epochs: None
    return lambda optimizer, n: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n)
