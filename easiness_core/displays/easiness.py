"""`EasinessDisplay`: a histogram of easiness."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from easiness_core._level import Level
from easiness_core.displays._axes import COLORS, check_data, count_axis, new_axes


class EasinessDisplay:
    """Histogram of easiness, colored by level, on a logarithmic axis of counts.

    Hard and easy samples, usually the majority, have one bar each, at 0 and at 1. The medium
    samples between them have twenty bars. `scores.plot()` draws it. Use separate axes for each
    display: on shared axes, bars and text would cover each other.

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
    >>> import easiness_core as ec
    >>> from easiness_core.displays import EasinessDisplay
    >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], [0, 0, 0])
    >>> display = EasinessDisplay(scores=scores, name="three samples").plot()
    >>> display
    EasinessDisplay(name='three samples', 3 samples: 1 hard, 1 medium, 1 easy)
    >>> display.ax_.get_xlabel()
    'easiness'
    """

    def __init__(self, *, scores: Any, name: str | None = None) -> None:
        check_data(scores, "Scores", "scores", "the result of ec.score")
        self.scores = scores
        self.name = name

    def __repr__(self) -> str:
        counts = self.scores.summary.level_counts
        levels = ", ".join(f"{count:,} {word}" for word, count in counts.items())
        name = "" if self.name is None else f"name={self.name!r}, "
        n = len(self.scores)
        return f"{type(self).__name__}({name}{n:,} sample{'s' * (n != 1)}: {levels})"

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Title; overrides the display's own name.
        **kwargs
            Further options of `matplotlib.axes.Axes.bar`.

        Returns
        -------
        Self
            Itself, with `ax_`, `figure_` and `bars_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = new_axes(ax, "EasinessDisplay")
        name = self.name if name is None else name
        counts = self.scores.summary.level_counts
        between = self.scores.easiness[self.scores.level == Level.MEDIUM]
        heights, cuts = np.histogram(between, bins=np.linspace(0.0, 1.0, 21))
        # The two outer bars represent single points, 0 and 1, so they are outside the scale.
        places = {
            Level.HARD: (np.array([-0.06]), np.array([counts["hard"]]), 0.06),
            Level.MEDIUM: ((cuts[:-1] + cuts[1:]) / 2, heights, 0.044),
            Level.EASY: (np.array([1.06]), np.array([counts["easy"]]), 0.06),
        }
        self.bars_ = {}
        for level, (x, height, width) in places.items():
            word = str(level.name).lower()
            style = {"color": COLORS[level], "label": word, "width": width, **kwargs}
            self.bars_[level] = ax.bar(x, height, **style)
        resolution = self.scores.summary.estimator.resolution
        ends = (f"≤ {resolution:g}", f"≥ {1 - resolution:g}") if resolution else ("0", "1")
        for x, word in ((-0.06, "hard"), (0.5, "medium"), (1.06, "easy")):
            place = {"xy": (x, 0.88), "xycoords": ax.get_xaxis_transform(), "ha": "center"}
            ax.annotate(f"{word}\n{counts[word]:,}", **place)
        inner = [0.25, 0.5, 0.75]
        ax.set_xticks([-0.06, *inner, 1.06], [ends[0], *(f"{x:g}" for x in inner), ends[1]])
        ax.set_xlim(-0.16, 1.16)
        # Displays may share a vertical axis: the highest bar of all decides.
        taken = ax.get_ylim()[1] if ax.get_yscale() == "log" else 0.0
        # From below 1, so that a bar of one sample is visible; the top 20 % are for the text.
        highest = max(8.0, *(float(bars.datavalues.max()) for bars in self.bars_.values()))
        ax.set_ylim(0.7, max(taken, 0.7 * (highest / 0.7) ** 1.25))
        ax.set_yscale("log")
        count_axis(ax.yaxis, log=True)
        ax.set(xlabel="easiness", ylabel="samples (log scale)")
        if name is not None:
            ax.set_title(name)
        self.ax_, self.figure_ = ax, ax.figure
        return self
