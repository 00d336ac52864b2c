"""Which rows to keep: by level, by interval or by share, as the core selects them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec

NAMES = {"EO": ec.EO, "MO": ec.MO, "HO": ec.HO, "EMO": ec.EMO, "MHO": ec.MHO, "EMHO": ec.EMHO}


def rows_to_keep(
    scores: ec.Scores,
    y: NDArray[Any],
    *,
    levels: Any,
    interval: Any,
    fraction: Any,
    per_class: bool,
    seed: int,
) -> NDArray[np.int64]:
    """Sorted rows to keep; at least one of each class.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or value, options exclude one another, or a class
        would be left without samples.
    """
    if interval is not None and fraction is not None:
        raise ValueError(
            f"interval, fraction: expected at most one of them, got {interval!r} and {fraction!r}"
        )
    if per_class and fraction is None:
        raise ValueError("per_class: expected a fraction with it, got fraction=None")
    if fraction is not None:
        how = f"fraction={fraction!r}"
        rows = _easiest(scores, _check_fraction(fraction), y if per_class else None, seed)
    elif interval is not None:
        how = f"interval={interval!r}"
        rows = ec.select_interval(scores.easiness, *_check_interval(interval))
    else:
        how = f"levels={levels!r}"
        rows = ec.select(scores.level, _check_levels(levels))
    _check_classes(rows, scores, y, how)
    return rows


def _check_levels(levels: Any) -> Any:
    if not isinstance(levels, str):
        return levels
    if levels not in NAMES:
        raise ValueError(
            f"levels: expected one of {', '.join(NAMES)} or a union of easiness_core.Level, got "
            f"{levels!r}"
        )
    return NAMES[levels]


def _check_interval(interval: Any) -> tuple[Any, Any]:
    pair = isinstance(interval, (Sequence, np.ndarray)) and not isinstance(interval, str)
    if not pair or len(interval) != 2:
        raise TypeError(f"interval: expected a pair (low, high) of easiness, got {interval!r}")
    return interval[0], interval[1]


def _check_fraction(fraction: Any) -> float:
    if not isinstance(fraction, Real) or isinstance(fraction, bool):
        raise TypeError(f"fraction: expected a number, got {type(fraction).__name__} {fraction!r}")
    share = float(fraction)
    if not 0.0 < share <= 1.0:
        raise ValueError(f"fraction: expected a share above 0 and at most 1, got {fraction!r}")
    return share


def _easiest(
    scores: ec.Scores, fraction: float, y: NDArray[Any] | None, seed: int
) -> NDArray[np.int64]:
    """Rows of the highest log easiness; of equal ones the lower loss, then by lot.

    At a small sigma most rows tie at a log easiness of 0: by their place in the file, which is
    often sorted by class, whole classes would be lost.
    """
    lot = np.random.default_rng(seed).permutation(len(scores))
    easiest_first = np.lexsort((lot, scores.loss, -scores.log_easiness))
    if y is None:
        chosen = [_first(easiest_first, fraction)]
    else:
        own = y[easiest_first]
        chosen = [_first(easiest_first[own == label], fraction) for label in np.unique(y)]
    return np.sort(np.concatenate(chosen)).astype(np.int64, copy=False)


def _first(rows: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    return rows[: max(1, round(fraction * rows.size))]


def _check_classes(rows: NDArray[np.int64], scores: ec.Scores, y: NDArray[Any], how: str) -> None:
    classes, codes = np.unique(y, return_inverse=True)
    empty = np.flatnonzero(np.bincount(codes[rows], minlength=classes.size) == 0)
    if empty.size:
        own = scores.level[codes == empty[0]]
        number = {str(level.name).lower(): int(np.sum(own == level)) for level in ec.Level}
        found = ", ".join(f"{count} {name}" for name, count in number.items())
        raise ValueError(
            f"{how} keeps no sample of {empty.size} of {classes.size} classes; the first is "
            f"{classes[empty[0]].item()!r} ({own.size} samples: {found}); keep more levels, or a "
            f"fraction with per_class=True"
        )
