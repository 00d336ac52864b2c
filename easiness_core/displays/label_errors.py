"""`LabelErrorsDisplay`: which classes are confused, and how often."""

from __future__ import annotations

from typing import Any, Self

from easiness_core._level import Level
from easiness_core.displays._axes import COLORS, check_data, count_axis, new_axes
from easiness_core.errors import InputValueError

_LONGEST_NAME = 18


class LabelErrorsDisplay:
    """Number of flagged samples for each pair of given label and suggested class.

    One bar per pair, most frequent first. `ec.find_label_errors(...).plot()` draws it.

    Parameters
    ----------
    found : easiness_core.LabelErrors
        What `find_label_errors` returned.
    name : str, optional
        Name of the data set or classifier, for the title.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.
    bars_ : matplotlib.container.BarContainer
        The bars, most frequent pair first.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import easiness_core as ec
    >>> from easiness_core.displays import LabelErrorsDisplay
    >>> found = ec.find_label_errors([[0.9, 0.1]] * 9 + [[0.1, 0.9]] * 9, [0] * 8 + [1] * 10)
    >>> display = LabelErrorsDisplay(found=found, name="two classes").plot()
    >>> display
    LabelErrorsDisplay(name='two classes', 1 of 18 samples flagged)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['1 → 0']
    """

    def __init__(self, *, found: Any, name: str | None = None) -> None:
        check_data(found, "LabelErrors", "found", "the result of ec.find_label_errors")
        self.found = found
        self.name = name

    def __repr__(self) -> str:
        name = "" if self.name is None else f"name={self.name!r}, "
        return f"{type(self).__name__}({name}{_flagged(self.found)})"

    def plot(
        self, ax: Any = None, *, name: str | None = None, max_pairs: int = 12, **kwargs: Any
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Title; overrides the display's own name.
        max_pairs : int, default 12
            Maximum number of pairs to draw; the axis says how many more there are.
        **kwargs
            Further options of `matplotlib.axes.Axes.barh`.

        Returns
        -------
        Self
            Itself, with `ax_`, `figure_` and `bars_`.

        Raises
        ------
        ValueError
            If `max_pairs` is below 1.
        ImportError
            If matplotlib is not installed.
        """
        if max_pairs < 1:
            raise InputValueError(f"expected 1 or more, got {max_pairs}", argument="max_pairs")
        ax = new_axes(ax, "LabelErrorsDisplay")
        name = self.name if name is None else name
        pairs = self.found.confused[:max_pairs]
        counts = pairs[:, 2]
        style = {"color": COLORS[Level.HARD], "height": 0.72, **kwargs}
        self.bars_ = ax.barh(range(len(pairs)), counts, **style)
        ax.bar_label(self.bars_, [f"{count:,}" for count in counts], padding=3)
        names = [_class_name(self.found, k) for k in range(len(self.found.noise_matrix))]
        ax.set_yticks(range(len(pairs)), [f"{names[g]} → {names[s]}" for g, s, _ in pairs])
        for text in ax.get_yticklabels():
            # Class names may contain dollar signs.
            text.set_parse_math(False)
        # The most frequent pair on top; an empty display keeps its axes.
        ax.set_ylim(max(len(pairs), 1) - 0.4, -0.6)
        ax.set_xlim(0, 1.1 * float(counts.max(initial=1)))
        count_axis(ax.xaxis)
        more = len(self.found.confused) - len(pairs)
        rest = f"\n{more:,} more pairs not shown" if more else ""
        ax.set_xlabel(f"flagged samples by given label → suggested class{rest}")
        title = _flagged(self.found)
        ax.set_title(title if name is None else f"{name}\n{title}")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _flagged(found: Any) -> str:
    return f"{int(found.flags.sum()):,} of {len(found):,} samples flagged"


def _class_name(found: Any, column: int) -> str:
    classes = found.classes
    text = str(column if classes is None else classes[column])
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
