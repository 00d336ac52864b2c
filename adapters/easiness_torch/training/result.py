"""The result of `fit`: its history, and the metrics of the paper's Table 2 derived from it."""

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
    """Result of `fit`.

    Attributes
    ----------
    method : str
        Name of the method.
    history : list of dict
        One record per epoch: that of the sampler (`epoch`, `selective`, `n_selected`, `usage`,
        `hard`, `medium`, `easy`, ...); `learning_rate` and `train_loss`; wall time (such as
        `train_seconds`) and processor time (such as `train_cpu_seconds`) of `score`, `train` and
        `validation`; and, with validation data, `accuracy`, `auroc`, `msr`, `ese` and
        `validation_loss`.
    warmup_epochs : int
        Number of warm-up epochs; the later stage follows them.
    scores : Scores or None
        Scores of the validation data, by the model after the last epoch.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import torch
    >>> from easiness_torch import fit
    >>> from torch.utils.data import TensorDataset
    >>> _ = torch.manual_seed(0)
    >>> y = torch.randint(0, 3, (600,))
    >>> data = TensorDataset(torch.nn.functional.one_hot(y, 3) + 0.3 * torch.randn(600, 3), y)
    >>> result = fit(torch.nn.Linear(3, 3), data, data, method="fewer_easy", n_epochs=10)
    >>> result.accuracy > 0.9, round(result.usage, 2), round(result.cost, 2)
    (True, 0.49, 5.45)
    >>> result.seconds() < result.seconds(total=True)  # of a later epoch, and of all
    True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result.to_csv(f"{folder}/run.csv")
    ...     len(pathlib.Path(folder, "run.csv").read_text().splitlines())
    11
    """

    method: str
    warmup_epochs: int
    history: list[dict[str, Any]] = field(default_factory=list)
    scores: ec.Scores | None = None

    def __repr__(self) -> str:
        return f"FitResult(method={self.method!r}, {len(self.history)} epochs)"

    @property
    def later(self) -> list[dict[str, Any]]:
        """Records of the later stage; of all epochs if all are full."""
        later = [record for record in self.history if record["epoch"] >= self.warmup_epochs]
        return later if any(r["selective"] for r in self.history) else self.history

    @property
    def accuracy(self) -> float:
        """Accuracy on the validation data after the last epoch; nan without validation data."""
        return float(self.history[-1].get("accuracy", math.nan)) if self.history else math.nan

    @property
    def usage(self) -> float:
        """Average data usage per epoch in the later stage, in [0, 1] (the paper's ADU)."""
        return _mean(record["usage"] for record in self.later)

    @property
    def cost(self) -> float:
        """Number of samples trained on, in units of full epochs; scoring passes do not count."""
        return float(sum(record["usage"] for record in self.history))

    def seconds(self, *, clock: str = "wall", scoring: bool = True, total: bool = False) -> float:
        """Average run time per epoch in the later stage (the paper's ART).

        Parameters
        ----------
        clock : {"wall", "cpu"}, default "wall"
            Wall time, or processor time of this process, which depends less on other work on the
            machine.
        scoring : bool, default True
            Whether separate scoring passes count. Scoring within training always counts, and
            validation never does.
        total : bool, default False
            Return the sum over all epochs instead, including the warm-up.

        Returns
        -------
        float
            Seconds; nan without epochs, but 0 for their sum.

        Raises
        ------
        ValueError
            If `clock` is neither of the two.
        """
        if clock not in ("wall", "cpu"):
            raise ValueError(f"clock: expected 'wall' or 'cpu', got {clock!r}")
        unit = "seconds" if clock == "wall" else "cpu_seconds"
        parts = ("train", "score") if scoring else ("train",)
        records = self.history if total else self.later
        spent = [sum(record[f"{part}_{unit}"] for part in parts) for record in records]
        return float(sum(spent)) if total else _mean(spent)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the history as csv, one line per epoch.

        Parameters
        ----------
        path : path
            The file, replaced if it exists.
        """
        with Path(path).open("w", newline="") as file:
            names = list(dict.fromkeys(name for record in self.history for name in record))
            writer = csv.DictWriter(file, ["method", *names])
            writer.writeheader()
            writer.writerows({"method": self.method, **record} for record in self.history)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.fsum(values) / len(values) if values else math.nan
