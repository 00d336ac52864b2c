"""How many optimizer steps epochs take, and the sizes of epochs that add up to a step budget."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from easiness_core.validation import check_count
from easiness_torch.sampling.options import Options


def shard_length(size: int, replicas: int, drop_last: bool) -> int:
    """Count samples a rank: cut short with `drop_last`, but never to none, else filled up."""
    if drop_last and size >= replicas:
        return size // replicas
    return -(-size // replicas)


def steps_of(size: int, replicas: int, batch_size: int, drop_last: bool) -> int:
    """Count batches a rank; with `drop_last` whole ones only."""
    length = shard_length(size, replicas, drop_last)
    return length // batch_size if drop_last else -(-length // batch_size)


def check_step_budget(options: Options, replicas: int) -> None:
    """Refuse a step budget that the epochs cannot add up to."""
    if options.step_budget is None:
        return
    full, n_selecting, n_full = _epochs(options, replicas)
    low, high = n_full * full + n_selecting, (n_full + n_selecting) * full
    if not low <= options.step_budget <= high:
        raise ValueError(
            f"step_budget: expected {low} to {high} steps, got {options.step_budget}: "
            f"{options.total_epochs} epochs, of which {n_full} take all samples in {full} steps "
            f"each; change total_epochs, warmup_epochs, final_epochs or batch_size"
        )


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
    options: Options, replicas: int, batch_size: Any, epochs: Any, selected: int | None
) -> int:
    """As `EasinessSampler.expected_steps`; `selected` is what the scores so far would select."""
    batch_size = options.batch_size if batch_size is None else batch_size
    if batch_size is None:
        raise ValueError("batch_size: expected the loader's, got None; pass batch_size=")
    batch_size = check_count(batch_size, "batch_size", low=1)
    estimated = False
    total = 0
    for epoch in _numbers(epochs, options):
        size = size_of(epoch, options, replicas)
        if size is None and options.budget is not None and options.min_per_class == 0:
            size = max(options.min_samples, rounded(options.budget * options.n_samples))
        if size is None:
            estimated, size = True, options.n_samples if selected is None else selected
        total += steps_of(size, replicas, batch_size, options.drop_last)
    if estimated:
        basis = "the latest scores" if selected is not None else "all samples: none has a score yet"
        warnings.warn(
            f"expected_steps: {total} is an estimate, from {basis}; for an exact number of steps "
            f"pass step_budget= (or budget=) to EasinessSampler",
            stacklevel=3,
        )
    return total


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
