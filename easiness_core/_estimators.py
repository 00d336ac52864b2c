"""How the probability that a class beats another under noise is estimated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from easiness_core._input.numbers import check_count, check_number
from easiness_core._level import cuts


class Estimator(Protocol):
    """What `score` needs of an estimator: its resolution, and a kernel with its parameters."""

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise."""

    @property
    def resolution(self) -> float:
        """Distance from 0 and from 1 within which easiness counts as hard and as easy."""

    @property
    def cuts(self) -> tuple[float, float]:
        """Log easiness at and below which a row is hard, and at and above which it is easy."""

    def kernel(self) -> tuple[Callable[..., int], Any]:
        """Compiled loop over rows, and the parameters that it takes."""


def _check_sigma(sigma: Any) -> float:
    # Beyond these, sigma^2 or its reciprocal leaves the range of float64.
    return check_number(sigma, "sigma", low=1e-150, high=1e150)


@dataclass(frozen=True)
class ClosedForm:
    """Easiness in closed form: exact where the paper samples.

    `P(h_i + a > h_j + b) = Phi((h_i - h_j) / (sigma sqrt 2))` for independent noises a and b
    from N(0, sigma^2), so `log E = sum over j != i of log Phi((h_i - h_j) / (sigma sqrt 2))`.

    Parameters
    ----------
    sigma : float, default 0.01
        Standard deviation of the noise, positive. The paper uses sigma^2 = 1e-4.
    resolution : float in [0, 0.5), default 1e-3
        Levels are cut here: hard is `E <= resolution`, easy is `E >= 1 - resolution`. With
        1 / N it gives the shares of levels that N draws of Monte Carlo give.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a number, or out of range.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Definition 3.1 and Section 4.1.1. Accuracy and
    its evidence: docs/numerics.md.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.easiness([[0.5, 0.49, 0.01]], [0], estimator=ec.ClosedForm(sigma=0.01)).round(4)
    array([0.7602])
    """

    sigma: float = 0.01
    resolution: float = 1e-3

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _check_sigma(self.sigma))
        resolution = check_number(self.resolution, "resolution", low=0.0, high=0.5)
        object.__setattr__(self, "resolution", resolution)

    @property
    def cuts(self) -> tuple[float, float]:
        """Log easiness at and below which a sample is hard, and at and above which it is easy."""
        return cuts(self.resolution)

    def kernel(self) -> tuple[Callable[..., int], Any]:
        """Compiled loop over rows, and the parameters that it takes."""
        from easiness_core._kernels.closed_form import closed_form

        return closed_form, 1.0 / (self.sigma * math.sqrt(2.0))


@dataclass(frozen=True)
class MonteCarlo:
    """Easiness by sampling, as in the paper: two sets of noises, shared by all pairs.

    `eps_j = (1/N) #{k : h_i - h_j > b_k - a_k}` and `E = product over j != i of eps_j`. The
    noises are shared, so the count is a look-up among the sorted differences `b - a`, equal to
    literal counting; more draws cost next to nothing.

    Parameters
    ----------
    sigma : float, default 0.01
        Standard deviation of the noise, positive. The paper uses sigma^2 = 1e-4.
    draws : int, default 1000
        Number N of noises in each set, 1 or more. The paper does not give it.
    seed : int, default 0
        Seed of the noise, 0 or more. Equal parameters give equal results, everywhere.

    Attributes
    ----------
    resolution : float
        Always 0: levels are cut at exactly 0 and 1, which N draws do reach.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a number, or out of range.

    Notes
    -----
    In real arithmetic `h_i - h_j > b_k - a_k` is the paper's `h_i + a_k > h_j + b_k`. In
    floating point the two can differ where their sides agree to about 1e-16, because each
    rounds its own sums; this library counts the former. Source: Section 4.1.1.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.easiness([[0.5, 0.49, 0.01]], [0], estimator=ec.MonteCarlo(draws=100_000)).round(2)
    array([0.76])
    """

    sigma: float = 0.01
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _check_sigma(self.sigma))
        object.__setattr__(self, "draws", check_count(self.draws, "draws", low=1))
        object.__setattr__(self, "seed", check_count(self.seed, "seed", low=0))

    @property
    def resolution(self) -> float:
        """0: levels are cut at exactly 0 and 1."""
        return 0.0

    @property
    def cuts(self) -> tuple[float, float]:
        """Log easiness at and below which a sample is hard, and at and above which it is easy."""
        return cuts(self.resolution)

    def noise(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Noises `a` (added to the label's class) and `b` (to the others), shape (draws,)."""
        rng = np.random.default_rng(self.seed)
        a = rng.normal(0.0, self.sigma, self.draws)
        b = rng.normal(0.0, self.sigma, self.draws)
        return a, b

    def kernel(self) -> tuple[Callable[..., int], Any]:
        """Compiled loop over rows, and the parameters that it takes."""
        from easiness_core._kernels.monte_carlo import monte_carlo

        return monte_carlo, _look_up_tables(self)


@lru_cache(maxsize=8)
def _look_up_tables(estimator: MonteCarlo) -> tuple[Any, ...]:
    from easiness_core._kernels.monte_carlo import look_up_tables

    return look_up_tables(*estimator.noise())
