"""Train with SampleEasinessLoss at several sigmas, tails and lambdas, on scikit-learn's digits.

A network of one hidden layer, 1,200 training samples, five seeds, once with the labels as they
are and once with 20 % of them redrawn at random. Prints the Markdown table of docs/torch_loss.md.

    python examples/torch_loss_digits.py            # two minutes on one core
"""

from __future__ import annotations

import argparse

import torch
from easiness_torch import SampleEasinessLoss
from sklearn.datasets import load_digits
from torch import Tensor, nn

import easiness_core as ec

N_TRAIN = 1200
CRITERIA: dict[str, nn.Module] = {
    "cross-entropy": nn.CrossEntropyLoss(),
    "0.01, none, 0.1 (the paper's)": SampleEasinessLoss(sigma=0.01, tail=None),
    "0.01, 3, 0.1": SampleEasinessLoss(sigma=0.01),
    "0.1, none, 0.1": SampleEasinessLoss(sigma=0.1, tail=None),
    "0.1, 3, 0.1": SampleEasinessLoss(sigma=0.1),
    "0.3, 3, 0.1": SampleEasinessLoss(sigma=0.3),
    "1, 3, 0.1 (the default)": SampleEasinessLoss(),
    "1, 3, 1": SampleEasinessLoss(lambda_=1.0),
}


def train(
    criterion: nn.Module, x: Tensor, y: Tensor, seed: int, wrong: float, epochs: int
) -> tuple[float, float]:
    """Accuracy and MSR on the samples that were not trained on, whose labels are right."""
    torch.manual_seed(seed)
    order = torch.randperm(len(x))
    rows, held_out = order[:N_TRAIN], order[N_TRAIN:]
    given = y.clone()
    drawn = rows[torch.rand(N_TRAIN) < wrong]
    given[drawn] = torch.randint(0, 10, drawn.shape)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(epochs):
        for batch in rows[torch.randperm(N_TRAIN)].split(64):
            optimizer.zero_grad()
            criterion(net(x[batch]), given[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        summary = ec.score(ec.softmax(net(x[held_out])), y[held_out]).summary
    return summary.accuracy, summary.msr


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    digits = load_digits()
    x = torch.tensor(digits.data / 16, dtype=torch.float32)
    y = torch.from_numpy(digits.target)
    print("| sigma, tail, lambda | accuracy | MSR | accuracy, 20 % redrawn | MSR, 20 % redrawn |")
    print("| --- | --- | --- | --- | --- |")
    seeds = range(options.seeds)
    for name, criterion in CRITERIA.items():
        cells = []
        for wrong in (0.0, 0.2):
            results = [train(criterion, x, y, seed, wrong, options.epochs) for seed in seeds]
            cells += [f"{100 * value:.2f}" for value in torch.tensor(results).mean(0).tolist()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
