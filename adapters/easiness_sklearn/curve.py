"""`EasinessCurveDisplay`: whether easiness keeps what it promises."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

import easiness_core as ec
from easiness_sklearn._draw import (
    MUTED,
    axes_to_draw_on,
    scores_of_estimator,
    scores_of_predictions,
)

# Tells curves of displays from lines that are the user's own.
_GID = "easiness curve"


class EasinessCurveDisplay:
    """Accuracy of each bin of easiness against its mean easiness: what the ESE sums.

    On the diagonal easiness is honest; below it, it promises more accuracy than there is. The
    number beside a point is that of the samples in its bin: the ESE weighs gaps by it, the eye
    does not. Several classifiers may share axes.

    Parameters
    ----------
    bins : easiness_core.EasinessBins
        Bins of easiness, such as `model.summary_.bins` of an `EasinessClassifier`.
    name : str, optional
        Name of the classifier, for the legend.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.
    line_ : matplotlib.lines.Line2D
        The curve, over the bins that are not empty.
    counts_ : list of matplotlib.text.Annotation
        The counts beside its points.

    Notes
    -----
    Source: Equation 4 of *Medium Samples Are All You Need*.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessClassifier, EasinessCurveDisplay
    >>> model = EasinessClassifier().fit(*load_iris(return_X_y=True))
    >>> display = EasinessCurveDisplay(bins=model.summary_.bins, name="iris").plot()
    >>> display.line_.get_label()
    'iris (ESE = 0.0022)'
    """

    def __init__(self, *, bins: ec.EasinessBins, name: str | None = None) -> None:
        if not isinstance(bins, ec.EasinessBins):
            raise TypeError(
                f"bins: expected easiness_core.EasinessBins, such as summary_.bins of a fitted "
                f"EasinessClassifier, got {type(bins).__name__}"
            )
        self.bins = bins
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 5,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> EasinessCurveDisplay:
        """Score rows by a fitted classifier and draw.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba` and `classes_`.
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their labels, each one of the classifier's `classes_`.
        n_bins : int, default 5
            Number of bins.
        strategy : {"uniform", "quantile"}, default "uniform"
            Bins of equal width, or of equal counts where values do not tie.
        sigma, resolution, draws, seed, normalize
            How easiness is estimated, as for `EasinessClassifier`; its own parameters, where
            `estimator` is one, are not taken over.
        name : str, optional
            For the legend; the estimator's class if left out.
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; new ones if left out.
        **kwargs
            Further options of `matplotlib.axes.Axes.plot`, for the curve.

        Returns
        -------
        EasinessCurveDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for a scorer.
        """
        scores = scores_of_estimator(estimator, X, y, sigma, resolution, draws, seed, normalize)
        correct = np.asarray(estimator.classes_)[scores.predicted] == np.asarray(y).ravel()
        bins = ec.easiness_bins(scores.easiness, correct, n_bins=n_bins, strategy=strategy)
        name = type(estimator).__name__ if name is None else name
        return cls(bins=bins, name=name).plot(ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        classes: Any = None,
        n_bins: int = 5,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> EasinessCurveDisplay:
        """Score predictions and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            Labels.
        y_prob : array of shape (n_samples, n_classes)
            Probabilities, as `predict_proba` gives them.
        classes : array of shape (n_classes,), optional
            Label of each column; the sorted labels of `y_true` if left out.
        n_bins, strategy, sigma, resolution, draws, seed, normalize, name, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        EasinessCurveDisplay
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
        known = np.unique(np.asarray(y_true)) if classes is None else np.asarray(classes)
        correct = known[scores.predicted] == np.asarray(y_true).ravel()
        bins = ec.easiness_bins(scores.easiness, correct, n_bins=n_bins, strategy=strategy)
        return cls(bins=bins, name=name).plot(ax, **kwargs)

    def plot(
        self, ax: Any = None, *, name: str | None = None, **kwargs: Any
    ) -> EasinessCurveDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; new ones if left out.
        name : str, optional
            For the legend, in place of the display's own.
        **kwargs
            Further options of `matplotlib.axes.Axes.plot`, for the curve.

        Returns
        -------
        EasinessCurveDisplay
            Itself, with `ax_`, `figure_`, `line_` and `counts_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_to_draw_on(ax, "EasinessCurveDisplay")
        name = self.name if name is None else name
        ese = f"ESE = {self.bins.ese:.4f}"
        label = ese if name is None else f"{name} ({ese})"
        honest = "honest: accuracy = easiness"
        if honest not in ax.get_legend_handles_labels()[1]:
            ax.plot([0, 1], [0, 1], color=MUTED, linestyle=(0, (4, 3)), linewidth=1, label=honest)
        # Counts of curves that share a point are written one below another.
        earlier = sum(line.get_gid() == _GID for line in ax.lines)
        shown = self.bins.count > 0
        x, y = self.bins.mean_easiness[shown], self.bins.accuracy[shown]
        (self.line_,) = ax.plot(x, y, **{"marker": "o", "label": label, **kwargs})
        self.line_.set_gid(_GID)
        color = self.line_.get_color()
        ax.vlines(x, y, x, color=color, alpha=0.35, linewidth=3)
        self.counts_ = []
        for at, height, count in zip(x, y, self.bins.count[shown], strict=True):
            right, upper = at > 0.85, height > 0.5
            self.counts_.append(
                ax.annotate(
                    f"{count:,}",
                    (at, height),
                    (-8 if right else 8, (-1 if upper else 1) * (3 + 11 * earlier)),
                    textcoords="offset points",
                    ha="right" if right else "left",
                    va="top" if upper else "bottom",
                    color=color,
                    fontsize="small",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
                )
            )
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="mean easiness in the bin")
        ax.set_ylabel("accuracy in the bin, with its number of samples")
        ax.set_aspect("equal")
        ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self
