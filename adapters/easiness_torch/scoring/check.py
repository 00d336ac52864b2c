"""Check tensors without reading their values.

Values on the device are not read, because the host would have to wait.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor

import easiness_core as ec
from easiness_core.validation import (
    NEGATIVE_TOLERANCE,
    NEGATIVE_TOLERANCE_HALF,
    ROW_SUM_TOLERANCE,
    ROW_SUM_TOLERANCE_HALF,
)

# Below this, the square of d / (sigma sqrt 2) overflows float32.
SMALLEST_SIGMA_FLOAT32 = 1e-15


def check_rows(rows: Any, labels: Any, estimator: Any, *, name: str = "logits") -> None:
    """Check type, shape, dtype and device of logits (or probs) and labels."""
    check_matrix(rows, name)
    if not isinstance(labels, Tensor):
        raise TypeError(
            f"labels: expected a tensor, got {type(labels).__name__}; pass torch.as_tensor(labels)"
        )
    if labels.dtype != torch.int64:
        raise TypeError(
            f"labels: expected class indices of dtype torch.int64, got {labels.dtype}; pass "
            f"labels.long() if they are whole numbers"
        )
    if labels.shape != rows.shape[:1]:
        raise ValueError(
            f"labels: expected shape ({rows.shape[0]},), one per row of {name}, got "
            f"{tuple(labels.shape)}"
        )
    if labels.device != rows.device:
        raise ValueError(
            f"labels: expected device {rows.device}, that of {name}, got {labels.device}; pass "
            f"labels.to({name}.device)"
        )
    check_estimator(estimator)
    if rows.dtype != torch.float64 and estimator.sigma < SMALLEST_SIGMA_FLOAT32:
        raise ValueError(
            f"estimator: expected a sigma of at least {SMALLEST_SIGMA_FLOAT32:g} for "
            f"{rows.dtype}, got {estimator.sigma:g}; pass {name}.double()"
        )


def check_matrix(rows: Any, name: str) -> None:
    """Check type, dtype and shape of logits or probs."""
    if not isinstance(rows, Tensor):
        raise TypeError(
            f"{name}: expected a tensor, got {type(rows).__name__}; pass torch.as_tensor({name}), "
            f"or use easiness_core.score for arrays"
        )
    if not rows.is_floating_point():
        raise TypeError(
            f"{name}: expected real floating-point numbers, got {rows.dtype}; convert them "
            f"first, for example with {name}.float()"
        )
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise ValueError(
            f"{name}: expected shape (n_samples, n_classes) with 2 classes or more, got "
            f"{tuple(rows.shape)}"
        )


def check_estimator(estimator: Any) -> None:
    """Check that `estimator` is one of the core."""
    if not isinstance(estimator, (ec.ClosedForm, ec.MonteCarlo)):
        raise TypeError(
            f"estimator: expected ClosedForm(...) or MonteCarlo(...), got {estimator!r}"
        )


def check_number(value: Any, name: str, low: float, *, may_be_infinite: bool = False) -> float:
    """Check a number of at least `low`, only with comparisons, which the compiler can trace."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
    # NaN fails this comparison.
    if not low <= value or (value == math.inf and not may_be_infinite):
        limit = "" if may_be_infinite else " and finite"
        raise ValueError(f"{name}: expected a value of at least {low:g}{limit}, got {value!r}")
    return float(value)


def check_range(values: Tensor, name: str, stop: int, what: str) -> None:
    """Check values on the host: whole numbers from 0 to `stop` - 1."""
    if not len(values):
        return
    low, high = (int(end) for end in torch.aminmax(values))
    if low >= 0 and high < stop:
        return
    bad = (values < 0) | (values >= stop)
    first = int(values[bad][0])
    ignored = "; leave out rows with ignored labels: rows = labels != -100" if first == -100 else ""
    raise ValueError(
        f"{name}: expected 0 to {stop - 1} ({what} = {stop}), got {int(bad.sum())} outside; the "
        f"first is row {int(bad.nonzero()[0, 0])}, value {first}{ignored}"
    )


def no_distribution(probs: Tensor) -> Tensor:
    """Mask of the rows that are not probabilities, but most likely logits."""
    half = probs.dtype in (torch.float16, torch.bfloat16)
    tolerance = ROW_SUM_TOLERANCE_HALF if half else ROW_SUM_TOLERANCE
    wide = probs if probs.dtype == torch.float64 else probs.float()
    low, high = torch.aminmax(wide, dim=1)
    below = low < -(NEGATIVE_TOLERANCE_HALF if half else NEGATIVE_TOLERANCE)
    return ((wide.sum(1) - 1.0).abs() > tolerance) | below | (high > 1.0 + tolerance)


def are_probs_likely(logits: Tensor) -> Tensor:
    """Whether rows given as logits all look like probabilities: a 0-d bool on their device."""
    rows = logits.detach()
    return rows.isfinite().all() & ~no_distribution(rows).any()


def warn_of_probs(*, stacklevel: int) -> None:
    """Warn about a model that ends in a softmax."""
    warnings.warn(
        "logits: all rows of the first batch lie in [0, 1] and sum to 1, so they are most likely "
        "probabilities; remove the softmax at the end of the model (with sampler.update, pass "
        "probs= instead)",
        stacklevel=stacklevel + 1,
    )
