"""What a network is judged by, on test data and with a temperature fitted on held-out data."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from set.data import Images
from torch import nn

import easiness_core as ec

Logits = NDArray[np.float64]


def logits_of(model: nn.Module, data: Images, device: str, *, amp: bool = False) -> Logits:
    """Logits of all images in evaluation mode; the model is left in the mode that it was in."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.inference_mode(), torch.autocast(torch.device(device).type, torch.bfloat16, amp):
        parts = [model(x.to(device)).double().cpu() for x in data.x.split(512)]
    for module, training in modes.items():
        module.training = training
    return torch.cat(parts).numpy()


def measured(logits: Logits, y: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy, AUROC, MSR, ESE at the paper's sigma, and the mean loss."""
    summary = ec.score(ec.softmax(logits), y).summary
    return {
        "accuracy": summary.accuracy, "auroc": ec.auroc(logits, y, logits=True),
        "msr": summary.msr, "ese": summary.ese, "nll": summary.mean_loss,
    }  # fmt: skip


def temperature(logits: Logits, y: NDArray[np.int64]) -> float:
    """Give the temperature at which held-out labels are likeliest, from 1/20 to 20."""

    def nll(log_t: float) -> float:
        rows = log_softmax(logits * np.exp(-log_t), axis=1)
        return float(-rows[np.arange(len(y)), y].mean())

    return float(np.exp(minimize_scalar(nll, bounds=(-3.0, 3.0), method="bounded").x))


class Watch:
    """A callback of `fit` that adds what a network scores on test data to the history.

    `epochs` says after which; the epoch that training ends with is added by `finish`.
    """

    def __init__(self, test: Images, epochs: set[int], device: str, *, amp: bool) -> None:
        self.test, self.epochs, self.device, self.amp = test, epochs, device, amp
        self.labels = test.y.numpy()
        self.latest: tuple[int, Logits] | None = None

    def __call__(self, record: dict[str, Any], model: nn.Module) -> None:
        """Judge the network if the epoch is one of those asked for."""
        if record["epoch"] in self.epochs:
            self.judge(record, model)

    def judge(self, record: dict[str, Any], model: nn.Module) -> Logits:
        """Add figures to an entry of the history; the test logits they are from."""
        if self.latest is None or self.latest[0] != record["epoch"]:
            logits = logits_of(model, self.test, self.device, amp=self.amp)
            self.latest = record["epoch"], logits
            record.update(measured(logits, self.labels))
        return self.latest[1]

    def finish(
        self, history: list[dict[str, Any]], model: nn.Module, held_out: Images
    ) -> dict[str, float]:
        """Figures of the trained network at the temperature that held-out data ask for."""
        logits = self.judge(history[-1], model)
        if len(held_out) == 0:
            return {}
        others, labels = logits_of(model, held_out, self.device, amp=self.amp), held_out.y.numpy()
        scale = temperature(others, labels)
        cooled = measured(logits / scale, self.labels)
        held = measured(others, labels)
        return {
            "held_out_accuracy": held["accuracy"], "held_out_nll": held["nll"],
            "temperature": scale, **{f"{k}_t": cooled[k] for k in ("msr", "ese", "nll")},
        }  # fmt: skip


def some_epochs(n_epochs: int) -> set[int]:
    """Give the first ten epochs, each fifth, and the last ten: a curve costs validation too."""
    return {e for e in range(n_epochs) if e < 10 or e % 5 == 4 or e >= n_epochs - 10}
