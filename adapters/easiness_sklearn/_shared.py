"""Shared by classifier, resampler, scorers and displays: parameters, labels, routing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch, indexable
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

import easiness_core as ec
from easiness_core.validation import check_count
from easiness_sklearn._folds import no_probs, out_of_fold_probs, probs_and_classes


def core_estimator(
    sigma: float, resolution: float, draws: int | None, seed: int
) -> ec.ClosedForm | ec.MonteCarlo:
    """Make the core's estimator from flat parameters, as set by a grid search."""
    if draws is None:
        return ec.ClosedForm(sigma=sigma, resolution=resolution)
    return ec.MonteCarlo(sigma=sigma, draws=draws, seed=seed)


def inner_classifier(estimator: Any) -> Any:
    """Return the classifier to use; None means logistic regression."""
    if estimator is not None:
        return estimator
    default = LogisticRegression(max_iter=1000)
    # Users cannot set a request on an estimator that exists only here.
    if routing_enabled():
        default.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    return default


def check_gives_probs(estimator: Any, name: str, *, fitted: bool = False) -> None:
    """Check that a classifier has `predict_proba`, and can be fitted unless it is.

    Some have it only once they are fitted (stacking, a search); then their class must have it.
    """
    if not fitted and not hasattr(estimator, "fit"):
        raise no_probs(estimator, name, "fit")
    able = hasattr(estimator, "predict_proba")
    if not able and (fitted or not hasattr(type(estimator), "predict_proba")):
        raise no_probs(estimator, name)


def check_X_y(X: Any, y: Any, owner: Any, classifier: Any) -> tuple[Any, NDArray[Any]]:
    """Check lengths and labels; X itself is left to `classifier`."""
    if y is None:
        raise ValueError(
            f"This {type(owner).__name__} estimator requires y to be passed, but the target y "
            f"is None."
        )
    X, y = indexable(X, y)
    _check_none_missing(y)
    check_classification_targets(y)
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    classes = np.unique(labels)
    # A frozen classifier knows its classes already.
    if classes.size < 2 and not isinstance(classifier, FrozenEstimator):
        raise ValueError(
            f"y: expected at least 2 classes, got {classes.size} class "
            f"({', '.join(map(repr, classes.tolist()))}) in {labels.size} samples; easiness is "
            f"the probability that a label wins against other classes"
        )
    return X, labels


def _check_none_missing(y: Any) -> None:
    values = np.asarray(y)
    if values.ndim != 1 or values.dtype.kind not in "fOM":
        return
    if values.dtype.kind == "f":
        missing = ~np.isfinite(values)
    elif values.dtype.kind == "M":
        missing = np.isnat(values)
    else:
        # nan and NaT differ from themselves; comparing pandas' NA fails.
        missing = np.array(
            [v is None or type(v).__name__ == "NAType" or bool(v != v) for v in values], dtype=bool
        )
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(
            f"y: {int(missing.sum())} of {values.size} labels are missing or infinite; the first "
            f"is row {row}, label {values[row]!r}; drop those rows"
        )


def score_labels(
    probs: ArrayLike,
    y: Any,
    classes: NDArray[Any],
    *,
    estimator: ec.ClosedForm | ec.MonteCarlo,
    normalize: bool,
    n_bins: int = 5,
    index: Any = None,
) -> ec.Scores:
    """Score labels of any type with the core; `index` is that of pandas."""
    _check_none_missing(y)
    labels = column_or_1d(y)
    known = set(classes.tolist())
    values = labels.tolist()
    unseen = [row for row, label in enumerate(values) if label not in known]
    if unseen:
        first = values[unseen[0]]
        raise ValueError(
            f"y: {len(unseen)} of {len(values)} labels are not among the classes of the classifier "
            f"({_some(classes)}); the first is row {unseen[0]}, label {first!r}; fit it on "
            f"samples of every class (in cross-validation, with stratified folds), or leave out "
            f"these rows"
        )
    return ec.score(
        probs, indexed(labels, index), estimator=estimator, classes=classes.tolist(),
        normalize=normalize, n_bins=n_bins,
    )  # fmt: skip


def index_of(X: Any, y: Any) -> Any:
    """Return the pandas index of X or y, or None; refuse the same index in two orders.

    scikit-learn matches rows by position, and so do we if two indices are unrelated. But rows of
    the same samples in another order would be paired wrongly.
    """
    found = [values.index for values in (X, y) if hasattr(values, "iloc")]
    if len(found) == 2 and len(found[0]) == len(found[1]) and not found[0].equals(found[1]):
        own, other = found[0].tolist(), found[1].tolist()
        if Counter(own) == Counter(other):
            row = next((at for at, key in enumerate(own) if key != other[at]), None)
            if row is not None:
                raise ValueError(
                    f"y: its index is that of X in another order, from row {row} "
                    f"on: {other[row]!r} and {own[row]!r}; pass y.loc[X.index], or y.to_numpy() if "
                    f"the rows already match"
                )
    return found[0] if found else None


