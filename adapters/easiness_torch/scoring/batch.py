"""Selection within a batch: Algorithm 1 taken literally."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.scoring.check import are_probs_likely, check_number, warn_of_probs
from easiness_torch.scoring.closed_form import log_easiness

_DEFAULT = ec.ClosedForm()


def select_batch(
    logits: Tensor,
    labels: Tensor,
    keep: ec.Level | str | tuple[float, float],
    *,
    estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT,
) -> Tensor:
    """Select the rows of a batch to train on, by their easiness, as in Algorithm 1.

    Parameters
    ----------
    logits : Tensor of shape (n_samples, n_classes)
        Logits of the batch, any floating-point dtype; the selection has no gradient.
    labels : Tensor of shape (n_samples,), int64
        Given class of each sample, on the device of `logits`.
    keep : Level, str or (low, high)
        Levels, such as `ec.MO`, `ec.MO | ec.HO` or `"hard|medium"`; or an interval of
        easiness within [0, 1], both ends included.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How to compute easiness, its sigma, and the thresholds between levels.

    Returns
    -------
    Tensor of shape (n_selected,), int64
        Sorted row indices on the device of `logits`. Rows with NaN are never selected. The result
        may be empty, for example for MO in a batch without medium samples. Skip the step then,
        because the mean of no losses is NaN.

    Raises
    ------
    TypeError, ValueError
        If `keep` is neither a union of levels nor an interval; and as for `log_easiness`.

    Notes
    -----
    The number of selected rows is known only on the device, and the host needs it for the shape of
    the result. So on a GPU this waits for the scores of the batch; `EasinessSampler` does not wait.
    Source: *Medium Samples Are All You Need*, Algorithm 1.

    Examples
    --------
    >>> import torch
    >>> import easiness_core as ec
    >>> from easiness_torch import select_batch
    >>> logits = torch.log(torch.tensor([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]]))
    >>> y = torch.tensor([0, 0, 0])
    >>> select_batch(logits, y, ec.MO)
    tensor([1])
    >>> kept = select_batch(logits, y, (0.0, 0.95))
    >>> kept
    tensor([1, 2])
    >>> if len(kept):
    ...     loss = torch.nn.functional.cross_entropy(logits[kept], y[kept])
    """
    is_levels = isinstance(keep, (int, str))
    interval = None if is_levels else _check_interval(keep)
    levels = ec.Level.of(keep, argument="keep") if is_levels else ec.EMHO
    with torch.no_grad():
        log_e = log_easiness(logits, labels, estimator=estimator)
        if len(logits) and bool(are_probs_likely(logits)):
            warn_of_probs(stacklevel=2)
        if interval is None:
            chosen = _at_levels(log_e, levels, estimator.cuts)
        else:
            easiness = log_e.exp()
            chosen = (easiness >= interval[0]) & (easiness <= interval[1])
        return chosen.nonzero().squeeze(1)


def _at_levels(log_e: Tensor, levels: ec.Level, cuts: tuple[float, float]) -> Tensor:
    hard_to, easy_from = cuts
    hard, easy = log_e <= hard_to, log_e >= easy_from
    # Not as "neither hard nor easy", which would include NaN.
    at = {
        ec.Level.HARD: hard,
        ec.Level.MEDIUM: (log_e > hard_to) & (log_e < easy_from),
        ec.Level.EASY: easy,
    }
    return torch.stack([at[level] for level in levels]).any(0)


def _check_interval(keep: Any) -> tuple[float, float]:
    if not isinstance(keep, (tuple, list)) or len(keep) != 2:
        raise TypeError(
            f"keep: expected levels, such as easiness_core.MO or 'medium', or an interval of "
            f"easiness (low, high), got {keep!r}"
        )
    low, high = (check_number(end, "keep", 0.0) for end in keep)
    if not low <= high <= 1.0:
        raise ValueError(f"keep: expected 0 <= low <= high <= 1, got {keep!r}")
    return low, high
