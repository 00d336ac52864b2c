"""Data sets of the training scripts; imported by them, not run.

Fashion-MNIST and CIFAR-10 from the folder EASINESS_DATA, scikit-learn's digits where that is
unset; CIFAR-10, CIFAR-100 and SVHN from a local folder through torchvision, which nothing else
here needs.
"""

from __future__ import annotations

import importlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

TORCHVISION = {
    "cifar10": "CIFAR10", "cifar100": "CIFAR100", "svhn": "SVHN", "fashion": "FashionMNIST",
}  # fmt: skip
DATASETS = ("digits", *TORCHVISION)
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
    """Name, training and test arrays; images (n, channels, height, width), standardized."""
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
    elif name == "fashion" and folder is None:
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
        train, test = (from_torchvision(name, folder, part) for part in _PARTS)
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
    """Images, or JPEG files of them that are one after another in an array."""
    with np.load(path) as file:
        if "x" in file:
            return file["x"].transpose(0, 3, 1, 2).astype(np.float32), file["y"].astype(np.int64)
        from PIL import Image

        bytes_, offsets, y = file["jpeg"].tobytes(), file["offsets"], file["y"].astype(np.int64)
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    images = [np.asarray(Image.open(io.BytesIO(bytes_[start:end]))) for start, end in spans]
    return np.stack(images).transpose(0, 3, 1, 2).astype(np.float32), y


def torchvision_module(name: str, wanted: str) -> Any:
    """Import a module of torchvision, or say in words why that cannot be."""
    try:
        return importlib.import_module(f"torchvision.{name}")
    except ImportError as error:
        raise SystemExit(
            f"{wanted}: needs torchvision: pip install 'easiness-core[vision]'"
        ) from error
    except RuntimeError as error:  # its operators are missing where it was built for another torch
        raise SystemExit(
            f"{wanted}: torchvision does not load beside torch {torch.__version__} ({error}); "
            f"install both from one index"
        ) from error


def from_torchvision(name: str, folder: str, part: str) -> Arrays:
    """Images (n, channels, height, width) and labels that torchvision has downloaded."""
    kind = getattr(torchvision_module("datasets", name), TORCHVISION[name])
    chosen = {"split": part} if name == "svhn" else {"train": part == "train"}
    try:
        data = kind(folder, download=False, **chosen)
    except RuntimeError as error:
        raise SystemExit(f"{name}: torchvision finds no such data in {folder}: {error}") from error
    x = np.asarray(data.data, dtype=np.float32)
    y = np.asarray(data.labels if name == "svhn" else data.targets, dtype=np.int64)
    if x.ndim == 3:
        return x[:, None], y
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
