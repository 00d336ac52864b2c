"""Convert the sampler's state to plain tensors, numbers and containers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from easiness_torch.sampling.options import Options
from easiness_torch.sampling.plan import Plan
from easiness_torch.sampling.scores import ROW_COLUMNS

FORMAT = 1
# Options that determine the number of samples in each epoch.
_SHARED = ("n_samples", "seed", "total_epochs", "step_budget", "batch_size")
_PLAIN = {"next": int, "finished": bool, "refreshed_for": int, "history": list}


def pack_plan(plan: Plan | None) -> dict[str, Any] | None:
    """Plan as plain values; tensors are shared, since plans never change."""
    if plan is None:
        return None
    return {
        "epoch": plan.epoch,
        "indices": plan.indices,
        "weights": plan.weights,
        "record": dict(plan.record),
    }


def unpack_plan(state: Mapping[str, Any] | None, n_samples: int) -> Plan | None:
    """Plan that `pack_plan` packed."""
    if state is None:
        return None
    indices: Tensor | None = state["indices"]
    weights: Tensor | None = state["weights"]
    return Plan(
        epoch=state["epoch"],
        n_samples=n_samples,
        indices=None if indices is None else indices.cpu(),
        weights=weights,
        record=dict(state["record"]),
    )


def pack_options(options: Options) -> dict[str, Any]:
    """Options that a state must share with the sampler that loads it."""
    return {name: getattr(options, name) for name in _SHARED}


def check_state(state: Any, options: Options) -> None:
    """Check that a state is a sampler's, and of a sampler over the same data and seed."""
    n_samples = options.n_samples
    if not isinstance(state, Mapping) or state.get("format") != FORMAT:
        raise ValueError(
            f"state: expected what EasinessSampler.state_dict() gives, of format {FORMAT}, got "
            f"{state!r:.80}"
        )
    for name, mine in pack_options(options).items():
        if name not in state:
            raise ValueError(_broken(name, repr(mine), None))
        if state[name] != mine:
            raise ValueError(
                f"state: saved by a sampler with {name}={state[name]}, this one has "
                f"{name}={mine}; make the sampler with {name}={state[name]} to resume"
            )
    for name, kind in _PLAIN.items():
        if not isinstance(state.get(name), kind):
            raise ValueError(_broken(name, kind.__name__, state.get(name)))
    running = state.get("running")
    if running is not None and not {"epoch", "indices", "weights", "record"} <= set(running):
        raise ValueError(_broken("running", "epoch, indices, weights and record", running))
    scores = state.get("scores")
    lengths = dict.fromkeys(ROW_COLUMNS, n_samples + 1) | {"stray": 2}
    for name, length in lengths.items():
        column = scores.get(name) if isinstance(scores, Mapping) else None
        if not isinstance(column, Tensor) or column.shape != (length,):
            got = tuple(column.shape) if isinstance(column, Tensor) else column
            raise ValueError(_broken(f"scores[{name!r}]", f"a tensor of shape ({length},)", got))


def _broken(name: str, expected: str, got: Any) -> str:
    return f"state: expected {name} to be {expected}, got {got!r:.80}; the state is incomplete"
