"""`EasinessCurveDisplay`: accuracy against easiness."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from easiness_core.displays._axes import MUTED, check_data, new_axes

# Distinguishes curves of displays from other lines on the axes.
_GID = "easiness curve"


class EasinessCurveDisplay:
    """Accuracy against mean easiness in each bin of easiness; the ESE sums the gaps.

    On the diagonal, easiness is calibrated: accuracy equals mean easiness. Below it, accuracy is
    lower than easiness suggests. Thin bars are exact 95 % intervals of the accuracy; thick bars are
    the gaps. The number next to a point is the number of samples in its bin, which is the weight of
    the gap in the ESE. Several classifiers can share axes.

    Parameters
    ----------
    bins : easiness_core.EasinessBins
        Bins of easiness, such as `scores.summary.bins`.
    name : str, optional
        Name of the classifier, for the legend.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.
    line_ : matplotlib.lines.Line2D
        The curve over the non-empty bins.
    intervals_ : matplotlib.container.ErrorbarContainer
        Intervals of the accuracy.
    counts_ : list of matplotlib.text.Annotation
        The counts next to the points.

    Notes
    -----
    Source: Equation 4 of *Medium Samples Are All You Need*; the intervals are those of Clopper
    and Pearson.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import easiness_core as ec
    >>> from easiness_core.displays import EasinessCurveDisplay
    >>> bins = ec.easiness_bins([0.1, 0.5, 0.9, 0.9], [0, 1, 1, 1])
    >>> display = EasinessCurveDisplay(bins=bins, name="four samples").plot()
    >>> display
    EasinessCurveDisplay(name='four samples', 4 samples in 5 bins, ESE = 0.2000)
    >>> display.line_.get_label()
    'four samples (ESE = 0.2000)'
    """

    def __init__(self, *, bins: Any, name: str | None = None) -> None:
        check_data(bins, "EasinessBins", "bins", "scores.summary.bins")
        self.bins = bins
        self.name = name

    def __repr__(self) -> str:
        count = self.bins.count
        name = "" if self.name is None else f"name={self.name!r}, "
        bins = f"{int(count.sum()):,} samples in {count.size} bins"
        return f"{type(self).__name__}({name}{bins}, ESE = {self.bins.ese:.4f})"

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Name in the legend; overrides the display's own name.
        **kwargs
            Further options of `matplotlib.axes.Axes.plot`, for the curve.

        Returns
        -------
        Self
            Itself, with `ax_`, `figure_`, `line_`, `intervals_` and `counts_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = new_axes(ax, "EasinessCurveDisplay")
        name = self.name if name is None else name
        ese = f"ESE = {self.bins.ese:.4f}"
        label = ese if name is None else f"{name} ({ese})"
        diagonal = "calibrated: accuracy = easiness"
        if diagonal not in ax.get_legend_handles_labels()[1]:
            dashes = (0, (4, 3))
            ax.plot([0, 1], [0, 1], color=MUTED, linestyle=dashes, linewidth=1, label=diagonal)
        # Counts of curves that share a point are written one below the other.
        earlier = sum(line.get_gid() == _GID for line in ax.lines)
        shown = self.bins.count > 0
        x, y = self.bins.mean_easiness[shown], self.bins.accuracy[shown]
        (self.line_,) = ax.plot(x, y, **{"marker": "o", "label": label, **kwargs})
        self.line_.set_gid(_GID)
        color = self.line_.get_color()
        ax.vlines(x, y, x, color=color, alpha=0.35, linewidth=3)
        low, high = self.bins.accuracy_interval[shown].T
        # Rounding may put the accuracy outside by an ulp.
        lengths = np.maximum([y - low, high - y], 0.0)
        self.intervals_ = ax.errorbar(
            x, y, lengths, fmt="none", ecolor=color, elinewidth=1, capsize=3
        )
        self.counts_ = []
        for at, height, count in zip(x, y, self.bins.count[shown], strict=True):
            right, upper = at > 0.9, height > 0.5
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
                    bbox={
                        "facecolor": ax.get_facecolor(), "edgecolor": "none", "alpha": 0.7,
                        "pad": 0.5,
                    },
                )
            )  # fmt: skip
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="mean easiness in the bin")
        ax.set_ylabel("accuracy in the bin, with its number of samples")
        ax.set_aspect("equal")
        ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self
