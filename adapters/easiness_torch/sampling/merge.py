"""Merge the scores of all processes: on every rank, the latest score of each sample wins.

Each rank scores its own shard, and selections are equal on all ranks only if scores are.
"""

from __future__ import annotations

import time

import torch
import torch.distributed as dist
from torch import Tensor

from easiness_torch.sampling.scores import SCORE_COLUMNS, ScoreTable

# Seconds that a rank waits for the others to begin an epoch.
PATIENCE = 300.0


def world() -> tuple[int, int]:
    """Return the number of processes and this rank; (1, 0) unless torch.distributed has started."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size(), dist.get_rank()
    return 1, 0


def _collective_device(device: torch.device) -> torch.device:
    """Device from which the backend accepts tensors: the GPU for NCCL, the host for gloo."""
    backend = str(dist.get_backend()).lower()
    if backend == "gloo":
        return torch.device("cpu")
    if backend == "nccl" and device.type != "cuda":
        return torch.device("cuda", torch.cuda.current_device())
    return device


def agree(*, changed: bool, faulty: bool, seed: int, epoch: int, device: torch.device) -> bool:
    """Whether scores have changed on any rank; a collective: all ranks raise, or none.

    Raises
    ------
    ValueError
        If ranks have different seeds or epochs, or one of them found bad input.
    """
    mine = [changed, faulty, seed, -seed, epoch, -epoch]
    any_changed, any_faulty, seed, minus_seed, epoch, minus_epoch = greatest(mine, device)
    if seed != -minus_seed:
        raise ValueError(
            f"seed: expected the same on all ranks, got {-minus_seed} to {seed}; ranks that draw "
            f"differently would share samples"
        )
    if epoch != -minus_epoch:
        raise ValueError(
            f"epoch: expected the same on all ranks, got {-minus_epoch} to {epoch}; call "
            f"set_epoch and iterate on all ranks alike"
        )
    if any_faulty:
        raise ValueError("update: another rank was given bad input; its error says which samples")
    return bool(any_changed)


def greatest(values: list[int], device: torch.device) -> list[int]:
    """Maximum of each value over all ranks; a collective.

    Raises
    ------
    RuntimeError
        If another rank does not take part.
    """
    tensor = torch.tensor(values, dtype=torch.int64, device=_collective_device(device))
    work = dist.all_reduce(tensor, dist.ReduceOp.MAX, async_op=True)
    started = time.monotonic()
    while not work.is_completed():
        if time.monotonic() - started > PATIENCE:
            raise RuntimeError(
                f"rank {dist.get_rank()} waited {PATIENCE:g} s for the other ranks to merge "
                f"scores; call set_epoch on all ranks before each epoch, which is required if one "
                f"rank alone draws from the loader, or pass merge_ranks=False"
            )
        time.sleep(1e-4)
    work.wait()
    found: list[int] = tensor.tolist()
    return found


@torch.no_grad()
def merge(table: ScoreTable) -> None:
    """Give every rank the latest score of each sample; ties go to the highest rank.

    Two collectives, over one int64 and four float64 per sample.
    """
    size, rank = world()
    n_samples = table.n_samples
    device = _collective_device(table.device)
    written_at = table.written_at[:n_samples].to(device)
    key = torch.where(written_at > 0, written_at * size + rank, 0)
    latest = key.clone()
    dist.all_reduce(latest, dist.ReduceOp.MAX)
    mine = (key == latest) & (key > 0)
    # Only one rank contributes to each sample, so the sum is exactly its value.
    values = torch.stack(
        [torch.where(mine, _column(table, name).to(device).double(), 0.0) for name in SCORE_COLUMNS]
    )
    dist.all_reduce(values, dist.ReduceOp.SUM)
    for name, column in zip(SCORE_COLUMNS, values, strict=True):
        _column(table, name).copy_(column)
    table.written_at[:n_samples].copy_(latest // size)
    table.clock = int(latest.max()) // size


def _column(table: ScoreTable, name: str) -> Tensor:
    column: Tensor = getattr(table, name)
    return column[: table.n_samples]
