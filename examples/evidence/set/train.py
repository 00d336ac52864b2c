"""Train by every method of `easiness_torch.fit`, in suites; rows go to a CSV as runs end.

A run that the CSV holds already is not run again. `report.py` draws tables and plots from
what this writes; docs/set.md and docs/sel.md show them.

    EASINESS_DATA=folder python examples/evidence/set/train.py paper robust -o docs
    python examples/evidence/set/train.py levels --size 600 --epochs 6 --seeds 0 -o small   # digits

FOLDER/set_SUITE.csv has a row a run, with what its epochs took and scored. Suites: paper (the
paper's methods in its setting), robust_grid and robust (losses under noise, tuned and confirmed),
rules (other scores in easiness's place), and by SGD with a cosine frontier (accuracy against
cost), wall (some of it by the wall's clock, to be run alone), levels, noise, imbalance, finetune,
sel; networks (Table 1's networks, for a GPU).
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
from set.judge import Watch, some_epochs
from set.networks import NETWORKS, RATES, network
from set.run import Run, optimizer_of, schedule_of
from set.suites import SETUPS, runs_of

HELD_OUT = 2000
# Columns of one value an epoch, divided by semicolons; accuracy has none where it was not judged.
BY_EPOCH = ("n_selected", "hard", "medium", "easy", "accuracy")


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


def train(run: Run, key: dict[str, Any], args: argparse.Namespace, data: Any) -> Any:
    """Train once; what `fit` gives, and figures at the temperature that held-out data ask for.

    The subset, the noise, the initial weights and the order come from the seed.
    """
    _, full, test = data
    seed = key["seed"]
    (x, y), others = set_data.subset(full, key["size"], seed, HELD_OUT)
    n_classes = int(full[1].max()) + 1
    if run.suite == "noise":
        y = set_data.symmetric_noise(y, float(run.setting), n_classes, seed)
    if run.suite in ("robust", "robust_grid"):
        y = set_data.noisy(y, run.setting, n_classes, seed)
    if run.suite == "imbalance":
        x, y = set_data.imbalanced((x, y), float(run.setting), n_classes)
    torch.manual_seed(seed)
    model = network(key["network"], x.shape[1:], n_classes, args.weights)
    if run.sharpness != 1:
        model = Sharpened(model, run.sharpness)
    images = set_data.Images(x, y)
    options = {
        "seed": seed, "device": args.device, "amp": args.amp, "batch_size": key["batch_size"],
        "optimizer": optimizer_of(key["optimizer"], key["lr"]),
        "scheduler": schedule_of(key["schedule"]), **run.options,
    }  # fmt: skip
    if run.make is not None:
        options |= run.make(images)
    if run.suite == "finetune":
        half = y < n_classes // 2
        fit(model, set_data.Images(x[half], y[half]), method="classic", n_epochs=4, seed=seed,
            device=args.device, amp=args.amp)  # fmt: skip
    if run.reference is not None:
        options["reference"] = reference(args.output, replace(run, name=run.reference), key,
                                         spread=run.spread)  # fmt: skip
    n_epochs = run.options["n_epochs"]
    watched = set(range(n_epochs)) if SETUPS[run.suite].validate_all else some_epochs(n_epochs)
    watch = Watch(set_data.Images(*test), watched, args.device, amp=args.amp)
    result = fit(model, images, callbacks=[watch], **options)
    return result, watch.finish(result.history, model, set_data.Images(*others))


def reference(output: Path, run: Run, key: dict[str, Any], *, spread: bool) -> FitResult:
    """How many samples an earlier run took in each epoch, or, spread evenly, could have taken."""
    row = found(output / f"set_{run.suite}.csv", {**key, "method": run.name})
    if row is None or not row["n_selected_by_epoch"]:
        raise SystemExit(
            f"{run.name}: {output} has no such run with its sizes by epoch; run it there first"
        )
    sizes = [int(size) for size in row["n_selected_by_epoch"].split(";")]
    warmup = int(row["warmup_epochs"])
    if spread:
        sizes, warmup = [max(1, round(sum(sizes) / len(sizes)))] * len(sizes), 0
    return FitResult(run.name, warmup, [{"n_selected": size} for size in sizes])


def clock_of(suite: str, device: str) -> str:
    """On a CPU the processor's time, to which other work on the machine adds less."""
    return "cpu" if device == "cpu" and suite != "wall" else "wall"


