"""The report's figures, drawn by matplotlib's object interface as deterministic SVG.

No text of the user's reaches a figure, so nothing is parsed as mathtext. ``narrow=True`` draws
for a phone.
"""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import easiness_core as ec
from easiness_cli.pages.words import SUPERSCRIPTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MATPLOTLIB_VERSION = matplotlib.__version__
HARD, MEDIUM, EASY = "#d55e00", "#eba900", "#0072b2"
INK, MUTED, RULE, BAR = "#1c2733", "#53606d", "#d5dbe1", "#a9b4bf"

_LOCK = threading.Lock()
_STYLE: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "easiness",
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Picture:
    """One figure drawn twice, for a page and for a phone, each a data URI of an SVG document."""

    wide: str
    narrow: str


@contextmanager
def fixed_style() -> Iterator[None]:
    """Draw with fixed settings, whatever the user's matplotlibrc says; restore the user's after."""
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def picture(draw: Callable[..., Figure]) -> Picture:
    """Render ``draw(narrow=...)`` at both widths; equal input gives equal bytes."""
    with fixed_style():
        return Picture(wide=_svg(draw(narrow=False)), narrow=_svg(draw(narrow=True)))


def _svg(figure: Figure) -> str:
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)
    # Without the document type: it names an external DTD, which an <img> does not need.
    svg = buffer.getvalue()
    svg = svg[svg.index(b"<svg") :]
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def _canvas(narrow: bool, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.1, height * 0.95) if narrow else (7.4, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.tick_params(length=3)
    return figure, axes


def _count_axis(axes: Axes, highest: int) -> None:
    # Start below 1, so that a bar of one sample shows.
    axes.set_yscale("log")
    # Leave a third of the height for the levels' names.
    axes.set_ylim(0.7, 0.7 * (max(highest, 8) / 0.7) ** 1.36)
    decades = range(int(np.log10(max(highest, 10))) + 1)
    axes.yaxis.set_major_locator(FixedLocator([10.0**power for power in decades]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("samples (log scale)")


def _name_level(axes: Axes, x: float, name: str, count: int) -> None:
    for line, height in ((name, 14), (f"{count:,}", 0)):
        axes.annotate(line, (x, 0.89), (0, height), xycoords=axes.get_xaxis_transform(),
                      textcoords="offset points", ha="center", va="baseline")  # fmt: skip


def easiness_histogram(
    scores: ec.Scores, edges: tuple[str, str], *, narrow: bool = False
) -> Figure:
    """Draw the counts by easiness: one bar for hard, one for easy, and twenty in between.

    The `edges` label the hard and the easy bar, such as ``("≤ 0.001", "≥ 0.999")``.
    """
    figure, axes = _canvas(narrow, 3.1)
    draw_easiness(axes, scores, edges, narrow=narrow)
    return figure


def draw_easiness(
    axes: Axes, scores: ec.Scores, edges: tuple[str, str], *, narrow: bool = False
) -> None:
    """Draw `easiness_histogram` into axes."""
    counts = scores.summary.level_counts
    middle = scores.easiness[scores.level == ec.Level.MEDIUM]
    height, cuts = np.histogram(middle, bins=np.linspace(0.0, 1.0, 21))
    width = 0.13 if narrow else 0.09
    low, high = -width / 2 - 0.035, 1.035 + width / 2
    axes.bar(low, counts["hard"], width, color=HARD)
    axes.bar((cuts[:-1] + cuts[1:]) / 2, height, 0.044, color=MEDIUM)
    axes.bar(high, counts["easy"], width, color=EASY)
    _count_axis(axes, max(counts.values()))
    for x, name in ((low, "hard"), (0.5, "medium"), (high, "easy")):
        _name_level(axes, x, name, counts[name])
    inner = (0.25, 0.5, 0.75) if narrow else (0.1, 0.3, 0.5, 0.7, 0.9)
    axes.set_xticks([low, *inner, high], [edges[0], *map(str, inner), edges[1]])
    margin = width / 2 + 0.03
    axes.set_xlim(low - margin - 0.03 * narrow, high + margin + 0.03 * narrow)
    axes.set_xlabel("easiness")


def log_easiness_histogram(scores: ec.Scores, resolution: float, *, narrow: bool = False) -> Figure:
    """Draw the counts by log easiness on a log-scaled axis, which separates the hard samples.

    The levels are cut at `resolution`, 0 for Monte Carlo.
    """
    counts = scores.summary.level_counts
    depth = {level: -scores.log_easiness[scores.level == level] for level in ec.Level}
    if resolution > 0.0:
        cuts = (-np.log1p(-resolution), -np.log(resolution))
    else:
        seen = depth[ec.Level.MEDIUM]
        cuts = (float(seen.min(initial=1.0)), float(seen.max(initial=1.0)) * 1.0001)
    # At resolution 0, medium samples may be arbitrarily close to 0.
    cuts = (max(cuts[0], 1e-9), cuts[1])
    hard = depth[ec.Level.HARD]
    hard = hard[np.isfinite(hard)]
    figure, axes = _canvas(narrow, 3.1)
    left = _bars(axes, depth[ec.Level.MEDIUM], cuts, MEDIUM)
    middle = (-np.log10(cuts[0]) + left) / 2
    names = [(middle, "medium", counts["medium"])]
    if hard.size:
        edge = left
        left = _bars(axes, hard, (cuts[1], max(float(hard.max()), cuts[1] * 1.78)), HARD)
        names.append(((edge + left) / 2, "hard", counts["hard"]))
    right = -np.log10(cuts[0])
    span = right - left
    step = 1 + int(span / (4.5 if narrow else 9.0))
    last = right - (0.17 if narrow else 0.08) * span
    powers = range(step * int(np.ceil(left / step)), int(np.floor(last)) + 1, step)
    ticks: dict[float, str] = {at: _plain(-(10.0**-at)) for at in powers}
    width = (0.09 if narrow else 0.06) * span
    beyond = counts["hard"] - hard.size
    if beyond:
        at = left - 0.7 * width
        axes.bar(at, beyond, width, color=HARD)
        ticks[at] = "−∞"
        names.append((at, "hard", counts["hard"]))
        left -= 1.4 * width
    axes.bar(right + 0.7 * width, counts["easy"], width, color=EASY)
    names.append((right + 0.7 * width, "easy", counts["easy"]))
    ticks[right + 0.7 * width] = (
        f"> {_plain(float(f'{-cuts[0]:.3g}'))}" if resolution > 0.0 else "0"
    )
    _count_axis(axes, max(counts.values()))
    for x, name, count in names:
        # An empty level may have no room.
        if count:
            _name_level(axes, x, name, count)
    axes.set_xlim(left - 0.3 * width, right + 1.5 * width)
    axes.xaxis.set_major_locator(FixedLocator(sorted(ticks)))
    axes.set_xticklabels([ticks[at] for at in sorted(ticks)])
    axes.set_xlabel("log easiness (log-scaled axis)")
    return figure


def _bars(axes: Axes, depth: NDArray[np.float64], span: tuple[float, float], color: str) -> float:
    """Draw quarter-decade bars of minus log easiness, hardest on the left; return the left end."""
    low, high = np.log10(span[0]), np.log10(span[1])
    at = np.linspace(low, high, min(60, max(1, round(4 * (high - low)))) + 1)
    height, _ = np.histogram(np.log10(np.clip(depth, *span)).clip(low, high), bins=at)
    axes.bar(-(at[:-1] + at[1:]) / 2, height, 0.88 * np.diff(at), color=color)
    return float(-high)


def _plain(value: float) -> str:
    if value and not 0.9e-4 < abs(value) < 1.1e4:
        mantissa, _, power = f"{value:.3g}".replace("-", "−", int(value < 0)).partition("e")
        base = "10" + str(int(power)).translate(SUPERSCRIPTS)
        return {"1": base, "−1": f"−{base}"}.get(mantissa, f"{mantissa} × {base}")
    text = np.format_float_positional(abs(value), trim="-")
    whole, _, rest = text.partition(".")
    grouped = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return f"−{grouped}" if value < 0 else grouped


def accuracy_by_easiness(bins: ec.EasinessBins, *, narrow: bool = False) -> Figure:
    """Draw the accuracy in each bin against its mean easiness: the gaps that ESE sums."""
    figure, axes = _canvas(narrow, 3.4)
    centre, width = (bins.edges[:-1] + bins.edges[1:]) / 2, np.diff(bins.edges)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=3,
              label="calibrated: accuracy = easiness")  # fmt: skip
    axes.bar(centre, bins.accuracy, 0.9 * width, color=BAR, label="accuracy in bin", zorder=2)
    axes.vlines(bins.mean_easiness, bins.accuracy, bins.mean_easiness, color=INK, zorder=3)
    axes.plot(bins.mean_easiness, bins.accuracy, marker="o", markersize=5, linestyle="none",
              color=INK, zorder=4, label="at mean easiness, with gap")  # fmt: skip
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.04), xlabel="easiness", ylabel="accuracy")
    few = len(bins.count) <= 10
    axes.set_xticks(bins.edges if few else np.linspace(0, 1, 11 if not narrow else 6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    if few:
        top = axes.secondary_xaxis("top")
        top.set_xticks(centre, [f"{count:,}" for count in bins.count])
        top.tick_params(length=0, pad=1, labelsize=9)
        top.spines["top"].set_visible(False)
        top.set_xlabel("samples in the bin", fontsize=9, color=MUTED)
    figure.legend(loc="outside lower left", ncols=1 if narrow else 3, fontsize=9)
    return figure


def sigma_sensitivity(
    fit: ec.SigmaFit, used: tuple[float, float, float], *, narrow: bool = False
) -> Figure:
    """Draw MSR and ESE over the grid of sigma; `used` are the report's sigma, MSR, and ESE."""
    figure, axes = _canvas(narrow, 3.3)
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
        axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
        axis.set_minor_locator(NullLocator())
    figure.legend(loc="outside upper left", ncols=1 if narrow else 3, fontsize=9)
    return figure
