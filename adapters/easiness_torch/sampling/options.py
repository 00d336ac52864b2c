"""Options of the sampler, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import easiness_core as ec
from easiness_core.validation import check_count, check_number
from easiness_torch.sampling.keep import KeepPolicy, policy_of
from easiness_torch.scoring.check import check_estimator


@dataclass(frozen=True)
class Options:
    """Options of `EasinessSampler`; see its docstring."""

    n_samples: int
    policy: KeepPolicy
    estimator: ec.ClosedForm | ec.MonteCarlo
    warmup_epochs: int
    final_epochs: int
    total_epochs: int | None
    rank_by: str
    refresh: int | str
    weight_power: float
    budget: float | None
    step_budget: int | None
    batch_size: int | None
    floor: float
    min_samples: int
    min_per_class: int
    random_control: bool
    control_sizes: tuple[int, ...] | None
    in_turn: bool
    shuffle: bool
    on_nan: str
    seed: int
    drop_last: bool

    def selects(self, epoch: int) -> bool:
        """Whether an epoch selects; warm-up and final epochs take all samples."""
        if epoch < self.warmup_epochs:
            return False
        return self.total_epochs is None or epoch < self.total_epochs - self.final_epochs

    def needs_scores(self, epoch: int) -> bool:
        """Whether an epoch cannot be planned without any score."""
        return self.selects(epoch) and self.control_sizes is None

    def refreshes(self, epoch: int) -> bool:
        """Whether all samples must be scored before an epoch."""
        if not self.needs_scores(epoch) or isinstance(self.refresh, str):
            return False
        return (epoch - self.warmup_epochs) % self.refresh == 0


def check_options(
    n_samples: Any,
    *,
    keep: Any,
    estimator: Any,
    warmup_epochs: Any,
    final_epochs: Any,
    total_epochs: Any,
    rank_by: Any,
    refresh: Any,
    weight_power: Any,
    budget: Any,
    step_budget: Any,
    batch_size: Any,
    floor: Any,
    min_samples: Any,
    min_per_class: Any,
    random_control: Any,
    in_turn: Any,
    shuffle: Any,
    on_nan: Any,
    seed: Any,
    drop_last: Any,
) -> Options:
    """Check every option; the error says how to fix it."""
    if hasattr(n_samples, "__len__") and not isinstance(n_samples, (str, bytes)):
        raise TypeError(
            f"n_samples: expected a number, got {type(n_samples).__name__}; pass len(dataset)"
        )
    n_samples = check_count(n_samples, "n_samples", low=1)
    check_estimator(estimator)
    final_epochs = check_count(final_epochs, "final_epochs", low=0)
    if total_epochs is not None:
        total_epochs = check_count(total_epochs, "total_epochs", low=1)
    elif final_epochs:
        raise ValueError(
            f"total_epochs: expected the number of epochs, since final_epochs={final_epochs} "
            f"counts from the end; pass total_epochs="
        )
    if rank_by not in ("easiness", "loss"):
        raise ValueError(f"rank_by: expected 'easiness' or 'loss', got {rank_by!r}")
    if refresh != "training":
        if isinstance(refresh, str):
            raise ValueError(f"refresh: expected a number of epochs or 'training', got {refresh!r}")
        refresh = check_count(refresh, "refresh", low=1)
    if on_nan not in ("raise", "skip"):
        raise ValueError(f"on_nan: expected 'raise' or 'skip', got {on_nan!r}")
    floor = check_number(floor, "floor", low=0.0, high=1.0)
    if budget is not None:
        budget = check_number(budget, "budget", low=floor, high=1.0 + 1e-15, open_low=floor == 0.0)
        budget = min(budget, 1.0)
    if batch_size is not None:
        batch_size = check_count(batch_size, "batch_size", low=1)
    if step_budget is not None:
        step_budget = check_count(step_budget, "step_budget", low=1)
        _check_beside_step_budget(
            budget=budget, min_per_class=min_per_class or None, random_control=random_control,
            total_epochs=total_epochs, batch_size=batch_size,
        )  # fmt: skip
    sizes = None
    if hasattr(random_control, "tolist"):
        random_control = random_control.tolist()
    if isinstance(random_control, Sequence) and not isinstance(random_control, str):
        name = "random_control: each size"
        sizes = tuple(check_count(size, name, low=1) for size in random_control)
        if sizes and max(sizes) > n_samples:
            raise ValueError(f"{name}: expected at most {n_samples} samples, got {max(sizes)}")
    else:
        check_flag(random_control, "random_control")
    if check_flag(in_turn, "in_turn") and sizes is None:
        raise ValueError(
            "in_turn: requires the sizes of a random control; pass random_control=[...]"
        )
    return Options(
        n_samples=n_samples,
        policy=policy_of(keep),
        estimator=estimator,
        warmup_epochs=check_count(warmup_epochs, "warmup_epochs", low=0),
        final_epochs=final_epochs,
        total_epochs=total_epochs,
        rank_by=rank_by,
        refresh=refresh,
        weight_power=check_number(weight_power, "weight_power", low=0.0, high=float("inf")),
        budget=budget,
        step_budget=step_budget,
        batch_size=batch_size,
        floor=floor,
        min_samples=min(check_count(min_samples, "min_samples", low=1), n_samples),
        min_per_class=check_count(min_per_class, "min_per_class", low=0),
        random_control=bool(random_control is True or sizes),
        control_sizes=sizes,
        in_turn=in_turn,
        shuffle=check_flag(shuffle, "shuffle"),
        on_nan=on_nan,
        seed=check_count(seed, "seed", low=0),
        drop_last=check_flag(drop_last, "drop_last"),
    )


def _check_beside_step_budget(
    *, budget: Any, min_per_class: Any, random_control: Any, total_epochs: Any, batch_size: Any
) -> None:
    """Refuse options that conflict with `step_budget`, and require those that it needs."""
    sizes = None if isinstance(random_control, bool) else random_control
    others = {"budget": budget, "min_per_class": min_per_class, "random_control": sizes}
    for name, value in others.items():
        if value is not None:
            raise ValueError(
                f"{name}: {name} and step_budget both set the epoch size; pass only one"
            )
    for name, value in {"total_epochs": total_epochs, "batch_size": batch_size}.items():
        if value is None:
            raise ValueError(f"{name}: expected a number, because step_budget= depends on it")


def check_flag(value: Any, name: str) -> bool:
    """Check a bool strictly: other truthy values are likely mistakes."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return value


def check_shard(num_replicas: Any, rank: Any) -> tuple[int, int] | None:
    """Check the number of shards and the shard of this process; None: ask torch.distributed."""
    if num_replicas is None:
        if rank is not None:
            raise ValueError("rank: expected num_replicas too; pass both or neither")
        return None
    num_replicas = check_count(num_replicas, "num_replicas", low=1)
    rank = 0 if rank is None and num_replicas == 1 else rank
    if rank is None:
        raise ValueError(f"num_replicas: expected rank too, got {num_replicas} alone")
    rank = check_count(rank, "rank", low=0)
    if rank >= num_replicas:
        raise ValueError(f"rank: expected 0 to {num_replicas - 1}, got {rank}")
    return num_replicas, rank
