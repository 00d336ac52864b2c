"""A training loop that is stopped and resumed, as tests of that want it."""

import io

import torch
from easiness_torch import EasinessSampler, with_indices
from torch.utils.data import TensorDataset

import easiness_core as ec

N = 120
BATCH = 8
KEEP = {ec.MHO: 0.9, ec.EO: 0.4}


def dataset():
    return with_indices(TensorDataset(torch.arange(N).float(), torch.zeros(N, dtype=torch.int64)))


def make(**options):
    options = {"keep": KEEP, "warmup_epochs": 1, "refresh": "training", "min_samples": 1} | options
    return EasinessSampler(N, **options)


def logits_of(indices, epoch):
    """What a model might give in training: other scores each epoch."""
    generator = torch.Generator().manual_seed(epoch)
    return (torch.randn(N, 2, generator=generator) * 0.02)[indices]


class Run:
    """A training loop that writes down what it sees, and can be asked for its state midway."""

    def __init__(self, loader_class, num_workers, **options):
        self.sampler = make(**options)
        self.loader = loader_class(
            dataset(), batch_size=BATCH, sampler=self.sampler, num_workers=num_workers
        )
        self.seen = []

    def epoch(self, number, *, announce, save_after=None):
        """Train an epoch; the state after so many batches."""
        if announce:
            self.sampler.set_epoch(number)
        state = None
        for step, (indices, _, labels) in enumerate(self.loader):
            self.seen.append((number, indices.tolist(), self.sampler.weights(indices).tolist()))
            self.sampler.update(indices, logits_of(indices, number), labels)
            if step + 1 == save_after:
                state = self.loader.state_dict()
                if self.keeps == "file":
                    state = through_a_file(state)
        return state

    keeps = "memory"


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)
