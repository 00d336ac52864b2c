"""Score probabilities in one pass: easiness, log easiness, level, loss, predicted class."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache, partial, reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._blocks import resolve_n_threads, run_apart, run_blocks
from easiness_core._config import SERIAL_ELEMENTS
from easiness_core._estimators import ClosedForm, Estimator, MonteCarlo
from easiness_core._input.bad_rows import explain_bad_rows
from easiness_core._input.labels import check_labels
from easiness_core._input.numbers import check_count
from easiness_core._input.probs import Probs, check_probs
from easiness_core._input.samples import Samples, check_samples
from easiness_core._scores import Scores
from easiness_core._summary import Summary
from easiness_core.errors import InputTypeError
from easiness_core.progress import counted

_DEFAULT = ClosedForm()


def score(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    estimator: ClosedForm | MonteCarlo = _DEFAULT,
    n_bins: int = 5,
    classes: Sequence[Any] | None = None,
    ids: ArrayLike | None = None,
    normalize: bool = False,
    n_threads: int | None = None,
    first_row: int = 0,
    progress: bool = False,
) -> Scores:
    """Compute easiness, level and loss of every sample from predicted probabilities.

    One pass over the rows computes everything, and a summary.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities from any classifier, at least 2 classes. Rows must sum to 1 within 1e-3
        (float16 and bfloat16: 2e-2) and are not rescaled. Real numbers of any dtype and memory
        layout: NumPy, memory maps, torch tensors on the CPU, or a data frame of pandas, polars,
        pyarrow or `datasets`. Its column names are the class names; a prefix or suffix that all
        share is dropped.
    labels : array of shape (n_samples,)
        Given class of each sample: 0 to n_classes - 1, or a class name if a data frame or `classes`
        gives names. If `probs` and `labels` are both pandas objects, their indices must be equal.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is computed, its sigma, and the thresholds between levels.
    n_bins : int, default 5
        Number of equal-width easiness bins in the summary.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns of `probs`, such as the `classes_` of a
        scikit-learn classifier; overrides the column names of a data frame.
    ids : array of shape (n_samples,), optional
        Sample ids, copied to the result; a pandas index is also kept.
    normalize : bool, default False
        Divide each row by its sum first (in float64), for counts, votes or percentages.
    n_threads : int, optional
        Number of threads; by default one per CPU available to the process. Results do not
        depend on it. Inputs of up to about 2 million elements use the calling thread only.
    first_row : int, default 0
        Number of the first row, if this is a block of a larger data set.
    progress : bool, default False
        Show a progress bar of rows, in a terminal or a notebook; needs tqdm.

    Returns
    -------
    Scores
        One value per sample, and a summary. Results are bit-identical for any number of
        threads, and for any split of the rows into calls.

    Raises
    ------
    TypeError
        If an argument has an unsupported type: complex numbers, objects, masked entries,
        tensors on a GPU, string labels without class names.
    ValueError
        If an argument has the wrong shape or range: NaN, infinity, values outside 0 to 1, rows
        that do not sum to 1, labels outside the classes, different pandas indices.
    ImportError
        If `progress` is set and tqdm is not installed.

    Notes
    -----
    For the label i and the probabilities h of a row,
    `E = product over j != i of P(h_i + a > h_j + b)`, with a and b independent N(0, sigma^2).
    Source: *Medium Samples Are All You Need*, Definition 3.1.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0])
    >>> scores.easiness.round(3)
    array([1.   , 0.921, 0.   ])
    >>> [f"{value:.3g}" for value in scores.log_easiness]
    ['0', '-0.0819', '-905']
    >>> [ec.Level(v).name for v in scores.level]
    ['EASY', 'MEDIUM', 'HARD']
    """
    _check_estimator(estimator)
    n_bins = check_count(n_bins, "n_bins", low=1)
    if n_threads is not None:
        resolve_n_threads(n_threads)
    first_row = check_count(first_row, "first_row", low=0)
    rows = check_probs(probs, normalize=normalize)
    if (type(estimator), rows.dtype) not in _compiled:
        run_apart(partial(_compile, estimator, rows.dtype))
    samples = check_samples(rows, probs, labels, classes=classes, ids=ids, first_row=first_row)
    return _score_checked(rows, samples, estimator, n_bins, n_threads, first_row, progress)


# Estimators and dtypes whose kernels have been compiled.
_compiled: set[tuple[type, np.dtype[Any]]] = set()


def _compile(estimator: ClosedForm | MonteCarlo, dtype: np.dtype[Any]) -> None:
    """Compile or load the kernels; a signal handler that scores would wait for their lock."""
    # The caller meets the same error again.
    with contextlib.suppress(Exception):
        probs = check_probs(np.full((1, 2), 0.5, dtype))
        samples = check_labels([0], 1, 2), None, None, None
        _score_checked(probs, samples, estimator, 1, 1, 0)
    _compiled.add((type(estimator), dtype))


def _check_estimator(estimator: Any) -> None:
    if not isinstance(estimator, (ClosedForm, MonteCarlo)):
        problem = f"expected ClosedForm(...) or MonteCarlo(...), got {estimator!r}"
        raise InputTypeError(problem, argument="estimator")


def _score_checked(
    probs: Probs,
    samples: Samples,
    estimator: ClosedForm | MonteCarlo,
    n_bins: int,
    n_threads: int | None,
    first_row: int,
    progress: bool = False,
) -> Scores:
    kernel, parameters, bins, columns = _plan(estimator, n_bins)
    labels, classes, ids, index = samples
    n_rows = probs.n_rows
    # One allocation: from 4 MB on, NumPy requests large pages; small ones cost up to 16 ns per row.
    easiness, log_easiness, loss, predicted = np.empty((4, n_rows))
    level = np.empty(n_rows, dtype=np.uint8)
    out = columns(easiness, log_easiness, loss, level, predicted.view(np.int64))
    tolerance = (probs.row_sum_tolerance, probs.negative_tolerance)

    def work(start: int, stop: int) -> NDArray[np.int64] | None:
        """Score one block; return its tally, or None if one of its rows is bad."""
        given, part = labels, out
        if stop - start < n_rows:
            given = labels[start:stop]
            part = columns(*(column[start:stop] for column in out))
        tally = np.zeros((n_bins + 2, 4), dtype=np.int64)
        n_bad = kernel(probs.block(start, stop), given, tolerance, parameters, bins(tally), part)
        return None if n_bad else tally

    small = n_rows * probs.n_classes <= SERIAL_ELEMENTS
    threads = 1 if small else resolve_n_threads(n_threads)
    tallies: list[Any]
    if progress:
        with counted(work, n_rows, "scoring") as shown:
            tallies = run_blocks(n_rows, probs.block_rows, shown, n_threads=threads)
    else:
        tallies = run_blocks(n_rows, probs.block_rows, work, n_threads=threads)
    for part in tallies:
        if part is None:
            raise explain_bad_rows(probs, first_row=first_row)
    # A single tally is used as it is: adding it to zeros takes 0.4 of the 16 us of a small batch.
    tally = reduce(np.add, tallies) if tallies else np.zeros((n_bins + 2, 4), dtype=np.int64)
    return Scores._of(
        easiness=out.easiness,
        log_easiness=out.log_easiness,
        level=out.level,
        loss=out.loss,
        predicted=out.predicted,
        labels=labels,
        summary=Summary._from_tally(tally.tolist(), estimator, n_bins),
        n_classes=probs.n_classes,
        classes=classes,
        _ids=ids,
        _index=index,
        _rows=range(first_row, first_row + n_rows),
    )


@lru_cache(maxsize=64)
def _plan(estimator: Estimator, n_bins: int) -> tuple[Any, ...]:
    """Prepare what does not depend on the rows: kernel, its parameters, and the blocks."""
    from easiness_core._kernels.finish import Bins
    from easiness_core._kernels.rows import Columns

    kernel, parameters = estimator.kernel()
    bins = partial(Bins, *estimator.cuts, np.arange(n_bins + 1) / n_bins)
    return kernel, parameters, bins, Columns


def easiness(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    estimator: ClosedForm | MonteCarlo = _DEFAULT,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
    """Compute the easiness of each sample.

    Easiness is the product, over the other classes, of the probabilities that the label beats each
    of them under noise.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities; rows sum to 1. Any array that `score` accepts.
    labels : array of shape (n_samples,)
        Given class of each sample, 0 to n_classes - 1; any values with `classes`.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is computed, and its sigma.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns of `probs`.
    normalize : bool, default False
        Divide each row by its sum first.
    n_threads : int, optional
        Number of threads; by default one per CPU. The result does not depend on it.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        In [0, 1]: 0 is hard, 1 is easy.

    Raises
    ------
    TypeError, ValueError
        As for `score`: an argument has the wrong type, shape or range.

    Notes
    -----
    Easiness saturates at both ends; rank samples by `log_easiness` instead. Source: *Medium
    Samples Are All You Need*, Definition 3.1.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.easiness([[0.25, 0.25, 0.25, 0.25]], [2])
    array([0.125])
    """
    return score(
        probs, labels, estimator=estimator, classes=classes, normalize=normalize,
        n_threads=n_threads,
    ).easiness.copy()  # fmt: skip


def log_easiness(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    estimator: ClosedForm | MonteCarlo = _DEFAULT,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
    """Compute the natural logarithm of the easiness of each sample.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities; rows sum to 1. Any array that `score` accepts.
    labels : array of shape (n_samples,)
        Given class of each sample, 0 to n_classes - 1; any values with `classes`.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is computed, and its sigma.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns of `probs`.
    normalize : bool, default False
        Divide each row by its sum first.
    n_threads : int, optional
        Number of threads; by default one per CPU. The result does not depend on it.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        At most 0; higher is easier. The closed form is finite and distinguishes even the hardest
        samples; only the very easiest round to 0. Monte Carlo gives -inf if all draws fail.

    Raises
    ------
    TypeError, ValueError
        As for `score`: an argument has the wrong type, shape or range.

    Notes
    -----
    `-log E` equals the sample-easiness loss: `KL(eps_hat || eps)` in Equation 2 of *Medium
    Samples Are All You Need*, with `eps_hat_i = 0.5` and all others 1.

    Examples
    --------
    >>> import easiness_core as ec
    >>> [f"{value:.4g}" for value in ec.log_easiness([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]], [0] * 3)]
    ['-2.698e-176', '-0.6931', '-904.7']
    """
    return score(
        probs, labels, estimator=estimator, classes=classes, normalize=normalize,
        n_threads=n_threads,
    ).log_easiness.copy()  # fmt: skip
