"""Out-of-fold probabilities: each row is predicted by a model that did not see it.

`cross_val_predict` is similar. But if the model of a fold lacks a class, it fills the column with
zeros; and it fits on encoded labels, which breaks parameters that name classes
(`class_weight={"spam": 3}`). Here a missing class is an error, and models get the original labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel, delayed

# Private, but third-party meta-estimators use it, so that metadata is split by fold exactly as in
# scikit-learn.
from sklearn.utils.validation import _check_method_params, _num_samples

from easiness_core.progress import progress_bar


def out_of_fold_probs(
    classifier: Any,
    X: Any,
    y: NDArray[Any],
    *,
    cv: Any,
    n_jobs: int | None,
    fit_params: Mapping[str, Any],
    split_params: Mapping[str, Any],
    progress: str | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predict each row with a clone of `classifier` fitted on the other folds.

    Parameters
    ----------
    classifier : classifier with `fit` and `predict_proba`
        Cloned for each fold.
    X : array, data frame or sparse matrix of shape (n_samples, n_features)
        Rows.
    y : ndarray of shape (n_samples,)
        Labels.
    cv : int, splitter or iterable of splits
        As in scikit-learn; its test parts must hold each row exactly once.
    n_jobs : int or None
        Number of folds fitted in parallel.
    fit_params, split_params : mapping
        Metadata for the classifier's `fit`, split by fold if it has one entry per row, and for
        the splitter's `split`.
    progress : str, optional
        Label of a progress bar of folds; None means no bar.

    Returns
    -------
    probs : ndarray of shape (n_samples, n_classes)
        With the dtype of the models' predictions.
    classes : ndarray of shape (n_classes,)
        Label of each column.

    Raises
    ------
    ValueError
        If the folds do not form a partition, or the model of a fold lacks a class.
    """
    splits = [
        (_rows_of(train), _rows_of(test))
        for train, test in check_cv(cv, y, classifier=True).split(X, y, **split_params)
    ]
    names = [f"fold {k} of {len(splits)}" for k in range(1, len(splits) + 1)]
    _check_partition(splits, _num_samples(X))
    _check_training_parts(splits, names, y)
    tasks = (
        delayed(_fit_and_predict)(clone(classifier), X, y, train, test, fit_params, name)
        for (train, test), name in zip(splits, names, strict=True)
    )
    parts: list[Any] = []
    if progress is None:
        parts = Parallel(n_jobs=n_jobs)(tasks)
    else:
        with progress_bar(len(splits), "folds", progress) as advance:
            for part in Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
                parts.append(part)
                advance(1)
    classes = _common_classes([known for _, known in parts], names, y)
    aligned = [align(probs, known, classes) for probs, known in parts]
    probs = np.empty((len(y), len(classes)), dtype=np.result_type(*aligned))
    for (_, test), part in zip(splits, aligned, strict=True):
        probs[test] = part
    return probs, classes


