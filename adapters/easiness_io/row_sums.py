"""Recognize probabilities by the sums of their rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from easiness_core.validation import ROW_SUM_TOLERANCE, ROW_SUM_TOLERANCE_HALF


@np.errstate(all="ignore")
def sums_to_one(data: NDArray[np.float64], share: float = 1.0, slack: float = 0.0) -> bool:
    """Tell whether this share of the rows are probabilities, within the core's tolerance."""
    if data.shape[1] < 2:
        return False
    # What was stored as a half-precision number has few digits.
    is_half = (data == data.astype(np.float16)).all()
    tolerance = max(slack, ROW_SUM_TOLERANCE_HALF if is_half else ROW_SUM_TOLERANCE)
    close = np.abs(data.sum(axis=1) - 1.0) <= tolerance
    inside = ((data >= -1e-3) & (data <= 1.0 + 1e-3)).all(axis=1)
    return bool(np.mean(close & inside) >= share)


@np.errstate(all="ignore")
def is_constant(data: NDArray[np.float64]) -> bool:
    """Tell whether all rows have the same sum, up to rounding, as percentages and votes do."""
    if data.shape[1] < 2 or not np.isfinite(data).all() or (data < 0).any():
        return False
    total = data.sum(axis=1)
    off = np.abs(total / np.median(total) - 1)
    return bool(np.median(total) > 0 and (off <= min(0.1, 0.005 * data.shape[1])).all())


@np.errstate(all="ignore")
def without_one(data: NDArray[np.float64], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the groups without one column whose rows have nearly the same sum."""
    if len(names) < 3:
        return []
    rest = data.sum(axis=1, keepdims=True) - data
    close = (np.abs(rest / np.median(rest, axis=0) - 1.0) <= 0.2).all(axis=0)
    return [(*names[:at], *names[at + 1 :]) for at in np.flatnonzero(close).tolist()]


@np.errstate(all="ignore")
def no_class(data: NDArray[np.float64]) -> int | None:
    """Find a column that depends on the others, or without which the sums vary much less."""
    if data.shape[1] < 3 or len(data) < 2:
        return None
    total = data.sum(axis=1, keepdims=True)
    rest = total - data
    first, second = np.sort(data, axis=1)[:, [-1, -2]].T[:, :, None]
    is_largest = data == np.where(data == first, second, first)
    varying, varying_rest = (
        np.abs(sums / np.median(sums, axis=0) - 1).max(axis=0) for sums in (total, rest)
    )
    odd = np.isclose(rest, data).all(axis=0) & (abs(np.median(total) - 1) > 0.2)
    odd |= is_largest.all(axis=0) & (varying > 0.2)
    odd |= (varying_rest * 10 < varying) & (varying > 1e-5)
    found = np.flatnonzero(odd)
    return int(found[-1]) if found.size else None
