"""`Scores`: the result of one pass over probabilities."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._frames import SampleTable, class_words, level_words
from easiness_core._input.frames import check_same_index, index_of
from easiness_core._input.numbers import check_count, check_rows
from easiness_core._input.samples import is_default
from easiness_core._summary import Summary
from easiness_core._tally import tally_rows

if TYPE_CHECKING:
    from easiness_core.displays import EasinessDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Scores(SampleTable):
    """Easiness, level, loss and prediction of each sample; arrays of shape (n_samples,).

    `scores[...]` with a slice, a mask or an array of rows gives the scores of these rows, with
    their own summary.

    Attributes
    ----------
    easiness : ndarray of float64
        In [0, 1]: 0 hard, 1 easy. It saturates; rank by `log_easiness`.
    log_easiness : ndarray of float64
        Natural logarithm of easiness, at most 0; higher is easier. Always finite with the closed
        form; -inf where Monte Carlo counts 0.
    level : ndarray of uint8
        Values of `Level`, from thresholds on `log_easiness`: with thousands of classes, the
        easiness of a medium sample can underflow to 0.
    loss : ndarray of float64
        Cross-entropy `-log h_i`, 0 or more, inf where the label's probability is 0. A
        probability that exceeds 1 by rounding has loss 0.
    predicted : ndarray of int64
        Most probable class, as a column number; the first one in a tie.
    labels : ndarray of int64
        Given class of each sample, as a column number.
    rows : ndarray of int64
        Row of each sample in the data that was scored, counted from `first_row`.
    ids : ndarray or None
        Sample ids: those given, or else the pandas index, or else None.
    summary : Summary
        Counts and exact sums over these samples.
    n_classes : int
        Number of classes.
    classes : tuple or None
        Class names in column order; None if classes are numbers from 0.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0], ids=["a", "b", "c"])
    >>> scores.hardest(2).ids
    array(['c', 'b'], dtype='<U1')
    >>> scores[scores.level != ec.Level.HARD]
    Scores(n_samples=2, accuracy=1.0000, msr=0.5000, ese=0.0393)
    >>> scores.to_pandas()[["id", "easiness", "level"]].round(3)
      id  easiness   level
    0  a     1.000    easy
    1  b     0.921  medium
    2  c     0.000    hard
    """

    easiness: NDArray[np.float64]
    log_easiness: NDArray[np.float64]
    level: NDArray[np.uint8]
    loss: NDArray[np.float64]
    predicted: NDArray[np.int64]
    summary: Summary
    n_classes: int

    @classmethod
    def _of(cls, **fields: Any) -> Scores:
        """Create scores from these fields.

        A frozen dataclass sets each by `object.__setattr__`: 2 of the 17 us of a batch.
        """
        scores = cls.__new__(cls)
        scores.__dict__.update(fields)
        return scores

    def _columns(self) -> dict[str, Any]:
        return self._named({
            "label": class_words(self.labels, self.classes),
            "predicted": class_words(self.predicted, self.classes),
            "easiness": self.easiness,
            "log_easiness": self.log_easiness,
            "level": level_words(self.level),
            "loss": self.loss,
        })  # fmt: skip

    def __getitem__(self, which: slice | ArrayLike) -> Scores:
        at: Any = which
        if isinstance(which, slice):
            span = range(len(self))[which]
            if 2 * len(span) < len(self):  # copies: a view would keep all of these scores alive
                at = np.arange(span.start, span.stop, span.step)
        else:
            at = check_rows(which, len(self))
            if at.dtype.kind == "b":
                self._check_index(index_of(which))
        part = {name: getattr(self, name)[at] for name in _COLUMNS}
        summary, correct = self.summary, part["predicted"] == part["labels"]
        n_bins = summary.n_bins or 1
        tally = tally_rows(part["easiness"], part["loss"], part["level"], correct, n_bins)
        return replace(
            self, **part,
            summary=Summary._from_tally(tally, summary.estimator, n_bins),
            _ids=None if self._ids is None else self._ids[at],
            _index=None if self._index is None else self._index[at],
            _rows=self._rows[which] if isinstance(self._rows, range) and isinstance(which, slice)
            else self.rows[at],
        )  # fmt: skip

    def _check_index(self, index: Any) -> None:
        """Refuse a mask whose index differs from that of these scores."""
        own = self._index
        if own is None and index is not None and not is_default(index):
            # Row numbers serve as an index: different numbers mean other rows or another order.
            pd = sys.modules["pandas"]
            own = pd.Index(self.rows) if index.dtype.kind in "iu" else None
        check_same_index(index, own, "rows", "the scores", "scores.to_pandas().index")

    def hardest(self, n: int) -> Scores:
        """Return the hardest samples, hardest first, by log easiness; ties in row order.

        Parameters
        ----------
        n : int
            Number of samples, 0 or more; all of them if there are fewer.

        Returns
        -------
        Scores
            Its `rows` and `ids` say which samples these are.

        Raises
        ------
        TypeError, ValueError
            If `n` is not a whole number, or is negative.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0])
        >>> scores.hardest(2).rows
        array([2, 1])
        """
        return self[_lowest(self.log_easiness, n)]

    def easiest(self, n: int) -> Scores:
        """Return the easiest samples, easiest first, by log easiness; ties in row order.

        Parameters
        ----------
        n : int
            Number of samples, 0 or more; all of them if there are fewer.

        Returns
        -------
        Scores
            Its `rows` and `ids` say which samples these are.

        Raises
        ------
        TypeError, ValueError
            If `n` is not a whole number, or is negative.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0])
        >>> scores.easiest(2).rows
        array([0, 1])
        """
        return self[_lowest(-self.log_easiness, n)]

    def _repr_html_(self) -> str:
        from easiness_core._html import scores_html

        return scores_html(self)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> EasinessDisplay:
        """Draw a histogram of easiness, colored by level; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Name for the title.
        **kwargs
            Further options of `easiness_core.displays.EasinessDisplay.plot`.

        Returns
        -------
        EasinessDisplay
            With the axes as `ax_` and the figure as `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("agg")
        >>> import easiness_core as ec
        >>> ec.score([[0.9, 0.1], [0.51, 0.49]], [0, 0]).plot(name="two samples")
        EasinessDisplay(name='two samples', 2 samples: 0 hard, 1 medium, 1 easy)
        """
        from easiness_core.displays import EasinessDisplay

        return EasinessDisplay(scores=self, name=name).plot(ax, **kwargs)

    # Scores are not a sequence of numbers: `np.asarray` would make an array of objects.
    __iter__ = None

    def __repr__(self) -> str:
        return repr(self.summary).replace("Summary", "Scores", 1)


_COLUMNS = ("easiness", "log_easiness", "level", "loss", "predicted", "labels")


def _lowest(values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Rows of the n lowest values, lowest first; ties: earlier rows first."""
    n = min(check_count(n, "n", low=0), values.size)
    # np.partition first: a full sort takes ten times as long.
    cut = np.partition(values, n - 1)[n - 1] if n else -np.inf
    below, tied = np.flatnonzero(values < cut), np.flatnonzero(values == cut)
    below = below[np.argsort(values[below], kind="stable")]
    return np.concatenate([below, tied[: n - below.size]])
