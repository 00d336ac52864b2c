"""How a notebook shows a result: a summary, a bar of levels, the first rows.

Styles are inline, because sanitizers drop style sheets. Colors are inherited, except those of
levels and of translucent gray rules, because a notebook's theme, light or dark, may differ from
`prefers-color-scheme`. Every text goes through `html.escape`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from easiness_core._level import Level
from easiness_core.displays._axes import COLORS

_LEVELS = {str(level.name).lower(): color for level, color in COLORS.items()}
_COLORS = {**_LEVELS, "flagged": _LEVELS["hard"], "not flagged": "rgba(127,127,127,.45)"}
_RULE = "1px solid rgba(127,127,127,.45)"
_FIRST_ROWS, _MOST_ROWS, _LONGEST_TEXT = 5, 20, 32
_NAMES = {int(level): str(level.name).lower() for level in Level}


def scores_html(scores: Any) -> str:
    """Summary, bar of levels and first rows of `Scores`."""
    summary, n = scores.summary, len(scores)
    facts = {"samples": f"{n:,}", "classes": f"{scores.n_classes:,}"}
    if n:
        facts |= {
            "accuracy": _with_interval(summary.accuracy, summary.accuracy_interval),
            "MSR": _with_interval(summary.msr, summary.msr_interval),
            "ESE": f"{summary.ese:.4f}",
        }
    first = range(min(n, _FIRST_ROWS))
    has_ids, names = scores._has_ids, scores._names_of(slice(_FIRST_ROWS))
    rows = [
        [
            _text(names[row]),
            _text(_class(scores, scores.labels[row])),
            _text(_class(scores, scores.predicted[row])),
            _number(scores.easiness[row]),
            _number(scores.log_easiness[row]),
            _swatch(_NAMES[int(scores.level[row])]),
            _number(scores.loss[row]),
        ]
        for row in first
    ]
    head = ("<label", "<predicted", "easiness", "log_easiness", "<level", "loss")
    return _card(
        "Scores",
        facts,
        _bar(summary.level_counts, legend=True) if n else "",
        _table(["<id" if has_ids else "row", *head], rows),
        _rest(len(first), n, "rows; hardest(n) gives the hardest") if n else "",
    )


def label_errors_html(found: Any) -> str:
    """Most suspicious rows of `LabelErrors`, and the confused classes."""
    n, flagged = len(found), int(found.flags.sum())
    low, high = (_percent(end) for end in found.estimated_rate)
    facts = {"samples": f"{n:,}", "method": _text(found.method)}
    if n:
        facts["wrong labels"] = f"roughly {low} to {high}"
    first = found.order[:_FIRST_ROWS]
    rows = [
        [
            _text(name),
            _text(_class(found, found.labels[row])),
            _text(_class(found, found.suggested[row])),
            _number(found.p_given[row]),
            _number(found.p_suggested[row]),
            _number(found.suspicion[row]),
            "yes" if found.flags[row] else "no",
        ]
        for row, name in zip(first, found._names_of(first), strict=True)
    ]
    head = ("<label", "<suggested", "p_label", "p_suggested", "suspicion", "<flagged")
    pairs = ", ".join(
        f"{_text(_class(found, given))} → {_text(_class(found, suggested))} ({count:,})"
        for given, suggested, count in found.confused[:3]
    )
    return _card(
        "LabelErrors",
        facts,
        _bar({"flagged": flagged, "not flagged": n - flagged}, legend=True) if n else "",
        _note(f"Most frequent: {pairs}") if pairs else "",
        _table(["<id" if found._has_ids else "row", *head], rows),
        _rest(len(first), n, "rows, most suspicious first") if n else "",
    )


def class_table_html(table: Any) -> str:
    """Statistics per class of a `ClassTable`."""
    n_classes = len(table.count)
    facts = {"classes": f"{n_classes:,}", "samples": f"{int(table.count.sum()):,}"}
    shown = range(min(n_classes, _MOST_ROWS))
    intervals = table.accuracy_interval
    rows = [
        [
            _text(_class(table, k)),
            f"{table.count[k]:,}",
            _percent(table.accuracy[k]),
            _interval(intervals[k]) if table.count[k] else "",
            _percent(table.msr[k]),
            _number(table.mean_easiness[k]),
            _bar({w: int(getattr(table, w)[k]) for w in _LEVELS}) if table.count[k] else "",
        ]
        for k in shown
    ]
    head = ["<class", "samples", "accuracy", "95 % interval", "MSR", "mean easiness",
            "<hard, medium, easy"]  # fmt: skip
    return _card("ClassTable", facts, _table(head, rows), _rest(len(shown), n_classes, "classes"))


def bins_html(bins: Any) -> str:
    """Accuracy and mean easiness of each bin of `EasinessBins`."""
    n_bins = bins.count.size
    facts = {
        "bins": f"{n_bins:,}",
        "samples": f"{int(bins.count.sum()):,}",
        "ESE": f"{bins.ese:.4f}",
    }
    shown = range(min(n_bins, _MOST_ROWS))
    intervals = bins.accuracy_interval
    rows = [
        [
            f"{bins.edges[b]:.4g} to {bins.edges[b + 1]:.4g}",
            f"{bins.count[b]:,}",
            _percent(bins.accuracy[b]),
            _interval(intervals[b]) if bins.count[b] else "",
            _number(bins.mean_easiness[b]),
        ]
        for b in shown
    ]
    head = ["<easiness", "samples", "accuracy", "95 % interval", "mean easiness"]
    return _card("EasinessBins", facts, _table(head, rows), _rest(len(shown), n_bins, "bins"))


def sigma_html(fit: Any) -> str:
    """ESE and MSR at each sigma of a `SigmaFit`."""
    facts = {"lowest ESE": f"{fit.ese:.4f}", "at sigma": f"{fit.sigma:.4g}"}
    warning = "The lowest ESE is at the edge of the grid, so it is not a minimum." * fit.at_edge
    shown = range(min(fit.grid.size, _MOST_ROWS))
    rows = [
        [
            f"{fit.grid[k]:.4g}",
            f"{fit.ese_curve[k]:.4f}",
            _percent(fit.msr_curve[k]),
            "lowest ESE" if fit.grid[k] == fit.sigma else "",
        ]
        for k in shown
    ]
    return _card(
        "SigmaFit",
        facts,
        _note(warning) if warning else "",
        _table(["sigma", "ESE", "MSR", "<"], rows),
        _rest(len(shown), fit.grid.size, "sigmas"),
    )


def _card(title: str, facts: Mapping[str, str], *parts: str) -> str:
    listed = "".join(
        f'<span style="white-space:nowrap;margin-right:1.2em">'
        f'<span style="opacity:.75">{name}</span> {value}</span>'
        for name, value in facts.items()
    )
    return (
        '<div style="color:inherit;overflow-x:auto;line-height:1.45">'
        f'<div style="margin:.3em 0"><b style="margin-right:1.2em">{title}</b>{listed}</div>'
        f"{''.join(parts)}</div>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out cells, which are HTML; a column whose heading begins with "<" is aligned left."""
    sides = ["left" if name.startswith("<") else "right" for name in head]
    if not rows:
        return ""
    cell = (
        "padding:.15em .7em;border:0;color:inherit;background:none;white-space:nowrap;text-align:"
    )
    top = "".join(
        f'<th style="{cell}{side};border-bottom:{_RULE}">{name.removeprefix("<")}</th>'
        for name, side in zip(head, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{cell}{side}">{value}</td>' for value, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    style = (
        "border-collapse:collapse;border:0;margin:.4em 0;table-layout:auto;color:inherit;"
        "font-size:inherit;font-variant-numeric:tabular-nums"
    )
    return f'<table style="{style}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _bar(counts: Mapping[str, int], *, legend: bool = False) -> str:
    total = sum(counts.values())
    # A level with a single sample stays visible: two pixels, plus its share of the rest.
    spans = "".join(
        f'<span style="flex:{count} 0 2px;background:{_COLORS[word]}"></span>'
        for word, count in counts.items()
        if count
    )
    words = ", ".join(f"{count:,} {word}" for word, count in counts.items())
    bar = (
        f'<div role="img" aria-label="{words}" title="{words}" style="display:flex;height:.75em;'
        f'min-width:7em;max-width:40em;border-radius:.2em;overflow:hidden">{spans}</div>'
    )
    if not legend:
        return bar
    named = "".join(
        f'<span style="margin-right:1.2em;white-space:nowrap">{_swatch(word)} {count:,} '
        f'<span style="opacity:.75">({_percent(count / total)})</span></span>'
        for word, count in counts.items()
    )
    return f'{bar}<div style="margin:.2em 0">{named}</div>'


def _swatch(word: str) -> str:
    return f'<span style="color:{_COLORS[word]}">■</span> {word}'


def _note(text: str) -> str:
    return f'<div style="opacity:.75;margin:.2em 0">{text}</div>'


def _rest(shown: int, total: int, what: str) -> str:
    return _note(f"{shown:,} of {total:,} {what}") if shown < total else ""


def _class(source: Any, column: int) -> Any:
    return int(column) if source.classes is None else source.classes[int(column)]


def _text(value: Any) -> str:
    text = str(value)
    return escape(text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…")


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    text = "∞" if np.isposinf(value) else "-∞" if np.isneginf(value) else f"{value:.4g}"
    return text.replace("-", "−")


def _percent(share: float) -> str:
    """Format a share; only an exact 0 or 1 shows as 0 or 100 %."""
    if np.isnan(share):
        return ""
    if 0.0 < share < 5e-5:
        return "&lt; 0.01 %"
    if 1.0 - 5e-5 < share < 1.0:
        return "&gt; 99.99 %"
    return f"{100 * share:.2f} %"


def _interval(ends: Sequence[float]) -> str:
    low, high = ends
    return f"{100 * low:.2f} to {100 * high:.2f}"


def _with_interval(share: float, ends: Sequence[float]) -> str:
    return f'{_percent(share)} <span style="opacity:.75">({_interval(ends)})</span>'
