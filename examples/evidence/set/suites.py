"""The runs of train.py, suite by suite; imported, not run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from easiness_torch import SampleEasinessLoss
from set.run import UNIONS, Run, Setup, control
from set.suites_paper import paper
from set.suites_robust import robust, robust_grid
from set.suites_rules import rules

import easiness_core as ec

PAPER = {"optimizer": "adam", "lr": 1e-3, "schedule": "constant", "validate_all": False}
SETUPS = {
    "paper": Setup(8000, 50, **PAPER), "robust_grid": Setup(8000, 15), "robust": Setup(8000, 15),
    "rules": Setup(8000, 15), "frontier": Setup(40000, 12), "wall": Setup(40000, 12),
    "levels": Setup(8000, 15), "noise": Setup(8000, 15), "imbalance": Setup(8000, 15),
    "finetune": Setup(8000, 8), "sel": Setup(4000, 15), "networks": Setup(None, 30, **PAPER),
}  # fmt: skip
SOFT = {ec.Level.EASY: 0.3, ec.Level.MEDIUM: 1.0, ec.Level.HARD: 1.0}
TIMED = (
    "classic", "fewer_easy, 12/12 of the epochs", "InfoBatch, 9/12 of the epochs",
    "classic, 6/12 of the epochs", "SET",
)  # fmt: skip


def sgd(rate: float) -> Callable[[Any], torch.optim.Optimizer]:
    """Give `fit`'s own optimizer at another learning rate than 0.05."""
    return partial(torch.optim.SGD, lr=rate, momentum=0.9, weight_decay=5e-4)


def frontier(epochs: int) -> Iterator[Run]:
    """Full data for fewer epochs is the rival to beat; then every rule that costs less."""

    def run(name: str, share: float = 1.0, **options: Any) -> Run:
        return Run("frontier", "", name, {"n_epochs": max(2, round(share * epochs)), **options})

    yield run("classic", method="classic")
    yield run("fewer_easy, 16/12 of the epochs", 4 / 3, method="fewer_easy")
    yield run("classic, 8/12 of the epochs", 8 / 12, method="classic")
    yield run("InfoBatch", method="InfoBatch")
    yield replace(run("random, as fewer_easy, 16/12 of the epochs", 4 / 3, method="random"),
                  reference="fewer_easy, 16/12 of the epochs")  # fmt: skip
    yield run("classic, 6/12 of the epochs", 6 / 12, method="classic")
    yield run("fewer_easy, 12/12 of the epochs", 1.0, method="fewer_easy")
    yield run("easy kept at 0.3, scored in training", method="SET", keep=SOFT, warmup_epochs=1,
              sampler_options={"refresh": "training"})  # fmt: skip
    yield run("InfoBatch, 9/12 of the epochs", 9 / 12, method="InfoBatch")
    yield replace(run("random, as fewer_easy, 12/12 of the epochs", method="random"),
                  reference="fewer_easy, 12/12 of the epochs")  # fmt: skip
    yield run("fewer_easy, 22/12 of the epochs", 22 / 12, method="fewer_easy")
    yield run("SET", method="SET")
    yield replace(run("random, as SET", method="random"), reference="SET")
    yield run("warm-up", method="warm-up")
    # Weights lengthen the steps of "fewer_easy" by about a half.
    yield run("faster classic, 6/12 of the epochs", 6 / 12, method="classic", optimizer=sgd(0.075))
    yield replace(run("faster random, as fewer_easy, 12/12", method="random", optimizer=sgd(0.075)),
                  reference="fewer_easy, 12/12 of the epochs")  # fmt: skip
    yield run("faster classic", method="classic", optimizer=sgd(0.075))
    yield run("faster fewer_easy, 12/12 of the epochs", method="fewer_easy", optimizer=sgd(0.075))
    yield run("faster InfoBatch, 9/12 of the epochs", 9 / 12, method="InfoBatch",
              optimizer=sgd(0.075))  # fmt: skip
    for name, share in (
        ("fewer_easy, 12/12 of the epochs", 1.0), ("classic", 1.0),
        ("classic, 6/12 of the epochs", 6 / 12), ("InfoBatch, 9/12 of the epochs", 9 / 12),
    ):  # fmt: skip
        yield run(f"fastest {name}", share, method=name.split(",")[0], optimizer=sgd(0.1))


