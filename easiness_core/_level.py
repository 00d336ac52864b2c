"""The levels hard, medium and easy, and the paper's names for their unions."""

from __future__ import annotations

import re
from enum import IntFlag
from functools import reduce
from numbers import Integral
from operator import or_
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.convert import refuse_missing, to_array
from easiness_core._input.numbers import check_number, check_vector, in_place_of
from easiness_core.errors import InputTypeError, InputValueError


class Level(IntFlag):
    """Level of a sample: hard, medium or easy.

    Levels are flags: a union such as `Level.EASY | Level.MEDIUM` selects samples of several
    levels. The paper's names for the unions are constants: EO, MO, HO, EMO, MHO and EMHO.

    Attributes
    ----------
    HARD : Level
        1: easiness is 0, within the resolution of the estimator.
    MEDIUM : Level
        2: everything between hard and easy.
    EASY : Level
        4: easiness is 1, within the resolution of the estimator.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Section 3.3.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0])
    >>> [ec.Level(value).name for value in scores.level]
    ['EASY', 'MEDIUM', 'HARD']
    >>> ec.EMO == ec.Level.EASY | ec.Level.MEDIUM
    True
    """

    HARD = 1
    MEDIUM = 2
    EASY = 4

    @classmethod
    def of(cls, levels: Any, *, argument: str = "levels") -> Level:
        """Convert words or a number to a union of levels.

        Parameters
        ----------
        levels : str, int or Level
            Words joined by `|` or commas, such as "hard|medium"; one of the paper's names EO, MO,
            HO, EMO, MHO and EMHO; a union of `Level`; or the number of a union, from 1 to 7.
        argument : str, default "levels"
            Name of the argument in error messages.

        Returns
        -------
        Level
            The union.

        Raises
        ------
        TypeError, ValueError
            If `levels` is none of these.

        Examples
        --------
        >>> import easiness_core as ec
        >>> ec.Level.of("hard|medium") == ec.Level.of("MHO") == ec.Level.HARD | ec.Level.MEDIUM
        True
        """
        expected = "expected words such as 'hard|medium', a name such as 'EMO', or a union of Level"
        if isinstance(levels, str):
            if levels.upper() in _UNIONS:
                return _UNIONS[levels.upper()]
            words = [word.strip().upper() for word in re.split(r"[|,]", levels)]
            if set(words) <= set(cls.__members__):
                return reduce(or_, [cls[word] for word in words])
        elif not isinstance(levels, Integral) or isinstance(levels, bool):
            got = f"{type(levels).__name__} {levels!r:.40}"
            raise InputTypeError(f"{expected}; got {got}", argument=argument)
        elif 0 < int(levels) <= int(EMHO):
            return cls(int(levels))
        raise InputValueError(f"{expected}; got {levels!r:.40}", argument=argument)


EO: Final = Level.EASY
MO: Final = Level.MEDIUM
HO: Final = Level.HARD
EMO: Final = Level.EASY | Level.MEDIUM
MHO: Final = Level.MEDIUM | Level.HARD
EMHO: Final = Level.EASY | Level.MEDIUM | Level.HARD
_UNIONS = {"EO": EO, "MO": MO, "HO": HO, "EMO": EMO, "MHO": MHO, "EMHO": EMHO}


def cuts(resolution: float) -> tuple[float, float]:
    """Log easiness at and below which a row is hard, and at and above which it is easy."""
    resolution = check_number(resolution, "resolution", low=0.0, high=0.5)
    hard_to = float(np.log(resolution)) if resolution > 0.0 else -np.inf
    return hard_to, float(np.log1p(-resolution))


def levels(log_easiness: ArrayLike, *, resolution: float = 1e-3) -> NDArray[np.uint8]:
    """Classify samples as hard, medium or easy by their log easiness.

    Hard means `E <= resolution`, easy means `E >= 1 - resolution`, medium is between.

    Parameters
    ----------
    log_easiness : array of shape (n_samples,)
        Natural logarithm of easiness, at most 0; -inf where easiness is 0.
    resolution : float in [0, 0.5), default 1e-3
        Distance from 0 and 1 within which samples are hard or easy. 0 means exactly 0 and 1, which
        suits Monte Carlo; with the closed form it would depend on floating-point underflow.

    Returns
    -------
    ndarray of shape (n_samples,), uint8
        Values of `Level`.

    Raises
    ------
    TypeError, ValueError
        If `log_easiness` is not a vector of real numbers at most 0, or `resolution` is out of
        range.

    Notes
    -----
    Source: Section 3.3 of the paper, which cuts at exactly 0 and 1.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.levels([-50.0, -0.7, 0.0])
    array([1, 2, 4], dtype=uint8)
    """
    log_e = check_vector(log_easiness, "log_easiness")
    if (log_e > 0.0).any():
        raise InputValueError(
            f"expected values of at most 0, got {log_e.max():.6g}",
            argument="log_easiness",
            hint="pass the logarithm, not easiness itself",
        )
    hard_to, easy_from = cuts(resolution)
    level = np.full(log_e.shape, Level.MEDIUM, dtype=np.uint8)
    level[log_e >= easy_from] = Level.EASY
    level[log_e <= hard_to] = Level.HARD
    return level


def _values_of_words(array: NDArray[Any], argument: str) -> NDArray[np.uint8]:
    words, which = np.unique(array.astype(str), return_inverse=True)
    known = {str(level.name).lower(): level.value for level in Level}
    unknown = [word for word in words.tolist() if word.lower() not in known]
    if unknown:
        problem = f"expected hard, medium or easy, got {unknown[0]!r}"
        raise InputValueError(problem, argument=argument)
    return np.array([known[word.lower()] for word in words.tolist()], dtype=np.uint8)[which]


def check_level_array(level: ArrayLike, argument: str = "level") -> NDArray[np.uint8]:
    """Check an array of levels."""
    if hasattr(level, "summary") and hasattr(level, "level"):
        raise in_place_of(level, argument, "level")
    array = to_array(level, argument)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, dtype=np.uint8)
    if array.dtype.kind in "OUT" and array.ndim == 1:
        refuse_missing(array, argument)
        array = _values_of_words(array, argument)
    if array.dtype.kind not in "iu":
        got = f"expected values of Level or words, got dtype {array.dtype}"
        raise InputTypeError(got, argument=argument)
    if array.ndim != 1:
        raise InputValueError(f"expected shape (n_samples,), got {array.shape}", argument=argument)
    known = (array == Level.HARD) | (array == Level.MEDIUM) | (array == Level.EASY)
    if not known.all():
        row = int(np.flatnonzero(~known)[0])
        raise InputValueError(
            f"{int((~known).sum())} of {array.size} values are not levels (1 hard, 2 medium, "
            f"4 easy); the first is row {row}, value {array[row]}",
            argument=argument,
            row=row,
        )
    return array.astype(np.uint8, copy=False)
