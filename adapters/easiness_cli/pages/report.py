"""The report: its numbers, gathered from the core, and its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from easiness_io.parameters import Parameters
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli import options
from easiness_cli.inputs import Dataset, group_names
from easiness_cli.pages import figures, words
from easiness_cli.pages.figures import picture
from easiness_cli.pages.render import render, rows_of

MOST_CLASSES = 200
MOST_PAIRS = 20
# A curve needs as many bins, each with as many samples.
_CURVE_BINS, _CURVE_SAMPLES = 3, 20


@dataclass(frozen=True)
class Report:
    """Everything that a report shows; its texts are not yet escaped."""

    title: str
    source: str
    class_names: Sequence[str]
    scores: ec.Scores
    errors: dict[str, int]  # wrong predictions by level
    table: ec.ClassTable
    auroc: float | None  # NaN where undefined, None where it would take too long
    sigma_fit: ec.SigmaFit  # in closed form, levels cut at the resolution that follows
    sigma_resolution: float
    hardest: dict[str, Any]  # columns, hardest sample first
    pairs: NDArray[np.int64]  # given class, predicted class, samples
    groups: ec.GroupTable | None
    group_name: str
    data: Dataset
    picture: Callable[[int], str] | None

    @property
    def summary(self) -> ec.Summary:
        """The summary of the scores."""
        return self.scores.summary

    @property
    def headline(self) -> str:
        """The report in a few sentences."""
        return words.headline(self.summary, self.errors)

    @property
    def has_curve(self) -> bool:
        """Whether accuracy over easiness has enough points to draw."""
        return int((self.summary.bins.count >= _CURVE_SAMPLES).sum()) >= _CURVE_BINS


def build_report(
    data: Dataset,
    parameters: Parameters,
    *,
    title: str = "Sample easiness",
    source: str = "",
    top: int = 20,
    text: str | None = None,
    group_by: str | None = None,
    picture: Callable[[int], str] | None = None,
    n_threads: int | None = None,
    tell: Callable[[str], None] = lambda stage: None,
) -> Report:
    """Score the samples and gather what the report shows; `tell` hears of each stage of it."""
    probs, labels, estimator = data.probs, data.labels, parameters.estimator
    normalize, n_classes = parameters.normalize, probs.shape[1]
    scoring: Any = {"n_bins": parameters.n_bins, "normalize": normalize, "n_threads": n_threads}
    tell("scoring")
    scores = ec.score(probs, labels, estimator=estimator, **scoring)
    groups = None
    if group_by is not None:
        groups = _count_groups(scores, data.kept[group_by], group_by)
    auroc = None
    if probs.size <= options.AUROC_ELEMENTS:
        tell("computing AUROC")
        rows = probs if data.logits is None else data.logits
        auroc = ec.auroc(rows, labels, normalize=normalize, logits=data.logits is not None)
    resolution = estimator.resolution
    if isinstance(estimator, ec.MonteCarlo):
        # At 1/N the closed form has the medium share of N draws.
        resolution = 1.0 / max(estimator.draws, 3)
    grid = sorted({*ec.SIGMA_GRID, estimator.sigma})
    curve = []
    for k, sigma in enumerate(grid):
        tell(f"scoring at sigma {k + 1} of {len(grid)}")
        curve.append(ec.fit_sigma(probs, labels, grid=[sigma], resolution=resolution, **scoring))
    best = min(curve, key=lambda fit: fit.ese)
    wrong = scores.level[scores.predicted != labels]
    # Monte Carlo ties many rows at minus infinity: order those by loss, then by row.
    order = np.lexsort((-scores.loss, scores.log_easiness))[:top]
    return Report(
        title=title,
        source=source,
        class_names=data.classes or [str(k) for k in range(n_classes)],
        scores=scores,
        errors={
            name: int(np.count_nonzero(wrong == ec.Level[name.upper()])) for name in words.LEVELS
        },
        table=ec.class_table(scores),
        auroc=auroc,
        sigma_fit=ec.SigmaFit(
            best.sigma,
            best.ese,
            np.array(grid),
            np.concatenate([fit.ese_curve for fit in curve]),
            np.concatenate([fit.msr_curve for fit in curve]),
        ),
        sigma_resolution=resolution,
        hardest=data.columns(
            order, scores.predicted, normalize=normalize, text=text,
            log_easiness=scores.log_easiness, loss=scores.loss,
        ),
        pairs=ec.confusion_pairs(scores),
        groups=groups,
        group_name=group_by or "",
        data=data,
        picture=picture,
    )  # fmt: skip


def _count_groups(scores: ec.Scores, values: Any, name: str) -> ec.GroupTable:
    """Count the groups that share a value; samples without one are a group."""
    return ec.group_table(scores, group_names(values, name))


def report_page(report: Report) -> str:
    """Build the page, one self-contained HTML document; equal reports give equal text."""
    scores, summary, fit = report.scores, report.summary, report.sigma_fit
    estimator, accuracy = (
        summary.estimator or ec.ClosedForm(),
        np.nan_to_num(report.table.accuracy, nan=np.inf),
    )
    groups = report.groups
    drawn = {
        "log_easiness": picture(figures.log_easiness_histogram, scores, estimator.resolution),
        "sigma": picture(
            figures.sigma_sensitivity, fit, (estimator.sigma, summary.msr, summary.ese)
        ),
    }
    if report.has_curve:
        drawn["bins"] = picture(figures.accuracy_by_easiness, summary.bins)
    return render(
        "report.html.j2",
        report=report,
        title=report.title,
        source=report.source,
        monte_carlo=isinstance(estimator, ec.MonteCarlo),
        tied=bool(np.isneginf(scores.log_easiness.min())),
        level_edges=words.level_edges(estimator.resolution),
        pictures=drawn,
        first_look=words.first_look(
            summary, report.errors, report.pairs, report.table, report.class_names, groups,
            report.group_name,
        ),
        group_tests={} if groups is None else groups.p_values(),
        pairs=report.pairs[:MOST_PAIRS].tolist(),
        hardest=rows_of(report.hardest, report.data.files),
        # All classes, or the least accurate of too many, in the order of the columns.
        shown_classes=sorted(np.argsort(accuracy, kind="stable")[:MOST_CLASSES].tolist()),
        least_ese_at_low_end=fit.ese_curve[0] <= fit.ese * 1.05 + 1e-6,
        versions=f"easiness-core {ec.__version__}, NumPy {np.__version__}, "
        f"Matplotlib {figures.MATPLOTLIB_VERSION}",
    )  # fmt: skip
