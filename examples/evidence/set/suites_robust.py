"""SEL among losses that bear noise; imported, not run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from set.losses import PerSample, gce, smoothed, symmetric_ce, with_sel
from set.run import Run

NOISES = ("symmetric 0.2", "symmetric 0.4", "next 0.2", "next 0.4")
# A wide SEL is close to a straight line in the probability p of the label, of this slope at
# p = 1/10, sigma 1 and weight 1 for ten classes: reverse cross-entropy is one of slope 4.
SLOPE = 5.64


def mixed(ce_weight: float, slope: float, sigma: float) -> tuple[str, PerSample]:
    """Cross-entropy and a SEL about as steep as reverse cross-entropy of slope / 4."""
    weight = float(f"{slope * sigma / SLOPE:.2g}")
    return (
        f"{ce_weight:g} CE + {weight:g} SEL, sigma {sigma:g}", with_sel(ce_weight, weight, sigma)
    )  # fmt: skip


def named_sce(ce_weight: float, rce_weight: float) -> tuple[str, PerSample]:
    return f"{ce_weight:g} CE + {rce_weight:g} RCE", symmetric_ce(ce_weight, rce_weight)


def _trained(suite: str, noise: str, name: str, loss: PerSample | None, epochs: int) -> Run:
    options: dict[str, Any] = {"method": "classic", "n_epochs": epochs}
    return Run(suite, noise, name, options if loss is None else {**options, "loss": loss})


def robust_grid(epochs: int) -> Iterator[Run]:
    """List what is tuned: each loss, rivals too, over its own weights, under the harder noise."""
    losses: list[tuple[str, PerSample | None]] = [("cross-entropy", None), named_sce(0.1, 1.0)]
    losses += [mixed(0.1, 16, 2.0), ("GCE, q 0.7", gce()), ("label smoothing 0.1", smoothed())]
    losses += [("0.2 CE + 2 SEL, sigma 1", with_sel(0.2, 2.0, 1.0))]
    losses += [mixed(0.1, slope, sigma) for sigma in (1.0, 2.0, 4.0) for slope in (4, 8, 16)
               if (slope, sigma) != (16, 2.0)]  # fmt: skip
    losses += [named_sce(0.1, weight) for weight in (2.0, 4.0)]
    losses += [(f"GCE, q {q:g}", gce(q)) for q in (0.4, 0.9)]
    losses += [("label smoothing 0.3", smoothed(0.3))]
    losses += [mixed(0.02, 8, 2.0), named_sce(0.02, 2.0), mixed(0.5, 8, 2.0), named_sce(0.5, 2.0)]
    losses += [mixed(0.02, 8, 1.0), mixed(0.02, 8, 4.0), mixed(0.02, 4, 2.0), named_sce(0.02, 1.0)]
    losses += [mixed(0.02, 4, 4.0)]
    for name, loss in losses:
        for noise in ("symmetric 0.4", "next 0.4"):
            yield _trained("robust_grid", noise, name, loss, epochs)


def robust(epochs: int) -> Iterator[Run]:
    """List what is confirmed: the rivals as published and as tuned, under all noises and none."""
    losses: list[tuple[str, PerSample | None]] = [("cross-entropy", None), named_sce(0.1, 1.0)]
    losses += [named_sce(0.02, 1.0), ("GCE, q 0.7", gce()), ("label smoothing 0.3", smoothed(0.3))]
    losses += [mixed(0.1, 16, 2.0), mixed(0.02, 4, 4.0)]
    for noise in (*NOISES, "none"):
        for name, loss in losses:
            yield _trained("robust", noise, name, loss, epochs)
