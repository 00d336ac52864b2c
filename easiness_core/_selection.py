"""Select samples to train on, as sorted row indices."""

from __future__ import annotations

from bisect import bisect_left
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.numbers import check_count, check_vector
from easiness_core._level import Level, check_level_array
from easiness_core._scores import Scores
from easiness_core.errors import InputTypeError, InputValueError


def select(level: Scores | ArrayLike, levels: Level | str) -> NDArray[np.int64]:
    """Select the rows with given levels, as SET does.

    Parameters
    ----------
    level : Scores or array of shape (n_samples,)
        Scores; or values of `Level`; or the words hard, medium and easy, as in the level column of
        `scores.to_pandas()`.
    levels : Level or str
        The levels to keep: a union such as `Level.EASY | Level.MEDIUM`, or words such as
        `"easy|medium"` or `"EMO"`; see `Level.of`.

    Returns
    -------
    ndarray of shape (n_selected,), int64
        Sorted row indices: positions in `level`.

    Raises
    ------
    TypeError, ValueError
        If `level` has values that are not levels, or `levels` is not a union of levels.

    Notes
    -----
    Source: Section 3.3 and Table 3 of the paper.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.select([1, 2, 4, 2], ec.MO)
    array([1, 3])
    >>> ec.select(ec.score([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], [0, 0, 0]), "hard|medium")
    array([1, 2])
    """
    array = level.level if isinstance(level, Scores) else check_level_array(level)
    union = np.uint8(Level.of(levels))
    return np.flatnonzero(array & union).astype(np.int64, copy=False)


def select_interval(easiness: Scores | ArrayLike, low: float, high: float) -> NDArray[np.int64]:
    """Select the rows with low <= easiness <= high.

    Parameters
    ----------
    easiness : Scores or array of shape (n_samples,)
        Scores, easiness, or any other numbers without NaN.
    low, high : float
        Ends of the interval.

    Returns
    -------
    ndarray of shape (n_selected,), int64
        Sorted row indices.

    Raises
    ------
    TypeError, ValueError
        If `easiness` is not a vector of real numbers, or the interval is empty or NaN.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.select_interval([0.0, 0.3, 0.6, 1.0], 0.3, 0.9)
    array([1, 2])
    """
    if isinstance(easiness, Scores):
        easiness = easiness.easiness
    values = check_vector(easiness, "easiness")
    for name, end in (("low", low), ("high", high)):
        if not isinstance(end, Real):
            got = f"{type(end).__name__} {end!r}"
            raise InputTypeError(f"expected a number, got {got}", argument=name)
    if not low <= high:
        raise InputValueError(f"expected low <= high, got {low} and {high}", argument="low")
    return np.flatnonzero((values >= low) & (values <= high)).astype(np.int64, copy=False)


def loss_rank_selection(
    loss: Scores | ArrayLike, *, n_hard: int | None = None, n_medium: int | None = None
) -> NDArray[np.int64]:
    """Select rows by loss, as L-SET does: skip the `n_hard` highest, take the next `n_medium`.

    Equals `np.sort(np.argsort(-loss, kind="stable")[n_hard : n_hard + n_medium])`: in a tie, the
    earlier row ranks higher.

    Parameters
    ----------
    loss : Scores or array of shape (n_samples,)
        Scores, or the loss of each sample; infinity is allowed.
    n_hard, n_medium : int, optional
        Number of rows to skip and to take, 0 or more; by default the numbers of hard and of medium
        samples in `Scores`.

    Returns
    -------
    ndarray of shape (n_selected,), int64
        Sorted row indices.

    Raises
    ------
    TypeError, ValueError
        If `loss` is not a vector of real numbers without NaN; or if `n_hard` or `n_medium` is
        negative, or missing when `loss` is not a `Scores`.

    Notes
    -----
    Source: Section 4.2.1 of the paper.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.loss_rank_selection([0.1, 3.0, 0.7, 0.7, 0.2], n_hard=1, n_medium=2)
    array([2, 3])
    """
    if isinstance(loss, Scores):
        counts = loss.summary.level_counts
        n_hard = counts["hard"] if n_hard is None else n_hard
        n_medium = counts["medium"] if n_medium is None else n_medium
        loss = loss.loss
    values = check_vector(loss, "loss")
    for name, number in (("n_hard", n_hard), ("n_medium", n_medium)):
        if number is None:
            problem = "expected a number of samples; it may be omitted only with Scores"
            raise InputTypeError(problem, argument=name)
    first = min(check_count(n_hard, "n_hard", low=0), values.size)
    last = min(first + check_count(n_medium, "n_medium", low=0), values.size)
    if first == last:
        return np.empty(0, dtype=np.int64)
    # np.partition finds the cut: it is vectorized, but only for one cut at a time.
    top = np.partition(values, values.size - last)[values.size - last :]
    chosen = _highest(values, last, top[0])
    if first > 0:
        chosen ^= _highest(values, first, np.partition(top, last - first)[last - first])
    return np.flatnonzero(chosen).astype(np.int64, copy=False)


def _highest(values: NDArray[np.float64], size: int, least: np.float64) -> NDArray[np.bool_]:
    """Mask of the `size` highest values, the lowest of which is `least`; ties: earlier rows."""
    above, tied = values > least, values == least
    n_tied = size - int(np.count_nonzero(above))
    if np.count_nonzero(tied) > n_tied:
        # The row after the last selected one: counting in a mask is faster than listing its rows.
        def count(row: int) -> int:
            return int(np.count_nonzero(tied[:row]))

        tied[bisect_left(range(values.size), n_tied, key=count) :] = False
    above |= tied
    return above


def random_selection(n_samples: int, size: int, *, seed: int) -> NDArray[np.int64]:
    """Select random rows without replacement, as a baseline for a selection of the same size.

    Parameters
    ----------
    n_samples : int
        Number of samples, 0 or more.
    size : int
        Number of rows to take, 0 to n_samples.
    seed : int
        Random seed, 0 or more.

    Returns
    -------
    ndarray of shape (size,), int64
        Sorted row indices.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a whole number, or out of range.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.random_selection(100, 5, seed=0)
    array([26, 30, 50, 61, 81])
    """
    n_samples = check_count(n_samples, "n_samples", low=0)
    size = check_count(size, "size", low=0)
    seed = check_count(seed, "seed", low=0)
    if size > n_samples:
        problem = f"expected at most n_samples = {n_samples}, got {size}"
        raise InputValueError(problem, argument="size")
    rows = np.random.default_rng(seed).choice(n_samples, size, replace=False, shuffle=False)
    return np.sort(rows).astype(np.int64, copy=False)
