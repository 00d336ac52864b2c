"""The paper's methods in the paper's setting, with their controls; imported, not run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from easiness_torch import SampleEasinessLoss
from set.losses import clipped_sel
from set.run import UNIONS, Run, control

import easiness_core as ec


def paper(epochs: int) -> Iterator[Run]:
    """List what matters most first; a tenth of the epochs is warm-up.

    The warm-up alone, and fewer epochs, are the first epochs of "classic": the rate is constant.
    """
    later = {"n_epochs": epochs, "warmup_epochs": max(1, round(epochs / 10))}

    def same_size(reference: str, method: str = "random") -> Run:
        return control("paper", "", reference, epochs, method)

    def sel(sigma: float, weight: float, tail: float | None) -> SampleEasinessLoss:
        return SampleEasinessLoss(sigma=sigma, lambda_=weight, tail=tail, reduction="none")

    yield Run("paper", "", "classic", {"method": "classic", "n_epochs": epochs})
    yield Run("paper", "", "SET", {"method": "SET", **later})
    yield same_size("SET")
    yield same_size("SET", "RS2")
    yield replace(same_size("SET", "RS2"), name="RS2, SET's cost spread evenly", spread=True)
    yield Run("paper", "", "SEL-SET, sigma 1", {"method": "SEL-SET", **later})
    yield Run("paper", "", "SEL-SET, sigma 0.01",
              {"method": "SEL-SET", "loss": sel(0.01, 0.1, None), **later})  # fmt: skip
    yield Run("paper", "", "L-SET", {"method": "L-SET", **later})
    yield Run("paper", "", "SET per batch", {"method": "SET per batch", **later})
    for name, loss in (
        ("sigma 0.01", sel(0.01, 0.1, None)), ("sigma 0.01, clipped at 1/1000", clipped_sel(1000)),
        ("sigma 0.01, clipped at 1/100", clipped_sel(100)), ("sigma 1", sel(1.0, 0.1, 3.0)),
        ("sigma 1, lambda 1", sel(1.0, 1.0, 3.0)),
    ):  # fmt: skip
        yield Run("paper", "", f"SEL, {name}",
                  {"method": "SEL", "loss": loss, "n_epochs": epochs})  # fmt: skip
    for name in ("EMO", "EO", "MHO", "HO"):
        yield Run("paper", "", name, {"method": "SET", "keep": UNIONS[name], **later})
        yield same_size(name)
    for variance in (1e-6, 1e-8):
        options = {"sampler_options": {"estimator": ec.ClosedForm(sigma=variance**0.5)}, **later}
        yield Run("paper", "", f"SET, sigma^2 {variance:g}", {"method": "SET", **options})
