"""`EasinessFilteredClassifier`: selection inside `fit`, for scikit-learn pipelines."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import _check_method_params

from easiness_sklearn._base import MetaClassifier
from easiness_sklearn._selection import Selection
from easiness_sklearn._shared import (
    check_gives_probs,
    check_X_y,
    index_of,
    inner_classifier,
    route_fit,
)


class EasinessFilteredClassifier(MetaClassifier):
    """Fit a classifier on samples selected by easiness.

    As the last step of a scikit-learn pipeline, it does what `EasinessResampler` does in a pipeline
    of imbalanced-learn. A grid search can tune its levels, fraction and sigma. Only training rows
    are filtered, never rows to predict or score.

    Parameters
    ----------
    estimator : classifier, optional
        The model to fit on the kept samples; by default `LogisticRegression(max_iter=1000)`.
    filter_estimator : classifier, optional
        The classifier whose out-of-fold probabilities are scored; by default, a clone of
        `estimator`. A `FrozenEstimator` is used without cross-validation.
    levels : str or easiness_core.Level, default "EMO"
        Levels to keep, such as "EMO" (easy and medium). Ignored with `interval` or `fraction`.
    interval : tuple of two floats, optional
        Keep samples with low <= easiness <= high.
    fraction : float in (0, 1], optional
        Keep this fraction of the samples, the easiest ones.
    per_class : bool, default False
        Keep `fraction` of each class instead of all samples.
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
    estimator_ : classifier
        The model, fitted on the rows that were kept.
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of the columns of `predict_proba`.
    sample_indices_ : ndarray of shape (n_kept,), int64
        Sorted rows that were kept.
    easiness_, log_easiness_, level_, loss_, predicted_, scores_, summary_
        Out-of-fold scores of all rows, as for `EasinessClassifier`.
    n_features_in_, feature_names_in_
        Those of the model.

    Raises
    ------
    TypeError, ValueError
        In `fit`: as for `EasinessClassifier`; or if the selection would leave a class without
        samples, or `estimator` is frozen and so cannot be fitted.

    Notes
    -----
    These are the selections of *Medium Samples Are All You Need*, Section 3.3 and Table 3, made
    once and out of fold; the paper selects again in each epoch.

    Metadata is passed to the `fit` of both classifiers, for the rows that each is fitted on;
    `groups` is passed to the splitter. With metadata routing enabled, each must be requested.

    `expected_failed_checks` lists the scikit-learn checks that it fails by design.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from easiness_sklearn import EasinessFilteredClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = EasinessFilteredClassifier(levels="EMO").fit(X, y)
    >>> len(model.sample_indices_)
    146
    >>> search = GridSearchCV(model, {"levels": ["EMO", "EMHO"]}, cv=3).fit(X, y)
    >>> search.cv_results_["mean_test_score"].shape
    (2,)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        filter_estimator: Any = None,
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
        self.filter_estimator = filter_estimator
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

    def _filter(self) -> Any:
        own = self.filter_estimator
        return inner_classifier(self.estimator if own is None else own)

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, **params: Any
    ) -> EasinessFilteredClassifier:
        """Score all samples out of fold, then fit the model on the selected ones.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows, of any kind that the classifiers accept.
        y : array of shape (n_samples,)
            Labels of any type, at least 2 classes.
        sample_weight : array of shape (n_samples,), optional
            Passed to the `fit` of both classifiers.
        **params
            Further metadata: `groups` for the splitter, the rest for the classifiers.

        Returns
        -------
        EasinessFilteredClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            See the class.
        """
        index, deciding = index_of(X, y), self._filter()
        model = inner_classifier(self.estimator)
        X, labels = check_X_y(X, y, self, model)
        if isinstance(model, FrozenEstimator):
            raise ValueError(
                "estimator: a FrozenEstimator is not fitted again, so that filtering its "
                "training rows changes nothing; pass it as filter_estimator, or pass the "
                "classifier unfrozen"
            )
        check_gives_probs(deciding, "estimator" if deciding is model else "filter_estimator")
        children = ("estimator", "filter_estimator")
        routed = route_fit(self, {**params, "sample_weight": sample_weight}, children)
        if is_regressor(model):
            raise TypeError(f"estimator: expected a classifier, got {type(model).__name__}")
        selection = Selection.of(self)
        held_out = self._score_held_out(
            deciding, X, labels, routed.filter_estimator.fit, routed.splitter.split, index=index
        )
        kept = selection.rows(held_out.scores, labels)
        fit_params = _check_method_params(X, routed.estimator.fit, indices=kept)
        self._take_over(clone(model).fit(_safe_indexing(X, kept), labels[kept], **fit_params))
        self._keep_scores(held_out)
        self.sample_indices_ = kept
        return self

    def get_metadata_routing(self) -> Any:
        """Return the routing of metadata: to the `fit` of both, to `score`, and to the splitter."""
        return (
            MetadataRouter(owner=self)
            .add(
                estimator=inner_classifier(self.estimator),
                method_mapping=MethodMapping()
                .add(caller="fit", callee="fit")
                .add(caller="score", callee="score"),
            )
            .add(
                filter_estimator=self._filter(),
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )
