"""The report's figures, drawn by matplotlib's object interface as deterministic SVG.

No user text reaches a figure, so nothing is parsed as mathtext. Figures are small, with text that
stays readable on a phone.
"""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.pages import words

HARD, MEDIUM, EASY = "#d55e00", "#eba900", "#0072b2"
INK, MUTED, RULE, BAR = "#1c2733", "#53606d", "#d5dbe1", "#a9b4bf"

_LOCK = threading.Lock()
_STYLE: Any = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), INK),
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), MUTED),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "axes.linewidth": 0.8,
    "font.size": 10.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "easiness",
}


@contextmanager
def fixed_style() -> Iterator[None]:
    """Draw with fixed settings instead of the user's matplotlibrc; restore those afterward."""
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def picture(draw: Callable[..., Figure], *values: Any) -> str:
    """Render a figure of these values as a data URI; equal values give equal text."""
    buffer = io.BytesIO()
    with fixed_style():
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        draw(*values).savefig(buffer, format="svg", metadata=nothing, transparent=True)
    # Without the document type: it names an external DTD, which an <img> does not need.
    svg = buffer.getvalue()
    svg = svg[svg.index(b"<svg") :]
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def _canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.8, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.tick_params(length=3)
    return figure, axes


def count_axis(axes: Axes, highest: int) -> None:
    """Count samples on a log scale that starts below 1, so that a bar of one sample shows."""
    axes.set_yscale("log")
    # Leave a third of the height for the levels' names.
    axes.set_ylim(0.7, 0.7 * (max(highest, 8) / 0.7) ** 1.36)
    decades = range(int(np.log10(max(highest, 10))) + 1)
    axes.yaxis.set_major_locator(FixedLocator([10.0**power for power in decades]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("samples (log scale)")


def name_level(axes: Axes, x: float, name: str, count: int) -> None:
    """Write a level's name and count above its bars."""
    for line, height in ((name, 14), (f"{count:,}", 0)):
        axes.annotate(line, (x, 0.89), (0, height), xycoords=axes.get_xaxis_transform(),
                      textcoords="offset points", ha="center", va="baseline")  # fmt: skip


def log_easiness_histogram(scores: ec.Scores, resolution: float) -> Figure:
    """Draw the counts by log easiness on a log-scaled axis, which separates the hard samples.

    The levels are cut at `resolution`, 0 for Monte Carlo. Positions are -log10(-log easiness).
    """
    counts = scores.summary.level_counts
    depth = {level: -scores.log_easiness[scores.level == level] for level in ec.Level}
    medium, hard = depth[ec.Level.MEDIUM], depth[ec.Level.HARD]
    hard = hard[np.isfinite(hard)]
    if resolution > 0.0:
        least, most = -np.log1p(-resolution), -np.log(resolution)
    else:
        # Medium samples may be arbitrarily close to 0.
        least = max(float(medium.min(initial=1.0)), 1e-9)
        most = float(medium.max(initial=1.0)) * 1.0001
    deepest = max(float(hard.max()), most * 1.78) if hard.size else most
    right, edge, left = (-np.log10([least, most, deepest])).tolist()
    figure, axes = _canvas(3.0)
    _bars(axes, medium, edge, right, MEDIUM)
    _bars(axes, hard, left, edge, HARD)
    span = right - left
    step = 1 + int(span / 5.0)
    shown = range(step * int(np.ceil(left / step)), int(np.floor(right - 0.17 * span)) + 1, step)
    ticks: dict[float, str] = {at: _tick(-(10.0**-at)) for at in shown}
    # At the ends, bars for values outside the axis.
    width = 0.09 * span
    lowest, highest = left - 0.7 * width, right + 0.7 * width
    axes.bar(highest, counts["easy"], width, color=EASY)
    ticks[highest] = f"> −{words.setting(float(f'{least:.3g}'))}" if resolution > 0.0 else "0"
    if counts["hard"] > hard.size:
        axes.bar(lowest, counts["hard"] - hard.size, width, color=HARD)
        ticks[lowest] = "−∞"
        left -= 1.4 * width
    count_axis(axes, max(counts.values()))
    at_hard = (left + edge) / 2 if hard.size else lowest
    for name, x in (("hard", at_hard), ("medium", (edge + right) / 2), ("easy", highest)):
        # An empty level may have no room.
        if counts[name]:
            name_level(axes, x, name, counts[name])
    axes.set_xticks(sorted(ticks), [ticks[at] for at in sorted(ticks)])
    axes.set(
        xlim=(left - 0.3 * width, right + 1.5 * width), xlabel="log easiness (log-scaled axis)"
    )
    return figure


def _bars(axes: Axes, depth: NDArray[np.float64], left: float, right: float, color: str) -> None:
    """Draw bars of a quarter of a decade; samples beyond the ends count in the outer ones."""
    cuts = np.linspace(left, right, min(60, max(1, round(4 * (right - left)))) + 1)
    at = np.clip(-np.log10(np.maximum(depth, 1e-300)), left, right)
    axes.bar((cuts[:-1] + cuts[1:]) / 2, np.histogram(at, cuts)[0], 0.88 * np.diff(cuts),
             color=color)  # fmt: skip


def _tick(value: float) -> str:
    return words.number(value, 1).replace(f"1{words.SPACE}×{words.SPACE}", "")


def accuracy_by_easiness(bins: ec.EasinessBins) -> Figure:
    """Draw the accuracy in each bin against its mean easiness; ESE sums the gaps."""
    figure, axes = _canvas(3.7)
    center, width = (bins.edges[:-1] + bins.edges[1:]) / 2, np.diff(bins.edges)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=3,
              label="calibrated: accuracy = easiness")  # fmt: skip
    axes.bar(center, bins.accuracy, 0.9 * width, color=BAR, label="accuracy in bin", zorder=2)
    axes.vlines(bins.mean_easiness, bins.accuracy, bins.mean_easiness, color=INK, zorder=3)
    axes.plot(bins.mean_easiness, bins.accuracy, marker="o", markersize=5, linestyle="none",
              color=INK, zorder=4, label="at mean easiness, with gap")  # fmt: skip
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.04), xlabel="easiness", ylabel="accuracy")
    figure.legend(loc="outside lower left", fontsize=9)
    return figure


def sigma_sensitivity(fit: ec.SigmaFit, used: tuple[float, float, float]) -> Figure:
    """Draw MSR and ESE over the grid of sigma; `used` are the report's sigma, MSR, and ESE."""
    figure, axes = _canvas(3.7)
    sigma, msr, ese = used
    seen = np.concatenate([fit.msr_curve, fit.ese_curve, [msr, ese, 0.1]])
    floor = 10.0 ** np.floor(np.log10(max(float(seen[seen > 0].min()), 1e-6)))
    for curve, value, color, style, name in (
        (fit.msr_curve, msr, "#b07c00", "solid", "MSR, the share of medium samples"),
        (fit.ese_curve, ese, INK, (0, (5, 2)), "ESE"),
    ):
        shown = np.where(curve > 0, curve, np.nan)
        axes.plot(fit.grid, shown, color=color, linestyle=style, linewidth=1.8, label=name)
        if value >= floor:
            axes.plot([sigma], [value], marker="o", markersize=6, color=color)
    axes.axvline(sigma, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), marker="o",
                 markersize=6, markevery=[], label=f"σ = {sigma:.4g}, used here")  # fmt: skip
    ends = (min(fit.grid[0], sigma), max(fit.grid[-1], sigma))
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=(floor, 1.5), xlabel="σ (log scale)")
    axes.set_ylabel("MSR, ESE (log scale)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        axis.set_minor_locator(NullLocator())
    figure.legend(loc="outside upper left", fontsize=9)
    return figure
