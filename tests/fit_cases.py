"""Data, a network and a short training for the tests of `fit`."""

import torch
from easiness_torch import fit
from torch.nn.functional import one_hot
from torch.utils.data import TensorDataset


def data(n=600, seed=0):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 3, (n,), generator=generator)
    return TensorDataset(one_hot(y, 3) * 1.5 + torch.randn(n, 3, generator=generator), y)


TRAIN, TEST = data(), data(200, 1)


def model(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))


def trained(method, **options):
    net = model()
    return fit(net, TRAIN, TEST, **{"method": method, "n_epochs": 10, **options}), net
