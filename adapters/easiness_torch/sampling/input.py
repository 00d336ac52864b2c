"""Check the arguments of `EasinessSampler.update` without reading from a device."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from easiness_torch.scoring.check import check_matrix, check_range
from easiness_torch.scoring.device import moved


class Update(NamedTuple):
    """Checked arguments of an update; `labels` are where the rows are."""

    indices: Tensor
    rows: Tensor
    labels: Tensor
    are_probs: bool
    indices_checked: bool
    labels_checked: bool


def check_update(indices: Any, logits: Any, labels: Any, probs: Any, n_samples: int) -> Update:
    """Check types and shapes, and values on the host.

    Bad values on a device are noted by the table when it reads them.
    """
    if (logits is None) == (probs is None):
        raise TypeError(
            "update: expected either logits or probs=, as in update(indices, logits, labels) or "
            "update(indices, probs=probs, labels=labels)"
        )
    name, rows = ("logits", logits) if probs is None else ("probs", probs)
    check_matrix(rows, name)
    n_rows = rows.shape[0]
    indices = _whole_numbers(indices, "indices", n_rows, name)
    labels = _whole_numbers(labels, "labels", n_rows, name)
    return Update(
        indices=indices,
        rows=rows.detach(),
        labels=moved(labels, rows.device),
        are_probs=probs is not None,
        indices_checked=_check_on_host(indices, "indices", n_samples, "n_samples"),
        labels_checked=_check_on_host(labels, "labels", rows.shape[1], f"columns of {name}"),
    )


def check_indices(indices: Any, n_samples: int) -> Tensor:
    """Check only indices, for `weights`."""
    checked = _whole_numbers(indices, "indices", None, "")
    _check_on_host(checked, "indices", n_samples, "n_samples")
    return checked


def _whole_numbers(values: Any, name: str, n_rows: int | None, rows: str) -> Tensor:
    if values is None:
        raise TypeError(f"{name}: expected one per row of {rows}, got None")
    # An empty list would become floating point.
    empty = isinstance(values, (list, tuple)) and not values
    if isinstance(values, Tensor):
        tensor = values
    else:
        dtype = torch.int64 if empty else None
        try:
            tensor = torch.as_tensor(values, dtype=dtype, device="cpu")
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{name}: expected whole numbers, got {type(values).__name__} ({error}); a data "
                f"set wrapped in with_indices gives them"
                if name == "indices"
                else f"{name}: expected class indices, got {type(values).__name__} ({error})"
            ) from error
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(
            f"{name}: expected whole numbers, got dtype {tensor.dtype}; keep {name} in int64 all "
            f"the way, since floating point cannot hold every whole number"
        )
    if tensor.ndim != 1 or (n_rows is not None and len(tensor) != n_rows):
        size = "n" if n_rows is None else n_rows
        raise ValueError(
            f"{name}: expected shape ({size},)"
            + (f", one per row of {rows}" if rows else "")
            + f", got {tuple(tensor.shape)}"
        )
    whole: Tensor = tensor.long()
    return whole


def _check_on_host(values: Tensor, name: str, stop: int, what: str) -> bool:
    """Check values if they are on the host; return whether they were."""
    if values.device.type != "cpu":
        return False
    check_range(values, name, stop, what)
    return True
