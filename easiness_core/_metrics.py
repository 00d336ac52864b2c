"""Metrics over samples: MSR, ESE and its bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import EASINESS_FRACTION_BITS
from easiness_core._frames import Table
from easiness_core._input.numbers import check_count, check_vector
from easiness_core._input.samples import shared_index
from easiness_core._intervals import accuracy_intervals
from easiness_core._level import Level, check_level_array
from easiness_core._tally import exact_sums
from easiness_core.errors import InputValueError

_UNITS = 1 << EASINESS_FRACTION_BITS


def medium_sample_rate(level: ArrayLike) -> float:
    """Compute the share of medium samples (MSR).

    Parameters
    ----------
    level : array of shape (n_samples,), integer
        Values of `Level`.

    Returns
    -------
    float
        In [0, 1]; nan without samples.

    Raises
    ------
    TypeError, ValueError
        If `level` holds anything but levels.

    Notes
    -----
    Source: Section 4.1.2 of the paper.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.medium_sample_rate([ec.Level.EASY, ec.Level.EASY, ec.Level.MEDIUM, ec.Level.HARD])
    0.25
    """
    array = check_level_array(level)
    return float(np.mean(array == Level.MEDIUM)) if array.size else np.nan


@dataclass(frozen=True, eq=False, repr=False)
class EasinessBins(Table):
    """Bins of easiness.

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,), float64
        Bin b is `edges[b] <= E < edges[b + 1]`; the last bin includes its upper edge.
    count : ndarray of shape (n_bins,), int64
        Samples in each bin.
    accuracy, mean_easiness : ndarray of shape (n_bins,), float64
        Share of correct samples and mean easiness, in [0, 1]; nan where a bin is empty.
    ese : float
        Expected sample easiness error over these bins, in [0, 1]; nan without samples.

    Examples
    --------
    >>> import easiness_core as ec
    >>> bins = ec.easiness_bins([0.0, 0.5, 1.0, 1.0], [0, 1, 1, 0], n_bins=2)
    >>> bins
    EasinessBins(2 bins, 4 samples, ese=0.1250)
    >>> bins.count
    array([1, 3])
    >>> bins.accuracy_interval.round(2)
    array([[0.  , 0.98],
           [0.09, 0.99]])
    """

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    mean_easiness: NDArray[np.float64]
    ese: float

    @property
    def accuracy_interval(self) -> NDArray[np.float64]:
        """Exact 95 % interval of each bin's accuracy, of shape (n_bins, 2); (0, 1) if empty."""
        return accuracy_intervals(self.accuracy, self.count)

    def _columns(self) -> dict[str, Any]:
        low, high = self.accuracy_interval.T
        return {
            "low": self.edges[:-1],
            "high": self.edges[1:],
            "count": self.count,
            "accuracy": self.accuracy,
            "mean_easiness": self.mean_easiness,
            "accuracy_low": low,
            "accuracy_high": high,
        }

    def __len__(self) -> int:
        return int(self.count.size)

    def __repr__(self) -> str:
        samples = f"{int(self.count.sum())} samples"
        return f"EasinessBins({len(self)} bins, {samples}, ese={self.ese:.4f})"

    def _repr_html_(self) -> str:
        from easiness_core._html import bins_html

        return bins_html(self)


def bins_from_sums(
    edges: NDArray[np.float64], counts: list[int], correct: list[int], sums: list[int]
) -> EasinessBins:
    """Bins from integers: `sums` holds sums of easiness in units of 2^-52."""
    n = sum(counts)
    # Integers up to the last division: |correct/count - sum/count| * count/n, exactly.
    gap = sum(abs(k * _UNITS - s) for k, s in zip(correct, sums, strict=True))
    return EasinessBins(
        edges=edges,
        count=np.array(counts, dtype=np.int64),
        accuracy=np.array([k / c if c else np.nan for k, c in zip(correct, counts, strict=True)]),
        mean_easiness=np.array(
            [s / (c * _UNITS) if c else np.nan for s, c in zip(sums, counts, strict=True)]
        ),
        ese=gap / (n * _UNITS) if n else np.nan,
    )


