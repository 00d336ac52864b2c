"""Epochs of one sampler and one set of rows, as tests of the sampler want them."""

import numpy as np
import torch
from easiness_torch import EasinessSampler

import easiness_core as ec

WIDE = ec.ClosedForm(sigma=0.3)
# At this one, the rows below are of all levels.
MIXED = ec.ClosedForm(sigma=0.08)


def selected(probs, labels, **options):
    """Epoch 0 of a sampler without warm-up, from float64 probabilities; and the sampler."""
    sampler = EasinessSampler(
        len(labels), **{"warmup_epochs": 0, "min_samples": 1, "seed": 3, **options}
    )
    sampler.update(np.arange(len(labels)), probs=torch.tensor(probs), labels=torch.tensor(labels))
    return list(sampler), sampler


def rows(rng, n_samples, *, n_classes=4, spread=3.0):
    labels = rng.integers(0, n_classes, n_samples)
    logits = rng.normal(scale=spread, size=(n_samples, n_classes))
    logits[np.arange(n_samples), labels] += spread / 2
    probs = np.exp(logits)
    return probs / probs.sum(axis=1, keepdims=True), labels
