"""`EasinessResampler`: keep samples by easiness, with imbalanced-learn's interface."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OneToOneFeatureMixin
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import validate_data

from easiness_sklearn._base import HeldOutScores
from easiness_sklearn._selection import Selection
from easiness_sklearn._shared import (
    check_gives_probs,
    check_X_y,
    index_of,
    inner_classifier,
    route_fit,
)


class EasinessResampler(
    HeldOutScores,
    OneToOneFeatureMixin,  # type: ignore[misc] # scikit-learn ships no types
    MetaEstimatorMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Keep samples by easiness: by level, by interval, or the easiest fraction.

    A classifier measures easiness out of fold. Use the resampler as a step of
    `imblearn.pipeline.Pipeline`, where it resamples in `fit` only, or on its own; imbalanced-learn
    is optional. In scikit-learn pipelines, use `EasinessFilteredClassifier`.

    Parameters
    ----------
    estimator : classifier, optional
        Any classifier with `predict_proba`; by default `LogisticRegression(max_iter=1000)`. A
        `FrozenEstimator` is used without cross-validation.
    levels : str or easiness_core.Level, default "EMO"
        Levels to keep: "EO", "MO", "HO", "EMO", "MHO" or "EMHO", the paper's names for unions
        of easy, medium and hard, or a union of `easiness_core.Level`. The default drops the
        hard samples. Not used with `interval` or `fraction`.
    interval : tuple of two floats, optional
        Keep samples with low <= easiness <= high.
    fraction : float in (0, 1], optional
        Keep this fraction of the samples, rounded, but at least one: those with the highest log
        easiness. Ties are broken by lower loss, then at random (`seed`).
    per_class : bool, default False
        Keep `fraction` of each class instead of all samples, so that easy classes do not crowd
        out hard ones.
    sigma : float, default 0.01
        Standard deviation of the noise, positive.
    resolution : float in [0, 0.5), default 1e-3
        Hard means `E <= resolution`, easy means `E >= 1 - resolution`. Ignored with `draws`.
    draws : int, optional
        Use Monte Carlo with this many draws instead of the closed form.
    seed : int, default 0
        Seed of the draws, and of random tie-breaking.
    cv : int, splitter or iterable of splits, default 5
        As in scikit-learn; each row must be held out exactly once.
    n_jobs : int, optional
        Number of folds fitted in parallel, as in scikit-learn.
    normalize : bool, default False
        Divide each row of probabilities by its sum first.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_kept,), int64
        Sorted rows that were kept.
    sampling_strategy_ : dict
        Number of samples kept in each class.
    easiness_, log_easiness_, level_, loss_, predicted_, scores_, summary_
        Out-of-fold scores of all rows, as for `EasinessClassifier`.
    n_features_in_, feature_names_in_
        Of the input, if it has them.

    Raises
    ------
    TypeError, ValueError
        In `fit_resample`: as for `EasinessClassifier`, or if the selection would leave a class
        without samples.

    Notes
    -----
    These are the selections of *Medium Samples Are All You Need*, Section 3.3 and Table 3, made
    once and out of fold; the paper selects again in each epoch. Compare with the same number of
    random rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessResampler
    >>> X, y = load_iris(return_X_y=True)
    >>> resampler = EasinessResampler(fraction=0.9, per_class=True)
    >>> X_kept, y_kept = resampler.fit_resample(X, y)
    >>> X_kept.shape
    (135, 4)
    >>> resampler.sampling_strategy_
    {0: 45, 1: 45, 2: 45}
    """

    _estimator_type = "sampler"
    # For imbalanced-learn's ensembles: rows are selected, without a target ratio of classes.
    _sampling_type = "bypass"

    def __init__(
        self,
        estimator: Any = None,
        *,
        levels: Any = "EMO",
        interval: tuple[float, float] | None = None,
        fraction: float | None = None,
        per_class: bool = False,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        cv: Any = 5,
        n_jobs: int | None = None,
        normalize: bool = False,
    ) -> None:
        self.estimator = estimator
        self.levels = levels
        self.interval = interval
        self.fraction = fraction
        self.per_class = per_class
        self.sigma = sigma
        self.resolution = resolution
        self.draws = draws
        self.seed = seed
        self.cv = cv
        self.n_jobs = n_jobs
        self.normalize = normalize

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> EasinessResampler:
        """Score the samples and select those to keep; `fit_resample` also returns them.

        Parameters and errors are those of `fit_resample`.

        Returns
        -------
        EasinessResampler
            Itself.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessResampler
        >>> EasinessResampler(levels="EMO").fit(*load_iris(return_X_y=True)).sampling_strategy_
        {0: 50, 1: 47, 2: 49}
        """
        index, classifier = index_of(X, y), inner_classifier(self.estimator)
        X, labels = check_X_y(X, _class_of_each(y), self, classifier)
        check_gives_probs(classifier, "estimator")
        routed = route_fit(self, {**params, "sample_weight": sample_weight}, ("estimator",))
        selection = Selection.of(self)
        held_out = self._score_held_out(
            classifier, X, labels, routed.estimator.fit, routed.splitter.split, index=index
        )
        kept = selection.rows(held_out.scores, labels)
        validate_data(self, X=X, skip_check_array=True)
        self._keep_scores(held_out)
        self.sample_indices_ = kept
        names, counts = np.unique(labels[kept], return_counts=True)
        self.sampling_strategy_ = dict(zip(names.tolist(), counts.tolist(), strict=True))
        return self

    def fit_resample(
        self, X: Any, y: Any, sample_weight: Any = None, **params: Any
    ) -> tuple[Any, Any]:
        """Score the samples and return those to keep.

        Parameters
        ----------
        X : array, data frame, list or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the classifier accepts.
        y : array of shape (n_samples,), or (n_samples, n_classes) of one-hot rows
            Labels of any type, at least 2 classes.
        sample_weight : array of shape (n_samples,), optional
            Passed to the classifier's `fit`, split by fold. Not resampled: index it with
            `sample_indices_`.
        **params
            Further metadata: `groups` for the splitter, the rest for the classifier.

        Returns
        -------
        X, y
            The rows to keep, in the original order and types; pandas keeps its index.

        Raises
        ------
        TypeError, ValueError
            See the class.
        """
        self.fit(X, y, sample_weight, **params)
        X, y = indexable(X, y)
        return _safe_indexing(X, self.sample_indices_), _safe_indexing(y, self.sample_indices_)

    def get_metadata_routing(self) -> Any:
        """Return the routing of metadata: to the classifier's `fit`, and to the splitter."""
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        to_split = MethodMapping().add(caller="fit", callee="split")
        # scikit-learn knows this method only after imbalanced-learn, which calls it, is imported.
        with suppress(ValueError):
            to_fit.add(caller="fit_resample", callee="fit")
            to_split.add(caller="fit_resample", callee="split")
        return (
            MetadataRouter(owner=self)
            .add(estimator=inner_classifier(self.estimator), method_mapping=to_fit)
            .add(splitter=self.cv, method_mapping=to_split)
        )

    def __sklearn_tags__(self) -> Any:
        inner = get_tags(inner_classifier(self.estimator)).input_tags
        tags = super().__sklearn_tags__()
        if sys.modules.get("imblearn") is not None:
            # imbalanced-learn's tags have more fields, which it reads.
            from imblearn import FunctionSampler  # type: ignore[import-untyped]

            tags = FunctionSampler().__sklearn_tags__()
            tags.sampler_tags.sample_indices = True
        for name in ("sparse", "allow_nan", "string", "categorical", "positive_only"):
            setattr(tags.input_tags, name, getattr(inner, name))
        tags.target_tags.required = True
        return tags


def _class_of_each(y: Any) -> Any:
    """One label per row: imbalanced-learn also accepts a column of labels, and one-hot rows."""
    indicators: NDArray[Any] = np.asarray(y)
    if indicators.ndim != 2:
        return y
    if type_of_target(indicators) != "multilabel-indicator":
        return indicators.ravel() if indicators.shape[1] == 1 else y
    if (indicators.sum(axis=1) != 1).any():
        row = int(np.flatnonzero(indicators.sum(axis=1) != 1)[0])
        raise ValueError(
            f"y: expected one class per row, got {int(indicators[row].sum())} in row {row}. "
            f"Multilabel and multioutput targets are not supported."
        )
    return indicators.argmax(axis=1)
