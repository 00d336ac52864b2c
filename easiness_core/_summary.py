"""`Summary`: statistics of scored samples, which merge exactly."""

from __future__ import annotations

from collections.abc import Mapping
from operator import add
from typing import Any, Protocol

import numpy as np

from easiness_core._config import EASINESS_FRACTION_BITS, LOSS_FRACTION_BITS
from easiness_core._estimators import ClosedForm, MonteCarlo
from easiness_core._input.numbers import check_count
from easiness_core._intervals import share_interval
from easiness_core._metrics import EasinessBins, bins_from_sums
from easiness_core._summary_state import pack, unpack
from easiness_core._tally import join
from easiness_core.errors import InputTypeError, InputValueError

_EASINESS_UNITS = 1 << EASINESS_FRACTION_BITS
_LOSS_UNITS = 1 << LOSS_FRACTION_BITS


class _Scored(Protocol):
    """What `Summary.update` accepts, such as `Scores`."""

    @property
    def summary(self) -> Summary:
        """Counts and sums of these samples."""


class Summary:
    """Summary statistics of scored samples, which can be merged exactly.

    It stores integers only: counts, and sums of easiness (in units of 2^-52) and of finite losses
    (in units of 2^-42). Merging is therefore exact, associative and commutative: any split of the
    samples, in any order, on any number of threads or workers, gives the same summary.

    The metrics of an empty summary are nan.

    Parameters
    ----------
    estimator : ClosedForm or MonteCarlo, optional
        Estimator of the scores; by default, that of the first samples added.
    n_bins : int, optional
        Number of easiness bins for `ese`; by default, that of the first samples added.

    Examples
    --------
    >>> import easiness_core as ec
    >>> probs, labels = [[0.9, 0.1], [0.49, 0.51], [0.2, 0.8]], [0, 0, 0]
    >>> whole = ec.score(probs, labels).summary
    >>> rest = ec.score(probs[1:], labels[1:]).summary
    >>> ec.score(probs[:1], labels[:1]).summary.merge(rest) == whole
    True
    >>> whole.level_counts
    {'hard': 1, 'medium': 1, 'easy': 1}
    """

    def __init__(
        self,
        *,
        estimator: ClosedForm | MonteCarlo | None = None,
        n_bins: int | None = None,
    ) -> None:
        if n_bins is not None:
            n_bins = check_count(n_bins, "n_bins", low=1)
        self._estimator = estimator
        self._n_bins = n_bins
        self._tally = [[0, 0, 0, 0] for _ in range((n_bins or 0) + 2)]

    @classmethod
    def _from_tally(
        cls, tally: list[list[int]], estimator: ClosedForm | MonteCarlo | None, n_bins: int | None
    ) -> Summary:
        summary = cls.__new__(cls)
        summary._estimator = estimator
        summary._n_bins = n_bins
        summary._tally = tally
        return summary

    def update(self, scores: _Scored) -> None:
        """Add scored samples in place.

        Parameters
        ----------
        scores : Scores
            Scores of other samples; anything with a `summary` will do.

        Raises
        ------
        ValueError
            If they were scored with a different estimator or number of bins.

        Examples
        --------
        >>> import easiness_core as ec
        >>> summary = ec.Summary()
        >>> for block in ([[0.9, 0.1], [0.8, 0.2]], [[0.2, 0.8]]):
        ...     summary.update(ec.score(block, [0] * len(block)))
        >>> summary.n_samples, round(summary.accuracy, 3)
        (3, 0.667)
        """
        merged = self.merge(scores.summary)
        self.__dict__.update(merged.__dict__)

    def merge(self, other: Summary) -> Summary:
        """Return the summary of all samples of both; neither is changed.

        Parameters
        ----------
        other : Summary
            Summary of other samples.

        Returns
        -------
        Summary
            A new summary, with the estimator and the bins of both.

        Raises
        ------
        TypeError
            If `other` is not a Summary.
        ValueError
            If the two were scored with different estimators or numbers of bins.
        """
        if not isinstance(other, Summary):
            got = type(other).__name__
            raise InputTypeError(f"expected a Summary, got {got}", argument="other")
        for name in ("estimator", "n_bins"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is not None and theirs is not None and mine != theirs:
                raise InputValueError(
                    f"cannot merge summaries of different {name}: {mine} and {theirs}",
                    argument="other",
                    hint=f"score both with the same {name}",
                )
        merged = Summary(
            estimator=self.estimator if self.estimator is not None else other.estimator,
            n_bins=self.n_bins if self.n_bins is not None else other.n_bins,
        )
        for part in (self, other):
            # Aligned at the end: a summary without bins has only the last two rows.
            for row, added in zip(reversed(merged._tally), reversed(part._tally), strict=False):
                row[:] = map(add, row, added)
        return merged

    @property
    def estimator(self) -> ClosedForm | MonteCarlo | None:
        """Estimator of the scores."""
        return self._estimator

    @property
    def n_bins(self) -> int | None:
        """Number of easiness bins."""
        return self._n_bins

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return sum(self._tally[-1][:3])

    @property
    def n_infinite_losses(self) -> int:
        """Number of samples whose label has probability 0."""
        return self._tally[-1][3]

    @property
    def level_counts(self) -> dict[str, int]:
        """Number of samples of each level."""
        return dict(zip(("hard", "medium", "easy"), self._tally[-1], strict=False))

    @property
    def accuracy(self) -> float:
        """Fraction of samples whose predicted class is the label, in [0, 1]."""
        return _ratio(self._n_correct, self.n_samples)

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the accuracy: low and high end (see `binomial_interval`)."""
        return share_interval(self._n_correct, self.n_samples)

    @property
    def msr(self) -> float:
        """Medium sample rate, in [0, 1] (Section 4.1.2 of the paper)."""
        return _ratio(self._tally[-1][1], self.n_samples)

    @property
    def msr_interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the MSR: low and high end (see `binomial_interval`)."""
        return share_interval(self._tally[-1][1], self.n_samples)

    @property
    def ese(self) -> float:
        """Expected sample easiness error over uniform bins, in [0, 1] (Equation 4)."""
        return self.bins.ese

    @property
    def bins(self) -> EasinessBins:
        """The bins behind `ese`."""
        n_bins = self.n_bins or 0
        return bins_from_sums(
            np.arange(n_bins + 1) / max(n_bins, 1),
            [row[0] for row in self._tally[:-2]],
            [row[1] for row in self._tally[:-2]],
            [join(row) for row in self._tally[:-2]],
        )

    @property
    def mean_easiness(self) -> float:
        """Mean easiness, in [0, 1]."""
        return _ratio(sum(map(join, self._tally[:-2])), self.n_samples * _EASINESS_UNITS)

    @property
    def mean_loss(self) -> float:
        """Mean of -log h_i; infinite if any label has probability 0."""
        return np.inf if self.n_infinite_losses else self.mean_finite_loss

    @property
    def mean_finite_loss(self) -> float:
        """Mean of -log h_i over the samples whose label has a probability above 0."""
        finite = self.n_samples - self.n_infinite_losses
        return _ratio(join(self._tally[-2]), finite * _LOSS_UNITS)

    @property
    def _n_correct(self) -> int:
        return sum(row[1] for row in self._tally[:-2])

    def is_below_chance(self, n_classes: int) -> bool:
        """Tell whether accuracy is far below chance: labels or columns may be mixed up.

        True for 100 samples or more with less than half the accuracy of random guessing, unless
        that is likely to be chance.

        Parameters
        ----------
        n_classes : int
            Number of classes; random guessing has an accuracy of 1 / n_classes.

        Returns
        -------
        bool
            Whether it is.

        Examples
        --------
        >>> import easiness_core as ec
        >>> probs, labels_from_1 = [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]] * 100, [1, 2] * 100
        >>> ec.score(probs, labels_from_1).summary.is_below_chance(n_classes=3)
        True
        """
        from scipy.special import bdtr

        chance = 1.0 / n_classes
        return (
            self.n_samples >= 100
            and self.accuracy < 0.5 * chance
            and bool(bdtr(self._n_correct, self.n_samples, chance) < 1e-3)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the exact state, ready for JSON; `from_dict` restores it.

        Returns
        -------
        dict
            Numbers, lists and text; sums, which can exceed 64 bits, are decimal strings.

        Examples
        --------
        >>> import easiness_core as ec
        >>> state = ec.score([[0.9, 0.1], [0.2, 0.8]], [0, 0]).summary.to_dict()
        >>> state["estimator"], state["bin_counts"]
        ({'kind': 'closed_form', 'sigma': 0.01, 'resolution': 0.001}, [1, 0, 0, 0, 1])
        """
        return pack(self._tally, self._estimator, self._n_bins)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Summary:
        """Restore a summary.

        Parameters
        ----------
        state : mapping
            The result of `to_dict`, also after a round trip through JSON.

        Returns
        -------
        Summary
            Equal to the original.

        Raises
        ------
        ValueError
            If the state has another format, or is incomplete or inconsistent.

        Examples
        --------
        >>> import json
        >>> import easiness_core as ec
        >>> summary = ec.score([[0.9, 0.1], [0.2, 0.8]], [0, 0]).summary
        >>> ec.Summary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary
        True
        """
        return cls._from_tally(*unpack(state))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summary) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        figures = f"accuracy={self.accuracy:.4f}, msr={self.msr:.4f}, ese={self.ese:.4f}"
        return f"Summary(n_samples={self.n_samples}, {figures})"


def _ratio(numerator: int, denominator: int) -> float:
    # Python divides integers of any size with correct rounding.
    return numerator / denominator if denominator else np.nan
