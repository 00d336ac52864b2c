"""Format numbers, and write the sentences of a report. Plain text, not escaped."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import easiness_core as ec

LEVELS = ("hard", "medium", "easy")
SPACE = "\N{NO-BREAK SPACE}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _positional(value: float) -> bool:
    return value == 0.0 or 1e-4 <= abs(value) < 1e6


def number(value: float, digits: int = 4) -> str:
    """Show a number in a few significant digits, and infinity and NaN in words."""
    if math.isnan(value):
        return "not defined"
    sign, magnitude = "−" if value < 0 else "", abs(value)
    if math.isinf(value):
        return f"{sign}∞"
    if magnitude == 0.0:
        return "0"
    if _positional(value):
        decimals = digits - 1 - math.floor(math.log10(magnitude))
        return f"{sign}{magnitude:,.{max(decimals, 0)}f}"
    mantissa, _, power = f"{magnitude:.{digits - 1}e}".partition("e")
    exponent = str(int(power)).translate(_SUPERSCRIPTS)
    return f"{sign}{mantissa}{SPACE}×{SPACE}10{exponent}"


def compact(value: float, digits: int = 4) -> str:
    """Show a number in a narrow column: powers of ten get two digits only."""
    return number(value, digits if _positional(value) else 2)


def setting(value: float) -> str:
    """Format the value of an option as a user would write it."""
    return np.format_float_positional(value, trim="-") if 1e-6 <= value < 1e6 else f"{value:g}"


def percent(part: float, whole: float = 1.0) -> str:
    """Format a share; only an exact 0 or 1 shows as 0 or 100 %."""
    share = part / whole if whole else math.nan
    if math.isnan(share):
        return "not defined"
    if 0.0 < share < 5e-5:
        return f"<{SPACE}0.01{SPACE}%"
    if 1.0 - 5e-5 < share < 1.0:
        return f">{SPACE}99.99{SPACE}%"
    return f"{100 * share:.{2 if 0.0 < share < 1.0 else 0}f}{SPACE}%"


def interval(ends: Sequence[float]) -> str:
    """Format the ends of an interval of a share."""
    low, high = ends
    return f"{100 * low:.2f} to {100 * high:.2f}{SPACE}%"


def signed(value: float) -> str:
    """Show a change of a count: "+3", "−2", "0"."""
    return f"{value:+,.0f}".replace("-", "−") if value else "0"


def points(change: float) -> str:
    """Format a change of a share in percentage points; a change never rounds to 0."""
    if math.isnan(change):
        return "–"
    digits = (
        2 if change == 0.0 or abs(change) >= 5e-5 else 1 - math.floor(math.log10(abs(100 * change)))
    )
    return f"{100 * change:+.{digits}f}".replace("-", "−") if change else "0"


def p_value(value: float) -> str:
    """Format a p-value, never as 0."""
    if math.isnan(value):
        return "–"
    return f"<{SPACE}0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.1 else f"{value:.2f}"


def amount(count: int, noun: str) -> str:
    """Count a noun: "1 sample", "2,000 samples"."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def level_edges(resolution: float) -> tuple[str, str]:
    """Return the thresholds of the hard and the easy level."""
    if resolution == 0.0:
        return "0", "1"
    return f"≤ {setting(resolution)}", f"≥ {setting(float(np.float64(1) - resolution))}"


def headline(summary: ec.Summary, errors: Mapping[str, int]) -> str:
    """Sum up accuracy, levels, and where the errors are; `errors` counts them by level."""
    counts, n = summary.level_counts, summary.n_samples
    right = n - sum(errors.values())
    levels = [f"{counts[level]:,} {level} ({percent(counts[level], n)})" for level in LEVELS[::-1]]
    wrong = [f"{errors[level]:,} {level}" for level in LEVELS if errors[level]]
    return (
        f"Predicted as labeled: {right:,} of {amount(n, 'sample')} ({percent(right, n)}). "
        f"Levels: {', '.join(levels)}. Errors: {', '.join(wrong) or 'none'}."
    )


def first_look(report: Any) -> list[str]:
    """Write three sentences on what to look at first."""
    summary, errors, groups = report.summary, report.errors, report.groups
    names, counts, n_errors = report.class_names, summary.level_counts, sum(errors.values())
    if not n_errors:
        found = ["Every sample is predicted as labeled: look for errors that the classifier shares "
                 "with its labels, such as duplicates or leaks."]  # fmt: skip
        found.append(f"{amount(counts['medium'], 'sample')} of {summary.n_samples:,} "
                     f"{'is' if counts['medium'] == 1 else 'are'} medium: the label leads by "
                     "little more than the noise.")  # fmt: skip
    else:
        found = [f"Start with the hard samples: they hold {errors['hard']:,} of "
                 f"{amount(n_errors, 'error')} ({percent(errors['hard'], n_errors)})."]  # fmt: skip
        given, other, count = report.pairs[0].tolist()
        found.append(f"The most frequent error is {cut(names[given])} predicted as "
                     f"{cut(names[other])}: {amount(count, 'sample')}, "
                     f"{percent(count, n_errors)} of all errors.")  # fmt: skip
    if groups is not None and len(groups) > 1:
        tests, by = groups.p_values()["accuracy"], cut(report.group_name)
        # Holm's method ties many p-values, at 1 and below.
        rest = (groups.correct.sum() - groups.correct) / (groups.count.sum() - groups.count)
        at = int(np.lexsort((-np.abs(groups.accuracy - rest), tests))[0])
        if tests[at] > 0.05:
            found.append(f"No group by {by} differs from the rest in accuracy by "
                         "more than chance: the lowest adjusted p-value is "
                         f"{p_value(tests[at])}.")  # fmt: skip
        else:
            found.append(f"Of the groups by {by}, {cut(groups.groups[at])} differs "
                         f"most from the rest: its accuracy is {percent(groups.accuracy[at])} "
                         f"(95{SPACE}% interval {interval(groups.accuracy_interval[at])}), "
                         f"against {percent(summary.accuracy)} overall. The adjusted p-value of "
                         f"the difference is {p_value(tests[at])}.")  # fmt: skip
    else:
        at = int(np.nanargmin(report.table.accuracy))
        low, high = report.table.accuracy_interval[at]
        chance = "; the interval includes it, so this may be chance" if (
            low <= summary.accuracy <= high) else ""  # fmt: skip
        found.append(f"Class {cut(names[at])} has the lowest accuracy: "
                     f"{percent(report.table.accuracy[at])} (95{SPACE}% interval "
                     f"{interval((low, high))}), against {percent(summary.accuracy)} overall"
                     f"{chance}.")  # fmt: skip
    return found


def cut(name: str) -> str:
    """Shorten a long name for a sentence."""
    return name if len(name) <= 40 else name[:39] + "…"
