"""Shared by the meta-estimators: fitted scores, and calls passed to the inner model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import UNUSED, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

import easiness_core as ec
from easiness_sklearn._shared import (
    core_estimator,
    held_out_probs,
    inner_classifier,
    routing_enabled,
    score_labels,
)


class HeldOut(NamedTuple):
    """Scores, the probabilities behind them, and the label of each column."""

    scores: ec.Scores
    probs: NDArray[Any]
    classes: NDArray[Any]


class HeldOutScores:
    """Scores of the rows given to `fit`, each by a model that did not see it."""

    # Weights go to the inner classifiers, which are the ones to request them.
    __metadata_request__fit = {"sample_weight": UNUSED}  # noqa: RUF012 - scikit-learn's hook

    estimator: Any
    sigma: float
    resolution: float
    draws: int | None
    seed: int
    normalize: bool

    def _core_estimator(self) -> ec.ClosedForm | ec.MonteCarlo:
        return core_estimator(self.sigma, self.resolution, self.draws, self.seed)

    def _score_held_out(
        self, classifier: Any, X: Any, y: NDArray[Any], fit_params: Any, split_params: Any,
        *, index: Any = None, progress: bool = False,
    ) -> HeldOut:  # fmt: skip
        """Score each row, without changing the estimator, in case `fit` fails."""
        estimator = self._core_estimator()
        probs, classes = held_out_probs(classifier, X, y, self, fit_params, split_params, progress)
        scores = score_labels(
            probs, y, classes, estimator=estimator, normalize=self.normalize, index=index
        )
        return HeldOut(scores, probs, classes)

    def _keep_scores(self, held_out: HeldOut) -> None:
        """Set the fitted scores."""
        scores, _, classes = held_out
        self.scores_ = scores
        self.easiness_ = scores.easiness
        self.log_easiness_ = scores.log_easiness
        self.level_ = scores.level
        self.loss_ = scores.loss
        self.predicted_ = classes[scores.predicted]
        self.summary_ = scores.summary


def _inner_has(method: str) -> Callable[[Any], bool]:
    def check(self: Any) -> bool:
        inner = getattr(self, "estimator_", None)
        return hasattr(inner_classifier(self.estimator) if inner is None else inner, method)

    return check


class MetaClassifier(
    HeldOutScores,
    ClassifierMixin,  # type: ignore[misc] # scikit-learn ships no types
    MetaEstimatorMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """A classifier that scores with an inner classifier, and predicts with one fitted last."""

    __metadata_request__score = {"sample_weight": UNUSED}  # noqa: RUF012 - scikit-learn's hook

    estimator: Any
    estimator_: Any

    def _take_over(self, model: Any) -> None:
        """Keep the inner model, and what it knows about its input."""
        self.classes_ = np.asarray(model.classes_)
        self.estimator_ = model
        for name in ("n_features_in_", "feature_names_in_"):
            # From an earlier fit on a data frame the names would linger.
            self.__dict__.pop(name, None)
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict labels with the inner model.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the inner model accepts.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, of the type of `classes_`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier().fit(X[::2], y[::2]).predict(X[[1, 51, 101]])
        array([0, 1, 2])
        """
        check_is_fitted(self)
        labels: NDArray[Any] = self.estimator_.predict(X)
        return labels

    @available_if(_inner_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Predict class probabilities with the inner model.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the inner model accepts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In [0, 1], columns in the order of `classes_`. For training rows they are in-sample,
            unlike `easiness_` and the other scores.

        Raises
        ------
        NotFittedError
            If `fit` was not called.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier().fit(X[::2], y[::2]).predict_proba(X[[1, 101]]).round(2)
        array([[0.95, 0.05, 0.  ],
               [0.  , 0.25, 0.75]])
        """
        check_is_fitted(self)
        probs: NDArray[Any] = self.estimator_.predict_proba(X)
        return probs

    @available_if(_inner_has("predict_log_proba"))  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Predict the logarithms of class probabilities with the inner model.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the inner model accepts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            At most 0, columns in the order of `classes_`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier().fit(X[::2], y[::2]).predict_log_proba(X[[1]]).round(2)
        array([[ -0.05,  -3.07, -13.78]])
        """
        check_is_fitted(self)
        logarithms: NDArray[Any] = self.estimator_.predict_log_proba(X)
        return logarithms

    @available_if(_inner_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the confidence of the inner model in each class.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the inner model accepts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Columns in the order of `classes_`; for two classes, positive values predict the second.

        Raises
        ------
        NotFittedError
            If `fit` was not called.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier().fit(X[::2], y[::2]).decision_function(X[[1]]).round(2)
        array([[ 5.58,  2.56, -8.15]])
        """
        check_is_fitted(self)
        values: NDArray[Any] = self.estimator_.decision_function(X)
        return values

    def score(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> float:
        """Return the `score` of the inner model: for most classifiers, the accuracy.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows.
        y : array of shape (n_samples,)
            Labels.
        sample_weight : array of shape (n_samples,), optional
            Passed to the inner model.
        **params
            Further metadata.

        Returns
        -------
        float
            In [0, 1] for most classifiers.

        Raises
        ------
        NotFittedError
            If `fit` was not called.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier().fit(X[::2], y[::2]).score(X[1::2], y[1::2])
        0.96
        """
        check_is_fitted(self)
        given = {**params, "sample_weight": sample_weight}
        given = {name: value for name, value in given.items() if value is not None}
        if routing_enabled():
            given = process_routing(self, "score", **given).estimator.score
        return float(self.estimator_.score(X, y, **given))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(inner_classifier(self.estimator)).input_tags
        for name in ("sparse", "allow_nan", "string", "categorical", "positive_only"):
            setattr(tags.input_tags, name, getattr(inner, name))
        return tags
