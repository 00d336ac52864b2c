"""Estimators of easiness: closed form and Monte Carlo."""

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
    """What `score` needs from an estimator: its resolution, and a kernel with parameters."""

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
    """Compute easiness exactly; the default estimator.

    `P(h_i + a > h_j + b) = Phi((h_i - h_j) / (sigma sqrt 2))` for independent noise values a and b
    from N(0, sigma^2), so `log E = sum over j != i of log Phi((h_i - h_j) / (sigma sqrt 2))`.

    Parameters
    ----------
    sigma : float, default 0.01
        Standard deviation of the noise, positive. The paper uses sigma^2 = 1e-4.
    resolution : float in [0, 0.5), default 1e-3
        Where levels are cut: hard is `E <= resolution`, easy is `E >= 1 - resolution`. A
        resolution of 1 / N gives nearly the same shares of levels as N draws of Monte Carlo.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a number, or out of range.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Definition 3.1 and Section 4.1.1. For accuracy and
    evidence, see docs/numerics.md.

    Examples
    --------
    >>> import numpy as np
    >>> import easiness_core as ec
    >>> ec.easiness([[0.5, 0.49, 0.01]], [0], estimator=ec.ClosedForm(sigma=0.01)).round(4)
    array([0.7602])
    >>> np.exp(ec.ClosedForm(resolution=0.01).cuts)
    array([0.01, 0.99])
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
    """Estimate easiness by sampling, as the paper does.

    `eps_j = (1/N) #{k : h_i - h_j > b_k - a_k}` and `E = product over j != i of eps_j`. All pairs
    of classes share the same two sets of noise values, so each count is one lookup in the sorted
    differences `b - a`. The result equals literal counting, and more draws cost almost nothing.

    Parameters
    ----------
    sigma : float, default 0.01
        Standard deviation of the noise, positive. The paper uses sigma^2 = 1e-4.
    draws : int, default 1000
        Number N of noise values in each set, 1 or more. The paper does not say how many it used.
    seed : int, default 0
        Seed of the noise, 0 or more. Equal parameters give equal results on any machine.

    Attributes
    ----------
    resolution : float
        Always 0: levels are cut at exactly 0 and 1, which N draws can reach.

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
        """Always 0: levels are cut at exactly 0 and 1."""
        return 0.0

    @property
    def cuts(self) -> tuple[float, float]:
        """Log easiness at and below which a sample is hard, and at and above which it is easy."""
        return cuts(self.resolution)

    def noise(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw the noise values `a` (for the label's class) and `b` (for the others).

        Returns
        -------
        tuple of two ndarrays of shape (draws,), float64
            `a` and `b`; the same in every call.

        Examples
        --------
        >>> import easiness_core as ec
        >>> a, b = ec.MonteCarlo(sigma=0.1, draws=10_000, seed=0).noise()
        >>> a.shape, f"{a.std():.2f}", f"{b.std():.2f}"
        ((10000,), '0.10', '0.10')
        """
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
