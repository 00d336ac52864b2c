"""Colors, axes and input checks for the displays."""

from __future__ import annotations

from typing import Any

from easiness_core._level import Level
from easiness_core.errors import InputTypeError

# Distinct for color-blind people, and in print.
COLORS = {Level.HARD: "#d55e00", Level.MEDIUM: "#eba900", Level.EASY: "#0072b2"}
# Mid-gray: visible on white and on black.
MUTED = "#7f8a94"


def new_axes(ax: Any, what: str) -> Any:
    """Return the given axes, or new ones; matplotlib is imported only here."""
    if ax is not None:
        if not hasattr(ax, "get_xaxis_transform"):
            problem = f"expected matplotlib.axes.Axes, got {type(ax).__name__}"
            raise InputTypeError(problem, argument="ax")
        if ax.name != "rectilinear":
            raise InputTypeError(f"expected plain axes, got {ax.name} axes", argument="ax")
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{what}.plot needs matplotlib: pip install matplotlib") from error
    return plt.subplots(layout="constrained")[1]


def check_data(value: Any, kind: str, argument: str, source: str) -> None:
    """Check what a display draws by its class name, because its module imports the displays."""
    if kind not in (cls.__name__ for cls in type(value).__mro__):
        raise InputTypeError(
            f"expected easiness_core.{kind}, such as {source}, got {type(value).__name__}",
            argument=argument,
        )


def count_axis(axis: Any, *, log: bool = False) -> None:
    """Tick whole numbers, with thousands separators."""
    axis.get_major_locator().set_params(**({} if log else {"integer": True}))
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
