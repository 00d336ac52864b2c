"""Check options and tensors of the loss; values on the device are not read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from easiness_torch.scoring.check import SMALLEST_SIGMA_FLOAT32, check_number


def check_loss_options(
    lambda_: Any, sigma: Any, tail: Any, weight: Any, reduction: Any, label_smoothing: Any
) -> None:
    """Check the options of the loss."""
    check_number(lambda_, "lambda_", 0.0)
    check_number(sigma, "sigma", SMALLEST_SIGMA_FLOAT32)
    if tail is not None:
        check_number(tail, "tail", 0.0, may_be_infinite=True)
    check_number(label_smoothing, "label_smoothing", 0.0)
    if label_smoothing > 1.0:
        raise ValueError(f"label_smoothing: expected a value in [0, 1], got {label_smoothing!r}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"reduction: expected 'none', 'mean' or 'sum', got {reduction!r}")
    if weight is not None and not (isinstance(weight, Tensor) and weight.ndim == 1):
        got = tuple(weight.shape) if isinstance(weight, Tensor) else type(weight).__name__
        raise TypeError(f"weight: expected a tensor of shape (n_classes,), got {got}")


def check_loss_input(logits: Any, targets: Any, weight: Tensor | None) -> int:
    """Check logits and targets; return the dimension of the classes."""
    if not isinstance(logits, Tensor) or not isinstance(targets, Tensor):
        raise TypeError(
            f"logits, targets: expected tensors, got {type(logits).__name__} and "
            f"{type(targets).__name__}"
        )
    if not logits.is_floating_point():
        raise TypeError(f"logits: expected real floating-point numbers, got {logits.dtype}")
    class_dim = min(1, logits.ndim - 1)
    if logits.ndim == 0 or logits.shape[class_dim] < 2:
        raise ValueError(
            f"logits: expected shape (n_samples, n_classes, ...) with 2 classes or more, got "
            f"{tuple(logits.shape)}"
        )
    if targets.dtype != torch.int64:
        raise TypeError(
            f"targets: expected class indices of dtype torch.int64, got {targets.dtype}; pass "
            f"targets.long() if they are whole numbers, and targets.argmax({class_dim}) if they "
            f"are class probabilities"
        )
    expected = logits.shape[:class_dim] + logits.shape[class_dim + 1 :]
    if targets.shape != expected:
        raise ValueError(
            f"targets: expected shape {tuple(expected)}, that of logits without its classes, got "
            f"{tuple(targets.shape)}"
        )
    if targets.device != logits.device:
        raise ValueError(
            f"targets: expected device {logits.device}, that of logits, got {targets.device}; "
            f"pass targets.to(logits.device)"
        )
    if weight is not None and weight.shape[0] != logits.shape[class_dim]:
        raise ValueError(
            f"weight: expected {logits.shape[class_dim]} values, one per class, got "
            f"{weight.shape[0]}"
        )
    return class_dim
