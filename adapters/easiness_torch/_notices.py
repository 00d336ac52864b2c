"""What is worth a line in the log when an epoch begins (logger "easiness_torch")."""

from __future__ import annotations

import logging
from typing import Any

import torch

from easiness_torch._options import Options
from easiness_torch._plan import Plan

_log = logging.getLogger("easiness_torch")
# How far below the budget the mean rate may fall by rounding.
_ROUNDING = 1e-6


def tell(
    plan: Plan,
    options: Options,
    history: list[dict[str, Any]],
    *,
    stale: bool,
    stale_before: bool,
) -> None:
    """Log what is unusual about an epoch: topped up, stale, out of reach, never seen again.

    What is likely to repeat itself is a warning once, and information from then on.
    """
    record = plan.record
    epoch = plan.epoch
    if not record["selective"]:
        return
    first = not any(earlier["selective"] for earlier in history)
    if record["topped_up"]:
        before = any(earlier["topped_up"] for earlier in history)
        _log.log(
            logging.INFO if before else logging.WARNING,
            "epoch %d: only %d of %d samples were selected, %d of the nearest were added "
            "(min_samples=%d, min_per_class=%d)",
            epoch,
            record["n_selected"] - record["topped_up"],
            plan.n_samples,
            record["topped_up"],
            options.min_samples,
            options.min_per_class,
        )
    if stale:
        _log.log(
            logging.INFO if stale_before else logging.WARNING,
            "epoch %d: no score has changed since the last epoch was planned; with refresh=%s, "
            "call score_dataset(model, dataset, sampler=sampler) before each epoch, or pass "
            'refresh="training" and call update() in the training loop',
            epoch,
            options.refresh,
        )
    if first and options.refresh == "training" and record["excluded"]:
        _log.warning(
            'epoch %d: %d samples have a rate of 0, and with refresh="training" they get no new '
            "score and so never come back; give every level a rate above 0 or pass floor=",
            epoch,
            record["excluded"],
        )
    short = options.budget is not None and record["mean_rate"] < options.budget - _ROUNDING
    if first and short and record["unscored"] == 0:
        _log.warning(
            "epoch %d: keep gives too many samples a rate of 0 for a budget of %g: the mean rate "
            "is %.4g",
            epoch,
            options.budget,
            record["mean_rate"],
        )


def is_main_process() -> bool:
    """Whether this process is to log: the first of a distributed run, or the only one."""
    dist = torch.distributed
    return not (dist.is_available() and dist.is_initialized()) or dist.get_rank() == 0
