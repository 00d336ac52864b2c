"""What `fit` gives back: the history, and the figures of the paper's Table 2 drawn from it."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import easiness_core as ec


@dataclass(repr=False)
class FitResult:
    """What `fit` did.

    Attributes
    ----------
    method : str
        Name of the method.
    history : list of dict
        An entry an epoch: the sampler's (`epoch`, `selective`, `n_selected`, `usage`, `hard`,
        `medium`, `easy`, ...), `learning_rate`, `train_loss`, seconds of `score`, `train` and
        `validation` on the wall (`train_seconds`) and of the processor (`train_cpu_seconds`),
        and with validation data `accuracy`, `auroc`, `msr`, `ese`, `validation_loss`.
    warmup_epochs : int
        Epochs of the warm-up; the later stage is what follows.
    scores : Scores or None
        Of the validation data, by the model after the last epoch.
    """

    method: str
    warmup_epochs: int
    history: list[dict[str, Any]] = field(default_factory=list)
    scores: ec.Scores | None = None

    def __repr__(self) -> str:
        return f"FitResult(method={self.method!r}, {len(self.history)} epochs)"

    @property
    def later(self) -> list[dict[str, Any]]:
        """Entries of the later stage; of all epochs where all are full."""
        later = [record for record in self.history if record["epoch"] >= self.warmup_epochs]
        return later if any(r["selective"] for r in self.history) else self.history

    @property
    def accuracy(self) -> float:
        """Accuracy on the validation data after the last epoch; nan without any."""
        return float(self.history[-1].get("accuracy", math.nan)) if self.history else math.nan

    @property
    def usage(self) -> float:
        """Average data usage an epoch in the later stage, in [0, 1] (the paper's ADU)."""
        return _mean(record["usage"] for record in self.later)

    @property
    def cost(self) -> float:
        """Samples trained on in all epochs, in units of one epoch of all; no scoring passes."""
        return float(sum(record["usage"] for record in self.history))

    def seconds(self, *, clock: str = "wall", scoring: bool = True, total: bool = False) -> float:
        """Average run time an epoch in the later stage (the paper's ART).

        Parameters
        ----------
        clock : {"wall", "cpu"}, default "wall"
            Wall time, or processor time of this process, to which other work on the machine
            adds less.
        scoring : bool, default True
            Whether the passes that only score the samples count. Scores taken in training are
            part of training. Validation never counts.
        total : bool, default False
            Whether to give the sum over all epochs, warm-up included, instead.
        """
        if clock not in ("wall", "cpu"):
            raise ValueError(f"clock: expected 'wall' or 'cpu', got {clock!r}")
        unit = "seconds" if clock == "wall" else "cpu_seconds"
        parts = ("train", "score") if scoring else ("train",)
        records = self.history if total else self.later
        spent = [sum(record[f"{part}_{unit}"] for part in parts) for record in records]
        return float(sum(spent)) if total else _mean(spent)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the history, a line an epoch."""
        with Path(path).open("w", newline="") as file:
            names = list(dict.fromkeys(name for record in self.history for name in record))
            writer = csv.DictWriter(file, ["method", *names])
            writer.writeheader()
            writer.writerows({"method": self.method, **record} for record in self.history)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.fsum(values) / len(values) if values else math.nan
