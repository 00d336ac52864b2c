"""Samples in three shards, and what the tests of shards do with them."""

import os
from pathlib import Path

import numpy as np

RNG = np.random.default_rng(8)
PROBS = RNG.dirichlet(np.full(4, 0.15), size=400)
LABELS = RNG.integers(0, 4, size=400)
CUTS = [slice(0, 150), slice(150, 151), slice(151, 400)]


def save(name, rows=slice(0, 150), **arrays):
    """Write rows as npz; other arrays replace these, or are added."""
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    np.savez(name, **{"probs": PROBS[rows], "labels": LABELS[rows], **arrays})
    return name


def save_set():
    """Write the three shards, with ids."""
    for at, rows in enumerate(CUTS):
        save(f"in/part-{at}.npz", rows, id=np.arange(400)[rows])


def contents(*folders):
    """Give what the files in folders hold, locks apart."""
    files = [path for folder in folders for path in sorted(Path(folder).iterdir())]
    return {str(path): path.read_bytes() for path in files if path.name != "lock"}


def flip(name, at):
    """Flip a bit of a file."""
    data = bytearray(Path(name).read_bytes())
    data[at] ^= 1
    Path(name).write_bytes(data)


def names_in(folder):
    """List a folder, locks apart."""
    return sorted(name for name in os.listdir(folder) if name != "lock")
