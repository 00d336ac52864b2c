"""Find samples whose labels are likely wrong, from class probabilities alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import SURELY_WRONG_BELOW
from easiness_core._findings import Findings
from easiness_core._frames import SampleTable, class_words
from easiness_core._input.probs import Probs, check_probs
from easiness_core._input.samples import check_samples
from easiness_core._noise_model import Read, blocks, fit_noise_model, n_passes
from easiness_core._scores import Scores
from easiness_core._scoring import score
from easiness_core.errors import InputValueError
from easiness_core.progress import progress_bar

if TYPE_CHECKING:
    from easiness_core.displays import LabelErrorsDisplay

_METHODS = ("noise_model", "easiness", "self_confidence")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LabelErrors(SampleTable):
    """Result of `find_label_errors`: how suspicious each label is.

    Arrays have shape (n_samples,) unless noted. The posterior is the probability of each true
    class, given the probabilities and the label of a sample. The methods "easiness" and
    "self_confidence" have no posterior and use the probabilities instead.

    Attributes
    ----------
    suspicion : ndarray of float64
        Finite; higher means more likely mislabeled. Its scale depends on the method.
    order : ndarray of int64
        Rows, most suspicious first; ties stay in row order.
    flags : ndarray of bool
        "noise_model": the posterior of the given label is below one half. Other methods: another
        class is more probable than the given label.
    suggested : ndarray of int64
        Class with the largest posterior. For flagged samples, the given label is excluded.
    p_given, p_suggested : ndarray of float64
        Posterior of the given label and of the suggested class, in [0, 1].
    noise_matrix : ndarray of shape (n_classes, n_classes), float64
        Estimated fraction of the samples of each true class (row) with each given label
        (column). Rows sum to 1; classes without samples have the row of the identity matrix.
    confused : ndarray of shape (n_pairs, 3), int64
        Confused pairs of classes: given label, suggested class, number of flagged samples. The
        most frequent pair is first; the numbers add up to the number of flagged samples.
    estimated_rate : tuple of (float, float)
        Range for the fraction of wrong labels. No estimate from probabilities alone is reliable. On
        real data, published estimates and both ends of this range were often off by more than a
        quarter, and the true fraction may lie outside it: see docs/label_errors_measured.md. The
        low end counts labels with a posterior below 0.02. The high end counts flagged labels, or
        labels other than the predicted class, whichever are more.
    method : str
        The method used.
    labels : ndarray of int64
        Given class of each sample: its column in `probs`.
    rows : ndarray of int64
        Row of each sample in the data that was passed.
    ids : ndarray or None
        Sample ids, or the pandas index, or None.
    classes : tuple or None
        Class names in column order; None if classes are numbers from 0.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import easiness_core as ec
    >>> found = ec.find_label_errors([[0.9, 0.1]] * 9 + [[0.1, 0.9]] * 9, [0] * 8 + [1] * 10)
    >>> found
    LabelErrors(method='noise_model', 1 of 18 samples flagged)
    >>> found.order[0], found.confused
    (np.int64(8), array([[1, 0, 1]]))
    >>> found.plot()
    LabelErrorsDisplay(1 of 18 samples flagged)
    """

    suspicion: NDArray[np.float64]
    order: NDArray[np.int64]
    flags: NDArray[np.bool_]
    suggested: NDArray[np.int64]
    p_given: NDArray[np.float64]
    p_suggested: NDArray[np.float64]
    noise_matrix: NDArray[np.float64]
    confused: NDArray[np.int64]
    estimated_rate: tuple[float, float]
    method: str

    def _columns(self) -> dict[str, Any]:
        rank = np.empty(len(self), dtype=np.int64)
        rank[self.order] = np.arange(1, len(self) + 1)
        return self._named({
            "label": class_words(self.labels, self.classes),
            "suggested": class_words(self.suggested, self.classes),
            "suspicion": self.suspicion,
            "p_label": self.p_given,
            "p_suggested": self.p_suggested,
            "flagged": self.flags,
            "rank": rank,
        })  # fmt: skip

    def __repr__(self) -> str:
        flagged = f"{int(self.flags.sum())} of {len(self)} samples flagged"
        return f"LabelErrors(method={self.method!r}, {flagged})"

    def _repr_html_(self) -> str:
        from easiness_core._html import label_errors_html

        return label_errors_html(self)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> LabelErrorsDisplay:
        """Draw how often pairs of classes are confused; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Name for the title.
        **kwargs
            Further options of `easiness_core.displays.LabelErrorsDisplay.plot`.

        Returns
        -------
        LabelErrorsDisplay
            With the axes as `ax_` and the figure as `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from easiness_core.displays import LabelErrorsDisplay

        return LabelErrorsDisplay(found=self, name=name).plot(ax, **kwargs)


def find_label_errors(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    method: str = "noise_model",
    classes: Sequence[Any] | None = None,
    ids: ArrayLike | None = None,
    normalize: bool = False,
    progress: bool = False,
) -> LabelErrors:
    """Rank samples by how likely they are mislabeled, and flag probable label errors.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities, predicted out of sample (by cross-validation, for example).
        Accepted types are those of `score`.
    labels : array of shape (n_samples,)
        Given class of each sample, as for `score`.
    method : {"noise_model", "easiness", "self_confidence"}, default "noise_model"
        "noise_model" estimates how often each class is mislabeled as another, from all samples.
        "easiness" ranks samples by minus log easiness (`ClosedForm()`), "self_confidence" by the
        probability of the given label.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns of `probs`.
    ids : array of shape (n_samples,), optional
        Sample ids, copied to the result.
    normalize : bool, default False
        Divide each row by its sum first.
    progress : bool, default False
        Show a progress bar; needs tqdm. Its total counts every pass over the rows.

    Returns
    -------
    LabelErrors
        Suspicion, flag and suggested class of each sample, and the confused classes.

    Raises
    ------
    TypeError, ValueError
        As for `score`; or if `method` is unknown or `ids` have the wrong length.
    ImportError
        If `progress` is set and tqdm is not installed.

    Warns
    -----
    UserWarning
        If accuracy is far below chance on 100 rows or more. Labels may start at 1, or the columns
        may be in a different order.

    Notes
    -----
    "noise_model": suspicion is `log((1 - q_y) / q_y)`, with the posterior of class k, given
    probabilities p and label y,

        q_k proportional to w_k (p_k / sqrt(t_k))^beta T[k, y].

    t_k is the mean of p_k over samples labeled k. The noise matrix T counts the labels of anchors:
    the most confident half of the samples of each predicted class. Beta is the power of sqrt 2 from
    2^-1.5 to 2^14 with the largest likelihood of the labels, so squashed probabilities (AdaBoost)
    and overconfident ones work equally well. In 10 steps, the class weights w are
    adjusted to make each class equally frequent with and without knowledge of the labels. For
    stability, 1e-9 is added to the probabilities, 20 samples of mean self-confidence to t,
    `sqrt(n_samples) / 2` samples per class with the overall label frequencies to T, and 20 samples
    to w; these dominate where data are scarce. Beta is fitted on at most 4,000 samples, evenly
    spaced when sorted by the probability of the label.

    The anchors replace the confident joint (Northcutt, Jiang & Chuang, 2021). The class weights
    follow the estimation of unknown priors by expectation-maximization (Saerens, Latinne &
    Decaestecker, 2002).

    "easiness": suspicion is minus log easiness; where this rounds to 0, minus the label's
    probability. "self_confidence": minus the label's probability.

    Memory in addition to `probs`: 4 bytes per probability, at most 512 MiB, plus about 60 bytes per
    sample.

    Examples
    --------
    >>> import numpy as np
    >>> import easiness_core as ec
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 3, 1000)
    >>> wrong = rng.random(1000) < 0.1
    >>> labels = np.where(wrong, (true + 1) % 3, true)
    >>> probs = ec.softmax(rng.normal(size=(1000, 3)) + 4 * np.eye(3)[true])
    >>> found = ec.find_label_errors(probs, labels)
    >>> found
    LabelErrors(method='noise_model', 105 of 1000 samples flagged)
    >>> wrong[found.order[:80]].all()
    np.True_
    >>> found.confused[0]
    array([ 0,  2, 39])
    """
    if method not in _METHODS:
        problem = f"expected one of {', '.join(_METHODS)}, got {method!r}"
        raise InputValueError(problem, argument="method")
    rows = check_probs(probs, normalize=normalize)
    given, names, own_ids, index = check_samples(rows, probs, labels, classes=classes, ids=ids)
    # Refuses bad rows of any kind.
    scores = score(rows.array, given, normalize=normalize)
    _warn_below_chance(scores, rows.n_classes)

    found = Findings(given, rows.n_classes)
    spans = blocks(rows.n_rows, rows.n_classes)
    fitted = method == "noise_model" and rows.n_rows > 0
    passes = 1 + (n_passes(rows.n_rows, rows.n_classes) if fitted else 0)
    with progress_bar(passes * rows.n_rows, "rows", "label errors", show=progress) as advance:
        read = _reader(rows, advance)
        if fitted:
            with np.errstate(all="ignore"):  # powers underflow, whatever the caller's setting
                model = fit_noise_model(read, given, rows.n_classes)
                for span in spans:
                    found.add(span, *model.posterior(read(span), given[span]))
        else:
            for span in spans:
                found.add(span, read(span))
    suspicion = found.log_odds
    if method != "noise_model":
        suspicion = 0.0 - found.p_given
    if method == "easiness":
        suspicion = np.where(scores.log_easiness < 0.0, 0.0 - scores.log_easiness, suspicion)
    low, high = 0.0, 1.0
    if rows.n_rows:
        low = float(np.mean(found.p_given < SURELY_WRONG_BELOW))
        high = max(float(np.mean(scores.predicted != given)), float(found.flags.mean()), low)
    return LabelErrors(
        suspicion=suspicion,
        order=np.argsort(-suspicion, kind="stable"),
        flags=found.flags,
        suggested=found.suggested,
        p_given=found.p_given,
        p_suggested=found.p_suggested,
        noise_matrix=found.noise_matrix(),
        confused=found.confused(),
        estimated_rate=(low, high),
        method=method,
        labels=given,
        classes=names,
        _ids=own_ids,
        _index=index,
    )


def _reader(rows: Probs, advance: Callable[[int], object]) -> Read:
    """Rows as float64 copies, clipped to 0 and 1.

    Blocks, but not single rows, advance the progress bar.
    """

    def read(which: slice | NDArray[np.int64]) -> NDArray[np.float64]:
        part = replace(rows, array=rows.array[which])
        wide = part.block(0, part.n_rows).astype(np.float64)
        if isinstance(which, slice):
            advance(part.n_rows)
        return np.clip(wide, 0.0, 1.0, out=wide)

    return read


def _warn_below_chance(scores: Scores, n_classes: int) -> None:
    if scores.summary.is_below_chance(n_classes):
        warnings.warn(
            f"accuracy is {100 * scores.summary.accuracy:.2f} %, far below chance "
            f"({100 / n_classes:.2f} %): do labels start at 1, or are the columns of probs in "
            f"another order?",
            stacklevel=3,
        )
