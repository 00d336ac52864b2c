"""Scorers based on easiness, for `GridSearchCV` and `cross_validate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_sklearn._shared import core_estimator, score_fitted


# Subtracted from 0.0, because -0.0 would print as such.
def _minus_msr(scores: ec.Scores, floor: float | None) -> float:
    return 0.0 - scores.summary.msr


def _minus_ese(scores: ec.Scores, floor: float | None) -> float:
    return 0.0 - scores.summary.ese


def _mean_log_easiness(scores: ec.Scores, floor: float | None) -> float:
    values = scores.log_easiness
    return float(np.mean(values if floor is None else np.maximum(values, floor)))


_METRICS: dict[str, Callable[[ec.Scores, float | None], float]] = {
    "neg_msr": _minus_msr,
    "neg_ese": _minus_ese,
    "log_easiness": _mean_log_easiness,
}


_ALIASES = {"msr": "neg_msr", "ese": "neg_ese"}


@dataclass(frozen=True)
class EasinessScorer:
    """Scorer for a fitted classifier: `scorer(estimator, X, y)`; greater is better.

    Create one with `make_easiness_scorer`. Unlike scorers from `sklearn.metrics.make_scorer`, it
    uses the `classes_` of the classifier, so labels may have any type and a test set may lack
    classes.

    Parameters
    ----------
    metric : {"neg_msr", "neg_ese", "log_easiness"}
        The metric.
    sigma : float, default 0.01
        Standard deviation of the noise, positive.
    resolution : float in [0, 0.5), default 1e-3
        Hard means `E <= resolution`, easy means `E >= 1 - resolution`. Ignored with `draws`.
    draws : int, optional
        Use Monte Carlo with this many draws instead of the closed form.
    seed : int, default 0
        Seed of the draws.
    n_bins : int, default 5
        Number of equal-width bins of the ESE.
    normalize : bool, default False
        Divide each row of probabilities by its sum first.
    floor : float, optional
        For "log_easiness": lower bound for the value of a sample.

    Raises
    ------
    TypeError, ValueError
        If the metric is unknown or a parameter is out of range.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from easiness_sklearn import log_easiness_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GaussianNB().fit(X[::2], y[::2])
    >>> round(log_easiness_scorer(model, X[1::2], y[1::2]), 2)
    -59.82
    """

    metric: str
    sigma: float = 0.01
    resolution: float = 1e-3
    draws: int | None = None
    seed: int = 0
    n_bins: int = 5
    normalize: bool = False
    floor: float | None = None

    def __post_init__(self) -> None:
        if self.metric not in _METRICS:
            raise ValueError(f"metric: expected one of {', '.join(_METRICS)}, got {self.metric!r}")
        if self.floor is not None:
            if self.metric != "log_easiness":
                raise ValueError(
                    f"floor: only log_easiness has one, got floor={self.floor!r} for {self.metric}"
                )
            if not self.floor < 0.0:
                raise ValueError(f"floor: expected a negative number, got {self.floor!r}")
        core_estimator(self.sigma, self.resolution, self.draws, self.seed)
        ec.Summary(n_bins=self.n_bins)

    def __call__(self, estimator: Any, X: Any, y: Any, **ignored: Any) -> float:
        """Score a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba` and `classes_`.
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their labels, each one of the classifier's `classes_`.

        Returns
        -------
        float
            Greater is better.

        Raises
        ------
        TypeError, ValueError
            If the estimator has no `predict_proba`, does not know a label, or returns rows that do
            not sum to 1; or if metadata such as `sample_weight` is passed, which scorers do not
            use.
        """
        if ignored:
            raise TypeError(f"{self!r}: scores are not weighted; got {', '.join(sorted(ignored))}")
        scores = score_fitted(
            estimator, X, y, normalize=self.normalize, n_bins=self.n_bins,
            estimator=core_estimator(self.sigma, self.resolution, self.draws, self.seed),
        )  # fmt: skip
        return _METRICS[self.metric](scores, self.floor)

    @property
    def __name__(self) -> str:
        # scikit-learn's displays get the name of a scorer from here.
        return self.metric

    def _accept_sample_weight(self) -> bool:
        # scikit-learn checks this if several scorers share a call with weights.
        return False


def make_easiness_scorer(
    metric: str,
    *,
    sigma: float = 0.01,
    resolution: float = 1e-3,
    draws: int | None = None,
    seed: int = 0,
    n_bins: int = 5,
    normalize: bool = False,
    floor: float | None = None,
) -> EasinessScorer:
    """Make a scorer with custom parameters.

    Parameters
    ----------
    metric : {"neg_msr", "neg_ese", "log_easiness"}
        Minus the medium sample rate, minus the expected sample easiness error, or mean log
        easiness. "msr" and "ese" mean the first two.
    sigma : float, default 0.01
        Standard deviation of the noise, positive.
    resolution : float in [0, 0.5), default 1e-3
        Hard means `E <= resolution`, easy means `E >= 1 - resolution`. Ignored with `draws`.
    draws : int, optional
        Use Monte Carlo with this many draws instead of the closed form.
    seed : int, default 0
        Seed of the draws.
    n_bins : int, default 5
        Number of equal-width bins of the ESE.
    normalize : bool, default False
        Divide each row of probabilities by its sum first.
    floor : float, optional
        Raise lower log easiness to this value before taking the mean, so that a few wrong
        labels do not dominate. At sigma = 0.01 a sample can reach about -2,500; with `draws`,
        -inf.

    Returns
    -------
    EasinessScorer
        Greater is better for all three metrics.

    Raises
    ------
    TypeError, ValueError
        If the metric is unknown, a parameter is out of range, or `floor` is not a negative
        number or belongs to another metric.

    Notes
    -----
    Sources: MSR, Section 4.1.2 of *Medium Samples Are All You Need*; ESE, its Equation 4; mean
    log easiness is minus the mean of its Equation 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from easiness_sklearn import make_easiness_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> scorer = make_easiness_scorer("log_easiness", sigma=0.1)
    >>> cross_val_score(LogisticRegression(max_iter=1000), X, y, scoring=scorer).round(2)
    array([-0.21, -0.02, -0.12, -0.15, -0.  ])
    """
    return EasinessScorer(
        metric=_ALIASES.get(metric, metric), sigma=sigma, resolution=resolution, draws=draws,
        seed=seed, n_bins=n_bins, normalize=normalize, floor=floor,
    )  # fmt: skip


#: Minus the share of medium samples. A classifier that is certain of one class always gets the best
#: value.
msr_scorer = make_easiness_scorer("neg_msr")
#: Minus the expected sample easiness error. A classifier that is certain of one class always gets
#: the best value.
ese_scorer = make_easiness_scorer("neg_ese")
#: Mean log easiness: at most 0; about -1 / (4 sigma^2) for a sample that is certain to have another
#: class.
log_easiness_scorer = make_easiness_scorer("log_easiness")

#: The three scorers by name, for `scoring=EASINESS_SCORERS`. scikit-learn has no public registry
#: for names.
EASINESS_SCORERS = {
    "neg_msr": msr_scorer,
    "neg_ese": ese_scorer,
    "log_easiness": log_easiness_scorer,
}
# Users may change the dict; the meaning of names does not change.
_SCORERS = dict(EASINESS_SCORERS)


def get_easiness_scorer(name: str) -> EasinessScorer:
    """Get a scorer by its name.

    Parameters
    ----------
    name : {"neg_msr", "neg_ese", "log_easiness"}
        A key of `EASINESS_SCORERS`; "msr" and "ese" mean the first two.

    Returns
    -------
    EasinessScorer
        Greater is better.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> from easiness_sklearn import EASINESS_SCORERS, get_easiness_scorer, msr_scorer
    >>> get_easiness_scorer("neg_msr") is msr_scorer is EASINESS_SCORERS["neg_msr"]
    True
    """
    key = _ALIASES.get(name, name)
    if key not in _SCORERS:
        raise ValueError(f"name: expected one of {', '.join(_SCORERS)}, got {name!r}")
    return _SCORERS[key]
