"""`EasinessClassifier`: any classifier, with the out-of-fold easiness of its training samples."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping

import easiness_core as ec
from easiness_sklearn._folds import align
from easiness_sklearn._results import ScoredClassifier
from easiness_sklearn._shared import (
    check_gives_probs,
    check_X_y,
    index_of,
    indexed,
    inner_classifier,
    route_fit,
)


class EasinessClassifier(ScoredClassifier):
    """Fit a classifier, and keep the out-of-fold easiness of every training sample.

    `fit` predicts each sample with a clone fitted on the other folds, scores these predictions, and
    then fits the final model on all samples. `predict` and other methods use that model.

    Parameters
    ----------
    estimator : classifier, optional
        Any classifier with `predict_proba`; by default `LogisticRegression(max_iter=1000)`. A
        `FrozenEstimator` is used without cross-validation: pass `fit` rows that it was not fitted
        on, or scores are in-sample. It must be outermost, as in `FrozenEstimator(pipeline)`; a
        frozen step within a pipeline is not noticed.
    sigma : float, default 0.01
        Standard deviation of the noise, positive. Probabilities that lie close together (AdaBoost)
        need a smaller one.
    resolution : float in [0, 0.5), default 1e-3
        Hard means `E <= resolution`, easy means `E >= 1 - resolution`. Ignored with `draws`.
    draws : int, optional
        Use Monte Carlo with this many draws instead of the closed form.
    seed : int, default 0
        Seed of the draws, and of the folds with `n_repeats` above 1.
    cv : int, splitter or iterable of splits, default 5
        As in scikit-learn; a number means stratified folds without shuffling. Each row must be
        held out exactly once.
    n_repeats : int, default 1
        Number of cross-validations, each with other folds, whose probabilities are averaged. More
        repeats take more time and rank wrong labels better, above all with unstable classifiers.
        Above 1, `cv` must be a number; folds are then shuffled.
    n_jobs : int, optional
        Number of folds fitted in parallel, as in scikit-learn.
    normalize : bool, default False
        Divide each row of probabilities by its sum first, for classifiers whose rows do not
        sum to 1.
    store_probs : bool, default False
        Keep the out-of-fold probabilities as `probs_`, to score them at other sigmas.

    Attributes
    ----------
    estimator_ : classifier
        Final model, fitted on all samples.
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of the columns of `predict_proba`.
    easiness_ : ndarray of shape (n_samples,), float64
        Out-of-fold easiness in [0, 1], in the order of the rows passed to `fit`, like all of the
        following arrays.
    log_easiness_ : ndarray of shape (n_samples,), float64
        Its natural logarithm, at most 0; rank by this.
    level_ : ndarray of shape (n_samples,), uint8
        Values of `easiness_core.Level`.
    loss_ : ndarray of shape (n_samples,), float64
        Cross-entropy of the label, 0 or more.
    predicted_ : ndarray of shape (n_samples,)
        Most probable label out of fold, with the type of `classes_`.
    scores_ : easiness_core.Scores
        All of these together; its `predicted` holds column numbers.
    summary_ : easiness_core.Summary
        Accuracy, MSR, ESE and counts, out of fold.
    label_errors_ : easiness_core.LabelErrors
        Labels that are likely wrong: `order`, `flags`, `suspicion`, and `suggested`, a position
        in `classes_`.
    probs_ : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities, columns in the order of `classes_`; with `store_probs` only.
    n_features_in_, feature_names_in_
        Those of the final model.

    Raises
    ------
    TypeError, ValueError
        In `fit`: if a parameter is out of range, the classifier has no `predict_proba`, folds lack
        a class or do not form a partition, or rows of probabilities do not sum to 1.

    Notes
    -----
    `E = product over j != i of P(h_i + a > h_j + b)`, h out-of-fold probabilities, i the label, a
    and b independent N(0, sigma^2). Source: *Medium Samples Are All You Need*, Definition 3.1 and
    Section 4.1.1; out-of-fold prediction is an addition.

    `sample_weight` and other metadata go to the inner classifier's `fit`, split by fold;
    `groups` goes to the splitter. With metadata routing enabled each must be requested, as in
    every meta-estimator of scikit-learn. Scores are not weighted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = EasinessClassifier().fit(X, y)
    >>> model.summary_.level_counts
    {'hard': 4, 'medium': 2, 'easy': 144}
    >>> model.log_easiness_.argsort()[:4]  # the hardest first
    array([106,  83,  70,  77])
    >>> model.predict(X[:2])
    array([0, 0])
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        cv: Any = 5,
        n_repeats: int = 1,
        n_jobs: int | None = None,
        normalize: bool = False,
        store_probs: bool = False,
    ) -> None:
        self.estimator = estimator
        self.sigma = sigma
        self.resolution = resolution
        self.draws = draws
        self.seed = seed
        self.cv = cv
        self.n_repeats = n_repeats
        self.n_jobs = n_jobs
        self.normalize = normalize
        self.store_probs = store_probs

    # Not metadata: `fit` itself takes it.
    __metadata_request__fit = {"progress": UNUSED}  # noqa: RUF012

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        progress: bool = False,
        **params: Any,
    ) -> EasinessClassifier:
        """Score all samples out of fold, then fit the final model on them.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the inner classifier accepts.
        y : array of shape (n_samples,)
            Labels of any type, at least 2 classes.
        sample_weight : array of shape (n_samples,), optional
            Passed to the inner classifier's `fit`, split by fold. Because `fit` has this
            parameter, bagging weights rows instead of repeating them, which would put rows in both
            parts of a fold.
        progress : bool, default False
            Show a progress bar of folds, in a terminal or a notebook; needs tqdm.
        **params
            Further metadata: `groups` for the splitter, the rest for the inner classifier.

        Returns
        -------
        EasinessClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            See the class.
        ImportError
            If `progress` is set and tqdm is not installed.
        """
        index = index_of(X, y)
        classifier = inner_classifier(self.estimator)
        X, labels = check_X_y(X, y, self, classifier)
        self._core_estimator()
        check_gives_probs(classifier, "estimator")
        routed = route_fit(self, {**params, "sample_weight": sample_weight}, ("estimator",))
        fit_params, split_params = routed.estimator.fit, routed.splitter.split
        held_out = self._score_held_out(
            classifier, X, labels, fit_params, split_params, index=index, progress=progress
        )
        model = clone(classifier).fit(X, labels, **fit_params)
        known, classes = np.asarray(model.classes_).tolist(), held_out.classes.tolist()
        if set(known) != set(classes):
            raise ValueError(
                f"estimator: fitted on all samples it has the classes {known}, fitted on "
                f"folds {classes}; use a classifier that keeps every class it is given"
            )
        self._take_over(model)
        self._keep_scores(held_out)
        probs = align(held_out.probs, held_out.classes, self.classes_)
        with warnings.catch_warnings():
            # Here the columns are always in the order of the labels.
            warnings.filterwarnings("ignore", "accuracy is", UserWarning)
            self.label_errors_ = ec.find_label_errors(
                probs,
                indexed(labels, index),
                classes=self.classes_.tolist(),
                normalize=self.normalize,
            )  # fmt: skip
        self._probs = probs if self.store_probs else None
        return self

    def get_metadata_routing(self) -> Any:
        """Return the routing of metadata: to the inner `fit` and `score`, and to the splitter."""
        return (
            MetadataRouter(owner=self)
            .add(
                estimator=inner_classifier(self.estimator),
                method_mapping=MethodMapping()
                .add(caller="fit", callee="fit")
                .add(caller="score", callee="score"),
            )
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Folds of a precomputed kernel are cut in both directions; a filter cannot do that.
        inner = get_tags(inner_classifier(self.estimator)).input_tags
        tags.input_tags.pairwise = inner.pairwise
        return tags
