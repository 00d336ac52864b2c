"""The sampler's state in plain tensors, numbers and containers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from easiness_torch._plan import Plan

FORMAT = 1


def pack_plan(plan: Plan | None) -> dict[str, Any] | None:
    """Plan as plain values; tensors are shared, since plans never change."""
    if plan is None:
        return None
    return {
        "epoch": plan.epoch,
        "ids": plan.ids,
        "weights": plan.weights,
        "record": dict(plan.record),
    }


def unpack_plan(state: Mapping[str, Any] | None, n_samples: int) -> Plan | None:
    """Plan that `pack_plan` packed."""
    if state is None:
        return None
    ids: Tensor | None = state["ids"]
    weights: Tensor | None = state["weights"]
    return Plan(
        epoch=state["epoch"],
        n_samples=n_samples,
        ids=None if ids is None else ids.cpu(),
        weights=weights,
        record=dict(state["record"]),
    )


def check_state(state: Any, *, n_samples: int, seed: int) -> None:
    """Check that a state is a sampler's, and of a sampler over the same data and seed."""
    if not isinstance(state, Mapping) or state.get("format") != FORMAT:
        raise ValueError(
            f"state: expected what EasinessSampler.state_dict() gives, of format {FORMAT}, got "
            f"{state!r:.80}"
        )
    for name, mine in (("n_samples", n_samples), ("seed", seed)):
        if state[name] != mine:
            raise ValueError(
                f"state: saved by a sampler with {name}={state[name]}, this one has "
                f"{name}={mine}; make the sampler with {name}={state[name]} to go on"
            )
