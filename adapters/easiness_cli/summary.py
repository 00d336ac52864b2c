"""The summary of one run, for people and for machines."""

import dataclasses
import json
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_cli.output import aligned, listed

_NUMBERS = ("n_samples", "accuracy", "accuracy_interval", "msr", "msr_interval", "ese", "n_bins",
            "level_counts", "mean_easiness", "mean_loss", "mean_finite_loss",
            "n_infinite_losses")  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Results of a run; `auroc` is NaN if undefined, and None if `auroc_skipped` says why."""

    summary: ec.Summary
    n_classes: int
    auroc: float | None
    auroc_skipped: str | None
    output: str | None = None
    class_columns: Sequence[str] = ()
    left_out: Sequence[str] = ()

    def as_text(self) -> str:
        """Return the summary as aligned lines."""
        summary = self.summary
        rows = {
            "samples": f"{summary.n_samples:,}",
            "classes": f"{self.n_classes:,}",
            "class columns": listed(self.class_columns, 6) if len(self.class_columns) > 1 else "",
            "not used": listed(self.left_out, 6),
            "accuracy": _with_interval(summary.accuracy, summary.accuracy_interval),
            "AUROC": self._auroc_text(),
            "MSR": f"{_with_interval(summary.msr, summary.msr_interval)}, share of medium samples",
            "ESE": f"{summary.ese:.4f} ({summary.n_bins} bins)",
            **{
                name: f"{count:,} ({_percent(count / summary.n_samples)})"
                for name, count in summary.level_counts.items()
            },
            "mean loss": _loss_text(summary),
            "mean easiness": f"{summary.mean_easiness:.4f}",
            "estimator": _estimator_text(summary.estimator),
            "written": self.output,
        }
        return aligned(rows)

    def _auroc_text(self) -> str:
        if self.auroc is None:
            return str(self.auroc_skipped)
        if math.isnan(self.auroc):
            return "undefined (all labels are of one class)"
        return f"{self.auroc:.4f} (one class against the rest, averaged)"

    def as_json(self) -> str:
        """Return the summary as one JSON object; non-finite values are null."""
        summary, estimator = self.summary, self.summary.estimator
        assert estimator is not None
        kind = "monte-carlo" if isinstance(estimator, ec.MonteCarlo) else "closed-form"
        found: dict[str, Any] = {
            **{name: getattr(summary, name) for name in _NUMBERS},
            **{name: value for name, value in vars(self).items() if name != "summary"},
            "estimator": {
                "name": kind, **dataclasses.asdict(estimator), "resolution": estimator.resolution
            },
            "summary": summary.to_dict(),
            "versions": {
                "easiness_core": ec.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        }  # fmt: skip
        for name, value in found.items():
            if isinstance(value, float) and not math.isfinite(value):
                found[name] = None
        return json.dumps(found, indent=2, allow_nan=False)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _with_interval(share: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{_percent(share)} ({100 * low:.2f} to {100 * high:.2f})"


def _loss_text(summary: ec.Summary) -> str:
    if not summary.n_infinite_losses:
        return f"{summary.mean_loss:.4f}"
    if summary.n_infinite_losses == summary.n_samples:
        return "inf (every loss is infinite)"
    return (
        f"inf ({summary.n_infinite_losses:,} infinite; "
        f"mean of the others {summary.mean_finite_loss:.4f})"
    )


def _estimator_text(estimator: ec.ClosedForm | ec.MonteCarlo | None) -> str:
    if isinstance(estimator, ec.MonteCarlo):
        kind = f"Monte Carlo, {estimator.draws:,} draws, seed {estimator.seed}"
        resolution = "levels cut at exactly 0 and 1"
    else:
        assert estimator is not None
        kind, resolution = "closed form", f"resolution {estimator.resolution:g}"
    return f"{kind}, sigma {estimator.sigma:g} (sigma^2 = {estimator.sigma**2:g}), {resolution}"
