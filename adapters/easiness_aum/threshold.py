"""Threshold samples, which set AUM's threshold without knowledge of the wrong labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_aum._input import to_ids
from easiness_aum.values import AUMValues
from easiness_core.validation import check_count, check_labels, check_number, check_vector, to_array


def choose_threshold_samples(
    n_samples: int, n_classes: int, *, runs: int = 2, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Draw threshold samples for each training run, without drawing a sample twice.

    Parameters
    ----------
    n_samples, n_classes : int
        Size of the training set, and its number C of classes.
    runs : int, default 2
        Number of training runs; with 2, every sample is judged by at least one run.
    seed : int, default 0
        Seed of the draw.

    Returns
    -------
    list of `runs` ndarrays of shape (n_samples // n_classes,), int64
        Sorted rows; no row is in two arrays.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a whole number, or there are too few samples.

    Notes
    -----
    Each run has as many threshold samples as an average class has samples. Source: Pleiss et al.
    2020.

    Examples
    --------
    >>> from easiness_aum import choose_threshold_samples
    >>> choose_threshold_samples(10, 5, seed=0)
    [array([4, 6]), array([2, 7])]
    """
    n_samples = check_count(n_samples, "n_samples", low=1)
    n_classes = check_count(n_classes, "n_classes", low=2)
    runs = check_count(runs, "runs", low=1)
    size = n_samples // n_classes
    if size < 1:
        raise ValueError(
            f"n_samples: expected at least one sample per class, got {n_samples} samples of "
            f"{n_classes} classes"
        )
    if runs * size > n_samples:
        raise ValueError(
            f"runs: expected 1 to {n_samples // size} runs of {size} threshold samples "
            f"(n_samples // n_classes = {n_samples} // {n_classes}), got {runs} runs"
        )
    order = np.random.default_rng(check_count(seed, "seed", low=0)).permutation(n_samples)
    return [np.sort(order[k * size : (k + 1) * size]) for k in range(runs)]


def relabel_threshold_samples(
    labels: ArrayLike, threshold_samples: ArrayLike, *, n_classes: int
) -> NDArray[np.int64]:
    """Give the threshold samples a separate class, `n_classes`, for training.

    The network needs n_classes + 1 outputs.

    Parameters
    ----------
    labels : array of shape (n_samples,)
        Given labels, 0 to n_classes - 1; not changed.
    threshold_samples : array of shape (n_threshold,)
        Rows of the threshold samples.
    n_classes : int
        Number C of real classes.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        Labels to train on.

    Raises
    ------
    TypeError, ValueError
        If a label is outside the classes, or a row outside the samples.

    Examples
    --------
    >>> from easiness_aum import relabel_threshold_samples
    >>> relabel_threshold_samples([0, 1, 2, 1], [3], n_classes=3)
    array([0, 1, 2, 3])
    """
    n_classes = check_count(n_classes, "n_classes", low=2)
    given = to_array(labels, "labels")
    relabeled = check_labels(given, given.size, n_classes, of="labels").copy()
    relabeled[threshold_mask(threshold_samples, given.size)] = n_classes
    return relabeled


def aum_threshold(
    aum: ArrayLike, threshold_samples: ArrayLike, *, percentile: float = 99.0
) -> float:
    """Compute the AUM strictly below which a sample is flagged.

    It is a percentile of the threshold samples' AUMs.

    Parameters
    ----------
    aum : array of shape (n_samples,)
        AUM of each sample.
    threshold_samples : array of shape (n_threshold,)
        Rows of `aum` that are threshold samples, at least one. `AreaUnderMargin.values()` is in the
        order of first measurement; pass `values(range(n_samples)).aum` if these are rows of the
        data set.
    percentile : float, default 99
        From 0 to 100, interpolated linearly. A fraction such as 0.99 is refused.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    TypeError, ValueError
        If `aum` is not a vector of numbers, a row is outside it, or `percentile` is not a
        percentage.

    Notes
    -----
    Threshold samples are mislabeled by construction. So the 99th percentile misses about 1 % of
    the samples that are mislabeled at random. Source: Pleiss et al. 2020.

    Examples
    --------
    >>> from easiness_aum import aum_threshold
    >>> aum_threshold([-3.0, 5.0, -2.0, -1.0, 4.0], [0, 2, 3], percentile=50)
    -2.0
    """
    values = check_vector(aum, "aum")
    mask = threshold_mask(threshold_samples, values.size)
    percentile = check_percentile(percentile, "percentile")
    if not mask.any():
        raise ValueError("threshold_samples: expected at least one row, got none")
    return float(np.percentile(values[mask], percentile))


def check_percentile(value: Any, name: str) -> float:
    """Check a percentage; a number between 0 and 1 is probably a fraction and is refused."""
    number = check_number(value, name, low=0.0, high=100.0, closed_high=True)
    if 0.0 < number < 1.0:
        raise ValueError(
            f"{name}: expected a percentage, 0 or from 1 to 100, got {value!r}; pass "
            f"{100 * number:g} if the fraction {number:g} is meant"
        )
    return number


def threshold_mask(threshold_samples: Any, n_samples: int) -> NDArray[np.bool_]:
    """Turn rows of threshold samples into a mask, and check them."""
    rows = to_array(threshold_samples, "threshold_samples")
    mask = np.zeros(n_samples, dtype=bool)
    if rows.size == 0:
        return mask
    if rows.dtype.kind not in "iu" or rows.ndim != 1:
        raise TypeError(
            f"threshold_samples: expected row numbers, as choose_threshold_samples gives, got an "
            f"array of dtype {rows.dtype} and shape {rows.shape}; pass np.flatnonzero(mask) for a "
            f"mask"
        )
    if int(rows.min()) < 0 or int(rows.max()) >= n_samples:
        raise ValueError(
            f"threshold_samples: expected rows 0 to {n_samples - 1}, got {int(rows.min())} to "
            f"{int(rows.max())}"
        )
    mask[rows] = True
    return mask


def threshold_mask_by_id(values: AUMValues, threshold_samples: Any) -> NDArray[np.bool_]:
    """Turn ids of threshold samples into a mask of the values, and check both."""
    ids = to_ids(threshold_samples)
    known = dict(zip(values.ids.tolist(), range(values.aum.size), strict=True))
    absent = [each for each in ids if each not in known]
    if absent:
        raise ValueError(
            f"threshold_samples: expected ids of samples in values, got {absent[0]!r}, which is "
            f"not one ({len(absent)} of {len(ids)} are not); values.ids lists them"
        )
    mask = threshold_mask([known[each] for each in ids], values.aum.size)
    own = np.unique(values.labels[mask])
    # Values from a file may have no labels.
    if own.size and own[0] >= 0 and not np.array_equal(mask, values.labels == own[0]):
        raise ValueError(
            f"threshold_samples: expected all samples of one label, the extra class of "
            f"relabel_threshold_samples, got {int(mask.sum())} samples with the labels "
            f"{own[:5].tolist()}, which {int(np.isin(values.labels, own).sum())} samples have; "
            f"pass the threshold samples of this run, and train them as the extra class"
        )
    return mask
