"""Epochs of one sampler, rows and data sets, as tests of the sampler want them."""

import copy

import numpy as np
import torch
from easiness_torch import EasinessSampler
from torch.utils.data import Dataset

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


def scores_of(sampler):
    """Latest scores, as a `keep` function gets them; faults are left out."""
    seen = []

    def keep(scores):
        seen.append(scores)
        return torch.ones_like(scores.easiness)

    options = sampler.options
    reader = EasinessSampler(
        options.n_samples, keep=keep, warmup_epochs=0, estimator=options.estimator,
        seed=options.seed, num_replicas=1, merge_ranks=False,
    )  # fmt: skip
    state = copy.deepcopy(sampler.state_dict())
    state["scores"]["fault"].zero_()
    state["scores"]["stray"].zero_()
    reader.load_state_dict(state)
    reader.set_epoch(1_000_000)
    next(iter(reader))
    return seen[-1]


class Samples(Dataset):
    """Any kind of sample."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


class Batched(Samples):
    def __getitems__(self, indices):
        self.fetched = list(indices)
        return [self.samples[index] for index in indices]
