"""Numbers and sentences of the report. Plain text: escaping is the page's part."""

from __future__ import annotations

import math

import numpy as np

import easiness_core as ec
from easiness_cli._figures import SUPERSCRIPTS
from easiness_cli._report_data import Report

LEVELS = ("hard", "medium", "easy")


def number(value: float, digits: int = 4) -> str:
    """Show a number in a few significant digits; infinity and NaN in words a reader knows."""
    if math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    magnitude = abs(value)
    if magnitude == 0.0:
        return "0"
    if not 1e-4 <= magnitude < 1e6:
        mantissa, _, power = f"{magnitude:.{digits - 1}e}".partition("e")
        text = f"{mantissa} × 10{str(int(power)).translate(SUPERSCRIPTS)}"
    else:
        decimals = digits - 1 - math.floor(math.log10(magnitude))
        text = f"{magnitude:,.{max(decimals, 0)}f}"
    return f"−{text}" if value < 0 else text


def setting(value: float) -> str:
    """Show an option's value as its user would write it."""
    return np.format_float_positional(value, trim="-") if 1e-6 <= value < 1e6 else f"{value:g}"


def percent(part: float, whole: float = 1.0) -> str:
    """Show a share, never rounding "a few" to none or "nearly all" to all."""
    share = part / whole if whole else math.nan
    if math.isnan(share):
        return "not defined"
    if 0.0 < share < 5e-5:
        return "< 0.01 %"
    if 1.0 - 5e-5 < share < 1.0:
        return "> 99.99 %"
    return f"{100 * share:.{2 if 0.0 < share < 1.0 else 0}f} %"


def amount(count: int, noun: str, plural: str | None = None) -> str:
    """Count a noun: "1 sample", "2,000 samples"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def joined(parts: list[str]) -> str:
    """Join by commas and a final "and"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def headline(report: Report) -> str:
    """Say what was found: how many, how accurate, how they split, where the errors sit."""
    summary, counts = report.summary, report.summary.level_counts
    n = summary.n_samples
    split = joined(
        [
            f"{counts[level]:,} ({percent(counts[level], n)}) {_is(counts[level])} {level}"
            for level in reversed(LEVELS)
        ]
    )
    right = n - sum(report.errors.values())
    if n == 1:
        return f"The one sample is predicted {'right' if right else 'wrong'} and is " + next(
            f"{level}." for level in LEVELS if counts[level]
        )
    return (
        f"Of {n:,} samples, {right:,} ({percent(right, n)}) are predicted as labelled. "
        f"By easiness, {split}. {_where_errors_sit(report)}"
    )


def _where_errors_sit(report: Report) -> str:
    wrong = sum(report.errors.values())
    if wrong == 0:
        return "There are no errors."
    if wrong == 1:
        return f"The one error is {next(lv for lv in LEVELS if report.errors[lv])}."
    places = joined([f"{report.errors[level]:,} {_is(report.errors[level])} {level}"
                     for level in LEVELS if report.errors[level]])  # fmt: skip
    if places.count(" ") == 2:
        return f"All {wrong:,} errors are {places.split()[-1]}."
    return f"Of the {wrong:,} errors, {places}."


def caution(report: Report) -> str:
    """Warn where the levels say more about sigma than about the samples; else empty."""
    msr, sigma = report.summary.msr, setting(report.estimator.sigma)
    if not msr > 0.5:
        return ""
    return (
        f"{percent(msr)} of the samples are medium. So large a share usually means that the "
        f"probabilities differ by little more than the noise (σ = {sigma}), as squashed "
        f"probabilities do. The levels then say little; the order of the samples still counts. "
        f"The last section shows other values of σ."
    )


def estimator_name(report: Report) -> str:
    """Name the estimator with its own settings."""
    estimator = report.estimator
    if isinstance(estimator, ec.MonteCarlo):
        return f"Monte Carlo, {estimator.draws:,} draws, seed {estimator.seed}"
    return "closed form"


def level_rule(report: Report) -> str:
    """Say where the levels are cut."""
    if report.estimator.resolution == 0.0:
        return "Hard means an easiness of exactly 0, easy of exactly 1, medium anything between."
    low, high = level_edges(report)
    return f"Hard means an easiness {low}, easy {high}, medium anything between."


def level_edges(report: Report) -> tuple[str, str]:
    """Give the edges of the hard and of the easy level."""
    resolution = report.estimator.resolution
    if resolution == 0.0:
        return "0", "1"
    return f"≤ {setting(resolution)}", f"≥ {setting(float(np.float64(1) - resolution))}"


def loss_note(report: Report) -> str:
    """Say how many losses are infinite and what the others average; empty if none is."""
    summary = report.summary
    infinite = summary.n_infinite_losses
    if not infinite:
        return ""
    rest = "" if infinite == summary.n_samples else (
        f"; the mean of the others is {number(summary.mean_finite_loss)}"
    )  # fmt: skip
    whose = "has probability 0 for its" if infinite == 1 else "have probability 0 for their"
    return f"{amount(infinite, 'sample')} {whose} given class{rest}"


def auroc(report: Report) -> str:
    """Give the AUROC, or say why there is none."""
    if report.auroc is not None:
        return number(report.auroc)
    size = report.summary.n_samples * len(report.class_names)
    return f"skipped: {size:,} probabilities; easiness score --auroc computes it"


def sigma_notes(report: Report) -> list[str]:
    """Say what the curve over sigma can tell and what it cannot, from its own numbers."""
    fit = report.sigma_fit
    low, high = (setting(float(value)) for value in (fit.grid[0], fit.grid[-1]))
    at_low, least = float(fit.ese_curve[0]), float(np.min(fit.ese_curve))
    notes = [
        "σ is not scale-free: it is compared with differences of probabilities, so the same σ "
        "means more noise to a classifier whose probabilities lie close together, or to one "
        "with many classes. Compare MSR and ESE of two classifiers at one σ with that in mind.",
    ]
    trivial = (
        "As σ goes to 0, easiness becomes 1 for every correct and 0 for every wrong prediction "
        "(exact ties aside), so ESE falls towards 0 for any classifier, good or bad."
    )
    at = setting(float(f"{fit.sigma:.4g}"))
    if at_low <= least * 1.05 + 1e-6:
        notes.append(
            f"{trivial} Here ESE is {number(at_low, 2)} at the grid's lower edge (σ = {low}) and "
            f"is nowhere noticeably smaller, up to σ = {high}: the curve therefore recommends no "
            f"σ. What it does show is how far MSR and ESE hang on the choice."
        )
    else:
        notes.append(
            f"Over this grid (σ from {low} to {high}) ESE is least, {number(least, 2)}, at "
            f"σ = {at}, rather than at the grid's lower edge ({number(at_low, 2)}). "
            f"{trivial} A minimum on the same samples that are reported is also an optimistic "
            f"one: choose σ on held-out predictions."
        )
    if isinstance(report.estimator, ec.MonteCarlo):
        notes.append(
            f"The lines are the closed form with levels cut at {setting(report.sigma_resolution)}, "
            f"one over the number of draws; the dots are this report's Monte Carlo."
        )
    return notes
