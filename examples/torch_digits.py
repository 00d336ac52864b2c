"""Train on scikit-learn's digits by selections of easiness, beside all data and a random control.

Prints test accuracy, the share of samples used and wall time, scoring included, each averaged
over seeds. Under a minute on a CPU. On so small a data set the overhead of an epoch outweighs
what selection saves: read the shape of the table, not a promise.

    python examples/torch_digits.py [n_seeds]
"""

import sys
import time

import torch
from easiness_torch import EasinessSampler, score_dataset, smooth_rates, with_ids
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

import easiness_core as ec

N_EPOCHS = 30
SHARED = {"warmup_epochs": 5, "min_samples": 128}
SOFT = {ec.MHO: 1.0, ec.EO: 0.3}
WIDE = ec.ClosedForm(sigma=0.3)
POLICIES = {
    "all data": {"warmup_epochs": N_EPOCHS},
    "SET, medium only": {"keep": ec.MO, **SHARED},
    "  as SET, at random": {"keep": ec.MO, "random_control": True, **SHARED},
    "L-SET, medium only": {"keep": ec.MO, "rank_by": "loss", **SHARED},
    "soft, easy at 0.3": {"keep": SOFT, **SHARED},
    "  as soft, at random": {"keep": SOFT, "random_control": True, **SHARED},
    "smooth, budget 0.35": {"keep": smooth_rates, "budget": 0.35, "estimator": WIDE, **SHARED},
}


def load(seed):
    images, labels = load_digits(return_X_y=True)
    data = TensorDataset(torch.tensor(images / 16).float(), torch.tensor(labels))
    return random_split(data, [1200, 597], generator=torch.Generator().manual_seed(seed))


def train(train_set, *, seed, **policy):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(128, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    sampler = EasinessSampler(len(train_set), seed=seed, **policy)
    loader = DataLoader(with_ids(train_set), batch_size=64, sampler=sampler)
    for epoch in range(N_EPOCHS):
        sampler.set_epoch(epoch)
        score_dataset(model, train_set, sampler=sampler)
        for ids, x, y in loader:
            losses = cross_entropy(model(x), y, reduction="none")
            optimizer.zero_grad()
            (losses * sampler.weights(ids)).mean().backward()
            optimizer.step()
    return model, sampler


def run(policy, n_seeds):
    """Accuracy and usage in the later stage (the paper's ADU), in %, and seconds."""
    accuracy = usage = seconds = 0.0
    for seed in range(n_seeds):
        train_set, test_set = load(seed)
        start = time.perf_counter()
        model, sampler = train(train_set, seed=seed, **policy)
        seconds += time.perf_counter() - start
        accuracy += 100 * score_dataset(model, test_set).summary.accuracy
        later = [record["usage"] for record in sampler.history if record["epoch"] >= 5]
        usage += 100 * sum(later) / len(later)
    return accuracy / n_seeds, usage / n_seeds, seconds / n_seeds


def main(n_seeds=3):
    torch.set_num_threads(1)
    print(f"{'policy':22} {'accuracy':>9} {'later usage':>12} {'seconds':>8}")
    table = {}
    for name, policy in POLICIES.items():
        table[name] = run(policy, n_seeds)
        accuracy, usage, seconds = table[name]
        print(f"{name:22} {accuracy:7.2f} % {usage:10.1f} % {seconds:8.2f}")
    return table


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
