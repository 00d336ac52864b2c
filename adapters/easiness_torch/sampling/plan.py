"""The plan of an epoch: its samples, their weights and their order.

A plan is a pure function of seed, epoch and scores, and never changes. Random numbers come from
generators on the CPU, so that every device draws the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.sampling.keep import SampleScores, scaled_to_budget
from easiness_torch.sampling.options import Options
from easiness_torch.sampling.scores import ScoreTable
from easiness_torch.sampling.steps import rounded, shard_length, size_of

# Separate streams of random numbers, so that none depends on whether another was used.
_KEPT, _ORDER, _CONTROL, _FILLERS = range(4)
# How far below a budget the mean rate may be by rounding.
ROUNDING = 1e-6
# Passed wherever a tensor is created, because users may have set another default.
_HOST = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Plan:
    """One epoch's selection; `record` is its entry in the sampler's history.

    `indices` are sorted int64 on the host; None means all samples. `weights` are float32 on the
    sampler's device, one per index; None means that all are 1.
    """

    epoch: int
    n_samples: int
    indices: Tensor | None
    weights: Tensor | None
    record: dict[str, Any]

    def __len__(self) -> int:
        return self.n_samples if self.indices is None else len(self.indices)

    def order(self, options: Options, replicas: int, rank: int) -> Tensor:
        """Return indices in training order; every `replicas`-th, starting with `rank`."""
        size = len(self)
        if options.shuffle:
            order = _shuffled(size, options.seed, self.epoch, _ORDER)
        else:
            order = torch.arange(size, device=_HOST)
        if self.indices is not None:
            order = self.indices[order]
        total = replicas * shard_length(size, replicas, options.drop_last)
        if total > size:
            order = order.repeat(-(-total // size))
        return order[rank:total:replicas]

    def weight_table(self, device: torch.device) -> Tensor:
        """Weight of every sample, float32 of shape (n_samples,), 0 outside the selection."""
        table = torch.zeros(self.n_samples, dtype=torch.float32, device=device)
        assert self.weights is not None
        where = slice(None) if self.indices is None else self.indices.to(device)
        table[where] = self.weights.to(device)
        return table


def plan_epoch(epoch: int, table: ScoreTable | None, options: Options, replicas: int = 1) -> Plan:
    """Plan an epoch from the current scores; the host waits for the device."""
    record = _blank_record(epoch, options)
    if options.control_sizes is not None and options.selects(epoch):
        return _of_given_size(epoch, options, record)
    if table is not None:
        record["skipped"] = table.faults()[0]
    if table is None or (table.clock == 0 and not options.selects(epoch)):
        return Plan(epoch, options.n_samples, None, None, record)
    counts = table.count_levels(options.estimator.cuts)
    record.update(counts)
    if not options.selects(epoch):
        return Plan(epoch, options.n_samples, None, None, record)
    scores = table.scores(options.estimator.cuts)

    ties = 0
    if options.rank_by == "loss":
        scores, ties = _by_loss_rank(scores, counts["hard"], counts["medium"])
    exact = size_of(epoch, options, replicas)
    rates, n_wanted = _scaled(options.policy.rates(scores), exact, options)
    kept = _drawn(rates, n_wanted, scores, epoch, options)

    drawn, n_drawn = kept, int(kept.count_nonzero())
    kept, tied = _filled_up(kept, rates, scores, epoch, options, exact or options.min_samples)

    selected = torch.ones(options.n_samples, dtype=torch.bool, device=table.device)
    selected[scores.indices if len(scores) < options.n_samples else slice(None)] = kept
    indices = selected.nonzero().squeeze(1)
    if exact is not None and len(indices) > exact:
        # More samples without a score than the epoch can hold.
        lot = _shuffled(len(indices), options.seed, epoch, _FILLERS)[:exact].to(indices.device)
        indices = indices[lot.sort().values]
    size = len(indices)
    record.update(
        n_selected=size,
        usage=size / options.n_samples,
        excluded=int((rates == 0.0).count_nonzero()),
        n_filled=int(kept.count_nonzero()) - n_drawn,
        ties=ties + tied,
        mean_rate=(float(rates.sum()) + record["unscored"]) / options.n_samples,
    )
    if options.random_control:
        return _at_random(epoch, size, options, record)
    weights = _weights(rates, drawn, scores, options)
    return Plan(
        epoch,
        options.n_samples,
        indices.cpu() if size < options.n_samples else None,
        None if weights is None else weights[indices],
        record,
    )


def _of_given_size(epoch: int, options: Options, record: dict[str, Any]) -> Plan:
    sizes = options.control_sizes or ()
    if epoch >= len(sizes):
        raise RuntimeError(
            f"random_control: sizes for {len(sizes)} epochs, and none for epoch {epoch}; give one "
            f"for each epoch from 0 on"
        )
    usage = sizes[epoch] / options.n_samples
    record.update(n_selected=sizes[epoch], usage=usage, mean_rate=usage)
    if not options.in_turn:
        return _at_random(epoch, sizes[epoch], options, record)
    lap, start = _turn_of(epoch, sizes, options)
    chosen = _shuffled(options.n_samples, options.seed, lap, _CONTROL)[start : start + sizes[epoch]]
    return Plan(epoch, options.n_samples, chosen.sort().values, None, record)


def _turn_of(epoch: int, sizes: tuple[int, ...], options: Options) -> tuple[int, int]:
    """Shuffle of the data that an epoch takes its samples from, and its first position.

    If the rest of a shuffle is too small for an epoch, the next shuffle starts.
    """
    lap = start = 0
    for earlier in range(epoch):
        start += sizes[earlier] if options.selects(earlier) else 0
        following = sizes[earlier + 1] if options.selects(earlier + 1) else 0
        if start + following > options.n_samples:
            lap, start = lap + 1, 0
    return lap, start


def _at_random(epoch: int, size: int, options: Options, record: dict[str, Any]) -> Plan:
    chosen = _shuffled(options.n_samples, options.seed, epoch, _CONTROL)[:size]
    return Plan(epoch, options.n_samples, chosen.sort().values, None, record)


def _blank_record(epoch: int, options: Options) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "selective": options.selects(epoch),
        "n_selected": options.n_samples,
        "usage": 1.0,
        "hard": 0,
        "medium": 0,
        "easy": 0,
        "unscored": options.n_samples,
        "n_filled": 0,
        "ties": 0,
        "mean_rate": 1.0,
        "excluded": 0,
        "skipped": 0,
    }


def _by_loss_rank(scores: SampleScores, n_hard: int, n_medium: int) -> tuple[SampleScores, int]:
    """Reassign the levels by rank of loss, with the same number of each level (L-SET)."""
    falling = -scores.loss
    hard, tied_above = first_k(falling, n_hard)
    upper, tied_below = first_k(falling, n_hard + n_medium)
    level = torch.full_like(scores.level, int(ec.Level.EASY))
    level.masked_fill_(upper, int(ec.Level.MEDIUM))
    level.masked_fill_(hard, int(ec.Level.HARD))
    fields = {**vars(scores), "level": level}
    return SampleScores(**fields), tied_above + tied_below


def first_k(key: Tensor, k: int, *, among: Tensor | None = None) -> tuple[Tensor, int]:
    """Mask of the k smallest keys, earlier ones first in ties, and the number of ties at the cut.

    The same as the first k of a stable sort, but by partition. The second value counts the keys
    equal to the k-th, if their order decided which of them are taken.
    """
    candidates = key if among is None else key[among]
    k = min(k, len(candidates))
    if k <= 0:
        return torch.zeros_like(key, dtype=torch.bool), 0
    cut = candidates.topk(k, largest=False, sorted=False).values.max()
    below, equal = key < cut, key == cut
    if among is not None:
        below, equal = among & below, among & equal
    n_equal, n_below = torch.stack([equal.count_nonzero(), below.count_nonzero()]).tolist()
    if n_below + n_equal == k:
        return below | equal, 0
    return below | (equal & (equal.cumsum(0) <= k - n_below)), n_equal


def _scaled(rates: Tensor, exact: int | None, options: Options) -> tuple[Tensor, float]:
    """Rates within budget and floor, and the number of samples to keep."""
    n_scored = len(rates)
    budget, floor = options.budget, options.floor
    if exact is not None:
        budget = exact / options.n_samples
        floor = min(floor, budget)
    if budget is not None:
        # Samples without a score have a rate of 1; the others share the rest, floor permitting.
        rest = budget * options.n_samples - (options.n_samples - n_scored)
        budget = max(rest / max(1, n_scored), floor)
        rates = scaled_to_budget(rates, budget, floor)
    elif floor > 0.0:
        rates = rates.clamp(min=floor)
    expected = float(rates.sum())
    if budget is not None and expected >= (budget - ROUNDING) * n_scored:
        return rates, float(rounded(budget * n_scored))
    return rates, expected


def _drawn(
    rates: Tensor, n_wanted: float, scores: SampleScores, epoch: int, options: Options
) -> Tensor:
    """Mask of the samples kept, each with a probability equal to its rate, `n_wanted` in total.

    Pareto sampling (Rosen, 1997): the lowest values of logit(u) - logit(rate), with u uniform.
    Keeping each sample with u below its rate would give binomial numbers instead.
    """
    if not bool(((rates > 0.0) & (rates < 1.0)).any()):
        return rates > 0.0
    # With the dtype of the rates: rounded to float32 later, a random number may become 1, and
    # drawn in float32 it is 0 too often for small rates in float64.
    generator = _generator(options.seed, epoch, _KEPT)
    lots = torch.rand(options.n_samples + 1, generator=generator, dtype=rates.dtype, device=_HOST)
    # The fraction of a sample is rounded up or down at random.
    size = int(n_wanted + float(lots[-1]))
    key = (
        lots[:-1]
        .to(rates.device)[scores.indices if len(scores) < options.n_samples else slice(None)]
        .logit_()
    )
    never = rates == 0.0
    key.sub_(rates.logit()).masked_fill_(never, math.inf)
    return first_k(key, min(size, len(rates) - int(never.count_nonzero())))[0]


def _filled_up(
    kept: Tensor, rates: Tensor, scores: SampleScores, epoch: int, options: Options, size: int
) -> tuple[Tensor, int]:
    """Mask with the closest samples added if too few are kept, and the number of ties.

    Ties are broken at random: by index, all epochs would add the same few samples, in a file sorted
    by class those of the first class.
    """
    floor = size - (options.n_samples - len(scores))
    if int(kept.count_nonzero()) >= floor and options.min_per_class == 0:
        return kept, 0
    distance = options.policy.distance(scores, rates, options.estimator.resolution)
    order = _order_by_lot(scores.indices, epoch, options)
    kept, distance = kept[order], distance[order]
    if options.min_per_class:
        labels = scores.labels[order].long()
        kept = kept | _missing_in_classes(kept, distance, labels, options.min_per_class)
    added, ties = first_k(distance, floor - int(kept.count_nonzero()), among=~kept)
    return torch.empty_like(kept).index_copy_(0, order, kept | added), ties


def _order_by_lot(indices: Tensor, epoch: int, options: Options) -> Tensor:
    """Positions of `indices` in a random order of the epoch, independent of the other indices."""
    drawn = _shuffled(options.n_samples, options.seed, epoch, _FILLERS).to(indices.device)
    if len(indices) == options.n_samples:
        return drawn
    place = torch.full_like(drawn, -1)
    place[indices] = torch.arange(len(indices), device=indices.device)
    placed = place[drawn]
    return placed[placed >= 0]


def _missing_in_classes(kept: Tensor, distance: Tensor, labels: Tensor, floor: int) -> Tensor:
    """Mask of the closest samples to add so that each class seen has `floor` samples, or all."""
    counts = torch.bincount(labels[kept], minlength=int(labels.max()) + 1 if len(labels) else 0)
    short = (floor - counts).clamp(min=0)
    rest = (~kept & (short[labels] > 0)).nonzero().squeeze(1)
    # Sorted by class, distance and position; this gives the rank within the class.
    rest = rest[distance[rest].sort(stable=True).indices]
    rest = rest[labels[rest].sort(stable=True).indices]
    sizes = torch.bincount(labels[rest], minlength=len(counts))
    rank = torch.arange(len(rest), device=rest.device) - (sizes.cumsum(0) - sizes)[labels[rest]]
    added = torch.zeros_like(kept)
    added[rest[rank < short[labels[rest]]]] = True
    return added


def _weights(rates: Tensor, drawn: Tensor, scores: SampleScores, options: Options) -> Tensor | None:
    """(1 / rate)^power of the samples drawn; 1 for samples added to fill up the epoch."""
    if options.weight_power == 0.0 or not bool(((rates > 0.0) & (rates < 1.0)).any()):
        return None
    weights = torch.ones(options.n_samples, dtype=torch.float32, device=rates.device)
    places = scores.indices if len(scores) < options.n_samples else slice(None)
    weights[places] = torch.where(drawn, rates.float().pow_(-options.weight_power), 1.0)
    return weights


def _shuffled(size: int, seed: int, epoch: int, stream: int) -> Tensor:
    return torch.randperm(size, generator=_generator(seed, epoch, stream), device=_HOST)


def _generator(seed: int, epoch: int, stream: int) -> torch.Generator:
    # Hashed together, because sums repeat: seed 0, epoch 1 must differ from seed 1, epoch 0.
    mixed = np.random.SeedSequence((seed, epoch, stream)).generate_state(1, np.uint64)
    return torch.Generator(_HOST).manual_seed(int(mixed[0]))