def probs_and_classes(model: Any, X: Any, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities of a fitted model, and the label of each column."""
    if not hasattr(model, "predict_proba"):
        raise no_probs(model, name)
    probs = model.predict_proba(X)
    if isinstance(probs, np.ma.MaskedArray) and np.ma.is_masked(probs):
        raise TypeError(f"{name}: expected probabilities, got masked entries; fill them")
    probs = np.asarray(probs)
    known = getattr(model, "classes_", None)
    if known is None:
        raise ValueError(
            f"{name}: expected a fitted classifier with classes_, the label of each column of "
            f"predict_proba; {type(model).__name__} has none"
        )
    known = np.asarray(known)
    if probs.ndim != 2 or known.ndim != 1 or probs.shape[1] != known.size:
        raise ValueError(
            f"{name}: expected one column of predict_proba for each of the {known.size} entries "
            f"of classes_, got shape {probs.shape} from {type(model).__name__}"
        )
    return probs, known


def no_probs(model: Any, name: str, lacks: str = "predict_proba") -> TypeError:
    """Make the error for a classifier without probabilities."""
    kind = type(model).__name__
    return TypeError(
        f"{name}: expected a classifier with predict_proba, got {kind} without {lacks}; for "
        f"scores other than probabilities wrap it: CalibratedClassifierCV({kind}(...))"
    )


def align(probs: NDArray[Any], known: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
    """Columns of `probs`, labeled `known`, in the order of `wanted`: the same set of labels."""
    column = {label: k for k, label in enumerate(known.tolist())}
    order = [column[label] for label in wanted.tolist()]
    return probs if order == list(range(known.size)) else probs[:, order]


def _fit_and_predict(
    classifier: Any,
    X: Any,
    y: NDArray[Any],
    train: NDArray[Any],
    test: NDArray[Any],
    fit_params: Mapping[str, Any],
    name: str,
) -> tuple[NDArray[Any], NDArray[Any]]:
    params = _check_method_params(X, fit_params, indices=train)
    X_train, y_train = _safe_split(classifier, X, y, train)
    X_test, _ = _safe_split(classifier, X, None, test, train)
    classifier.fit(X_train, y_train, **params)
    return probs_and_classes(classifier, X_test, name)


def _rows_of(part: Any) -> NDArray[np.intp]:
    """Row numbers of a part of a split, which may be a mask."""
    rows = np.asarray(part)
    if rows.dtype == bool:
        return np.flatnonzero(rows)
    if rows.dtype.kind not in "iu" and rows.size:
        raise TypeError(f"cv: expected row numbers or masks in the splits, got dtype {rows.dtype}")
    return rows.astype(np.intp, copy=False)


def _check_partition(splits: list[Any], n_samples: int) -> None:
    if not splits:
        raise ValueError(
            "cv: expected folds, got none; a generator of splits serves once, so pass a list of "
            "them, or a splitter"
        )
    for train, test in splits:
        for rows, part in ((train, "training"), (test, "test")):
            outside = rows[(rows < 0) | (rows >= n_samples)]
            if outside.size:
                raise ValueError(
                    f"cv: expected rows 0 to {n_samples - 1} in the {part} parts, got row "
                    f"{outside[0]}; the splits are of other data"
                )
        both = np.intersect1d(train, test)
        if both.size:
            raise ValueError(
                f"cv: expected training parts without the test part's rows, got {both.size} rows "
                f"in both, the first row {both[0]}; their scores would not be out of fold"
            )
    held_out = np.concatenate([test for _, test in splits])
    times = np.bincount(held_out, minlength=n_samples)
    if not (times == 1).all():
        row = int(np.flatnonzero(times != 1)[0])
        raise ValueError(
            f"cv: expected test parts that hold each row exactly once, got row {row} in "
            f"{times[row]} of {len(splits)}; pass a number of folds, StratifiedKFold, KFold or "
            f"GroupKFold rather than a splitter that repeats or leaves out rows"
        )


def _check_training_parts(splits: list[Any], names: list[str], y: NDArray[Any]) -> None:
    """Find a class that is missing from a training part, before any model is fitted."""
    classes, codes = np.unique(y, return_inverse=True)
    for (train, _), name in zip(splits, names, strict=True):
        count = np.bincount(codes[train], minlength=classes.size)
        if (count == 0).any():
            label = classes[np.flatnonzero(count == 0)[0]].item()
            raise ValueError(
                f"cv: the training part of {name} lacks class {label!r}, so that its model "
                f"cannot give that class a probability; {_remedy(y, label)}"
            )


def _remedy(y: NDArray[Any], label: Any) -> str:
    number = int(np.sum(y == label))
    if number == 1:
        return "it has a single sample: drop it, merge the class into another, or add samples"
    return f"spread its {number} samples over the folds, for example with StratifiedKFold"


def _common_classes(known: list[NDArray[Any]], names: list[str], y: NDArray[Any]) -> NDArray[Any]:
    """Find the columns that the models of all folds share; there may be more than classes in y."""
    for labels, name in zip(known, names, strict=True):
        missing = set(y.tolist()) - set(labels.tolist())
        if missing:
            raise ValueError(
                f"{name}: its training part holds class {min(missing, key=str)!r}, but the "
                f"model fitted on it has classes_ {labels.tolist()}; use a classifier that "
                f"keeps every class it is given"
            )
        if set(labels.tolist()) != set(known[0].tolist()):
            raise ValueError(
                f"cv: models of different folds have different classes: {known[0].tolist()} in "
                f"{names[0]}, {labels.tolist()} in {name}; use a classifier with fixed classes"
            )
    return known[0]
