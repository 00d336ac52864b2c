"""EasinessSampler under accelerate, on one device or several.

    python examples/torch_accelerate.py
    torchrun --nproc_per_node 2 examples/torch_accelerate.py

Two things matter: accelerate hands out whole batches to its processes, so the sampler must not
shard them again; and the prepared loader numbers epochs itself, so call its `set_epoch`.
"""

import torch
from accelerate import Accelerator
from easiness_torch import EasinessSampler, with_indices
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec


def main(*, n_epochs=5, **options):
    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    dataset = TensorDataset(torch.tensor(images / 16).float(), torch.tensor(labels))
    sampler = EasinessSampler(
        len(dataset), keep={ec.MHO: 1, ec.EO: 0.3}, warmup_epochs=2, num_replicas=1
    )
    loader = DataLoader(with_indices(dataset), **{"batch_size": 64, **options}, sampler=sampler)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    accelerator = Accelerator(cpu=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    seen = []
    for epoch in range(n_epochs):
        loader.set_epoch(epoch)
        sampler.refresh(model, dataset)
        for indices, x, y in loader:
            seen.append((epoch, indices.tolist()))
            losses = cross_entropy(model(x), y, reduction="none")
            optimizer.zero_grad()
            accelerator.backward((losses * sampler.weights(indices)).mean())
            optimizer.step()
    return sampler, seen


if __name__ == "__main__":
    trained, _ = main()
    for record in trained.history:
        print(f"epoch {record['epoch']}: {record['n_selected']} samples")
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
