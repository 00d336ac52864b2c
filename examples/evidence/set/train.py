"""Train by every method of `easiness_torch.fit`, in suites; rows go to a CSV as runs end.

A run that the CSV holds already is not run again. `report.py` draws tables and plots from
what this writes; docs/set.md and docs/sel.md show them.

    EASINESS_DATA=folder python examples/evidence/set/train.py frontier levels noise -o runs
    python examples/evidence/set/train.py levels --size 600 --epochs 6 --seeds 0 -o small   # digits

Suites: frontier (accuracy against cost), wall (some of it by the wall's clock, to be run alone),
levels (Tables 2 and 3, Figures 1 and 2), noise, imbalance, finetune, sel (Table 1) and networks
(Table 1's data sets and networks, for a GPU).
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from easiness_torch import FitResult, fit

sys.path.insert(0, str(Path(__file__).parents[1]))
from set import data as set_data
from set.suites import SIZES, Run, runs_of


class Sharpened(torch.nn.Module):
    """A network whose logits are multiplied by a number, except in training."""

    def __init__(self, network: torch.nn.Module, sharpness: float) -> None:
        super().__init__()
        self.network = network
        self.sharpness = sharpness

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of a batch."""
        logits: torch.Tensor = self.network(x)
        return logits if self.training else self.sharpness * logits


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
    name = run.setting.split(",")[0] if run.suite == "sel" else args.network
    torch.manual_seed(seed)
    model = set_data.network(name, x.shape[1:], n_classes, args.weights)
    if run.sharpness != 1:
        model = Sharpened(model, run.sharpness)
    options = {"seed": seed, "device": args.device, "amp": args.amp, **run.options}
    if run.suite == "finetune":
        half = y < n_classes // 2
        fit(model, set_data.Images(x[half], y[half]), method="classic", n_epochs=4, seed=seed,
            device=args.device, amp=args.amp)  # fmt: skip
    if run.reference is not None:
        options["reference"] = earlier(args.output, replace(run, name=run.reference), seed)
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


def clock_of(suite: str, device: str) -> str:
    """On a CPU the processor's time, to which other work on the machine adds less."""
    return "cpu" if device == "cpu" and suite != "wall" else "wall"


def asked_for(suite: str, args: argparse.Namespace) -> dict[str, Any]:
    """Give what all runs of a file must have in common."""
    size, epochs = SIZES[suite]
    return {
        "data": args.data, "size": min(args.size or size or args.available, args.available),
        "asked": args.epochs or epochs, "clock": clock_of(suite, args.device),
        "device": args.device, "amp": args.amp, "weights": args.weights or "",
        # There the network is the setting.
        **({} if suite in ("networks", "sel") else {"network": args.network}),
    }  # fmt: skip


def row_of(run: Run, seed: int, result: FitResult, args: argparse.Namespace) -> dict[str, Any]:
    last = result.history[-1]
    clock = clock_of(run.suite, args.device)
    return {
        "suite": run.suite, "setting": run.setting, "method": run.name, "seed": seed,
        **asked_for(run.suite, args), "epochs": len(result.history),
        "accuracy": result.accuracy, "best": max(r["accuracy"] for r in result.history),
        "auroc": last["auroc"], "msr": last["msr"], "ese": last["ese"],
        "nll": last["validation_loss"],
        "cost": result.cost, "adu": result.usage,
        "art": result.seconds(clock=clock),
        "art_without_scoring": result.seconds(clock=clock, scoring=False),
        "seconds": result.seconds(clock=clock, total=True),
        "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suites", nargs="+", choices=SIZES)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the CSVs")
    parser.add_argument("--data", choices=set_data.DATASETS)
    parser.add_argument("--folder", help="torchvision's files, for CIFAR and SVHN")
    parser.add_argument("--network", choices=set_data.NETWORKS, default="small")
    parser.add_argument("--weights", help="torchvision's, of a network that it has")
    parser.add_argument("--size", type=int, help="training samples, in place of the suite's")
    parser.add_argument("--epochs", type=int, help="full data's epochs, in place of the suite's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = set_data.load(args.data, args.folder)
    args.data, args.available = data[0], len(data[1][1])
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
    for row in rows:
        for name, value in asked_for(suite, args).items():
            if row.get(name) != str(value):
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
