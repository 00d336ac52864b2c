"""The summary of one run, for people and for machines."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from easiness_io import SampleReader

import easiness_core as ec
from easiness_cli.words import listed


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    summary: ec.Summary
    readers: Sequence[SampleReader]
    auroc: float | None
    auroc_skipped: str | None
    output: str | None
    merged_classes: int | None = None

    @property
    def n_classes(self) -> int:
        """Columns of the probabilities."""
        if self.merged_classes is not None:
            return self.merged_classes
        return max(reader.n_classes for reader in self.readers)

    @property
    def columns(self) -> tuple[list[str], list[str]]:
        """The class columns, and the columns that are left out, of all inputs."""
        found: tuple[dict[str, None], dict[str, None]] = ({}, {})
        for reader in self.readers:
            found[0].update(dict.fromkeys(reader.class_columns))
            found[1].update(dict.fromkeys(reader.left_out))
        return list(found[0]), list(found[1])

    def as_text(self) -> str:
        """Give the summary as aligned lines."""
        summary = self.summary
        used, left_out = self.columns
        rows = [("samples", f"{summary.n_samples:,}"), ("classes", f"{self.n_classes:,}")]
        if len(used) > 1:
            rows.append(("class columns", listed(used, 6)))
        if left_out:
            rows.append(("not used", listed(left_out, 6)))
        rows += [
            ("accuracy", _percent(summary.accuracy)),
            ("AUROC", self._auroc_text()),
            ("MSR", f"{_percent(summary.msr)} (share of medium samples)"),
            ("ESE", f"{summary.ese:.4f} ({summary.n_bins} bins)"),
        ]
        for name, count in summary.level_counts.items():
            rows.append((name, f"{count:,} ({_percent(count / summary.n_samples)})"))
        rows += [
            ("mean loss", _loss_text(summary)),
            ("mean easiness", f"{summary.mean_easiness:.4f}"),
            ("estimator", _estimator_text(summary.estimator)),
        ]
        if self.output is not None:
            rows.append(("written", self.output))
        return "\n".join(f"{name:<15}{value}" for name, value in rows)

    def _auroc_text(self) -> str:
        if self.auroc is None:
            return str(self.auroc_skipped)
        if math.isnan(self.auroc):
            return "undefined (all labels are of one class)"
        return f"{self.auroc:.4f} (one class against the rest, averaged)"

    def as_json(self) -> str:
        """Give the summary as one JSON object; what is not finite is null."""
        summary, estimator = self.summary, self.summary.estimator
        assert estimator is not None
        kind = "monte-carlo" if isinstance(estimator, ec.MonteCarlo) else "closed-form"
        used, left_out = self.columns
        found: dict[str, Any] = {
            "n_samples": summary.n_samples,
            "n_classes": self.n_classes,
            "class_columns": used,
            "left_out": left_out,
            "accuracy": _finite(summary.accuracy),
            "auroc": _finite(self.auroc),
            "auroc_skipped": self.auroc_skipped,
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
            "output": self.output,
            "summary": summary.to_dict(),
            "versions": {
                "easiness_core": ec.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        }
        return json.dumps(found, indent=2, allow_nan=False)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


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


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
