"""Keep policies: the rate of each scored sample, and a budget for the mean rate.

For scored samples, a policy gives `rates`, in [0, 1], and `distance`, how far each sample is from
the kept ones. Epochs that would be too small are filled up with the closest samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

import easiness_core as ec
from easiness_core.validation import check_number

# The largest scale in the search for a budget; float32 can hold it.
_WIDEST = 2.0**120
# How close the mean must be to the budget, and a number of steps that nearly always suffices.
_PRECISION = 1e-12
_STEPS = 100


@dataclass(frozen=True, eq=False)
class SampleScores:
    """Latest scores of all scored samples, the argument of a `keep` function.

    Tensors of shape (n_scored,) on the sampler's device, sorted by index.

    Attributes
    ----------
    indices : Tensor, int64
        Indices of the samples.
    easiness : Tensor, floating point
        In [0, 1]: 0 hard, 1 easy.
    log_easiness : Tensor, floating point
        Natural logarithm of easiness, at most 0.
    loss : Tensor, floating point
        Cross-entropy, 0 or more.
    level : Tensor, uint8
        Values of `easiness_core.Level`; with `rank_by="loss"`, levels by loss rank.
    predicted, labels : Tensor, int32
        Predicted class, and the label with which the sample was scored.

    Examples
    --------
    >>> import torch
    >>> from easiness_torch import EasinessSampler
    >>> def wrong_ones(scores):
    ...     return (scores.predicted != scores.labels).float()
    >>> sampler = EasinessSampler(3, keep=wrong_ones, warmup_epochs=0, min_samples=1)
    >>> probs = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    >>> sampler.update([0, 1, 2], probs=probs, labels=[0, 0, 0])
    >>> sampler.set_epoch(1)
    >>> sorted(sampler)
    [1, 2]
    """

    indices: Tensor
    log_easiness: Tensor
    loss: Tensor
    level: Tensor
    predicted: Tensor
    labels: Tensor

    @cached_property
    def easiness(self) -> Tensor:
        """In [0, 1]: 0 hard, 1 easy."""
        return self.log_easiness.exp()

    def __len__(self) -> int:
        return int(self.indices.shape[0])

    def copied(self) -> SampleScores:
        """Copy the scores, so that they do not change with the sampler's table."""
        columns = ("log_easiness", "loss", "predicted", "labels")
        return replace(self, **{name: getattr(self, name).clone() for name in columns})

    def __repr__(self) -> str:
        return f"SampleScores({len(self)} samples on {self.indices.device})"


class KeepPolicy(Protocol):
    """What the sampler needs from a policy."""

    def rates(self, scores: SampleScores) -> Tensor:
        """Rate of each sample, in [0, 1]."""

    def distance(self, scores: SampleScores, rates: Tensor, resolution: float) -> Tensor:
        """Distance of each sample that is not kept from the kept ones; used only to rank."""


@dataclass(frozen=True)
class LevelRates:
    """A rate for each level."""

    hard: float
    medium: float
    easy: float

    def rates(self, scores: SampleScores) -> Tensor:
        """Rate of each sample's level."""
        by_value = (0.0, self.hard, self.medium, 0.0, self.easy)
        return scores.log_easiness.new_tensor(by_value)[scores.level.int()]

    def distance(self, scores: SampleScores, rates: Tensor, resolution: float) -> Tensor:
        """Distance in log-odds of easiness from the nearest kept level."""
        odds = log_odds(scores.log_easiness)
        edge = _logit(resolution)
        spans = ((-math.inf, edge), (edge, -edge), (-edge, math.inf))
        kept = zip(spans, (self.hard, self.medium, self.easy), strict=True)
        distances = [_outside(odds, *span) for span, rate in kept if rate > 0.0]
        if not distances:
            return torch.zeros_like(odds)
        return torch.stack(distances).amin(0)


@dataclass(frozen=True)
class Interval:
    """Samples whose easiness lies in [low, high]."""

    low: float
    high: float

    def rates(self, scores: SampleScores) -> Tensor:
        """1 within the interval, 0 outside."""
        inside = (scores.easiness >= self.low) & (scores.easiness <= self.high)
        return inside.to(scores.easiness.dtype)

    def distance(self, scores: SampleScores, rates: Tensor, resolution: float) -> Tensor:
        """Distance in log-odds of easiness from the interval."""
        return _outside(log_odds(scores.log_easiness), _logit(self.low), _logit(self.high))


@dataclass(frozen=True)
class Function:
    """Rates from a function of the scores."""

    function: Callable[[SampleScores], Tensor]

    def rates(self, scores: SampleScores) -> Tensor:
        """Call the function, and check its result."""
        # A copy, in case the function keeps it; otherwise it is freed before the random draw.
        rates = self.function(scores.copied())
        if not isinstance(rates, Tensor):
            raise TypeError(
                f"keep: expected the function to return a tensor of rates, got "
                f"{type(rates).__name__}"
            )
        if rates.shape != scores.indices.shape:
            raise ValueError(
                f"keep: expected the function to return one rate per sample, shape "
                f"{tuple(scores.indices.shape)}, got {tuple(rates.shape)}"
            )
        rates = rates.detach().to(scores.log_easiness)
        bad = ~((rates >= 0.0) & (rates <= 1.0))
        if bool(bad.any()):
            first = int(bad.nonzero()[0, 0])
            raise ValueError(
                f"keep: expected rates in [0, 1], got {int(bad.sum())} outside; the first is "
                f"{float(rates[first])} for index {int(scores.indices[first])}; scale or clamp them"
            )
        return rates

    def distance(self, scores: SampleScores, rates: Tensor, resolution: float) -> Tensor:
        """Distance that is lowest for the highest rates."""
        return 1.0 - rates


