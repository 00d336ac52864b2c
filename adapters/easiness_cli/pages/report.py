"""The report: its numbers, gathered from the core, and its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.pages import figures, words
from easiness_cli.pages.figures import picture
from easiness_cli.pages.render import render

MOST_CLASSES = 200
AUROC_LIMIT = 20_000_000


@dataclass(frozen=True)
class HardSample:
    """One row of the table of the hardest samples; `id` is None where samples have none."""

    row: int
    id: str | None
    given: str
    predicted: str
    p_given: float
    p_predicted: float
    log_easiness: float
    loss: float


@dataclass(frozen=True)
class Report:
    """Everything that a report shows.

    Attributes
    ----------
    title, source : str
        The title, and the names of the input files; not yet escaped.
    class_names : tuple of str
        One for each column of the probabilities; not yet escaped.
    estimator : ec.ClosedForm or ec.MonteCarlo
        The estimator behind the scores.
    scores : ec.Scores
        The scored samples.
    errors : dict of str to int
        The number of wrong predictions at each level.
    table : ec.ClassTable
        The classes.
    auroc : float or None
        Macro one-vs-rest AUROC; NaN where undefined, None where skipped because of its cost.
    sigma_fit : ec.SigmaFit
        MSR and ESE over the grid of sigma, in closed form.
    sigma_resolution : float
        The resolution of that curve's levels.
    hardest : tuple of HardSample
        The hardest samples, hardest first.
    """

    title: str
    source: str
    class_names: tuple[str, ...]
    estimator: ec.ClosedForm | ec.MonteCarlo
    scores: ec.Scores
    errors: dict[str, int]
    table: ec.ClassTable
    auroc: float | None
    sigma_fit: ec.SigmaFit
    sigma_resolution: float
    hardest: tuple[HardSample, ...]

    @property
    def summary(self) -> ec.Summary:
        """The summary of the scores."""
        return self.scores.summary

    @property
    def headline(self) -> str:
        """The report in a few sentences."""
        return words.headline(self.summary, self.errors)


def build_report(
    probs: NDArray[Any],
    labels: NDArray[Any],
    scores: ec.Scores | None = None,
    *,
    class_names: Sequence[str] | None = None,
    ids: Sequence[object] | NDArray[Any] | None = None,
    estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
    n_bins: int = 5,
    normalize: bool = False,
    n_threads: int | None = None,
    auroc_limit: int = AUROC_LIMIT,
    top: int = 20,
    title: str = "Sample easiness report",
    source: str = "",
    tell: Callable[[str], None] = lambda stage: None,
) -> Report:
    """Score the samples and gather what the report shows.

    Parameters
    ----------
    probs : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    labels : ndarray of shape (n_samples,)
        Given classes, as column numbers.
    scores : ec.Scores, optional
        The samples' scores, if known; `estimator` and `n_bins` are then theirs.
    class_names : sequence of str, optional
        Names of the columns; their numbers if None.
    ids : sequence or ndarray of shape (n_samples,), optional
        Samples' ids, text or whole numbers, shown beside the row numbers.
    estimator : ec.ClosedForm or ec.MonteCarlo, optional
        ``ClosedForm()`` if None.
    n_bins : int
        Number of bins of easiness behind ESE.
    normalize : bool
        Divide each row by its sum.
    n_threads : int, optional
        Threads to score with.
    auroc_limit : int
        Skip AUROC for more probabilities than this; sorting them takes longer than scoring.
    top : int
        Number of hardest samples to list.
    title, source : str
        The report's title, and the names of the input files.
    tell : callable
        Called with a few words at the start of each stage of the work.

    Returns
    -------
    Report
        Scores, tables, and the curve over sigma.

    Raises
    ------
    ValueError, TypeError
        As for `ec.score`; or if `scores` or `ids` do not match the rows.
    """
    options: Any = {"normalize": normalize, "n_threads": n_threads}
    if scores is None:
        tell("scoring")
        scores = ec.score(
            probs, labels, estimator=estimator or ec.ClosedForm(), n_bins=n_bins, **options
        )
    for name, values in (("scores", scores), ("ids", ids)):
        if values is not None and len(values) != len(labels):
            raise ValueError(f"{name}: expected one for each of {len(labels)} samples, "
                             f"got {len(values)}")  # fmt: skip
    estimator = scores.summary.estimator or ec.ClosedForm()
    n_bins = len(scores.summary.bins.count)
    resolution = estimator.resolution
    if isinstance(estimator, ec.MonteCarlo):
        # At 1/N the closed form has the medium share of N draws.
        resolution = 1.0 / max(estimator.draws, 3)
    n_classes = probs.shape[1]
    names = tuple(map(str, range(n_classes) if class_names is None else class_names))
    given = np.asarray(labels).astype(np.int64)
    wrong = scores.predicted != given
    auroc = None
    if probs.size <= auroc_limit:
        tell("computing AUROC")
        auroc = ec.auroc(probs, given, normalize=normalize)
    grid = sorted({*ec.SIGMA_GRID, estimator.sigma})
    curve = []
    for k, sigma in enumerate(grid):
        tell(f"scoring at sigma {k + 1} of {len(grid)}")
        curve.append(ec.fit_sigma(probs, given, grid=[sigma], resolution=resolution,
                                  n_bins=n_bins, **options))  # fmt: skip
    best = min(curve, key=lambda fit: fit.ese)
    return Report(
        title=title,
        source=source,
        class_names=names,
        estimator=estimator,
        scores=scores,
        errors={
            level: int(np.count_nonzero(wrong & (scores.level == ec.Level[level.upper()])))
            for level in words.LEVELS
        },
        table=ec.class_table(scores, given, n_classes=n_classes),
        auroc=auroc,
        sigma_fit=ec.SigmaFit(
            sigma=best.sigma,
            ese=best.ese,
            grid=np.array(grid),
            ese_curve=np.array([fit.ese for fit in curve]),
            msr_curve=np.array([fit.msr_curve[0] for fit in curve]),
        ),
        sigma_resolution=resolution,
        hardest=_hardest(probs, given, scores, names, ids, top, normalize),
    )


def _hardest(
    probs: NDArray[Any], given: NDArray[np.int64], scores: ec.Scores, names: tuple[str, ...],
    ids: Sequence[object] | NDArray[Any] | None, top: int, normalize: bool,
) -> tuple[HardSample, ...]:  # fmt: skip
    # Monte Carlo ties many rows at minus infinity: order those by loss, then by row.
    order = np.lexsort((-scores.loss, scores.log_easiness))[:top]
    rows = np.asarray(probs[order], dtype=np.float64)
    if normalize:
        rows = rows / rows.sum(axis=1, keepdims=True)
    return tuple(
        HardSample(
            row=k,
            id=None if ids is None else str(ids[k]),
            given=names[given[k]],
            predicted=names[scores.predicted[k]],
            p_given=float(values[given[k]]),
            p_predicted=float(values[scores.predicted[k]]),
            log_easiness=float(scores.log_easiness[k]),
            loss=float(scores.loss[k]),
        )
        for k, values in zip(order.tolist(), rows, strict=True)
    )


def report_page(report: Report) -> str:
    """Build the page, one self-contained HTML document; equal reports give equal text."""
    scores, summary, fit = report.scores, report.summary, report.sigma_fit
    edges, resolution = words.level_edges(report.estimator.resolution), report.estimator.resolution
    used = (report.estimator.sigma, summary.msr, summary.ese)
    counts, n = summary.level_counts, summary.n_samples
    drawn = {
        "easiness": partial(figures.easiness_histogram, scores, edges),
        "log_easiness": partial(figures.log_easiness_histogram, scores, resolution),
        "bins": partial(figures.accuracy_by_easiness, summary.bins),
        "sigma": partial(figures.sigma_sensitivity, fit, used),
    }
    return render(
        "report.html.j2",
        report=report,
        title=report.title,
        source=report.source,
        monte_carlo=isinstance(report.estimator, ec.MonteCarlo),
        levels=words.LEVELS,
        shares=words.joined(
            [
                f"{counts[level]:,} {level} ({words.percent(counts[level], n)})"
                for level in words.LEVELS
            ]
        ),
        tied=bool(np.isneginf(scores.log_easiness.min())),
        level_edges=edges,
        pictures={name: picture(draw) for name, draw in drawn.items()},
        gap=np.abs(summary.bins.accuracy - summary.bins.mean_easiness),
        shown_classes=_classes_to_show(report.table),
        least_ese_at_low_end=fit.ese_curve[0] <= fit.ese * 1.05 + 1e-6,
        versions={
            "easiness-core": ec.__version__,
            "NumPy": np.__version__,
            "Matplotlib": figures.MATPLOTLIB_VERSION,
        },
    )


def _classes_to_show(table: ec.ClassTable) -> list[int]:
    """Give all classes, or the least accurate of too many; in the order of the columns."""
    accuracy = np.nan_to_num(table.accuracy, nan=np.inf)
    return sorted(np.argsort(accuracy, kind="stable")[:MOST_CLASSES].tolist())
