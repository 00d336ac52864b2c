"""Networks of the training scripts; imported by them, not run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from set.data import torchvision_module
from torch import Tensor, nn

TORCHVISION_NETWORKS = ("vgg16", "resnet50", "densenet121")
NETWORKS = (
    "small", "small-bn", "deep-bn", "resnet8", "cnn18m", "resnet18", *TORCHVISION_NETWORKS,
)  # fmt: skip
# With Adam at 0.001, VGG16 stays at 10 % on 2,000 images of CIFAR-10.
RATES = {"vgg16": 1e-4}


def network(
    name: str, shape: tuple[int, int, int], n_classes: int, weights: str | None = None
) -> nn.Module:
    """Make a network for images of a shape (channels, height, width); see `_network`.

    Its weights are laid out with channels last, which takes a quarter to a half off the time of
    the small networks on a CPU.

    `weights` is a file of a state dict, for torchvision's networks with its own head of 1,000
    classes, or for them a name that torchvision knows and downloads.
    """
    if weights is not None and name not in TORCHVISION_NETWORKS and not Path(weights).is_file():
        raise SystemExit(
            f"--weights: found no file {weights}, and {name} is not one of torchvision's networks"
        )
    model = _network(name, shape, n_classes, weights)
    if weights is not None and name not in TORCHVISION_NETWORKS:
        load_weights(model, weights, name)
    return model.to(memory_format=torch.channels_last)


def load_weights(model: nn.Module, path: str, name: str) -> None:
    """Load a state dict from a file, or say why it does not fit."""
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, AttributeError, pickle.UnpicklingError) as error:
        words = str(error).strip().splitlines()
        raise SystemExit(f"--weights: {path} does not fit {name}: {words[-1].strip()}") from error


def _network(
    name: str, shape: tuple[int, int, int], n_classes: int, weights: Any = None
) -> nn.Module:
    """As `network`, before its own weights are loaded.

    Torchvision's networks and ResNet-18, in its form for CIFAR, are shown images of three
    channels, 32 or more on a side.
    """
    channels, side, _ = shape
    if name in ("small", "small-bn"):
        norm = (lambda n: [nn.BatchNorm2d(n)]) if name == "small-bn" else (lambda n: [])
        return nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1), *norm(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), *norm(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(32 * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, n_classes),
        )  # fmt: skip
    if name == "cnn18m":
        return deep(channels, side, n_classes, (128, 256, 512), 1640)
    if name == "deep-bn":
        return deep(channels, side, n_classes, (16, 32, 64), 64, norm=True)
    if name == "resnet8":
        return nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, n_classes),
        )  # fmt: skip
    if name == "resnet18":
        from torch_loss_overhead import resnet18

        model: nn.Module = resnet18()
        model[-1] = nn.Linear(model[-1].in_features, n_classes)  # type: ignore[index, operator]
        return nn.Sequential(LikeCifar(), model)
    from_file = weights is not None and Path(weights).is_file()
    model = getattr(torchvision_module("models", name), name)(
        weights=None if from_file else weights
    )
    if from_file:
        load_weights(model, str(weights), name)
    _replace_head(model, name, n_classes)
    return nn.Sequential(LikeCifar(), model)


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features of the same size, or half of it with a stride of 2."""
        return torch.relu(self.body(x) + self.shortcut(x))


class LikeCifar(nn.Module):
    """Gray images in three channels, small ones with a margin of zeros up to 32 pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, 1 or 3, side, side) as (n, 3, at least 32, at least 32)."""
        lacking = max(0, 32 - x.shape[-1])
        before, after = lacking // 2, lacking - lacking // 2
        return nn.functional.pad(x, (before, after, before, after)).expand(-1, 3, -1, -1)


def deep(
    channels: int,
    side: int,
    n_classes: int,
    widths: tuple[int, ...],
    hidden: int,
    *,
    norm: bool = False,
) -> nn.Module:
    """Two convolutions of each width, a halving after them, then a hidden layer with dropout.

    cnn18m has 18,029,314 parameters for 3 x 32 x 32 and 10 classes.
    """
    layers: list[nn.Module] = []
    n_in = channels
    for n_out in widths:
        for _ in range(2):
            layers.append(nn.Conv2d(n_in, n_out, 3, padding=1))
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()] if norm else [nn.ReLU()]
            n_in = n_out
        layers.append(nn.MaxPool2d(2))
    layers += [
        nn.Flatten(), nn.Linear(n_in * (side // 2 ** len(widths)) ** 2, hidden), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(hidden, n_classes),
    ]  # fmt: skip
    return nn.Sequential(*layers)


def _replace_head(model: Any, name: str, n_classes: int) -> None:
    if name == "resnet50":
        model.fc = nn.Linear(model.fc.in_features, n_classes)
    elif name == "densenet121":
        model.classifier = nn.Linear(model.classifier.in_features, n_classes)
    else:
        model.classifier[-1] = nn.Linear(model.classifier[-1].in_features, n_classes)
