"""`EasinessDisplay`: how many samples are how easy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import easiness_core as ec
from easiness_sklearn._draw import (
    COLORS,
    axes_to_draw_on,
    scores_of_estimator,
    scores_of_predictions,
)


class EasinessDisplay:
    """Histogram of easiness on a logarithmic axis of counts, colored by level.

    One bar each for the hard and the easy samples, at 0 and at 1, where nearly all samples
    lie, and twenty for the medium ones between. Use `from_estimator` or `from_predictions`, or
    pass scores: `EasinessDisplay(scores=model.scores_).plot()` shows the out-of-fold easiness
    that an `EasinessClassifier` keeps.

    Parameters
    ----------
    scores : easiness_core.Scores
        Scored samples.
    name : str, optional
        Name of the classifier, for the title.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.
    bars_ : dict of easiness_core.Level to matplotlib.container.BarContainer
        Bars of each level.

    Notes
    -----
    The levels are those of Section 3.3 of *Medium Samples Are All You Need*.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessClassifier, EasinessDisplay
    >>> model = EasinessClassifier().fit(*load_iris(return_X_y=True))
    >>> display = EasinessDisplay(scores=model.scores_, name="iris").plot()
    >>> display.ax_.get_xlabel()
    'easiness'
    """

    def __init__(self, *, scores: ec.Scores, name: str | None = None) -> None:
        if not isinstance(scores, ec.Scores):
            raise TypeError(
                f"scores: expected easiness_core.Scores, as a fitted EasinessClassifier keeps in "
                f"scores_, got {type(scores).__name__}"
            )
        self.scores = scores
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> EasinessDisplay:
        """Score rows by a fitted classifier and draw.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba` and `classes_`.
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their labels, each one of the classifier's `classes_`.
        sigma, resolution, draws, seed, normalize
            How easiness is estimated, as for `EasinessClassifier`; its own parameters, where
            `estimator` is one, are not taken over.
        name : str, optional
            For the title; the estimator's class if left out.
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; new ones if left out.
        **kwargs
            Further options of `matplotlib.axes.Axes.bar`.

        Returns
        -------
        EasinessDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for a scorer.
        """
        scores = scores_of_estimator(estimator, X, y, sigma, resolution, draws, seed, normalize)
        name = type(estimator).__name__ if name is None else name
        return cls(scores=scores, name=name).plot(ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        classes: Any = None,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> EasinessDisplay:
        """Score predictions and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            Labels.
        y_prob : array of shape (n_samples, n_classes)
            Probabilities, as `predict_proba` gives them.
        classes : array of shape (n_classes,), optional
            Label of each column; the sorted labels of `y_true` if left out.
        sigma, resolution, draws, seed, normalize, name, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        EasinessDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for a scorer, or if there are other labels than columns.
        """
        scores = scores_of_predictions(
            y_true, y_prob, classes, sigma, resolution, draws, seed, normalize
        )
        return cls(scores=scores, name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> EasinessDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; new ones if left out.
        name : str, optional
            For the title, in place of the display's own.
        **kwargs
            Further options of `matplotlib.axes.Axes.bar`.

        Returns
        -------
        EasinessDisplay
            Itself, with `ax_`, `figure_` and `bars_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_to_draw_on(ax, "EasinessDisplay")
        name = self.name if name is None else name
        counts = self.scores.summary.level_counts
        between = self.scores.easiness[self.scores.level == ec.Level.MEDIUM]
        heights, cuts = np.histogram(between, bins=np.linspace(0.0, 1.0, 21))
        # The two outer bars stand for single points, 0 and 1, and so lie beside the scale.
        places = {
            ec.Level.HARD: (np.array([-0.06]), np.array([counts["hard"]]), 0.06),
            ec.Level.MEDIUM: ((cuts[:-1] + cuts[1:]) / 2, heights, 0.044),
            ec.Level.EASY: (np.array([1.06]), np.array([counts["easy"]]), 0.06),
        }
        self.bars_ = {}
        for level, (x, height, width) in places.items():
            word = str(level.name).lower()
            style = {"color": COLORS[level], "label": word, "width": width, **kwargs}
            self.bars_[level] = ax.bar(x, height, **style)
        resolution = self.scores.summary.estimator.resolution  # type: ignore[union-attr]
        ends = (f"≤ {resolution:g}", f"≥ {1 - resolution:g}") if resolution else ("0", "1")
        for x, word in ((-0.06, "hard"), (0.5, "medium"), (1.06, "easy")):
            place = {"xy": (x, 0.88), "xycoords": ax.get_xaxis_transform(), "ha": "center"}
            ax.annotate(f"{word}\n{counts[word]:,}", **place)
        inner = [0.25, 0.5, 0.75]
        ax.set_xticks([-0.06, *inner, 1.06], [ends[0], *(f"{x:g}" for x in inner), ends[1]])
        ax.set_xlim(-0.16, 1.16)
        # Displays may share a vertical axis: the highest bar of all decides.
        taken = ax.get_ylim()[1] if ax.get_yscale() == "log" else 0.0
        ax.set_yscale("log")
        # From below 1, so that a bar of one sample is seen; the top fifth is for the words.
        highest = max(8.0, *(float(bars.datavalues.max()) for bars in self.bars_.values()))
        ax.set_ylim(0.7, max(taken, 0.7 * (highest / 0.7) ** 1.25))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.set(xlabel="easiness", ylabel="samples (log scale)")
        if name is not None:
            ax.set_title(name)
        self.ax_, self.figure_ = ax, ax.figure
        return self
