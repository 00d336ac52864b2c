"""The report: its numbers, gathered from the core, and its page."""

from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from easiness_io.parameters import Parameters

import easiness_core as ec
from easiness_cli import options
from easiness_cli.inputs import Dataset, group_names
from easiness_cli.pages import figures, words
from easiness_cli.pages.render import render, rows_of

MOST_CLASSES = 200
MOST_PAIRS = 20
# A curve needs as many bins, each with as many samples.
_CURVE_BINS, _CURVE_SAMPLES = 3, 20


class Report:
    """Everything that a report shows, not yet escaped. `tell` is called with each stage."""

    def __init__(
        self, data: Dataset, parameters: Parameters, *, title: str = "Sample easiness",
        source: str = "", top: int = 20, text: str | None = None, group_by: str | None = None,
        picture: Callable[[int], str] | None = None, n_threads: int | None = None,
        tell: Callable[[str], None] = lambda stage: None,
    ) -> None:  # fmt: skip
        self.title, self.source, self.data, self.picture = title, source, data, picture
        probs, labels, estimator = data.probs, data.labels, parameters.estimator
        normalize = parameters.normalize
        scoring: Any = {"n_bins": parameters.n_bins, "normalize": normalize, "n_threads": n_threads}
        self.class_names = data.classes or [str(k) for k in range(probs.shape[1])]
        tell("scoring")
        self.scores = scores = ec.score(probs, labels, estimator=estimator, **scoring)
        self.summary, self.table = scores.summary, ec.class_table(scores)
        self.groups, self.group_name = None, group_by or ""
        if group_by is not None:
            self.groups = ec.group_table(scores, group_names(data.kept[group_by], group_by))
        self.auroc = None  # NaN where undefined, None where it would take too long
        if probs.size <= options.AUROC_ELEMENTS:
            tell("computing AUROC")
            rows = probs if data.logits is None else data.logits
            has_logits = data.logits is not None
            self.auroc = ec.auroc(rows, labels, normalize=normalize, logits=has_logits)
        self.sigma_resolution = estimator.resolution
        if isinstance(estimator, ec.MonteCarlo):
            # At 1/N the closed form has the medium share of N draws.
            self.sigma_resolution = 1.0 / max(estimator.draws, 3)
        grid = sorted({*ec.SIGMA_GRID, estimator.sigma})
        tell(f"scoring at {len(grid)} sigmas")
        self.sigma_fit = ec.fit_sigma(
            probs, labels, grid=grid, resolution=self.sigma_resolution, **scoring
        )
        wrong = scores.level[scores.predicted != labels]
        self.errors = {
            name: int(np.count_nonzero(wrong == ec.Level[name.upper()])) for name in words.LEVELS
        }
        self.has_curve = (self.summary.bins.count >= _CURVE_SAMPLES).sum() >= _CURVE_BINS
        self.headline = words.headline(self.summary, self.errors)
        self.pairs = ec.confusion_pairs(scores)  # given class, predicted class, samples
        # Monte Carlo ties many rows at minus infinity: order those by loss, then by row.
        self.hardest = data.columns(
            np.lexsort((-scores.loss, scores.log_easiness))[:top], scores.predicted,
            normalize=normalize, text=text, log_easiness=scores.log_easiness, loss=scores.loss,
        )  # fmt: skip


def report_page(report: Report) -> str:
    """Build the page, one self-contained HTML document; equal reports give equal text."""
    scores, summary, fit, groups = report.scores, report.summary, report.sigma_fit, report.groups
    estimator = summary.estimator or ec.ClosedForm()
    accuracy = np.nan_to_num(report.table.accuracy, nan=np.inf)
    used, picture = (estimator.sigma, summary.msr, summary.ese), figures.picture
    drawn = {
        "log_easiness": picture(figures.log_easiness_histogram, scores, estimator.resolution),
        "sigma": picture(figures.sigma_sensitivity, fit, used),
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
        first_look=words.first_look(report),
        group_tests={} if groups is None else groups.p_values(),
        pairs=report.pairs[:MOST_PAIRS].tolist(),
        hardest=rows_of(report.hardest, report.data.files),
        # All classes, or the least accurate of too many, in the order of the columns.
        shown_classes=sorted(np.argsort(accuracy, kind="stable")[:MOST_CLASSES].tolist()),
        least_ese_at_low_end=fit.ese_curve[0] <= fit.ese * 1.05 + 1e-6,
        versions=f"easiness-core {ec.__version__}, NumPy {np.__version__}, "
        f"Matplotlib {matplotlib.__version__}",
    )  # fmt: skip
