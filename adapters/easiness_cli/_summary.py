"""The summary of one run, for people and for machines."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from typing import Any

import numpy as np

import easiness_core as ec


def as_text(
    summary: ec.Summary,
    *,
    n_classes: int,
    auroc: float | None,
    auroc_skipped: str | None,
    output: str | None,
) -> str:
    """Give the summary as aligned lines."""
    rows = [
        ("samples", f"{summary.n_samples:,}"),
        ("classes", f"{n_classes:,}"),
        ("accuracy", f"{summary.accuracy:.2%}".replace("%", " %")),
        ("AUROC", _auroc_text(auroc, auroc_skipped)),
        ("MSR", f"{summary.msr:.2%}".replace("%", " %") + " (share of medium samples)"),
        ("ESE", f"{summary.ese:.4f} ({summary.n_bins} bins)"),
    ]
    for name, count in summary.level_counts.items():
        rows.append((name, f"{count:,} ({100 * count / summary.n_samples:.2f} %)"))
    rows += [
        ("mean loss", _loss_text(summary)),
        ("mean easiness", f"{summary.mean_easiness:.4f}"),
        ("estimator", _estimator_text(summary.estimator)),
    ]
    if output is not None:
        rows.append(("written", output))
    return "\n".join(f"{name:<15}{value}" for name, value in rows)


def _auroc_text(auroc: float | None, skipped: str | None) -> str:
    if auroc is None:
        return str(skipped)
    if math.isnan(auroc):
        return "undefined (all labels are of one class)"
    return f"{auroc:.4f} (one class against the rest, averaged)"


def _loss_text(summary: ec.Summary) -> str:
    if not summary.n_infinite_losses:
        return f"{summary.mean_loss:.4f}"
    if summary.n_infinite_losses == summary.n_samples:
        return "inf (every loss is infinite)"
    return (
        f"inf ({summary.n_infinite_losses:,} infinite losses; "
        f"the others' mean is {summary.mean_finite_loss:.4f})"
    )


def _estimator_text(estimator: ec.ClosedForm | ec.MonteCarlo | None) -> str:
    if isinstance(estimator, ec.MonteCarlo):
        kind = f"Monte Carlo, {estimator.draws:,} draws, seed {estimator.seed}"
        resolution = "levels cut at exactly 0 and 1"
    else:
        assert estimator is not None
        kind, resolution = "closed form", f"resolution {estimator.resolution:g}"
    return f"{kind}, sigma {estimator.sigma:g} (sigma^2 = {estimator.sigma**2:g}), {resolution}"


def as_json(
    summary: ec.Summary,
    *,
    n_classes: int,
    auroc: float | None,
    auroc_skipped: str | None,
    output: str | None,
) -> str:
    """Give the summary as one JSON object; what is not finite is null."""
    estimator = summary.estimator
    assert estimator is not None
    kind = "monte-carlo" if isinstance(estimator, ec.MonteCarlo) else "closed-form"
    found: dict[str, Any] = {
        "n_samples": summary.n_samples,
        "n_classes": n_classes,
        "accuracy": _finite(summary.accuracy),
        "auroc": _finite(auroc),
        "auroc_skipped": auroc_skipped,
        "msr": _finite(summary.msr),
        "ese": _finite(summary.ese),
        "level_counts": summary.level_counts,
        "mean_loss": _finite(summary.mean_loss),
        "mean_finite_loss": _finite(summary.mean_finite_loss),
        "n_infinite_losses": summary.n_infinite_losses,
        "mean_easiness": _finite(summary.mean_easiness),
        "estimator": {
            "name": kind,
            **dataclasses.asdict(estimator),
            "resolution": estimator.resolution,
        },
        "n_bins": summary.n_bins,
        "output": output,
        "summary": summary.to_dict(),
        "versions": {
            "easiness_core": ec.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    return json.dumps(found, indent=2, allow_nan=False)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