def levels(epochs: int, suite: str = "levels", setting: str = "") -> Iterator[Run]:
    """List the paper's methods and unions of levels, and the controls that it left out."""
    for method in ("classic", "SET", "L-SET", "SEL-SET", "warm-up"):
        yield Run(suite, setting, method, {"method": method, "n_epochs": epochs})
    yield control(suite, setting, "SET", epochs)
    for name, union in UNIONS.items():
        yield Run(suite, setting, name, {"method": "SET", "keep": union, "n_epochs": epochs})
        yield control(suite, setting, name, epochs)
    yield Run(suite, setting, "easy kept at 0.3",
              {"method": "SET", "keep": SOFT, "n_epochs": epochs})  # fmt: skip
    for method in ("fewer_easy", "InfoBatch"):
        yield Run(suite, setting, method, {"method": method, "n_epochs": epochs})


def compared(suite: str, setting: str, epochs: int) -> Iterator[Run]:
    """List fewer, for noise, imbalance and fine-tuning."""
    for method in ("classic", "SET", "fewer_easy", "InfoBatch"):
        yield Run(suite, setting, method, {"method": method, "n_epochs": epochs})
    yield control(suite, setting, "SET", epochs)
    for name in ("EO", "EMO"):
        yield Run(suite, setting, name,
                  {"method": "SET", "keep": UNIONS[name], "n_epochs": epochs})  # fmt: skip
    yield control(suite, setting, "EO", epochs)
    yield Run(suite, setting, "classic, half the epochs",
              {"method": "classic", "n_epochs": max(2, epochs // 2)})  # fmt: skip


def sel(epochs: int) -> Iterator[Run]:
    """Cross-entropy, also with sharper outputs, then the loss over its sigma, weight and tail.

    Divided by the 9 other classes, the weight is that of a mean over classes.
    """
    paper = (0.01, 0.1, None)
    few: list[tuple[float, float, float | None]] = [paper, (0.3, 0.1, 3.0), (1.0, 0.1, 3.0)]
    few += [(1.0, 1.0, 3.0), (1.0, 3.0, 3.0)]
    grid = [*few, (0.01, 0.1, 3.0), (0.01, 0.1 / 9, None), (0.01, 0.1 / 9, 3.0), (0.1, 0.1, None)]
    grid += [(0.1, 0.1, 3.0), (0.3, 0.1, None), (0.3, 1.0, 3.0), (3.0, 1.0, 3.0), (3.0, 10.0, 3.0)]
    for setting, options in (
        ("small", grid), ("small-bn", grid), ("deep-bn", few),
        (f"small, {8 * epochs // 3} epochs", few),
    ):  # fmt: skip
        long = {"n_epochs": 8 * epochs // 3 if "," in setting else epochs}
        plain = Run("sel", setting, "cross-entropy", {"method": "classic", **long})
        yield plain
        faster = {"method": "classic", "optimizer": sgd(0.1), **long}  # SEL lengthens steps
        yield Run("sel", setting, "cross-entropy, learning rate doubled", faster)
        for factor in (1.5, 2.0):
            yield replace(plain, name=f"cross-entropy, logits times {factor:g}", sharpness=factor)
        for sigma, weight, tail in options:
            loss = SampleEasinessLoss(sigma=sigma, lambda_=weight, tail=tail, reduction="none")
            name = f"sigma {sigma:g}, lambda {weight:.3g}, tail {'none' if tail is None else tail:}"
            yield Run("sel", setting, name, {"method": "SEL", "loss": loss, **long})


def runs_of(suite: str, epochs: int, network: str) -> list[Run]:
    plain = {
        "paper": paper, "robust_grid": robust_grid, "robust": robust, "rules": rules,
        "frontier": frontier, "levels": levels, "sel": sel,
    }  # fmt: skip
    if suite in plain:
        return list(plain[suite](epochs))
    if suite == "wall":
        return [replace(run, suite=suite) for run in frontier(epochs) if run.name in TIMED]
    if suite == "noise":
        return [r for rate in ("0.2", "0.4") for r in compared("noise", rate, epochs)]
    if suite == "imbalance":
        return list(compared("imbalance", "0.02", epochs))
    if suite == "finetune":
        return list(compared("finetune", "", epochs))
    methods = ("classic", "SEL", "SET", "L-SET", "SEL-SET", "warm-up")
    runs = [Run(suite, network, m, {"method": m, "n_epochs": epochs}) for m in methods]
    return [*runs, control(suite, network, "SET", epochs)]
