"""Rank samples by how likely they are mislabeled, from one set of probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import easiness_core as ec
from easiness_core.validation import check_labels, check_number, check_probs

METHODS = ("easiness", "confusion")
_SIGMA = {"easiness": 0.01, "confusion": 0.1}


@dataclass(frozen=True, eq=False)
class MislabelRanking:
    """Samples by suspicion; arrays of shape (n_samples,).

    Attributes
    ----------
    suspicion : ndarray of float64
        Minus log easiness, 0 or more; higher: more likely mislabeled.
    order : ndarray of int64
        Rows, the most suspicious first; of equal ones the earlier row first.
    flags : ndarray of bool
        Another class is more probable than the label, and suspicion is above `threshold`.
    threshold : float
        log 2 unless another was asked for: above it easiness is below one half.
    suggested : ndarray of int64
        Most probable class, the first of several; of a flagged sample never the given label.
    """

    suspicion: NDArray[np.float64]
    order: NDArray[np.int64]
    flags: NDArray[np.bool_]
    threshold: float
    suggested: NDArray[np.int64]


def rank_mislabels(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    method: str = "easiness",
    estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
    threshold: float = math.log(2.0),
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
) -> MislabelRanking:
    """Rank samples by minus log easiness of their labels.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities on samples that the classifier was not trained on.
    labels : array of shape (n_samples,)
        Given class of each sample.
    method : {"easiness", "confusion"}, default "easiness"
        "easiness" uses the probabilities as they are, each sample on its own. "confusion" first
        estimates how classes are mislabeled throughout the data (`ec.label_posterior`); it needs
        dozens of samples per class, and ranks better when label errors follow a pattern.
    estimator : ClosedForm or MonteCarlo, optional
        By default ClosedForm() for "easiness", ClosedForm(sigma=0.1) for "confusion". Monte Carlo
        counts 0 for many samples, which then tie.
    threshold : float, default log 2
        Suspicion above which a sample is flagged if another class is more probable than its label.
        In closed form all such samples lie above log 2; inf flags none.
    classes : sequence of length n_classes, optional
        The labels' values in the order of the columns of `probs`.
    normalize : bool, default False
        Divide each row by its sum first.

    Returns
    -------
    MislabelRanking

    Raises
    ------
    TypeError, ValueError
        As `ec.score`; if `method` is unknown or `threshold` no number of at least 0.

    Notes
    -----
    Easiness multiplies, over the other classes, the probabilities that the label beats each once
    noise is added; with more than two classes it is at most the probability of beating all. So it
    is below one half wherever another class is more probable than the label, and also where the
    label is the most probable class but leads by little: the latter are never flagged. Rank by
    the logarithm, never by easiness itself, which is exactly 0 for many wrong labels and ties them.

    As sigma grows, the ranking becomes that of the label's own probability. As it shrinks, that of
    the sum of the squared leads of all classes ahead of the label; with two classes, that of the
    normalised margin.

    Of equal probabilities suspicion is (n_classes - 1) log 2, at any sigma. So among many classes
    a sample of which nothing is known may rank above a clear error: at sigma 0.01 and from 42
    classes on, above a label at 0.45 against 0.55. With 100 classes a wide sigma, such as
    `estimator=ec.ClosedForm(sigma=1.0)`, ranked better than the default, and the label's own
    probability (`ec.score(probs, labels).loss`, highest first) better still. docs/mislabels.md
    measures all of it.

    Examples
    --------
    >>> from easiness_aum import rank_mislabels
    >>> found = rank_mislabels([[0.9, 0.1], [0.2, 0.8], [0.49, 0.51]], [0, 0, 0])
    >>> found.order
    array([1, 2, 0])
    >>> found.flags, found.suggested
    (array([False,  True,  True]), array([0, 1, 1]))
    """
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    if threshold != math.inf:
        threshold = check_number(threshold, "threshold", low=0.0, high=math.inf)
    if estimator is None:
        estimator = ec.ClosedForm(sigma=_SIGMA[method])
    if method == "confusion":
        probs = ec.label_posterior(probs, labels, classes=classes, normalize=normalize)
    scores = ec.score(probs, labels, estimator=estimator, classes=classes, normalize=normalize)
    rows = check_probs(probs)
    row = np.arange(rows.n_rows)
    given = check_labels(labels, rows.n_rows, rows.n_classes, classes=classes)
    # A label that draws with another class is not behind it.
    behind = rows.array[row, given] < rows.array[row, scores.predicted]
    # Not -x: it would give -0.0 where easiness is 1.
    suspicion = 0.0 - scores.log_easiness
    return MislabelRanking(
        suspicion=suspicion,
        order=np.argsort(-suspicion, kind="stable"),
        # Labels behind by the last bit lie at log 2 but for rounding, which processors differ in.
        flags=behind & (suspicion > threshold * (1.0 - 1e-14)),
        threshold=threshold,
        suggested=scores.predicted.copy(),
    )