def key_of(run: Run, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Give what tells a run from all others."""
    setup = SETUPS[run.suite]
    rate = RATES.get(args.network, setup.lr) if run.suite == "networks" else setup.lr
    size = args.size or setup.size or args.available
    return {
        "setting": run.setting, "method": run.name, "seed": seed, "data": args.data,
        "size": min(size, args.available), "asked": args.epochs or setup.epochs,
        "network": run.setting.split(",")[0] if run.suite == "sel" else args.network,
        "weights": args.weights or "", "optimizer": args.optimizer or setup.optimizer,
        "lr": args.lr or rate, "schedule": args.schedule or setup.schedule,
        "batch_size": args.batch_size or setup.batch_size,
        "clock": clock_of(run.suite, args.device), "device": args.device, "amp": args.amp,
    }  # fmt: skip


def row_of(key: dict[str, Any], result: FitResult, cooled: dict[str, float]) -> dict[str, Any]:
    """One line of the table of runs."""
    last = result.history[-1]
    judged = [r["accuracy"] for r in result.history if "accuracy" in r]
    final = [r["accuracy"] for r in result.history[-10:] if "accuracy" in r]
    clock = key["clock"]
    names = ("held_out_accuracy", "held_out_nll", "temperature", "msr_t", "ese_t", "nll_t")
    return {
        **key, "epochs": len(result.history), "accuracy": last["accuracy"],
        "last_ten": sum(final) / len(final), "best": max(judged),
        **{name: last[name] for name in ("auroc", "msr", "ese", "nll")},
        **{name: cooled.get(name, "") for name in names},
        "warmup_epochs": result.warmup_epochs, "cost": result.cost, "adu": result.usage,
        "art": result.seconds(clock=clock),
        "art_without_scoring": result.seconds(clock=clock, scoring=False),
        "seconds": result.seconds(clock=clock, total=True),
        "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version(),
        **{f"{name}_by_epoch": ";".join(_short(record.get(name)) for record in result.history)
           for name in BY_EPOCH},
    }  # fmt: skip


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def found(path: Path, key: dict[str, Any]) -> dict[str, str] | None:
    """Row of a run in a table of runs."""
    if not path.exists():
        return None
    text = {name: str(value) for name, value in key.items()}
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        return next((r for r in rows if all(r[name] == text[name] for name in text)), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suites", nargs="+", choices=SETUPS)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the CSVs")
    parser.add_argument("--data", choices=set_data.DATASETS)
    parser.add_argument("--folder", help="torchvision's files, for CIFAR and SVHN")
    parser.add_argument("--network", choices=NETWORKS, default="small")
    parser.add_argument("--weights", help="file of a state dict, or a name that torchvision knows")
    parser.add_argument("--only", nargs="+", help="methods, by name, in place of all of a suite")
    parser.add_argument("--settings", nargs="+", help="settings, such as noises, likewise")
    parser.add_argument("--size", type=int, help="training samples, in place of the suite's")
    parser.add_argument("--epochs", type=int, help="full data's epochs, in place of the suite's")
    parser.add_argument("--optimizer", choices=("sgd", "adam"))
    parser.add_argument("--lr", type=float, help="learning rate")
    parser.add_argument("--schedule", choices=("cosine", "constant"))
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = set_data.load(args.data, args.folder)
    args.data, args.available = data[0], len(data[1][1])
    args.output.mkdir(parents=True, exist_ok=True)
    for suite in args.suites:
        for seed in args.seeds:
            for run in asked_for(suite, args):
                run_once(run, seed, args, data)


def asked_for(suite: str, args: argparse.Namespace) -> list[Run]:
    """Give the runs of a suite, or those of them that the command names."""
    runs = runs_of(suite, args.epochs or SETUPS[suite].epochs, args.network)
    for option, field in (("only", "name"), ("settings", "setting")):
        wanted = getattr(args, option)
        unknown = set(wanted or ()) - {getattr(run, field) for run in runs}
        if unknown:
            raise SystemExit(f"--{option}: {suite} has no {', '.join(sorted(unknown))}")
        runs = [run for run in runs if wanted is None or getattr(run, field) in wanted]
    return runs


def run_once(run: Run, seed: int, args: argparse.Namespace, data: Any) -> None:
    """Train, and write the row, unless the table of runs has it."""
    path = args.output / f"set_{run.suite}.csv"
    key = key_of(run, seed, args)
    if found(path, key) is not None:
        return
    row = row_of(key, *train(run, key, args, data))
    append(path, row)
    words = " ".join(word for word in (run.suite, run.setting, run.name, str(seed)) if word)
    print(f"{words}: {row['accuracy']:.4f} at {row['cost']:.2f}", flush=True)


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a row; a file of other columns is refused."""
    names = list(row)
    new = not path.exists()
    if not new:
        with path.open(newline="") as file:
            if next(csv.reader(file)) != names:
                raise SystemExit(f"{path}: has other columns; write to another folder with -o")
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, names)
        if new:
            writer.writeheader()
        writer.writerow(row)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
