"""`keep="lossless"`: the options of `EasinessSampler` that it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import easiness_core as ec
from easiness_core._validate import check_count
from easiness_torch._keep import smooth_rates

# Measured in docs/set.md.
LOSSLESS: Mapping[str, Any] = {
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
    "estimator": ec.ClosedForm(), "budget": None, "floor": 0.0, "weight_power": 1.0, "refresh": 1,
    "warmup_epochs": 5, "final_epochs": 0,
}  # fmt: skip


def with_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what "lossless" stands for, where options have the sampler's defaults."""
    if not (isinstance(options["keep"], str) and options["keep"] == "lossless"):
        return dict(options)
    if options["total_epochs"] is None:
        raise ValueError(
            "total_epochs: expected the number of epochs, since keep='lossless' ends with full "
            "ones; pass total_epochs="
        )
    total = check_count(options["total_epochs"], "total_epochs", low=1)
    preset = {**LOSSLESS, "final_epochs": math.ceil(FINAL_SHARE * total)}
    return {
        name: preset[name] if name == "keep" or _is_plain(name, value) else value
        for name, value in options.items()
    }


def _is_plain(name: str, value: Any) -> bool:
    # Types are compared too: a budget of False is to be refused, not replaced.
    return name in _PLAIN and type(value) is type(_PLAIN[name]) and value == _PLAIN[name]