def easiness_bins(
    easiness: ArrayLike,
    correct: ArrayLike,
    *,
    n_bins: int = 5,
    strategy: Literal["uniform", "quantile"] = "uniform",
) -> EasinessBins:
    """Bin samples by easiness, and compare accuracy with mean easiness in each bin.

    Parameters
    ----------
    easiness : array of shape (n_samples,)
        Easiness, in [0, 1].
    correct : array of shape (n_samples,)
        Whether the predicted class is the label: booleans, or 0 and 1.
    n_bins : int, default 5
        Number of bins, 1 or more.
    strategy : {"uniform", "quantile"}, default "uniform"
        "uniform": bins of equal width on [0, 1], as in expected calibration error (Naeini et al.,
        2015). "quantile": bins between quantiles of easiness, whose counts differ by at most one.
        Equal values always share a bin, so with ties counts differ more, and bins may be empty.

    Returns
    -------
    EasinessBins
        A value on an edge belongs to the upper bin; 1 belongs to the last.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or range.

    Notes
    -----
    Source: Equation 4 of the paper, which does not specify the bins.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.easiness_bins([0.0, 0.5, 1.0, 1.0], [0, 1, 1, 0], n_bins=2).accuracy
    array([0.        , 0.66666667])
    """
    n_bins = check_count(n_bins, "n_bins", low=1)
    shared_index(easiness=easiness, correct=correct)
    values = check_vector(easiness, "easiness")
    outside = (values < 0.0) | (values > 1.0)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise InputValueError(
            f"{int(outside.sum())} of {values.size} values are outside 0 to 1; the first is row "
            f"{row}, value {values[row]:.6g}",
            argument="easiness",
            row=row,
        )
    hits = check_vector(correct, "correct", n_rows=values.size)
    if not ((hits == 0.0) | (hits == 1.0)).all():
        raise InputValueError("expected booleans, or numbers 0 and 1", argument="correct")
    if strategy == "uniform":
        edges = np.arange(n_bins + 1) / n_bins
    elif strategy == "quantile":
        edges = np.arange(n_bins + 1) / n_bins
        if values.size:
            # Each edge is the first value of its bin, so that ties stay in one bin.
            starts = np.arange(n_bins + 1) * values.size // n_bins
            edges = np.sort(values)[np.minimum(starts, values.size - 1)]
    else:
        got = repr(strategy)
        raise InputValueError(f"expected 'uniform' or 'quantile', got {got}", argument="strategy")
    which = np.minimum(np.searchsorted(edges[1:-1], values, side="right"), n_bins - 1)
    return bins_from_sums(
        edges,
        np.bincount(which, minlength=n_bins).tolist(),
        np.bincount(which[hits == 1.0], minlength=n_bins).tolist(),
        exact_sums(values, which, n_bins, bits=EASINESS_FRACTION_BITS),
    )


def expected_sample_easiness_error(
    easiness: ArrayLike,
    correct: ArrayLike,
    *,
    n_bins: int = 5,
    strategy: Literal["uniform", "quantile"] = "uniform",
) -> float:
    """Compute the expected sample easiness error (ESE): the gap between easiness and accuracy.

    `ESE = sum over bins b of P(b) * |accuracy_b - mean easiness_b|`.

    Parameters
    ----------
    easiness : array of shape (n_samples,)
        Easiness, in [0, 1].
    correct : array of shape (n_samples,)
        Whether the predicted class is the label: booleans, or 0 and 1.
    n_bins : int, default 5
        Number of bins, 1 or more.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of equal counts; see `easiness_bins`.

    Returns
    -------
    float
        In [0, 1]; 0 if mean easiness equals accuracy in every bin; nan without samples.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or range.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Equation 4. A large error means that easiness
    does not predict accuracy. A small error alone proves little: with a tiny sigma, easiness is
    1 for correct predictions and 0 for wrong ones, and its ESE is 0.

    Examples
    --------
    >>> import easiness_core as ec
    >>> round(ec.expected_sample_easiness_error([0.9, 0.9, 0.1, 0.1], [1, 1, 0, 0]), 3)
    0.1
    """
    return easiness_bins(easiness, correct, n_bins=n_bins, strategy=strategy).ese
