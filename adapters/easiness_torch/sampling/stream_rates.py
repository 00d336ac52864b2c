"""Rates of a stream's ids: a copy of the user's table, or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# Types of keys.
_ID_TYPES = (int, str, bytes, np.integer)
# How far outside [0, 1] a rate may be by rounding.
_ROUNDING = 1e-6

Rates = dict[Any, Any] | Callable[[Any], Any]


def copied_rates(rates: Any) -> Rates:
    """Copy a mapping after checking its keys; return a function unchanged."""
    if not isinstance(rates, Mapping):
        if not callable(rates):
            raise TypeError(
                f"rates: expected a mapping of ids to rates, or a function of the id, got "
                f"{type(rates).__name__}"
            )
        function: Rates = rates
        return function
    table = dict(rates)
    if not all(issubclass(kind, _ID_TYPES) for kind in set(map(type, table))):
        wrong = next(key for key in table if not isinstance(key, _ID_TYPES))
        raise TypeError(
            f"rates: expected keys of int, str or bytes, got {wrong!r:.80}; for a tensor of "
            f"ids, use ids.tolist()"
        )
    return table


def rate_of(table: Rates, name: Any) -> float:
    """Return the rate of an id, in [0, 1]; 1 if it is not in the mapping."""
    rate = table.get(name, 1.0) if isinstance(table, dict) else table(name)
    try:
        rate = float(rate)
    except (TypeError, ValueError):
        raise TypeError(
            f"rates: expected a number in [0, 1], got {rate!r:.80} for id {name!r:.80}"
        ) from None
    if not -_ROUNDING <= rate <= 1.0 + _ROUNDING:
        raise ValueError(f"rates: expected values in [0, 1], got {rate} for id {name!r}")
    return min(max(rate, 0.0), 1.0)
