"""Train by every method of `easiness_torch.fit`, in suites; rows go to a CSV as runs end.

A run that the CSV holds already is not run again. `examples/set_report.py` draws tables and
plots from what this writes; docs/set.md shows the suites frontier and levels.

    EASINESS_DATA=folder python examples/set_train.py frontier levels noise -o runs
    python examples/set_train.py levels --size 600 --epochs 6 --seeds 0 -o small   # digits

Suites: frontier (accuracy against cost), levels (Tables 2 and 3, Figures 1 and 2), noise,
imbalance, finetune, sel (Table 1) and networks (Table 1's data sets and networks, for a GPU).
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import set_data
import torch
from easiness_torch import FitResult, SampleEasinessLoss, fit

import easiness_core as ec

SIZES = {
    "frontier": (40000, 12), "levels": (8000, 15), "noise": (8000, 15), "imbalance": (8000, 15),
    "finetune": (8000, 8), "sel": (4000, 15), "networks": (None, 30),
}  # fmt: skip
SOFT = {ec.Level.EASY: 0.3, ec.Level.MEDIUM: 1.0, ec.Level.HARD: 1.0}
UNIONS = {"EO": ec.EO, "HO": ec.HO, "EMO": ec.EMO, "MHO": ec.MHO}


@dataclass(frozen=True)
class Run:
    """One training: its suite, setting (such as the noise rate), name, and options of `fit`.

    A control takes as many samples in each epoch as the run named by `like` did.
    """

    suite: str
    setting: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    like: str | None = None


def control(suite: str, setting: str, like: str, epochs: int) -> Run:
    options = {"method": "random", "n_epochs": epochs}
    return Run(suite, setting, f"random, as {like}", options, like)


def frontier(epochs: int) -> Iterator[Run]:
    """Full data for fewer epochs is the rival to beat; then every rule that costs less."""

    def run(name: str, share: float = 1.0, **options: Any) -> Run:
        return Run("frontier", "", name, {"n_epochs": max(2, round(share * epochs)), **options})

    yield run("classic", method="classic")
    yield run("lossless", 4 / 3, method="lossless")
    yield run("classic, 8/12 of the epochs", 8 / 12, method="classic")
    yield run("InfoBatch", method="InfoBatch")
    yield replace(run("random, as lossless", 4 / 3, method="random"), like="lossless")
    yield run("classic, 6/12 of the epochs", 6 / 12, method="classic")
    yield run("lossless, 12/12 of the epochs", 1.0, method="lossless")
    yield run("easy kept at 0.3", method="SET", keep=SOFT, warmup_epochs=1,
              sampler_options={"refresh": "training"})  # fmt: skip
    yield run("SET", method="SET")


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


def compared(suite: str, setting: str, epochs: int) -> Iterator[Run]:
    """List fewer, for noise, imbalance and fine-tuning."""
    for method in ("classic", "SET", "lossless", "InfoBatch"):
        yield Run(suite, setting, method, {"method": method, "n_epochs": epochs})
    yield control(suite, setting, "SET", epochs)
    for name in ("EO", "EMO"):
        yield Run(suite, setting, name,
                  {"method": "SET", "keep": UNIONS[name], "n_epochs": epochs})  # fmt: skip
    yield control(suite, setting, "EO", epochs)
    yield Run(suite, setting, "classic, half the epochs",
              {"method": "classic", "n_epochs": max(2, epochs // 2)})  # fmt: skip


def sel(epochs: int) -> Iterator[Run]:
    """Cross-entropy, then the loss over its own sigma, weight and tail."""
    grid: list[tuple[float, float, float | None]] = [(0.01, 0.1, None), (0.01, 0.1, 3.0)]
    grid += [
        (s, w, 3.0)
        for w, widths in ((0.1, (0.1, 0.3, 1.0)), (1.0, (0.3, 1.0, 3.0)))
        for s in widths
    ]
    for network in ("small", "small-bn"):
        yield Run("sel", network, "cross-entropy", {"method": "classic", "n_epochs": epochs})
        for sigma, weight, tail in grid:
            loss = SampleEasinessLoss(sigma=sigma, lambda_=weight, tail=tail, reduction="none")
            name = f"sigma {sigma:g}, lambda {weight:g}, tail {'none' if tail is None else tail:}"
            yield Run("sel", network, name,
                      {"method": "SEL", "loss": loss, "n_epochs": epochs})  # fmt: skip


def runs_of(suite: str, epochs: int, network: str) -> list[Run]:
    if suite == "frontier":
        return list(frontier(epochs))
    if suite == "levels":
        return list(levels(epochs))
    if suite == "noise":
        return [r for rate in ("0.2", "0.4") for r in compared("noise", rate, epochs)]
    if suite == "imbalance":
        return list(compared("imbalance", "0.02", epochs))
    if suite == "finetune":
        return list(compared("finetune", "", epochs))
    if suite == "sel":
        return list(sel(epochs))
    methods = ("classic", "SEL", "SET", "L-SET", "SEL-SET", "warm-up")
    runs = [Run(suite, network, m, {"method": m, "n_epochs": epochs}) for m in methods]
    return [*runs, control(suite, network, "SET", epochs)]


def train(run: Run, seed: int, args: argparse.Namespace, data: Any) -> FitResult:
    """Train once. The subset, the noise, the initial weights and the order come from the seed."""
    _, full, test = data
    size, _ = SIZES[run.suite]
    x, y = set_data.subset(full, args.size or size, seed)
    n_classes = int(full[1].max()) + 1
    if run.suite == "noise":
        y = set_data.symmetric_noise(y, float(run.setting), n_classes, seed)
    if run.suite == "imbalance":
        x, y = set_data.imbalanced((x, y), float(run.setting), n_classes)
    name = run.setting if run.suite == "sel" else args.network
    torch.manual_seed(seed)
    model = set_data.network(name, x.shape[1:], n_classes)
    options = {"seed": seed, "device": args.device, "amp": args.amp, **run.options}
    if run.suite == "finetune":
        half = y < n_classes // 2
        fit(model, set_data.Images(x[half], y[half]), method="classic", n_epochs=4, seed=seed,
            device=args.device, amp=args.amp)  # fmt: skip
    if run.like is not None:
        options["like"] = earlier(args.output, replace(run, name=run.like), seed)
    return fit(model, set_data.Images(x, y), set_data.Images(*test), **options)


def path_of(output: Path, run: Run, seed: int) -> Path:
    words = f"{run.suite} {run.setting} {run.name} {seed}"
    return output / "epochs" / f"{words.replace(' ', '_').replace('/', '-')}.csv"


def earlier(output: Path, run: Run, seed: int) -> FitResult:
    """How many samples an earlier run took in each epoch."""
    with path_of(output, run, seed).open(newline="") as file:
        sizes = [
            {"n_selected": int(r["n_selected"]), "selective": r["selective"] == "True"}
            for r in csv.DictReader(file)
        ]
    warmup = next((k for k, size in enumerate(sizes) if size["selective"]), len(sizes))
    return FitResult(run.name, warmup, sizes)


def row_of(run: Run, seed: int, result: FitResult, args: argparse.Namespace) -> dict[str, Any]:
    last = result.history[-1]
    return {
        "suite": run.suite, "setting": run.setting, "method": run.name, "seed": seed,
        "data": args.data, "size": args.size or SIZES[run.suite][0], "network": args.network,
        "asked": args.epochs or SIZES[run.suite][1], "epochs": len(result.history),
        "accuracy": result.accuracy, "best": max(r["accuracy"] for r in result.history),
        "auroc": last["auroc"], "msr": last["msr"], "ese": last["ese"],
        "cost": result.cost, "adu": result.usage,
        "art": result.seconds(clock=args.clock),
        "art_without_scoring": result.seconds(clock=args.clock, scoring=False),
        "seconds": result.seconds(clock=args.clock, total=True), "clock": args.clock,
        "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suites", nargs="+", choices=SIZES)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the CSVs")
    parser.add_argument("--data", choices=set_data.DATASETS)
    parser.add_argument("--folder", help="torchvision's files, for CIFAR and SVHN")
    parser.add_argument("--network", choices=set_data.NETWORKS, default="small")
    parser.add_argument("--size", type=int, help="training samples, in place of the suite's")
    parser.add_argument("--epochs", type=int, help="full data's epochs, in place of the suite's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", action="store_true")
    args = parser.parse_args()
    # On a CPU the processor's time, to which other work on the machine adds less.
    args.clock = "cpu" if args.device == "cpu" else "wall"
    torch.set_num_threads(args.threads)
    data = set_data.load(args.data, args.folder)
    args.data = data[0]
    (args.output / "epochs").mkdir(parents=True, exist_ok=True)
    for suite in args.suites:
        path = args.output / f"{suite}.csv"
        done = set()
        if path.exists():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            done = {(r["setting"], r["method"], int(r["seed"])) for r in rows}
            check_same(rows, path, args, suite)
        for seed in args.seeds:
            for run in runs_of(suite, args.epochs or SIZES[suite][1], args.network):
                if (run.setting, run.name, seed) in done:
                    continue
                result = train(run, seed, args, data)
                row = row_of(run, seed, result, args)
                words = f"{suite} {run.setting} {run.name} {seed}"
                result.to_csv(path_of(args.output, run, seed))
                append(path, row)
                print(f"{words}: {row['accuracy']:.4f} at {row['cost']:.2f}", flush=True)


def check_same(
    rows: list[dict[str, str]], path: Path, args: argparse.Namespace, suite: str
) -> None:
    """Refuse to mix runs of other data, sizes, networks or epochs into one file."""
    size, epochs = SIZES[suite]
    asked = {
        "data": args.data, "size": args.size or size, "asked": args.epochs or epochs,
        "clock": args.clock,
    }  # fmt: skip
    if suite != "networks":  # there the network is the setting
        asked["network"] = args.network
    for row in rows:
        for name, value in asked.items():
            if row.get(name) != str(value or ""):
                raise SystemExit(
                    f"{path}: holds runs with {name} {row.get(name)}, this one is with {value}; "
                    f"write to another folder with -o"
                )


def append(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
