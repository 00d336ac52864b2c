"""Train on digits selected by easiness, and compare with all data and random controls.

Prints test accuracy, the share of samples used and wall time with scoring, averaged over seeds.
Under a minute on a CPU. The data set is small: times on yours will differ.

    python examples/torch_digits.py [n_seeds]
"""

import sys
import time

import torch
from easiness_torch import EasinessSampler, score_dataset, smooth_rates, with_indices
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

import easiness_core as ec

N_EPOCHS, WARM_UP = 30, 5
SOFT = {ec.MHO: 1.0, ec.EO: 0.3}
WIDE = ec.ClosedForm(sigma=0.3)
POLICIES = {
    "all data": {"warmup_epochs": N_EPOCHS},
    "SET, medium only": {"keep": ec.MO},
    "  as SET, at random": {"keep": ec.MO, "random_control": True},
    "L-SET, medium only": {"keep": ec.MO, "rank_by": "loss"},
    "soft, easy at 0.3": {"keep": SOFT},
    "  as soft, at random": {"keep": SOFT, "random_control": True},
    "smooth, budget 0.35": {"keep": smooth_rates, "budget": 0.35, "estimator": WIDE},
}


def train(train_set, test_set, seed, policy):
    """Test accuracy and usage after warm-up (the paper's ADU), in %, and seconds."""
    torch.manual_seed(seed)
    layers = (torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Dropout(0.2))
    model = torch.nn.Sequential(*layers, torch.nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    options = {"warmup_epochs": WARM_UP, "min_samples": 128, **policy}
    sampler = EasinessSampler(len(train_set), seed=seed, **options)
    loader = DataLoader(with_indices(train_set), batch_size=64, sampler=sampler)
    start = time.perf_counter()
    for epoch in range(N_EPOCHS):
        sampler.set_epoch(epoch)
        sampler.refresh(model, train_set)
        for indices, x, y in loader:
            losses = cross_entropy(model(x), y, reduction="none")
            optimizer.zero_grad()
            (losses * sampler.weights(indices)).mean().backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    later = [record["usage"] for record in sampler.history[WARM_UP:]]
    accuracy = score_dataset(model, test_set).summary.accuracy
    return 100 * accuracy, 100 * sum(later) / len(later), seconds


def main(n_seeds=3):
    torch.set_num_threads(1)
    images, labels = load_digits(return_X_y=True)
    data = TensorDataset(torch.tensor(images / 16).float(), torch.tensor(labels))
    print(f"{'policy':22} {'accuracy':>9} {'later usage':>12} {'seconds':>8}")
    table = {}
    for name, policy in POLICIES.items():
        rows = []
        for seed in range(n_seeds):
            generator = torch.Generator().manual_seed(seed)
            train_set, test_set = random_split(data, [1200, 597], generator=generator)
            rows.append(train(train_set, test_set, seed, policy))
        table[name] = accuracy, usage, seconds = torch.tensor(rows).mean(0).tolist()
        print(f"{name:22} {accuracy:7.2f} % {usage:10.1f} % {seconds:8.2f}")
    return table


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
