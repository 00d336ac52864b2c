"""Train a small CNN on Fashion-MNIST with wrong labels, and keep the logits of every epoch.

What `examples/aum_se.py` evaluates. 10,000 training images, of which a share has a wrong label:
class c becomes c + 1 ("next"), or any other class with equal chance ("symmetric"). N // C of them
are threshold samples and carry the label C, a class that does not exist. The net trains at a
constant rate; the logits that the training batches see are kept, one file an epoch.

    EASINESS_DATA=... python examples/aum_se_train.py RECORDS

Goes on after the last whole epoch. One thread; 2 minutes a run, 18 runs.
"""

import argparse
import itertools
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

N_CLASSES = 10
NOISES = ("next", "symmetric")
RATES = (0.1, 0.2, 0.4)
SEEDS = (0, 1, 2)


def load(n_samples, seed):
    file = Path(os.environ["EASINESS_DATA"]) / "fashion_mnist" / "fashion_train.npz"
    with np.load(file, allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    rows = np.random.default_rng(seed).permutation(len(y))[:n_samples]
    return x[rows].reshape(-1, 1, 28, 28).astype(np.float32) / 255.0, y[rows].astype(np.int64)


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


def small_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU(), nn.Linear(128, N_CLASSES + 1),
    )  # fmt: skip


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


def train(folder, noise, rate, seed, *, n_samples, n_epochs):
    folder.mkdir(parents=True, exist_ok=True)
    images, true_labels = load(n_samples, seed)
    given = corrupt(true_labels, noise, rate, seed)
    planted = threshold_samples(n_samples, seed)
    train_labels = given.copy()
    train_labels[planted] = N_CLASSES
    np.savez(folder / "labels.npz", true=true_labels, given=given, train=train_labels,
             planted=planted)  # fmt: skip
    torch.manual_seed(seed)
    model = small_cnn()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    first, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        first = saved["epoch"] + 1
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    x, y = torch.from_numpy(images), torch.from_numpy(train_labels)
    for epoch in range(first, n_epochs):
        start = time.perf_counter()
        seen = run_epoch(model, optimizer, x, y, seed, epoch)
        np.save(folder / f"logits_{epoch:02d}.npy", seen)
        saved = {"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
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
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for seed, noise, rate in itertools.product(options.seed, options.noise, options.rate):
        folder = options.records / f"{noise}_{rate:g}_{seed}"
        train(folder, noise, rate, seed, n_samples=options.samples, n_epochs=options.epochs)


if __name__ == "__main__":
    main()
