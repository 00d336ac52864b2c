"""EasinessSampler under DistributedDataParallel, saved in mid-epoch and resumed.

    torchrun --nproc_per_node 2 examples/torch_ddp.py [checkpoint folder]

Run it twice with a folder: the second run resumes from the first one's checkpoint. Each rank
scores and trains on its share; scores are merged when an epoch begins.
"""

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from easiness_torch import EasinessSampler, with_indices
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import TensorDataset
from torchdata.stateful_dataloader import StatefulDataLoader

import easiness_core as ec

SAVE_AT = (3, 2)  # epoch and step


def start():
    """Join the other processes; the device of this one."""
    if not torch.cuda.is_available():
        dist.init_process_group("gloo")
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    dist.init_process_group("nccl")
    return device


def main(device, folder=None, *, n_epochs=5):
    rank = dist.get_rank()
    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    dataset = TensorDataset(torch.tensor(images / 16).float(), torch.tensor(labels))
    sampler = EasinessSampler(len(dataset), keep={ec.MHO: 1, ec.EO: 0.3}, warmup_epochs=2)
    loader = StatefulDataLoader(with_indices(dataset), batch_size=64, sampler=sampler)
    layers = (torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    model = DistributedDataParallel(torch.nn.Sequential(*layers).to(device))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    # The sampler's state is part of the loader's.
    parts = {"model": model, "optimizer": optimizer, "loader": loader}

    first_epoch, seen = 0, []
    checkpoint = Path(folder, f"rank{rank}.pt") if folder else None
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        first_epoch = state["epoch"]
    for epoch in range(first_epoch, n_epochs):
        sampler.set_epoch(epoch)
        sampler.refresh(model, dataset)
        for step, (indices, x, y) in enumerate(loader):
            seen.append((epoch, indices.tolist()))
            losses = cross_entropy(model(x.to(device)), y.to(device), reduction="none")
            optimizer.zero_grad()
            (losses * sampler.weights(indices).to(device)).mean().backward()
            optimizer.step()
            if checkpoint and first_epoch == 0 and (epoch, step) == SAVE_AT:
                states = {name: part.state_dict() for name, part in parts.items()}
                torch.save({"epoch": epoch, **states}, checkpoint)
    if rank == 0:
        for record in sampler.history:
            print(f"epoch {record['epoch']}: {record['n_selected']} samples")
    return sampler, seen


if __name__ == "__main__":
    main(start(), *sys.argv[1:])
    dist.destroy_process_group()
