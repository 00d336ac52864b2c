"""The state of a `Summary` as plain numbers and text, ready for JSON, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from easiness_core._config import EASINESS_FRACTION_BITS
from easiness_core._estimators import ClosedForm, MonteCarlo
from easiness_core._input.numbers import check_count
from easiness_core._tally import join, split
from easiness_core.errors import InputValueError

_FORMAT = 1
_LEVELS = ("hard", "medium", "easy")
_ESTIMATORS = {"closed_form": ClosedForm, "monte_carlo": MonteCarlo}
State = tuple[list[list[int]], ClosedForm | MonteCarlo | None, int | None]


def pack(
    tally: list[list[int]], estimator: ClosedForm | MonteCarlo | None, n_bins: int | None
) -> dict[str, Any]:
    """Return the state; sums are decimal strings, because they can exceed 64 bits."""
    *bins, losses, levels = tally
    kind: dict[str, Any] | None = None
    if estimator is not None:
        name = next(name for name, each in _ESTIMATORS.items() if isinstance(estimator, each))
        kind = {"kind": name, **dataclasses.asdict(estimator)}
    return {
        "format": _FORMAT,
        "estimator": kind,
        "n_bins": n_bins,
        "n_samples": sum(levels[:3]),
        **{f"n_{name}": count for name, count in zip(_LEVELS, levels, strict=False)},
        "n_infinite_losses": levels[3],
        "loss_sum": str(join(losses)),
        "bin_counts": [row[0] for row in bins],
        "bin_correct": [row[1] for row in bins],
        "bin_easiness_sums": [str(join(row)) for row in bins],
    }


def unpack(state: Mapping[str, Any]) -> State:
    """Return the tally, the estimator and the number of bins, after checking them."""
    if not isinstance(state, Mapping) or state.get("format") != _FORMAT:
        got = f"{state!r:.80}"
        raise InputValueError(
            f"expected a summary of format {_FORMAT}, got {got}", argument="state"
        )
    try:
        estimator = None
        if state["estimator"] is not None:
            parameters = dict(state["estimator"])
            estimator = _ESTIMATORS[parameters.pop("kind")](**parameters)
        n_bins = state["n_bins"]
        if n_bins is not None:
            n_bins = check_count(n_bins, "n_bins", low=1)
        columns = (state[f"bin_{name}"] for name in ("counts", "correct", "easiness_sums"))
        bins = [
            [int(count), int(correct), *split(int(total))]
            for count, correct, total in zip(*columns, strict=True)
        ]
        losses = [0, 0, *split(int(state["loss_sum"]))]
        levels = [int(state[f"n_{name}"]) for name in (*_LEVELS, "infinite_losses")]
        n_samples = int(state["n_samples"])
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise InputValueError(
            f"not the state of a summary ({error!r})", argument="state"
        ) from error
    tally = [*bins, losses, levels]
    if (
        len(bins) != (n_bins or 0)
        or (n_samples > 0 and estimator is None)
        or not n_samples == sum(levels[:3]) == sum(row[0] for row in bins)
        or any(row[1] > row[0] or join(row) > row[0] << EASINESS_FRACTION_BITS for row in bins)
        or levels[3] > n_samples
        or min(map(min, tally)) < 0
    ):
        raise InputValueError("the counts of this summary do not add up", argument="state")
    return tally, estimator, n_bins
