"""Data sets and networks of the training scripts; imported by them, not run.

Fashion-MNIST and CIFAR-10 from the folder EASINESS_DATA, scikit-learn's digits where that is
unset; CIFAR-10, CIFAR-100 and SVHN from a local folder through torchvision, which nothing else
here needs.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

TORCHVISION = {"cifar10": "CIFAR10", "cifar100": "CIFAR100", "svhn": "SVHN"}
DATASETS = ("fashion", "digits", *TORCHVISION)
TORCHVISION_NETWORKS = ("vgg16", "resnet50", "densenet121")
NETWORKS = (
    "small", "small-bn", "deep-bn", "resnet8", "cnn18m", "resnet18", *TORCHVISION_NETWORKS,
)  # fmt: skip
Arrays = tuple[NDArray[Any], NDArray[Any]]


class Images(Dataset[tuple[Tensor, Tensor]]):
    """Images and labels in memory; a batch is taken at once."""

    def __init__(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        self.x = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
        self.y = torch.from_numpy(np.asarray(y, dtype=np.int64))
        self.last = torch.empty(0, dtype=torch.int64)  # rows of the batch given last

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        return self.x[k], self.y[k]

    def __getitems__(self, ids: list[int]) -> list[tuple[Tensor, Tensor]]:
        at = self.last = torch.as_tensor(ids)
        return list(zip(self.x[at], self.y[at], strict=True))


def load(name: str | None, folder: str | None = None) -> tuple[str, Arrays, Arrays]:
    """Name, training and test arrays; images (n, channels, height, width), standardised."""
    name, train, test = read(name, folder)
    axes = (0, 2, 3)
    mean, std = train[0].mean(axes, keepdims=True), train[0].std(axes, keepdims=True)
    return name, ((train[0] - mean) / std, train[1]), ((test[0] - mean) / std, test[1])


def read(name: str | None, folder: str | None = None) -> tuple[str, Arrays, Arrays]:
    """As `load`, with the images' own values: 0 to 16 for digits, 0 to 255 for the others."""
    shared = os.environ.get("EASINESS_DATA")
    name = name or ("fashion" if shared else "digits")
    if name == "digits":
        train, test = _digits()
    elif name == "fashion":
        if not shared:
            raise SystemExit("fashion: set EASINESS_DATA to the folder that has fashion_mnist/")
        parts = [np.load(Path(shared, "fashion_mnist", f"fashion_{p}.npz")) for p in _PARTS]
        train, test = [(p["x"][:, None].astype(np.float32), p["y"].astype(np.int64)) for p in parts]
    elif name == "cifar10" and folder is None:
        if not shared:
            raise SystemExit("cifar10: set EASINESS_DATA to the folder that has cifar10/")
        train, test = (_cifar10(Path(shared, "cifar10", f"{part}.npz")) for part in _PARTS)
    else:
        if folder is None:
            raise SystemExit(f"{name}: pass --folder, where torchvision's files are")
        train, test = (_torchvision(name, folder, part) for part in _PARTS)
    return name, train, test


_PARTS = ("train", "test")


def _digits() -> tuple[Arrays, Arrays]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 1, 8, 8).astype(np.float32)
    a, b, c, d = train_test_split(x, y, test_size=597, random_state=0, stratify=y)
    return (a, c), (b, d)


def _cifar10(path: Path) -> Arrays:
    """Decode JPEG files of 32 x 32 pixels, which are one after another in an array."""
    from PIL import Image

    with np.load(path) as file:
        bytes_, offsets, y = file["jpeg"].tobytes(), file["offsets"], file["y"].astype(np.int64)
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    images = [np.asarray(Image.open(io.BytesIO(bytes_[start:end]))) for start, end in spans]
    return np.stack(images).transpose(0, 3, 1, 2).astype(np.float32), y


def _torchvision(name: str, folder: str, part: str) -> Arrays:
    try:
        from torchvision import datasets
    except ImportError as error:
        raise SystemExit(f"{name}: needs torchvision: pip install torchvision") from error
    kind = getattr(datasets, TORCHVISION[name])
    chosen = {"split": part} if name == "svhn" else {"train": part == "train"}
    try:
        data = kind(folder, download=False, **chosen)
    except RuntimeError as error:
        raise SystemExit(f"{name}: torchvision finds no such data in {folder}: {error}") from error
    x = np.asarray(data.data, dtype=np.float32)
    y = np.asarray(data.labels if name == "svhn" else data.targets, dtype=np.int64)
    return (x if name == "svhn" else x.transpose(0, 3, 1, 2)), y


def subset(arrays: Arrays, size: int | None, seed: int, held_out: int = 0) -> tuple[Arrays, Arrays]:
    """Draw that many samples without replacement, shuffled, and others to hold out, if any.

    Files may be sorted by class.
    """
    x, y = arrays
    order = np.random.default_rng(seed).permutation(len(y))
    size = len(y) if size is None else size
    chosen, others = order[:size], order[size : size + held_out]
    return (x[chosen], y[chosen]), (x[others], y[others])


def noisy(y: NDArray[Any], kind: str, n_classes: int, seed: int) -> NDArray[Any]:
    """Labels with noise, such as "symmetric 0.4" or "next 0.2"; "none" gives them back."""
    if kind == "none":
        return y
    name, rate = kind.split()
    return {"symmetric": symmetric_noise, "next": next_noise}[name](y, float(rate), n_classes, seed)


def next_noise(y: NDArray[Any], rate: float, n_classes: int, seed: int) -> NDArray[Any]:
    """Give a share of labels the class after theirs."""
    chosen = np.random.default_rng(seed).permutation(len(y))[: round(rate * len(y))]
    y = y.copy()
    y[chosen] = (y[chosen] + 1) % n_classes
    return y


def symmetric_noise(y: NDArray[Any], rate: float, n_classes: int, seed: int) -> NDArray[Any]:
    """Give a share of labels another class each, all others alike."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(y))[: round(rate * len(y))]
    y = y.copy()
    y[chosen] = (y[chosen] + rng.integers(1, n_classes, len(chosen))) % n_classes
    return y


def imbalanced(arrays: Arrays, ratio: float, n_classes: int) -> Arrays:
    """Thin classes out, from all of class 0 geometrically down to a share `ratio` of the last."""
    x, y = arrays
    kept = [
        np.flatnonzero(y == c)[: round((y == c).sum() * ratio ** (c / (n_classes - 1)))]
        for c in range(n_classes)
    ]
    chosen = np.sort(np.concatenate(kept))
    return x[chosen], y[chosen]


def network(
    name: str, shape: tuple[int, int, int], n_classes: int, weights: str | None = None
) -> nn.Module:
    """Make a network for images of a shape (channels, height, width); see `_network`.

    Its weights are laid out with channels last, which takes a quarter to a half off the time of
    the small networks on a CPU.
    """
    return _network(name, shape, n_classes, weights).to(memory_format=torch.channels_last)


def _network(
    name: str, shape: tuple[int, int, int], n_classes: int, weights: Any = None
) -> nn.Module:
    """Make a network for images of a shape (channels, height, width).

    `weights` is torchvision's argument of that name. Its networks and ResNet-18, in its form for
    CIFAR, are shown images of three channels, 32 or more on a side.
    """
    if weights is not None and name not in TORCHVISION_NETWORKS:
        raise SystemExit(f"--weights: {name} is not one of torchvision's networks")
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
    import torchvision.models

    model = getattr(torchvision.models, name)(weights=weights)
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
    """Grey images in three channels, small ones with a margin of zeros up to 32 pixels."""

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
