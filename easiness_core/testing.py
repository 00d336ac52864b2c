"""Hypothesis strategies for property tests: valid probability arrays, including edge cases.

They need Hypothesis: `pip install 'easiness-core[testing]'`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "easiness_core.testing needs Hypothesis: pip install 'easiness-core[testing]'"
    ) from error

__all__ = ["labels", "probability_arrays", "probs_and_labels"]

_KINDS = ("peaked", "flat", "one_hot", "uniform", "near_tie", "sparse", "any")


@st.composite
def _rows(draw: st.DrawFn, n_classes: int) -> list[float]:
    """One row of weights with a positive sum."""
    kind = draw(st.sampled_from(_KINDS))
    top = draw(st.integers(0, n_classes - 1))
    if kind == "one_hot":
        return [float(j == top) for j in range(n_classes)]
    if kind == "uniform":
        return [1.0] * n_classes
    if kind == "near_tie":
        other = draw(st.integers(0, n_classes - 1))
        gap = draw(st.sampled_from([0.0, 1e-16, 1e-9, 1e-4, 1e-2, 0.1]))
        row = [1e-3 / n_classes] * n_classes
        row[other] = 0.5
        row[top] = 0.5 + gap
        return row
    if kind == "flat":
        unit = st.floats(0.9, 1.0)
    elif kind == "sparse":
        unit = st.sampled_from([0.0, 0.0, 0.0, 1.0, 0.5, 5e-324, 1e-30])
    else:
        unit = st.floats(0.0, 1.0)
    row = draw(st.lists(unit, min_size=n_classes, max_size=n_classes))
    if kind == "peaked":
        row = [weight * draw(st.sampled_from([1e-12, 1e-3, 0.05])) for weight in row]
        row[top] = 1.0
    elif sum(row) < 1e-3:
        row[top] = 1.0
    return row


@st.composite
def probability_arrays(
    draw: st.DrawFn,
    *,
    n_samples: int | None = None,
    n_classes: int | None = None,
    max_samples: int = 20,
    max_classes: int = 12,
    dtype: DTypeLike = np.float64,
) -> NDArray[Any]:
    """Draw probability arrays that `score` accepts, including many edge cases.

    Rows are peaked, flat, one-hot, uniform, nearly tied, sparse with exact zeros and subnormal
    values, or arbitrary. Each sums to 1 within the rounding of `dtype`.

    Parameters
    ----------
    n_samples, n_classes : int, optional
        Shape; by default drawn from 0 to `max_samples` and from 2 to `max_classes`.
    max_samples, max_classes : int, default 20 and 12
        Largest shape drawn.
    dtype : dtype, default float64
        One of float16, float32 and float64.

    Returns
    -------
    SearchStrategy of ndarray of shape (n_samples, n_classes)
        Values in [0, 1].

    Examples
    --------
    >>> from hypothesis import given
    >>> from easiness_core.testing import probability_arrays
    >>> @given(probability_arrays(n_classes=3))
    ... def rows_sum_to_1(probs):
    ...     assert abs(probs.sum(axis=1) - 1).max(initial=0) < 1e-12
    >>> rows_sum_to_1()
    """
    rows = draw(st.integers(0, max_samples)) if n_samples is None else n_samples
    columns = draw(st.integers(2, max_classes)) if n_classes is None else n_classes
    weights = [draw(_rows(columns)) for _ in range(rows)]
    probs = np.array(weights, dtype=np.float64).reshape(rows, columns)
    normalized: NDArray[Any] = (probs / probs.sum(axis=1, keepdims=True)).astype(dtype)
    return normalized


def labels(n_samples: int, n_classes: int) -> st.SearchStrategy[NDArray[np.int64]]:
    """Draw arrays of labels.

    Parameters
    ----------
    n_samples, n_classes : int
        Number of labels, and of classes.

    Returns
    -------
    SearchStrategy of ndarray of shape (n_samples,), int64
        Values from 0 to n_classes - 1.

    Examples
    --------
    >>> from hypothesis import given
    >>> from easiness_core.testing import labels
    >>> @given(labels(5, 3))
    ... def labels_are_classes(given_labels):
    ...     assert given_labels.shape == (5,) and set(given_labels) <= {0, 1, 2}
    >>> labels_are_classes()
    """
    one = st.integers(0, n_classes - 1)
    return st.lists(one, min_size=n_samples, max_size=n_samples).map(_as_int64)


def _as_int64(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@st.composite
def probs_and_labels(
    draw: st.DrawFn,
    *,
    n_samples: int | None = None,
    n_classes: int | None = None,
    max_samples: int = 20,
    max_classes: int = 12,
    dtype: DTypeLike = np.float64,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Draw pairs of probabilities and labels that `score` accepts.

    Parameters
    ----------
    n_samples, n_classes : int, optional
        Shape; by default drawn from 0 to `max_samples` and from 2 to `max_classes`.
    max_samples, max_classes : int, default 20 and 12
        Largest shape drawn.
    dtype : dtype, default float64
        Of the probabilities: float16, float32 or float64.

    Returns
    -------
    SearchStrategy of tuple (ndarray, ndarray)
        Arrays as drawn by `probability_arrays` and `labels`.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> import easiness_core as ec
    >>> from easiness_core.testing import probs_and_labels
    >>> @settings(deadline=None)  # the first call compiles
    ... @given(probs_and_labels())
    ... def easiness_is_a_probability(case):
    ...     easiness = ec.easiness(*case)
    ...     assert ((easiness >= 0) & (easiness <= 1)).all()
    >>> easiness_is_a_probability()
    """
    probs = draw(
        probability_arrays(
            n_samples=n_samples,
            n_classes=n_classes,
            max_samples=max_samples,
            max_classes=max_classes,
            dtype=dtype,
        )
    )
    return probs, draw(labels(*probs.shape))
