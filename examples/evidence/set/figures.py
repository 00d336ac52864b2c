"""Plots of what train.py measured; imported by report.py, not run."""

from __future__ import annotations

import re

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray
from set.tables import Row, by_data, grouped

FIGURES = ("classic", "SET", "L-SET", "random, as SET", "EO", "EMO", "HO", "warm-up")
FIGURE_2 = {
    "classic": "#53606d", "SET": "#e69f00", "L-SET": "#0072b2", "SEL-SET, sigma 1": "#d55e00",
    "SET per batch": "#cc79a7", "random, as SET": "#009e73",
}  # fmt: skip
CLAIMED = [f"sigma 1, lambda {weight:g}, tail 3.0" for weight in (0.1, 1, 3)]
FAMILIES = {
    "classic": ("#53606d", "o", "full data, fewer epochs"),
    "fewer_easy": ("#0072b2", "s", "fewer_easy: 1 - E at sigma 0.3"),
    "InfoBatch": ("#d55e00", "^", "InfoBatch's rule"),
    "random": ("#009e73", "v", "random, as many as fewer_easy or SET"),
    "faster": ("#7a5195", "x", "at 1.5 times the learning rate"),
    "fastest": ("#b07aa1", "+", "at twice the learning rate"),
    "easy": ("#cc79a7", "D", "easy kept at 0.3"),
    "SET": ("#e69f00", "P", "SET (medium only)"),
    "warm-up": ("#8c564b", "*", "SET's warm-up alone"),
}
LEVELS = {"hard": "#d55e00", "medium": "#eba900", "easy": "#0072b2"}


def by_epoch_of(row: Row, name: str) -> NDArray[np.float64]:
    """Values of a row by epoch, nan where there is none."""
    return np.array([float(value or "nan") for value in row[f"{name}_by_epoch"].split(";")])


def frontier(rows: list[Row]) -> Figure | None:
    """Accuracy against cost: processor time, as a share of full data's; None without that."""
    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    axes = figure.add_subplot()
    groups = {method: group for (_, method), group in grouped(rows).items()}
    if "classic" not in groups:
        return None
    full = np.mean([float(row["seconds"]) for row in groups["classic"]])
    seen = set()
    for family, (color, marker, words) in FAMILIES.items():
        points = []
        for method, group in groups.items():
            if not (method == family or re.match(rf"{re.escape(family)}[, ]", method)):
                continue
            x = np.mean([float(row["seconds"]) for row in group]) / full
            y = 100 * np.array([float(row["accuracy"]) for row in group])
            points.append((x, y.mean()))
            axes.plot(np.full(len(y), x), y, marker, color=color, alpha=0.3, ms=4)
            seen.add(method)
        points.sort()
        if points:
            line = "none" if family.startswith("fast") else "-"
            axes.plot(*zip(*points, strict=True), ls=line, color=color, marker=marker, label=words)
    assert seen == set(groups), set(groups) - seen
    axes.set(
        xlabel="processor time, scoring included, as a share of full data's",
        ylabel="test accuracy, %",
    )
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize="small")
    return figure


