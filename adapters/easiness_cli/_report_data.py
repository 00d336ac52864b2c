"""What a report shows, gathered from the core; words and looks are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._common import AUROC_ELEMENTS


@dataclass(frozen=True)
class HardSample:
    """One row of the list of the hardest samples."""

    row: int
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
        The title, and the names of the input files; text of the user's, not yet escaped.
    class_names : tuple of str
        One a column of the probabilities; text of the user's, not yet escaped.
    estimator : ec.ClosedForm or ec.MonteCarlo
        What the samples were scored with.
    scores : ec.Scores
        The scored samples.
    errors : dict of str to int
        The wrong predictions of each level.
    table : ec.ClassTable
        The classes.
    auroc : float or None
        Macro one-vs-rest AUROC; NaN where not defined, None where left out for its cost.
    sigma_fit : ec.SigmaFit
        MSR and ESE over the grid of sigma, by the closed form.
    sigma_resolution : float
        Where that curve cuts its levels.
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


def build_report(
    probs: NDArray[Any],
    labels: NDArray[Any],
    *,
    class_names: Sequence[str] | None = None,
    estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
    n_bins: int = 5,
    normalize: bool = False,
    n_threads: int | None = None,
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
    class_names : sequence of str, optional
        What to call the columns; their numbers if None.
    estimator : ec.ClosedForm or ec.MonteCarlo, optional
        The closed form at its defaults if None.
    n_bins : int
        Bins of easiness behind ESE.
    normalize : bool
        Divide each row by its sum.
    n_threads : int, optional
        Threads of the scoring.
    top : int
        Length of the list of the hardest samples.
    title, source : str
        The report's title, and the names of the input files.
    tell : callable
        Is given a few words at the start of each stage of the work.

    Returns
    -------
    Report
        Scores, tables and curve.

    Raises
    ------
    ValueError, TypeError
        What `ec.score` raises for bad input.
    """
    estimator = estimator or ec.ClosedForm()
    tell("scoring")
    scores = ec.score(
        probs,
        labels,
        estimator=estimator,
        n_bins=n_bins,
        normalize=normalize,
        n_threads=n_threads,
    )
    n_classes = probs.shape[1]
    resolution = estimator.resolution
    if isinstance(estimator, ec.MonteCarlo):
        # N draws resolve 1/N: there the closed form has the medium share of Monte Carlo.
        resolution = 1.0 / max(estimator.draws, 3)
    names = tuple(map(str, range(n_classes) if class_names is None else class_names))
    given = np.asarray(labels).astype(np.int64)
    wrong = scores.predicted != given
    auroc = None
    if probs.size <= AUROC_ELEMENTS:
        tell("computing AUROC")
        auroc = ec.auroc(probs, given, normalize=normalize)
    fits = []
    grid = sorted({*ec.SIGMA_GRID, estimator.sigma})
    for k, sigma in enumerate(grid):
        tell(f"scoring at sigma {k + 1} of {len(grid)}")
        fits.append(
            ec.fit_sigma(
                probs,
                given,
                grid=[sigma],
                resolution=resolution,
                n_bins=n_bins,
                normalize=normalize,
                n_threads=n_threads,
            )
        )
    best = min(fits, key=lambda fit: fit.ese)
    return Report(
        title=title,
        source=source,
        class_names=names,
        estimator=estimator,
        scores=scores,
        errors={
            level.name.lower(): int(np.count_nonzero(wrong & (scores.level == level)))
            for level in ec.Level
            if level.name
        },
        table=ec.class_table(scores, given, n_classes=n_classes),
        auroc=auroc,
        sigma_fit=ec.SigmaFit(
            sigma=best.sigma,
            ese=best.ese,
            grid=np.array(grid),
            ese_curve=np.array([fit.ese for fit in fits]),
            msr_curve=np.concatenate([fit.msr_curve for fit in fits]),
        ),
        sigma_resolution=resolution,
        hardest=_hardest(probs, given, scores, names, top, normalize),
    )


def _hardest(
    probs: NDArray[Any],
    given: NDArray[np.int64],
    scores: ec.Scores,
    names: tuple[str, ...],
    top: int,
    normalize: bool,
) -> tuple[HardSample, ...]:
    # Monte Carlo ties many rows at minus infinity; the loss then decides, and the row after it.
    order = np.lexsort((-scores.loss, scores.log_easiness))[:top]
    found = []
    for row in order.tolist():
        values = np.asarray(probs[row], dtype=np.float64)
        if normalize:
            values = values / values.sum()
        predicted = int(scores.predicted[row])
        found.append(
            HardSample(
                row=row,
                given=names[given[row]],
                predicted=names[predicted],
                p_given=float(values[given[row]]),
                p_predicted=float(values[predicted]),
                log_easiness=float(scores.log_easiness[row]),
                loss=float(scores.loss[row]),
            )
        )
    return tuple(found)
