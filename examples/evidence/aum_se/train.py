"""Train a small net on images with wrong labels, and keep the logits of every epoch.

For `evaluate.py`. 10,000 training images, a share of which has a wrong label:
class c becomes c + 1 ("next"), or any other class with equal chance ("symmetric"). N // C of them
are threshold samples and carry the label C, a class that does not exist. The net trains at a
constant rate; the logits of the training batches are kept, one file per epoch.

    EASINESS_DATA=... python examples/evidence/aum_se/train.py RECORDS
    python examples/evidence/aum_se/train.py RECORDS --data cifar10 --folder F --network resnet

Fashion-MNIST from EASINESS_DATA, or scikit-learn's digits where that is unset; CIFAR-10 through
torchvision from a local folder. Resumes after the last whole epoch. One thread; on Fashion-MNIST 2
minutes per run with the CNN, 6 with the ResNet; 18 runs by default.
"""

import argparse
import itertools
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from set import data as set_data

N_CLASSES = 10
NOISES = ("next", "symmetric")
RATES = (0.1, 0.2, 0.4)
SEEDS = (0, 1, 2)


def load(data, n_samples, seed):
    """Images on [0, 1] and labels: that many, or all there are, drawn at random."""
    (x, y), _ = set_data.subset(data, n_samples, seed)
    return x / data[0].max(), y


def corrupt(labels, noise, rate, seed):
    """Labels of which exactly a share `rate`, drawn at random, are wrong."""
    rng = np.random.default_rng([seed, 1])
    wrong = rng.permutation(len(labels))[: round(rate * len(labels))]
    shift = 1 if noise == "next" else rng.integers(1, N_CLASSES, len(wrong))
    given = labels.copy()
    given[wrong] = (given[wrong] + shift) % N_CLASSES
    return given


def threshold_samples(n_samples, seed):
    n_planted = n_samples // N_CLASSES
    return np.sort(np.random.default_rng([seed, 2]).permutation(n_samples)[:n_planted])


def small_cnn(channels, side):
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * (side // 4) ** 2, 128), nn.ReLU(),
        nn.Linear(128, N_CLASSES + 1),
    )  # fmt: skip


class Residual(nn.Module):
    """Two convolutions and a shortcut around them."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False), nn.BatchNorm2d(n_out),
        )  # fmt: skip
        self.shortcut = nn.Identity()
        if n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x):
        """Activate after the sum."""
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet(channels, side, *, widths=(16, 32, 64), blocks=2):
    """ResNet-14 of He et al. 2016, Section 4.2 (6 blocks + 2 layers), shortcuts by convolution."""
    layers = [nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]),
              nn.ReLU()]  # fmt: skip
    n_in = widths[0]
    for width in widths:
        for _ in range(blocks):
            layers.append(Residual(n_in, width, 1 if n_in == width else 2))
            n_in = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n_in, N_CLASSES + 1)]
    # 20 % faster on a CPU than the usual layout.
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


NETWORKS = {"cnn": small_cnn, "resnet": resnet}


def run_epoch(model, optimizer, x, y, seed, epoch):
    """Train one epoch; the logits that the batches saw, in the samples' order."""
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1000 * seed + epoch))
    seen = torch.empty(len(y), N_CLASSES + 1)
    model.train()
    for rows in order.split(64):
        logits = model(x[rows])
        loss = nn.functional.cross_entropy(logits, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen[rows] = logits.detach()
    return seen.numpy()


def resume(checkpoint, settings, model, optimizer):
    """Load a checkpoint of the same settings; the epoch to go on with."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint)
    was = saved.get("settings", {})
    other = [
        f"{name} {was.get(name)!r}, now {settings[name]!r}"
        for name in settings
        if was.get(name) != settings[name]
    ]
    if other:
        raise SystemExit(
            f"{checkpoint}: recorded with {'; '.join(other)}; name another folder of records, or "
            f"remove {checkpoint.parent}"
        )
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"] + 1


def train(folder, named, noise, rate, seed, *, network="cnn", n_samples=10_000, n_epochs=20):
    """Train on `named`, a data set's name and training arrays; the logits go to `folder`."""
    data_name, data = named
    images, true_labels = load(data, n_samples, seed)
    settings = {"data": data_name, "network": network, "noise": noise, "rate": rate, "seed": seed,
                "samples": len(images)}  # fmt: skip
    torch.manual_seed(seed)
    model = NETWORKS[network](*images.shape[1:3])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    checkpoint = folder / "checkpoint.pt"
    first = resume(checkpoint, settings, model, optimizer)
    given = corrupt(true_labels, noise, rate, seed)
    planted = threshold_samples(len(images), seed)
    train_labels = given.copy()
    train_labels[planted] = N_CLASSES
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "labels.npz", true=true_labels, given=given, train=train_labels,
             planted=planted)  # fmt: skip
    x, y = torch.from_numpy(images), torch.from_numpy(train_labels)
    for epoch in range(first, n_epochs):
        start = time.perf_counter()
        seen = run_epoch(model, optimizer, x, y, seed, epoch)
        np.save(folder / f"logits_{epoch:02d}.npy", seen)
        saved = {"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict(),
                 "settings": settings}  # fmt: skip
        torch.save(saved, checkpoint.with_suffix(".new"))
        os.replace(checkpoint.with_suffix(".new"), checkpoint)
        fitted = (seen.argmax(1) == train_labels).mean()
        seconds = time.perf_counter() - start
        print(f"{folder.name} epoch {epoch} fits {fitted:.3f} {seconds:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path, help="folder of the logits (10 MB a run)")
    parser.add_argument("--noise", nargs="+", choices=NOISES, default=NOISES)
    parser.add_argument("--rate", nargs="+", type=float, default=RATES)
    parser.add_argument("--seed", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--samples", type=int, default=10_000, help="or all, where fewer")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--network", choices=NETWORKS, default="cnn")
    parser.add_argument("--data", choices=("fashion", "digits", "cifar10"))
    parser.add_argument("--folder", help="where torchvision's files of CIFAR-10 are")
    options = parser.parse_args()
    if not all(0 < rate < 1 for rate in options.rate):
        parser.error("--rate: expected shares of wrong labels, above 0 and below 1")
    name, data, _ = set_data.read(options.data, options.folder)
    torch.set_num_threads(1)
    for seed, noise, rate in itertools.product(options.seed, options.noise, options.rate):
        folder = options.records / f"{noise}_{rate:g}_{seed}"
        train(folder, (name, data), noise, rate, seed, network=options.network,
              n_samples=options.samples, n_epochs=options.epochs)  # fmt: skip


if __name__ == "__main__":
    main()
