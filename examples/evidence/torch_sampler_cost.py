"""Measure what EasinessSampler costs: planning an epoch, drawing its ids, and scoring a batch.

For each policy an epoch over `--samples` samples of 10 classes is planned, up to its first id,
and then drawn to its end; medians of `--rounds` rounds in which policies take turns, on one
thread and in processor time, to which other work on the machine adds less. What the policies by
level select is compared with what the core selects from the same probabilities. Prints a
Markdown table, with versions.

    python examples/evidence/torch_sampler_cost.py [--samples 1000000] [--rounds 5] [--updates 2000]
"""

from __future__ import annotations

import argparse
import logging
import platform
import statistics
import time
from typing import Any

import numpy as np
import torch
from easiness_torch import EasinessSampler, log_easiness, smooth_rates
from torch import Tensor

import easiness_core as ec

N_CLASSES = 10
BATCH = 128
POLICIES: dict[str, dict[str, Any]] = {
    "all samples (warm-up)": {"warmup_epochs": 10**6},
    "`ec.MO`": {"keep": ec.MO},
    '`ec.MO`, `rank_by="loss"`': {"keep": ec.MO, "rank_by": "loss"},
    "`ec.MO`, `random_control=True`": {"keep": ec.MO, "random_control": True},
    "`{ec.MHO: 1.0, ec.EO: 0.3}`": {"keep": {ec.MHO: 1.0, ec.EO: 0.3}},
    "`smooth_rates`, `budget=0.35`": {
        "keep": smooth_rates, "budget": 0.35, "estimator": ec.ClosedForm(sigma=0.3),
    },
    "`ec.MO`, a tenth of each class": {"keep": ec.MO, "min_per_class": None},
}  # fmt: skip


def make_logits(n_samples: int) -> tuple[Tensor, Tensor]:
    """Logits of a model that is right on nine of ten samples or so, and the labels."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, N_CLASSES, (n_samples,), generator=generator)
    logits = torch.randn(n_samples, N_CLASSES, generator=generator) * 2
    logits[torch.arange(n_samples), labels] += 4
    return logits, labels


def sampler_of(options: dict[str, Any], logits: Tensor, labels: Tensor) -> EasinessSampler:
    n_samples = len(labels)
    if "min_per_class" in options:
        options = {**options, "min_per_class": n_samples // (10 * N_CLASSES)}
    sampler = EasinessSampler(n_samples, **{"warmup_epochs": 0, "min_samples": 1, **options})
    sampler.update(torch.arange(n_samples), logits, labels)
    return sampler


def epoch_of(sampler: EasinessSampler, number: int) -> tuple[float, float, list[int]]:
    """Seconds until the first id of an epoch and from there to the last, and its ids."""
    start = time.process_time()
    sampler.set_epoch(number)
    drawn = iter(sampler)
    first = next(drawn)
    planned = time.process_time()
    ids = [first, *drawn]
    return planned - start, time.process_time() - planned, ids


def check_selection(name: str, ids: list[int], logits: Tensor, labels: Tensor) -> None:
    """Hold what a policy selects to the core, where that is no matter of chance."""
    scores = ec.score(logits.double().softmax(1).numpy(), labels.numpy())
    expected = {
        "all samples (warm-up)": np.arange(len(labels)),
        "`ec.MO`": ec.select(scores.level, ec.MO),
        '`ec.MO`, `rank_by="loss"`': ec.loss_rank_selection(
            scores.loss,
            n_hard=scores.summary.level_counts["hard"],
            n_medium=scores.summary.level_counts["medium"],
        ),
    }
    if name not in expected:
        return
    # float32 logits against float64 probabilities: a sample at a cut may fall on either side.
    differ = np.setxor1d(np.asarray(ids), expected[name])
    if len(differ) > 1e-4 * len(labels):
        raise SystemExit(f"{name}: {len(differ)} samples are not those that the core selects")


def measure_epochs(n_samples: int, rounds: int) -> None:
    logits, labels = make_logits(n_samples)
    samplers = {name: sampler_of(o, logits, labels) for name, o in POLICIES.items()}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in POLICIES}
    sizes = {}
    for number in range(rounds + 1):
        for name, sampler in samplers.items():
            plan, draw, ids = epoch_of(sampler, number)
            sizes[name] = len(ids)
            if number == 0:
                # Not timed: the first epoch warms up, and is compared.
                check_selection(name, ids, logits, labels)
            else:
                seconds[name].append((plan, draw))
    print("| policy | ids | plan, ms | draw, ms |")
    print("| --- | --- | --- | --- |")
    for name, pairs in seconds.items():
        plan, draw = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| {name} | {sizes[name]:,} | {plan:.0f} | {draw:.0f} |", flush=True)


def measure_updates(n_samples: int, updates: int) -> None:
    logits, labels = make_logits(n_samples)
    sampler = EasinessSampler(n_samples)
    generator = torch.Generator().manual_seed(1)
    update, score = [], []
    for _ in range(updates):
        ids = torch.randint(0, n_samples, (BATCH,), generator=generator)
        rows, given = logits[ids], labels[ids]
        start = time.process_time()
        sampler.update(ids, rows, given)
        between = time.process_time()
        log_easiness(rows, given)
        update.append(between - start)
        score.append(time.process_time() - between)
    print(
        f"\nupdate of {BATCH} x {N_CLASSES}: {1e3 * statistics.median(update):.2f} ms, "
        f"of which its log easiness alone: {1e3 * statistics.median(score):.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    # Scores stay as they are here, and policies must fill up their epochs.
    logging.getLogger("easiness_torch").setLevel(logging.ERROR)
    print(
        f"easiness-core {ec.__version__}, torch {torch.__version__}, {platform.machine()} CPU, "
        f"one thread, {options.samples:,} samples of {N_CLASSES} classes\n"
    )
    measure_epochs(options.samples, options.rounds)
    measure_updates(options.samples, options.updates)


if __name__ == "__main__":
    main()
