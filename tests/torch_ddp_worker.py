"""What tests/adapters/torch/test_ddp.py runs on each of two processes, under torchrun.

Each check returns what its rank saw; the test compares ranks with each other and with what one
process alone would have done.
"""

import json
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from easiness_torch import EasinessSampler, with_indices
from easiness_torch.sampling import merge as merge_module
from sampler_cases import scores_of
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N = 101  # odd, so that shards must be filled up or cut
OPTIONS = {"keep": {ec.MHO: 1, ec.EO: 0.4}, "min_samples": 1}


def logits_of(indices, epoch):
    generator = torch.Generator().manual_seed(100 + epoch)
    return (torch.randn(N, 3, generator=generator) * 2)[indices]


def dataset(x=None):
    x = torch.zeros(N, 1) if x is None else x
    return with_indices(TensorDataset(x, torch.arange(N) % 3))


def train_epoch(sampler, epoch, *, batch_size=7):
    loader = DataLoader(dataset(), batch_size=batch_size, sampler=sampler)
    seen = []
    for indices, _, labels in loader:
        seen += indices.tolist()
        sampler.update(indices, logits_of(indices, epoch), labels)
    return seen


def values(sampler):
    scores = scores_of(sampler)
    return {
        name: getattr(scores, name).tolist()
        for name in ("indices", "log_easiness", "loss", "predicted", "labels")
    }


def shards(drop_last):
    sampler = EasinessSampler(N, warmup_epochs=1, drop_last=drop_last, **OPTIONS)
    epochs, lengths = [], []
    for epoch in range(4):
        sampler.set_epoch(epoch)
        lengths.append(len(sampler))
        epochs.append(train_epoch(sampler, epoch))
    return {"epochs": epochs, "lengths": lengths, "history": sampler.history}


def forgetful():
    """Without set_epoch, scores are brought together when iteration begins."""
    sampler = EasinessSampler(N, warmup_epochs=1, **OPTIONS)
    return {"epochs": [train_epoch(sampler, epoch) for epoch in range(3)]}


def merge():
    """Both ranks score some of the same samples, some at the same time, rank 1 more often."""
    rank = dist.get_rank()
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    sampler.update(range(90, 100), logits_of(range(90, 100), 50 + rank), [rank] * 10)
    for turn in range(2 + rank):
        indices = torch.arange(20) + 10 * turn + 5 * rank
        sampler.update(indices, logits_of(indices, 10 * turn + rank), indices % 3)
    written_at = sampler.state_dict()["scores"]["written_at"][:N].tolist()
    own = values(sampler) | {"written_at": written_at}
    sampler.set_epoch(0)
    return {"own": own, "merged": values(sampler), "indices": list(sampler)}


def one_rank_without_scores():
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    if dist.get_rank() == 0:
        sampler.update(range(50), logits_of(range(50), 0), [k % 3 for k in range(50)])
    return {"indices": list(sampler), "merged": values(sampler)}


def raised(action):
    try:
        action()
    except (ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def errors():
    rank = dist.get_rank()
    bad = EasinessSampler(N, warmup_epochs=1)
    bad.update([3 + rank], torch.full((1, 2), torch.nan if rank else 0.0), [0])
    other_seed = EasinessSampler(N, seed=rank)
    other_epoch = EasinessSampler(N)
    return {
        "nan": raised(lambda: bad.set_epoch(1)),
        "afterwards": raised(lambda: bad.set_epoch(1)),
        "seed": raised(lambda: list(other_seed)),
        "epoch": raised(lambda: other_epoch.set_epoch(rank)),
        "no_scores": raised(lambda: list(EasinessSampler(N, warmup_epochs=0))),
    }


def lengths_do_not_communicate():
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    sampler.update(range(N), logits_of(range(N), 0), [k % 3 for k in range(N)])
    found = [len(sampler)] if dist.get_rank() == 0 else []
    sampler.set_epoch(0)
    if dist.get_rank() == 0:
        found += [len(sampler)] * 2
    for _ in sampler:
        if dist.get_rank() == 0:
            found.append(len(sampler))
    return {"lengths": found}


def scoring():
    """Each rank scores its share, in evaluation mode, of a model wrapped for training."""
    x = logits_of(range(N), 5)
    model = torch.nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.eye(3))
    calls = []
    model.register_forward_hook(lambda *_: calls.append(len(_[2])))
    wrapped = torch.nn.parallel.DistributedDataParallel(
        torch.nn.Sequential(model, torch.nn.BatchNorm1d(3, affine=False))
    )
    sampler = EasinessSampler(N, warmup_epochs=0, **OPTIONS)
    sampler.refresh(wrapped, dataset(x), batch_size=16)
    return {"forward": sum(calls), "indices": list(sampler), "merged": values(sampler)}


