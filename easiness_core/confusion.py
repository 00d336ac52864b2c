"""Which class is labeled as which, in units of easiness, and probabilities that know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import (
    BALANCE_SAMPLES,
    CONFUSION_SIGMA,
    CONFUSION_SMOOTHING,
    CONVERTED_BLOCK_ELEMENTS,
    LEAST_SELF_CONFIDENCE,
)
from easiness_core._input.convert import widen
from easiness_core._input.labels import check_labels
from easiness_core._input.numbers import check_number
from easiness_core._input.probs import Probs, check_probs
from easiness_core.estimators import ClosedForm, MonteCarlo
from easiness_core.scoring import easiness

_DEFAULT = ClosedForm(sigma=CONFUSION_SIGMA)


def confusion(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    estimator: ClosedForm | MonteCarlo = _DEFAULT,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
) -> NDArray[np.float64]:
    """Count, by easiness, how many samples of each class carry each label.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities, out of fold; as for `score`.
    labels : array of shape (n_samples,)
        Given class of each sample; as for `score`.
    estimator : ClosedForm or MonteCarlo, default ClosedForm(sigma=0.1)
        How easiness is estimated.
    classes : sequence of length n_classes, optional
        The labels' values in the order of the columns of `probs`.
    normalize : bool, default False
        Divide each row by its sum first.

    Returns
    -------
    ndarray of shape (n_classes, n_classes), float64
        0 or more. Row j, column l: of the samples labeled l, how many does class j win, as the sum
        of their easiness with respect to j. A column adds up to at most the number of samples of
        its label; to less where classes draw.

    Raises
    ------
    TypeError, ValueError
        As `score`.

    Notes
    -----
    `C[j, l] = sum over samples k labeled l of E_j(g_k)`. `g` are the probabilities balanced by the
    classes' self-confidence, `g_j` proportional to `h_j / t_j`, `t_j` the mean of `h_j` over the
    samples labeled j: a class of which the classifier is seldom sure counts as much as others. To
    each class 20 samples are added whose self-confidence is the mean over all: a few samples of a
    rare class, wrongly labeled perhaps, would otherwise make it win everywhere.
    The role of easiness here is that of the threshold in the confident joint (Northcutt et al.
    2021): a soft count in place of a hard one.

    Only pairs of a sample and a class whose easiness can exceed 2^-64 are computed
    (`easiness_core/_kernels/contention.py` has the bounds), so an entry may lack 2^-64 for each
    sample of its label. With hundreds of classes a sample then costs a few rows of Phi, not one a
    class. Monte Carlo lacks nothing: pairs are left out where it counts 0.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.confusion([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]], [0, 0, 1, 1]).round(2)
    array([[2., 1.],
           [0., 1.]])
    """
    balanced, given = _balanced(probs, labels, classes, normalize)
    return _confusion(balanced, given, estimator)


def label_posterior(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    estimator: ClosedForm | MonteCarlo = _DEFAULT,
    damping: float = 0.5,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
) -> NDArray[np.float64]:
    """Probabilities of each sample's true class, given its label and how classes are mislabeled.

    Parameters
    ----------
    probs, labels, estimator, classes, normalize
        As for `confusion`.
    damping : float, default 0.5
        Power, in [0, 1], to which the chance of the label enters: 1 is Bayes' rule, 0 leaves it
        out. Damped, since the classifier has seen such labels in training and knows of them.

    Returns
    -------
    ndarray of shape (n_samples, n_classes), float64
        Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        As `score`, or if `damping` is outside [0, 1].

    Notes
    -----
    `q_j` proportional to `g_j T[j, y]^damping`, with the balanced probabilities g and the
    `confusion` C; `T[j, l] = (C[j, l] + 1) / sum over m of (C[j, m] + 1)` is the chance that a
    sample of class j is labeled l. Where it comes from, and what it is worth: docs/mislabels.md.

    Examples
    --------
    Two samples of the same probabilities; some samples of class 0 are labeled 1, none of class 1
    are labeled 0:

    >>> import numpy as np
    >>> import easiness_core as ec
    >>> probs = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4 + [[0.5, 0.5]] * 2)
    >>> labels = [0, 0, 1, 1, 1, 1, 1, 1, 0, 1]
    >>> ec.label_posterior(probs, labels)[8:].round(2)
    array([[0.59, 0.41],
           [0.43, 0.57]])
    """
    damping = check_number(damping, "damping", low=0.0, high=1.0, closed_high=True)
    balanced, given = _balanced(probs, labels, classes, normalize)
    counts = _confusion(balanced, given, estimator) + CONFUSION_SMOOTHING
    chance = counts / counts.sum(axis=1, keepdims=True)
    posterior: NDArray[np.float64] = (chance.T**damping)[given]
    posterior *= balanced
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


def _balanced(
    probs: ArrayLike, labels: ArrayLike, classes: Sequence[Any] | None, normalize: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities divided by the classes' self-confidence, and the labels as indices."""
    # Refuses bad rows, whatever they hold.
    easiness(probs, labels, classes=classes, normalize=normalize)
    rows = check_probs(probs, normalize=normalize)
    given = check_labels(labels, rows.n_rows, rows.n_classes, classes=classes)
    wide = _widened(rows)
    own = wide[np.arange(rows.n_rows), given]
    total = np.bincount(given, weights=own, minlength=rows.n_classes)
    count = np.bincount(given, minlength=rows.n_classes)
    # A few samples of a class say little of its self-confidence, and none say nothing.
    overall = own.mean() if own.size else 1.0
    mean = (total + BALANCE_SAMPLES * overall) / (count + BALANCE_SAMPLES)
    wide /= np.maximum(mean, LEAST_SELF_CONFIDENCE)
    wide /= wide.sum(axis=1, keepdims=True)
    return wide, given


def _widened(rows: Probs) -> NDArray[np.float64]:
    """Widen checked rows to float64, without what lies below 0 or above 1 by rounding."""
    wide = np.empty((rows.n_rows, rows.n_classes))
    for start in range(0, rows.n_rows, rows.block_rows):
        part = wide[start : start + rows.block_rows]
        part[...] = widen(rows.array[start : start + rows.block_rows], wide.dtype)
        if rows.normalize:
            part /= part.sum(axis=1, keepdims=True)
        np.clip(part, 0.0, 1.0, out=part)
    return wide


def _confusion(
    balanced: NDArray[np.float64], given: NDArray[np.int64], estimator: ClosedForm | MonteCarlo
) -> NDArray[np.float64]:
    n_rows, n_classes = balanced.shape
    counts = np.zeros((n_classes, n_classes))
    size = max(1, CONVERTED_BLOCK_ELEMENTS // n_classes)
    for start in range(0, n_rows, size):
        part = balanced[start : start + size]
        bar = estimator.min_winning_prob(part.max(axis=1), n_classes)
        row, contender = np.nonzero(part >= bar[:, None])
        for first in range(0, row.size, size):
            pair = slice(first, first + size)
            wins = easiness(part[row[pair]], contender[pair], estimator=estimator)
            np.add.at(counts, (contender[pair], given[start + row[pair]]), wins)
    return counts