def sharpness(rows: list[Row]) -> Figure:
    """MSR against the negative log-likelihood, a panel a network."""
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    panels = figure.subplots(1, len(settings), squeeze=False, sharey=True)[0]
    for axes, setting in zip(panels, settings, strict=True):
        sharpened = []
        for (where, method), group in grouped(rows).items():
            x, y = (np.mean([float(r[k]) for r in group]) for k in ("nll", "msr"))
            if where != setting or y > 0.05:  # what does not train is in the table
                continue
            if method == "cross-entropy" or "logits" in method:
                sharpened.append((x, 100 * y))
                continue
            kind = "C2" if "rate" in method else "C1" if method in CLAIMED else "C7"
            axes.plot(x, 100 * y, "o", color=kind, ms=5)
        if sharpened:
            axes.plot(*zip(*sharpened, strict=True), "s-", color="C0", ms=5, lw=1.2)
        axes.set(title=setting, xlabel="NLL (less is better)", yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
    for color, marker, words in (
        ("C0", "s-", "cross-entropy, logits times 1, 1.5, 2"), ("C2", "o", "learning rate doubled"),
        ("C1", "o", "SEL, sigma 1, lambda 0.1 to 3"), ("C7", "o", "SEL, other"),
    ):  # fmt: skip
        panels[0].plot([], [], marker, color=color, label=words)
    figure.legend(loc="outside lower center", ncols=4, fontsize="small")
    panels[0].set_ylabel("medium samples (MSR), %")
    return figure


def shares(rows: list[Row]) -> Figure | None:
    """Levels of the training samples before each epoch that selects; None where none does."""
    groups = {method: group for (_, method), group in grouped(rows).items()}
    methods = [method for method in ("SET", "EO", "EMO", "HO") if method in groups]
    if not methods:
        return None
    figure = Figure(figsize=(9, 3), layout="constrained")
    panels = figure.subplots(1, len(methods), sharey=True, squeeze=False)[0]
    for axes, method in zip(panels, methods, strict=True):
        first = int(groups[method][0]["warmup_epochs"])
        counts = {
            level: np.array([by_epoch_of(row, level)[first:] for row in groups[method]])
            for level in LEVELS
        }
        total = sum(counts.values())
        for level, color in LEVELS.items():
            values = (100.0 * counts[level] / total).mean(0)
            axes.plot(first + np.arange(len(values)), values, color=color, label=level)
        axes.set(title=method, xlabel="epoch", yscale="log", ylim=(0.1, 120))
        axes.grid(alpha=0.3)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    figure.axes[0].set_ylabel("training samples, % (log scale)")
    figure.axes[0].legend(fontsize="small")
    return figure


def by_epoch(rows: list[Row]) -> Figure:
    """Test accuracy by epoch."""
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    groups = {method: group for (_, method), group in grouped(rows).items()}
    for method in FIGURES:
        if method in groups:
            values = 100.0 * np.array([by_epoch_of(row, "accuracy") for row in groups[method]])
            axes.plot(values.mean(0), label=method, lw=1.4, marker="o", ms=3)
    axes.set(xlabel="epoch", ylabel="test accuracy, %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2)
    return figure


def usage_and_accuracy(rows: list[Row]) -> Figure:
    """Draw the paper's Figure 2: data usage and accuracy by epoch, deviations shaded."""
    parts = by_data(rows)
    figure = Figure(figsize=(9, 3.6 * len(parts)), layout="constrained")
    panels = figure.subplots(len(parts), 2, squeeze=False)
    for (caption, own), (left, right) in zip(parts.items(), panels, strict=True):
        groups = {method: group for (_, method), group in grouped(own).items()}
        for method, color in FIGURE_2.items():
            group = groups.get(method, [])
            if not group:
                continue
            usage = [100.0 * by_epoch_of(r, "n_selected") / int(r["size"]) for r in group]
            accuracy = [100.0 * by_epoch_of(r, "accuracy") for r in group]
            label = f"{method} (n = {len(group)})"
            for axes, values in ((left, np.array(usage)), (right, np.array(accuracy))):
                measured = ~np.isnan(values).any(0)
                epochs, values = np.flatnonzero(measured) + 1, values[:, measured]
                mean, spread = values.mean(0), values.std(0, ddof=min(1, len(group) - 1))
                axes.plot(epochs, mean, color=color, lw=1.3, label=label)
                # A logarithmic axis has no place for bounds at or below 0.
                low, high = np.maximum(mean - spread, 0.01), mean + spread
                axes.fill_between(epochs, low, high, color=color, alpha=0.2, lw=0)
        left.set(yscale="log", ylabel="data usage, % (log scale)", xlabel="epoch")
        left.set_title(caption, fontsize="small", loc="left")
        right.set(ylabel="test accuracy, %", xlabel="epoch")
        left.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        for axes in (left, right):
            axes.grid(alpha=0.3)
        right.legend(fontsize="x-small")
    return figure


def easiness_by_confidence(rows: list[Row]) -> Figure:
    """Draw the paper's Figure 1: color by level, marker by correctness, size by count."""
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for level, color in LEVELS.items():
        for correct, marker in (("True", "o"), ("False", "x")):
            own = [r for r in rows if (r["level"], r["correct"]) == (level, correct)]
            x, y = ([float(r[name]) for r in own] for name in ("confidence", "easiness"))
            area = [12.0 * float(r["count"]) ** 0.5 for r in own]
            label = f"{level}, {'right' if correct == 'True' else 'wrong'}"
            axes.scatter(x, y, area, color=color, marker=marker, alpha=0.7, label=label)
    axes.set(xlabel="confidence (largest probability)", ylabel="easiness", ylim=(-0.06, 1.06))
    axes.grid(alpha=0.3)
    for handle in figure.legend(
        loc="outside lower center", ncols=3, fontsize="small"
    ).legend_handles:
        handle.set_sizes([30.0])
    return figure