def smooth_rates(scores: SampleScores) -> Tensor:
    """Return the rate `1 - E` for each sample: easy samples are kept less often.

    A `keep` function for `EasinessSampler`. Use it with a budget and a wide sigma, such as 0.3: at
    the default sigma, nearly every easiness is 0 or 1.

    Parameters
    ----------
    scores : SampleScores
        Scores of the scored samples.

    Returns
    -------
    Tensor of shape (n_scored,)
        In [0, 1].

    Examples
    --------
    >>> import torch
    >>> import easiness_core as ec
    >>> from easiness_torch import EasinessSampler, smooth_rates
    >>> sampler = EasinessSampler(100, keep=smooth_rates, budget=0.35, min_samples=1,
    ...                           warmup_epochs=0, estimator=ec.ClosedForm(sigma=0.3))
    >>> sampler.update(range(100), probs=torch.eye(2)[[0, 1] * 50], labels=[0] * 100)
    >>> sampler.set_epoch(1)
    >>> len(sampler), sum(index % 2 for index in sampler)  # every odd index is hard
    (35, 35)
    """
    return 1.0 - scores.easiness


def scaled_to_budget(rates: Tensor, budget: float, floor: float) -> Tensor:
    """`clip(c * rates, floor, 1)` with c such that its mean is the budget.

    The mean is piecewise linear and increasing in c, so c is found by the false position method
    (Illinois). If too many rates are 0 to reach the budget, every other rate becomes 1.
    """
    scaled = torch.empty_like(rates)

    def excess(c: float) -> float:
        torch.mul(rates, c, out=scaled)
        return float(scaled.clamp_(floor, 1.0).mean()) - budget

    mean = float(rates.mean())
    low, high = 0.0, min(budget / mean, _WIDEST) if mean > 0.0 else _WIDEST
    below, above = excess(low), excess(high)
    while above < 0.0 and high < _WIDEST:
        low, below = high, above
        high = min(4.0 * high, _WIDEST)
        above = excess(high)
    if below >= 0.0:
        high = low
    elif above > 0.0:
        for _ in range(_STEPS):
            c = (low * above - high * below) / (above - below)
            found = excess(c)
            if abs(found) <= _PRECISION or high - low <= _PRECISION * high:
                high = c
                break
            if found < 0.0:
                low, below, above = c, found, above / 2.0
            else:
                high, above, below = c, found, below / 2.0
    return (rates * high).clamp(floor, 1.0)


def log_odds(log_easiness: Tensor) -> Tensor:
    """`log(E / (1 - E))`, from -inf to inf."""
    return log_easiness - torch.log(-torch.expm1(log_easiness))


def _logit(p: float) -> float:
    if p <= 0.0:
        return -math.inf
    return math.inf if p >= 1.0 else math.log(p) - math.log1p(-p)


def _outside(odds: Tensor, low: float, high: float) -> Tensor:
    gap = torch.maximum(low - odds, odds - high).clamp(min=0.0)
    # Infinity minus itself: a saturated sample at an interval end of 0 or 1.
    return gap.nan_to_num(nan=math.inf, posinf=math.inf)


def policy_of(keep: Any) -> KeepPolicy:
    """Return the policy for a `keep` argument."""
    if isinstance(keep, list):
        raise TypeError(
            f"keep: expected an interval as a tuple, got {keep!r:.80}; pass tuple(keep)"
        )
    if isinstance(keep, Mapping):
        return LevelRates(**_rates_by_level(keep))
    if isinstance(keep, tuple):
        if len(keep) != 2:
            raise ValueError(f"keep: expected an interval (low, high) of easiness, got {keep!r}")
        # Slightly above 1, because `high` may be 1.
        low, high = (check_number(end, "keep", low=0.0, high=1.0 + 1e-15) for end in keep)
        if low > high:
            raise ValueError(f"keep: expected an interval with low <= high, got {keep!r}")
        return Interval(low, high)
    if callable(keep) and not isinstance(keep, type):
        return Function(keep)
    levels = _check_union(keep)
    return LevelRates(
        hard=float(ec.Level.HARD in levels),
        medium=float(ec.Level.MEDIUM in levels),
        easy=float(ec.Level.EASY in levels),
    )


def _rates_by_level(keep: Mapping[Any, Any]) -> dict[str, float]:
    rates: dict[str, float] = {}
    for key, value in keep.items():
        union = _check_union(key)
        rate = check_number(value, f"keep[{key!r}]", low=0.0, high=1.0 + 1e-15)
        for level in ec.Level:
            if level in union:
                name = str(level.name).lower()
                if name in rates:
                    raise ValueError(f"keep: got two rates for {level.name}; give each level one")
                rates[name] = min(rate, 1.0)
    missing = [level.name for level in ec.Level if str(level.name).lower() not in rates]
    if missing:
        raise ValueError(
            f"keep: expected a rate for each of HARD, MEDIUM, EASY, got none for "
            f"{', '.join(map(str, missing))}; unions may share one, as in "
            f"{{ec.MHO: 1.0, ec.EO: 0.3}}"
        )
    if not any(rates.values()):
        raise ValueError("keep: expected a rate above 0 for some level, got 0 for all")
    return rates


def _check_union(keep: Any) -> ec.Level:
    if not isinstance(keep, (int, str)) or isinstance(keep, bool):
        raise TypeError(
            f"keep: expected levels such as ec.MO or 'medium', a rate for each level such as "
            f"{{ec.MHO: 1.0, ec.EO: 0.3}}, an interval (low, high) of easiness, a function of "
            f"the scores, or 'fewer_easy', got {keep!r}"
        )
    try:
        return ec.Level.of(keep, argument="keep")
    except ValueError as error:
        if isinstance(keep, str):
            raise ValueError(f"{error}; keep='fewer_easy' also works") from None
        raise
