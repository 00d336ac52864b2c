"""Count optimizer steps, and find epoch sizes that add up to a step budget."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import easiness_core as ec
from easiness_core.validation import check_count
from easiness_torch.sampling.keep import Function, LevelRates, smooth_rates
from easiness_torch.sampling.options import Options


def shard_length(size: int, replicas: int, drop_last: bool) -> int:
    """Count samples per rank: rounded down with `drop_last`, but never to 0, or else up."""
    if drop_last and size >= replicas:
        return size // replicas
    return -(-size // replicas)


def steps_of(size: int, replicas: int, batch_size: int, drop_last: bool) -> int:
    """Count batches per rank; with `drop_last`, full ones only."""
    length = shard_length(size, replicas, drop_last)
    return length // batch_size if drop_last else -(-length // batch_size)


def check_step_budget(options: Options, replicas: int) -> None:
    """Refuse a step budget that the epochs cannot reach exactly."""
    if options.step_budget is None:
        return
    full, _, n_full = _epochs(options, replicas)
    low, high = step_range(options, replicas)
    if not low <= options.step_budget <= high:
        raise ValueError(
            f"step_budget: expected {low} to {high} steps, got {options.step_budget}: "
            f"{options.total_epochs} epochs, of which {n_full} take all samples in {full} steps "
            f"each; change total_epochs, warmup_epochs, final_epochs or batch_size"
        )


def step_range(options: Options, replicas: int) -> tuple[int, int]:
    """Return the smallest and the largest number of steps that the epochs can take."""
    full, n_selecting, n_full = _epochs(options, replicas)
    return n_full * full + n_selecting, (n_full + n_selecting) * full


def size_of(epoch: int, options: Options, replicas: int) -> int | None:
    """Count the samples of an epoch, on all ranks together, if options alone decide it."""
    if not options.selects(epoch):
        return options.n_samples
    if options.control_sizes is not None:
        return options.control_sizes[epoch] if epoch < len(options.control_sizes) else None
    if options.step_budget is None or options.batch_size is None:
        return None
    full, n_selecting, n_full = _epochs(options, replicas)
    rest = options.step_budget - n_full * full
    turn = epoch - options.warmup_epochs
    n_steps = (turn + 1) * rest // n_selecting - turn * rest // n_selecting
    return options.n_samples if n_steps == full else n_steps * options.batch_size * replicas


def expected_steps(
    options: Options,
    replicas: int,
    batch_size: Any,
    epochs: Any,
    selected: Callable[[], int | None],
) -> int:
    """As `EasinessSampler.expected_steps`; `selected` is what the current scores would select."""
    batch_size = options.batch_size if batch_size is None else batch_size
    if batch_size is None:
        raise ValueError("batch_size: expected the loader's, got None; pass batch_size=")
    batch_size = check_count(batch_size, "batch_size", low=1)
    budgeted, basis = None, ""
    if options.budget is not None and options.min_per_class == 0:
        budgeted = max(options.min_samples, rounded(options.budget * options.n_samples))
    reached = budgeted is not None and never_zero(options)
    total = 0
    for epoch in _numbers(epochs, options):
        size = size_of(epoch, options, replicas)
        if size is None and reached:
            size = budgeted
        if size is None:
            size, basis = selected(), "the latest scores"
        if size is None and budgeted is not None:
            size, basis = budgeted, "the budget, which rates of 0 may not reach"
        elif size is None:
            size, basis = options.n_samples, "all samples: none has a score yet"
        total += steps_of(size, replicas, batch_size, options.drop_last)
    if basis:
        warnings.warn(
            f"expected_steps: {total} is an estimate, from {basis}; for an exact number of steps "
            f"pass step_budget= (or budget=, with rates above 0) to EasinessSampler",
            stacklevel=3,
        )
    return total


def never_zero(options: Options) -> bool:
    """Whether every rate is known to be above 0, so that a budget is reached."""
    policy, estimator = options.policy, options.estimator
    if isinstance(policy, LevelRates):
        return min(policy.hard, policy.medium, policy.easy) > 0.0
    if isinstance(policy, Function) and policy.function is smooth_rates:
        # 1 - E of the easiest possible sample; in float32 it must not round to 0.
        wide = isinstance(estimator, ec.ClosedForm)
        return wide and math.erfc(0.5 / estimator.sigma) > 1e-6
    return False


def rounded(size: float) -> int:
    """Nearest whole number, which rounding errors in `size` do not change."""
    return int(size + 0.5 + 1e-6)


def _numbers(epochs: Any, options: Options) -> Iterable[int]:
    if epochs is None:
        if options.total_epochs is None:
            raise ValueError(
                "epochs: expected a number of epochs, since the sampler was made without "
                "total_epochs; pass epochs="
            )
        return range(options.total_epochs)
    if isinstance(epochs, Iterable):
        return [check_count(epoch, "epochs", low=0) for epoch in epochs]
    return range(check_count(epochs, "epochs", low=0))


def _epochs(options: Options, replicas: int) -> tuple[int, int, int]:
    """Count steps of a full epoch, and numbers of selecting and of full epochs."""
    assert options.total_epochs is not None
    assert options.batch_size is not None
    full = steps_of(options.n_samples, replicas, options.batch_size, options.drop_last)
    n_selecting = sum(options.selects(epoch) for epoch in range(options.total_epochs))
    return full, n_selecting, options.total_epochs - n_selecting
