"""Move tensors between devices."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping
from typing import Any

import torch
from torch import Tensor


def device_of(model: torch.nn.Module, device: torch.device | str | None) -> torch.device:
    """Return `device`, or by default that of the model's first parameter."""
    if device is None:
        first = next(model.parameters(), None)
        return torch.device("cpu") if first is None else first.device
    return indexed(device)


def indexed(device: torch.device | str) -> torch.device:
    """Return a device with its index: "cuda" is not equal to the "cuda:0" of a tensor there."""
    return torch.empty(0, device=device).device


def moved(values: Tensor, device: torch.device) -> Tensor:
    """Move values; the host waits only for copies to itself, so as not to read them too early."""
    return values.to(device, non_blocking=device.type != "cpu")


def all_moved(batch: Any, device: torch.device) -> Any:
    """Move every tensor of a batch, however nested; mappings keep their type if they can."""
    if isinstance(batch, Tensor):
        return moved(batch, device)
    if isinstance(batch, Mapping):
        there = copy.copy(batch) if isinstance(batch, MutableMapping) else dict(batch)
        for key, value in batch.items():
            there[key] = all_moved(value, device)
        return there
    if isinstance(batch, (list, tuple)):
        parts = [all_moved(value, device) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else parts
    return batch
