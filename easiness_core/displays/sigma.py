"""`SigmaDisplay`: ESE and MSR over sigma."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from easiness_core._level import Level
from easiness_core.displays._axes import COLORS, check_data, new_axes


class SigmaDisplay:
    """ESE and MSR over a grid of sigmas, with the sigma of lowest ESE marked.

    `ec.fit_sigma(...).plot()` draws it.

    Parameters
    ----------
    fit : easiness_core.SigmaFit
        What `fit_sigma` returned.
    name : str, optional
        Name of the classifier, for the title.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.
    lines_ : dict of str to matplotlib.lines.Line2D
        The curves "ESE" and "MSR".

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import easiness_core as ec
    >>> from easiness_core.displays import SigmaDisplay
    >>> fit = ec.fit_sigma([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1])
    >>> display = SigmaDisplay(fit=fit, name="three samples").plot()
    >>> display
    SigmaDisplay(name='three samples', 19 sigmas, lowest ESE 0.0000 at sigma 0.001)
    >>> sorted(display.lines_)
    ['ESE', 'MSR']
    """

    def __init__(self, *, fit: Any, name: str | None = None) -> None:
        check_data(fit, "SigmaFit", "fit", "the result of ec.fit_sigma")
        self.fit = fit
        self.name = name

    def __repr__(self) -> str:
        fit = self.fit
        name = "" if self.name is None else f"name={self.name!r}, "
        least = f"lowest ESE {fit.ese:.4f} at sigma {fit.sigma:.4g}"
        return f"{type(self).__name__}({name}{fit.grid.size} sigmas, {least})"

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Title; overrides the display's own name.
        **kwargs
            Further options of `matplotlib.axes.Axes.plot`, for both curves.

        Returns
        -------
        Self
            Itself, with `ax_`, `figure_` and `lines_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = new_axes(ax, "SigmaDisplay")
        fit, name = self.fit, self.name if name is None else name
        self.lines_ = {}
        for curve, word, color, dashes in (
            (fit.ese_curve, "ESE", COLORS[Level.EASY], "solid"),
            (fit.msr_curve, "MSR", COLORS[Level.HARD], (0, (5, 2))),
        ):
            style = {"color": color, "linestyle": dashes, "marker": ".", "label": word, **kwargs}
            (self.lines_[word],) = ax.plot(fit.grid, curve, **style)
        ax.plot(
            [fit.sigma], [fit.ese], marker="o", markersize=9, fillstyle="none",
            color=COLORS[Level.EASY], linestyle="none", clip_on=False,
            label=f"lowest ESE, σ = {fit.sigma:.4g}",
        )  # fmt: skip
        # Linear near 0, where both curves may end; logarithmic above.
        ax.set_xscale("log")
        ax.set_yscale("symlog", linthresh=1e-3, linscale=0.5)
        highest = float(np.nanmax([fit.ese_curve, fit.msr_curve], initial=1e-2))
        ax.set_ylim(0.0, 1.3 * highest)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        edge = "\nthe lowest ESE is at the edge of the grid" if fit.at_edge else ""
        ax.set(xlabel=f"sigma (log scale){edge}", ylabel="ESE, MSR (log scale)")
        # Both curves rise to the right: this corner is free.
        ax.legend(loc="upper left")
        if name is not None:
            ax.set_title(name)
        self.ax_, self.figure_ = ax, ax.figure
        return self
