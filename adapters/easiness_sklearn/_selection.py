"""Select rows by level, by interval or by share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_core.validation import check_count


@dataclass(frozen=True)
class Selection:
    """Checked options of a selection."""

    levels: Any
    interval: tuple[float, float] | None
    fraction: float | None
    per_class: bool
    seed: int
    how: str

    @classmethod
    def of(cls, owner: Any) -> Selection:
        """Check the options of a resampler or filter.

        Raises
        ------
        TypeError, ValueError
            If an option has the wrong type or value, or options conflict.
        """
        levels, interval, fraction = owner.levels, owner.interval, owner.fraction
        if interval is not None and fraction is not None:
            raise ValueError(
                f"interval, fraction: expected at most one of them, got {interval!r} and "
                f"{fraction!r}"
            )
        if owner.per_class and fraction is None:
            raise ValueError("per_class: expected a fraction with it, got fraction=None")
        if fraction is not None:
            how = f"fraction={fraction!r}"
        else:
            how = f"levels={levels!r}" if interval is None else f"interval={interval!r}"
        return cls(
            ec.Level.of(levels),
            None if interval is None else _check_interval(interval),
            None if fraction is None else _check_fraction(fraction),
            bool(owner.per_class),
            check_count(owner.seed, "seed", low=0),
            how,
        )

    def rows(self, scores: ec.Scores, y: NDArray[Any]) -> NDArray[np.int64]:
        """Return the sorted rows to keep; raise an error if a class would have no samples."""
        if self.fraction is not None:
            rows = _easiest(scores, self.fraction, y if self.per_class else None, self.seed)
        elif self.interval is not None:
            rows = ec.select_interval(scores.easiness, *self.interval)
        else:
            rows = ec.select(scores.level, self.levels)
        _check_classes(rows, scores, y, self.how)
        return rows


def _check_interval(interval: Any) -> tuple[Any, Any]:
    pair = isinstance(interval, (Sequence, np.ndarray)) and not isinstance(interval, str)
    if not pair or len(interval) != 2:
        raise TypeError(f"interval: expected a pair (low, high) of easiness, got {interval!r}")
    ec.select_interval(np.empty(0), interval[0], interval[1])
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
    """Rows with the highest log easiness; ties are broken by lower loss, then at random.

    At a small sigma most rows tie at a log easiness of 0. By position, whole classes would be lost
    in data sorted by class.
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
