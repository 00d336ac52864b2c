"""The options that `keep="fewer_easy"` stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import easiness_core as ec
from easiness_core.validation import check_count
from easiness_torch.sampling.keep import smooth_rates

# Measured in docs/set.md.
FEWER_EASY: Mapping[str, Any] = {
    "keep": smooth_rates,
    "estimator": ec.ClosedForm(sigma=0.3),
    "budget": 0.35,
    "floor": 0.1,
    "weight_power": 0.5,
    "refresh": "training",
    "warmup_epochs": 1,
}
FINAL_SHARE = 0.15
_PLAIN: Mapping[str, Any] = {
    "estimator": ec.ClosedForm(), "floor": 0.0, "weight_power": 1.0, "refresh": 1,
    "warmup_epochs": 5, "final_epochs": 0,
}  # fmt: skip


def filled_in(options: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in missing options, for "fewer_easy" or for any other `keep`."""
    keep = options["keep"]
    defaults = _PLAIN
    if isinstance(keep, str) and keep == "fewer_easy":
        if options["total_epochs"] is None:
            raise ValueError(
                "total_epochs: expected the number of epochs, since keep='fewer_easy' ends with "
                "full epochs; pass total_epochs="
            )
        total = check_count(options["total_epochs"], "total_epochs", low=1)
        defaults = {**FEWER_EASY, "final_epochs": math.ceil(FINAL_SHARE * total)}
        keep = defaults["keep"]
    if options["step_budget"] is not None:
        defaults = {**defaults, "budget": None}
    given = {name: value for name, value in options.items() if value is not None}
    return {**options, **defaults, **given, "keep": keep}