def indexed(labels: NDArray[Any], index: Any) -> Any:
    """Return labels with an index, for the results; unchanged without one."""
    if index is None:
        return labels
    import pandas as pd

    return pd.Series(labels, index=index)


def _some(classes: NDArray[Any]) -> str:
    shown = ", ".join(repr(label) for label in classes[:5].tolist())
    return f"{shown}, ..." if classes.size > 5 else shown


def score_fitted(model: Any, X: Any, y: Any, **options: Any) -> ec.Scores:
    """Score rows with a fitted classifier."""
    check_gives_probs(model, "estimator", fitted=True)
    probs, classes = probs_and_classes(model, X, "estimator")
    return score_labels(probs, y, classes, index=index_of(X, y), **options)


def held_out_probs(
    classifier: Any, X: Any, y: NDArray[Any], owner: Any, fit_params: Any, split_params: Any,
    progress: bool,
) -> tuple[NDArray[Any], NDArray[Any]]:  # fmt: skip
    """Return the probabilities to score: out of fold, or from a frozen classifier."""
    splitters = _splitters(owner, classifier)
    if isinstance(classifier, FrozenEstimator):
        return probs_and_classes(classifier, X, "estimator")
    total: Any = 0.0
    for repeat, cv in enumerate(splitters, 1):
        label = "cross-validation"
        if len(splitters) > 1:
            label += f" {repeat} of {len(splitters)}"
        probs, classes = out_of_fold_probs(
            classifier, X, y, cv=cv, n_jobs=owner.n_jobs, fit_params=fit_params,
            split_params=split_params, progress=label if progress else None,
        )  # fmt: skip
        if len(splitters) == 1:
            return probs, classes
        if owner.normalize:
            probs = probs / probs.sum(axis=1, keepdims=True)
        # In each repeat, the model of the first fold determines the order of the columns.
        order = np.argsort(classes)
        total = total + probs[:, order]
    return total / len(splitters), classes[order]


def _splitters(owner: Any, classifier: Any) -> list[Any]:
    """Yield the splitter of each repeat of the cross-validation."""
    n_repeats, cv = getattr(owner, "n_repeats", 1), owner.cv
    if isinstance(n_repeats, bool) or not isinstance(n_repeats, int | np.integer):
        raise TypeError(f"n_repeats: expected a whole number, got {n_repeats!r}")
    if n_repeats < 1:
        raise ValueError(f"n_repeats: expected at least 1, got {n_repeats}")
    if n_repeats == 1:
        return [cv]
    if isinstance(classifier, FrozenEstimator):
        raise ValueError("n_repeats: a frozen classifier has no folds to repeat; leave it at 1")
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer):
        raise ValueError(
            f"n_repeats: above 1, cv must be a number of folds, because each repeat draws new "
            f"folds; got {type(cv).__name__}"
        )
    check_count(owner.seed, "seed", low=0)
    if owner.seed > 2**32 - n_repeats:
        raise ValueError(f"seed: expected at most {2**32 - n_repeats}, got {owner.seed}")
    return [
        StratifiedKFold(cv, shuffle=True, random_state=owner.seed + k) for k in range(n_repeats)
    ]


def routing_enabled() -> bool:
    """Whether scikit-learn routes metadata by request."""
    return bool(get_config().get("enable_metadata_routing", False))


def route_fit(owner: Any, params: Mapping[str, Any], children: tuple[str, ...]) -> Any:
    """Metadata of `fit` by child: `routed.estimator.fit`, `routed.splitter.split`.

    Without routing `groups` goes to the splitter and everything else to each classifier's
    `fit`, as in `cross_val_predict`.
    """
    given = {name: value for name, value in params.items() if value is not None}
    if routing_enabled():
        return process_routing(owner, "fit", **given)
    groups = given.pop("groups", None)
    if "sample_weight" in given:
        for child in children:
            _check_takes_weights(owner, child)
    routed = Bunch(splitter=Bunch(split={"groups": groups}))
    for child in children:
        routed[child] = Bunch(fit=dict(given))
    return routed


def _check_takes_weights(owner: Any, child: str) -> None:
    own = getattr(owner, child)
    # Not by truth value: that of an ensemble is its length, which it lacks before it is fitted.
    inner = inner_classifier(owner.estimator if own is None else own)
    taken = signature(inner.fit).parameters.values()
    if not any(p.name == "sample_weight" or p.kind is p.VAR_KEYWORD for p in taken):
        raise TypeError(
            f"sample_weight: {type(inner).__name__}.fit does not accept it; leave the weights out, "
            f"or use another {child} (bagging passes its draws as weights)"
        )
