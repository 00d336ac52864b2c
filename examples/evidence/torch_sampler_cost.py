"""Measure the cost of EasinessSampler: planning an epoch, drawing its indices, scoring a batch.

For each policy, and for torch's RandomSampler and DistributedSampler beside them, an epoch over
`--samples` samples is planned, up to its first index, and then drawn to its end. Each runs in a
process of its own, in processor time on one thread, to which other work on the machine adds less;
medians of `--rounds` rounds. Memory is the largest growth of the process while epochs are planned
and drawn (Linux). The selections of the policies by level are compared with those of the core for
the same probabilities. Prints Markdown tables, with versions.

    python examples/evidence/torch_sampler_cost.py [--samples 1000000 10000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from easiness_torch import EasinessSampler, log_easiness, smooth_rates
from torch import Tensor
from torch.utils.data import DistributedSampler, RandomSampler, Sampler

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
    '`"fewer_easy"`': {"keep": "fewer_easy", "total_epochs": 10**6, "final_epochs": 0},
    "`ec.MO`, a tenth of each class": {"keep": ec.MO, "min_per_class": None},
}  # fmt: skip
PLAIN = ("torch's RandomSampler", "torch's DistributedSampler")
# Rows that are made, scored and forgotten at a time, so that memory is the sampler's.
PART = 100_000


def make_logits(n_samples: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits of a model that is right on nine of ten samples or so, and the labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, N_CLASSES, (n_samples,), generator=generator)
    logits = torch.randn(n_samples, N_CLASSES, generator=generator) * 2
    logits[torch.arange(n_samples), labels] += 4
    return logits, labels


def parts(n_samples: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    for seed, indices in enumerate(torch.arange(n_samples).split(PART)):
        yield indices, *make_logits(len(indices), seed)


def sampler_of(name: str, n_samples: int) -> Sampler[int]:
    if name == PLAIN[0]:
        return RandomSampler(range(n_samples))
    if name == PLAIN[1]:
        return DistributedSampler(range(n_samples), num_replicas=1, rank=0)
    options = POLICIES[name]
    if "min_per_class" in options:
        options = {**options, "min_per_class": n_samples // (10 * N_CLASSES)}
    sampler = EasinessSampler(n_samples, **{"warmup_epochs": 0, "min_samples": 1, **options})
    for indices, logits, labels in parts(n_samples):
        sampler.update(indices, logits, labels)
    return sampler


def memory(field: str) -> int:
    """Bytes of this process, VmRSS (now) or VmHWM (at most, since `forget_peak`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(field)]
    return 1024 * int(line.split()[1])


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def measure_epochs(name: str, n_samples: int, rounds: int) -> dict[str, float]:
    """Time and memory of epochs, in this process."""
    sampler = sampler_of(name, n_samples)
    forget_peak()
    before = memory("VmRSS")
    plans, draws, size = [], [], 0
    for number in range(rounds + 1):
        start = time.process_time()
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(number)
        drawn = iter(sampler)
        first = next(drawn)
        planned = time.process_time()
        # As a loader draws them, keeping none.
        size = 1 + sum(1 for _ in drawn)
        draws.append(time.process_time() - planned)
        plans.append(planned - start)
        assert 0 <= first < n_samples
    return {
        "size": size,
        # The first round warms up.
        "plan": statistics.median(plans[1:]),
        "draw": statistics.median(draws[1:]),
        "bytes": (memory("VmHWM") - before) / n_samples,
    }


def check_selections(n_samples: int) -> None:
    """Compare selections with the core, for policies that do not draw at random."""
    logits, labels = make_logits(n_samples)
    scores = ec.score(logits.double().softmax(1).numpy(), labels.numpy())
    counts = scores.summary.level_counts
    expected = {
        "all samples (warm-up)": np.arange(n_samples),
        "`ec.MO`": ec.select(scores.level, ec.MO),
        '`ec.MO`, `rank_by="loss"`': ec.loss_rank_selection(
            scores.loss, n_hard=counts["hard"], n_medium=counts["medium"]
        ),
    }
    for name, selected in expected.items():
        sampler = EasinessSampler(
            n_samples, **{"warmup_epochs": 0, "min_samples": 1, **POLICIES[name]}
        )
        sampler.update(torch.arange(n_samples), logits, labels)
        # float32 logits against float64 probabilities: a sample at a cut may fall on either side.
        differ = np.setxor1d(np.asarray(list(sampler)), selected)
        if len(differ) > 1e-4 * n_samples:
            raise SystemExit(f"{name}: {len(differ)} samples are not those that the core selects")


def print_epochs(n_samples: int, rounds: int) -> None:
    print(f"\n{n_samples:,} samples:\n")
    print("| sampler | indices | plan, ms | draw, ms | ns a sample | peak bytes a sample |")
    print("|" + " --- |" * 6)
    for name in (*PLAIN, *POLICIES):
        command = [sys.executable, __file__, "--one", name, "--samples", str(n_samples)]
        command += ["--rounds", str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        each = 1e9 * (found["plan"] + found["draw"]) / n_samples
        print(
            f"| {name} | {found['size']:,} | {1e3 * found['plan']:.0f} | "
            f"{1e3 * found['draw']:.0f} | {each:.0f} | {found['bytes']:.0f} |",
            flush=True,
        )


def measure_updates(n_samples: int, updates: int) -> None:
    logits, labels = make_logits(n_samples)
    sampler = EasinessSampler(n_samples)
    generator = torch.Generator().manual_seed(1)
    update, score = [], []
    for _ in range(updates):
        indices = torch.randint(0, n_samples, (BATCH,), generator=generator)
        rows, given = logits[indices], labels[indices]
        start = time.process_time()
        sampler.update(indices, rows, given)
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
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    # Scores stay as they are here, and policies must fill up their epochs.
    logging.getLogger("easiness_torch").setLevel(logging.ERROR)
    if options.one:
        print(json.dumps(measure_epochs(options.one, options.samples[0], options.rounds)))
        return
    print(
        f"easiness-core {ec.__version__}, torch {torch.__version__}, {platform.machine()} CPU, "
        f"one thread"
    )
    check_selections(min(options.samples[0], 1_000_000))
    for n_samples in options.samples:
        print_epochs(n_samples, options.rounds)
    measure_updates(options.samples[0], options.updates)


if __name__ == "__main__":
    main()
