"""What `EasinessSampler` selects, literally: loops over lists, one sample at a time."""

import itertools
import math

HARD, MEDIUM, EASY = 1, 2, 4


def levels(log_easiness, resolution):
    return [
        HARD if math.exp(e) <= resolution else EASY if math.exp(e) >= 1 - resolution else MEDIUM
        for e in log_easiness
    ]


def loss_ranked_levels(loss, level):
    """L-SET: the N_hard highest losses are hard, the next N_medium medium (Section 4.2.1)."""
    n_hard = sum(one == HARD for one in level)
    n_medium = sum(one == MEDIUM for one in level)
    ranked = [EASY] * len(loss)
    for place, k in enumerate(sorted(range(len(loss)), key=lambda k: (-loss[k], k))):
        if place < n_hard:
            ranked[k] = HARD
        elif place < n_hard + n_medium:
            ranked[k] = MEDIUM
    return ranked


def budget_scale(rates, budget, floor):
    """Scale c with mean(clip(c r, floor, 1)) = budget, between the places where the mean bends."""

    def mean(c):
        return sum(min(max(c * r, floor), 1.0) for r in rates) / len(rates)

    bends = sorted({0.0, *(1 / r for r in rates if r > 0), *(floor / r for r in rates if r > 0)})
    for low, high in itertools.pairwise(bends):
        if mean(low) - 1e-12 <= budget <= mean(high) + 1e-12:
            rise = mean(high) - mean(low)
            return low if rise == 0 else low + (high - low) * (budget - mean(low)) / rise
    return bends[-1]


def log_odds(log_e):
    if log_e == 0:
        return math.inf
    return log_e - math.log(-math.expm1(log_e))


def distance_to_levels(log_e, kept, resolution):
    edge = math.log(resolution / (1 - resolution))
    spans = {HARD: (-math.inf, edge), MEDIUM: (edge, -edge), EASY: (-edge, math.inf)}
    odds = log_odds(log_e)
    return min(max(0.0, spans[one][0] - odds, odds - spans[one][1]) for one in kept)


def filled_up(kept, distance, labels, lot, *, min_samples, min_per_class):
    """First each class up to its floor, then all up to theirs: nearest first, then by lot."""
    kept = list(kept)
    order = sorted(range(len(kept)), key=lambda k: (distance[k], lot[k]))
    for k in order:
        members = sum(a and b == labels[k] for a, b in zip(kept, labels, strict=True))
        if not kept[k] and members < min_per_class:
            kept[k] = True
    for k in order:
        if not kept[k] and sum(kept) < min_samples:
            kept[k] = True
    return [k for k in range(len(kept)) if kept[k]]


def merged(ranks):
    """Latest score of each id; `ranks` holds for each rank a dict of id -> (written_at, score)."""
    latest = {}
    for rank, scores in enumerate(ranks):
        for k, (written_at, score) in scores.items():
            if k not in latest or (written_at, rank) > latest[k][0]:
                latest[k] = ((written_at, rank), score)
    return {k: score for k, (_, score) in latest.items()}


def shards(order, replicas, drop_last):
    """As DistributedSampler: repeat the first to fill up, or cut."""
    order = list(order)
    if drop_last and len(order) >= replicas:
        order = order[: len(order) // replicas * replicas]
    k = 0
    while len(order) % replicas:
        order.append(order[k])
        k += 1
    return [order[rank::replicas] for rank in range(replicas)]
