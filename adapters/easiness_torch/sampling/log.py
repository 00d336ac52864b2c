"""Log messages (logger "easiness_torch") and a warning at the start of an epoch."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from easiness_torch.sampling.options import Options
from easiness_torch.sampling.plan import ROUNDING, Plan

_log = logging.getLogger("easiness_torch")


def log_epoch(
    plan: Plan,
    options: Options,
    history: list[dict[str, Any]],
    *,
    stale: bool,
    stale_before: bool,
) -> None:
    """Log anything unusual about an epoch: filled up, stale, over budget, excluded samples.

    Messages that are likely to recur are warnings the first time, then information. An epoch after
    the last one is a `UserWarning`, once.
    """
    record = plan.record
    epoch = plan.epoch
    total = options.total_epochs
    if total is not None and epoch >= total > max((one["epoch"] for one in history), default=-1):
        warnings.warn(
            f"total_epochs: epoch {epoch} (counted from 0) and later ones use all samples, because "
            f"this sampler was made with total_epochs={total}; set it to the number of epochs that "
            f"you train for",
            stacklevel=4,
        )
    if not record["selective"]:
        return
    first = not any(earlier["selective"] for earlier in history)
    if record["n_filled"]:
        before = any(earlier["n_filled"] for earlier in history)
        _log.log(
            logging.INFO if before else logging.WARNING,
            "epoch %d: only %d of %d samples were selected; added the %d nearest ones to reach "
            "min_samples=%d and min_per_class=%d",
            epoch, record["n_selected"] - record["n_filled"], plan.n_samples, record["n_filled"],
            options.min_samples, options.min_per_class,
        )  # fmt: skip
    if stale:
        _log.log(
            logging.INFO if stale_before else logging.WARNING,
            "epoch %d: no score has changed since the last epoch was planned; with refresh=%s, "
            "call sampler.refresh(model, dataset) before each epoch, or pass "
            'refresh="training" and call update() in the training loop',
            epoch,
            options.refresh,
        )
    if first and options.refresh == "training" and record["excluded"]:
        _log.warning(
            'epoch %d: %d samples have a rate of 0, and with refresh="training" they get no new '
            "score, so they never come back; give every level a rate above 0 or pass floor=",
            epoch,
            record["excluded"],
        )
    short = options.budget is not None and record["mean_rate"] < options.budget - ROUNDING
    if first and short and record["unscored"] == 0:
        _log.warning(
            "epoch %d: keep gives too many samples a rate of 0 for a budget of %g: the mean rate "
            "is %.4g",
            epoch, options.budget, record["mean_rate"],
        )  # fmt: skip