def refresh_due_on_one_rank_alone():
    """A rank without scores wants to refresh; alone it would wait for the others for ever."""
    x = logits_of(range(N), 5)
    sampler = EasinessSampler(N, warmup_epochs=0, refresh="training", **OPTIONS)
    if dist.get_rank() == 0:
        sampler.update(range(50), logits_of(range(50), 0), [k % 3 for k in range(50)])
    due = sampler.refresh_due
    sampler.refresh(torch.nn.Identity(), dataset(x))
    # Without set_epoch: it is known at once, from the scores of both.
    return {"due": due, "length": len(sampler), "indices": list(sampler), "merged": values(sampler)}


def one_rank_draws():
    """Rank 0 alone draws, and hands the batches out: accelerate's `dispatch_batches`."""
    rank = dist.get_rank()
    sampler = EasinessSampler(
        N, warmup_epochs=1, refresh="training", num_replicas=1, keep={ec.MHO: 0.9, ec.EO: 0.4},
        min_samples=1,
    )  # fmt: skip
    found = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        lengths = len(sampler)
        box = [list(sampler) if rank == 0 else None]
        dist.broadcast_object_list(box)
        indices = torch.tensor(box[0])
        found.append([lengths, box[0], sampler.weights(indices).tolist()])
        mine = indices[rank::2]
        sampler.update(mine, logits_of(mine, epoch), mine % 3)
    return {"epochs": found, "history": len(sampler.history)}


def one_rank_draws_unannounced():
    """Without set_epoch the others cannot know that they are waited for."""
    merge_module.PATIENCE = 1.0
    sampler = EasinessSampler(N, warmup_epochs=1, **OPTIONS)
    if dist.get_rank() == 0:
        message = raised(lambda: list(sampler))
    else:
        time.sleep(3.0)
        message = raised(lambda: sampler.set_epoch(0))
    merge_module.PATIENCE = 300.0
    return {"message": message}


def apart():
    """With `merge_ranks=False` each rank goes by its own scores."""
    rank = dist.get_rank()
    sampler = EasinessSampler(
        N, warmup_epochs=0, merge_ranks=False, num_replicas=1, keep=ec.MO, min_samples=1
    )
    easy = torch.full((N, 2), 0.0)
    easy[rank::2, 0] = 9.0
    sampler.update(range(N), easy, [0] * N)
    return {"indices": list(sampler)}


def resume():
    import warnings

    # torchdata 0.11 calls what torch 2.13 deprecates.
    warnings.filterwarnings("ignore", message="'set_vital'")
    from torchdata.stateful_dataloader import StatefulDataLoader

    def run(state, first):
        sampler = EasinessSampler(N, warmup_epochs=1, refresh="training", **OPTIONS)
        loader = StatefulDataLoader(dataset(), batch_size=7, sampler=sampler)
        if state is not None:
            loader.load_state_dict(state)
        seen, saved = [], None
        for epoch in range(first, 4):
            sampler.set_epoch(epoch)
            for step, (indices, _, labels) in enumerate(loader):
                seen.append([epoch, indices.tolist()])
                sampler.update(indices, logits_of(indices, epoch), labels)
                if state is None and (epoch, step) == (2, 1):
                    saved, at = torch.load(through(loader.state_dict())), len(seen)
        return (seen[at:], saved) if state is None else (seen, None)

    rest, state = run(None, 0)
    return {"undisturbed": rest, "resumed": run(state, 2)[0]}


def through(state):
    import io

    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return file


CHECKS = {
    "fill": lambda: shards(False),
    "cut": lambda: shards(True),
    "forgetful": forgetful,
    "merge": merge,
    "one_rank_without_scores": one_rank_without_scores,
    "errors": errors,
    "lengths": lengths_do_not_communicate,
    "scoring": scoring,
    "refresh": refresh_due_on_one_rank_alone,
    "one_rank_draws": one_rank_draws,
    "unannounced": one_rank_draws_unannounced,
    "apart": apart,
    "resume": resume,
}


def main(folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    found = {name: check() for name, check in CHECKS.items()}
    Path(folder, f"rank{dist.get_rank()}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
