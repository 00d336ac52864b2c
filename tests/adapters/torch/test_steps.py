"""Step counts known in advance: exact or called an estimate; and schedules that finish."""

import itertools
import warnings

import pytest
import torch
from easiness_torch import EasinessSampler, smooth_rates, with_indices
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N, BATCH, EPOCHS = 600, 32, 10
PEAK = 0.5
WIDE = ec.ClosedForm(sigma=0.3)


def data(spread=2.5):
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (N,), generator=generator)
    x = torch.nn.functional.one_hot(y, 3) * spread + torch.randn(N, 3, generator=generator)
    return x, y


def train(sampler, schedule=None, *, batch_size=BATCH, drop_last=False):
    """Give the steps of each epoch, the rate of each step and after it, and the accuracy."""
    torch.manual_seed(0)
    x, y = data()
    model = torch.nn.Linear(3, 3)
    optimizer = SGD(model.parameters(), lr=PEAK)
    scheduler = (schedule or cosine(10_000))(optimizer)
    loader = DataLoader(
        with_indices(TensorDataset(x, y)), batch_size=batch_size, sampler=sampler,
        drop_last=drop_last,
    )  # fmt: skip
    steps, rates = [], []
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        steps.append(0)
        for indices, rows, labels in loader:
            logits = model(rows)
            sampler.update(indices, logits, labels)
            losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
            optimizer.zero_grad()
            (losses * sampler.weights(indices)).mean().backward()
            optimizer.step()
            rates.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
            steps[-1] += 1
    accuracy = float((model(x).argmax(1) == y).float().mean())
    return steps, [*rates, optimizer.param_groups[0]["lr"]], accuracy


def one_cycle(total):
    return lambda optimizer: OneCycleLR(optimizer, max_lr=PEAK, total_steps=total)


def cosine(total):
    return lambda optimizer: CosineAnnealingLR(optimizer, T_max=total, eta_min=1e-4)


def warmed_up(total):
    def schedule(optimizer):
        rise = LinearLR(optimizer, start_factor=0.1, total_iters=10)
        fall = LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=total - 10)
        return SequentialLR(optimizer, [rise, fall], milestones=[10])

    return schedule


@pytest.mark.parametrize(
    # The last rate, and whether it is that of the last step or the one after it.
    ("schedule", "rate", "at", "keep"),
    [
        (one_cycle, PEAK / 25 / 1e4, -2, "fewer_easy"),
        (cosine, 1e-4, -1, ec.MO),
        (warmed_up, 0.0, -1, "fewer_easy"),
    ],
)
# torch itself steps the first of several schedulers before the optimizer.
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
def test_schedules_end_where_they_should(schedule, rate, at, keep):
    sampler = EasinessSampler(
        N, keep=keep, total_epochs=EPOCHS, step_budget=120, batch_size=BATCH, warmup_epochs=1,
        refresh="training", min_samples=1,
    )  # fmt: skip
    total = sampler.expected_steps()
    assert total == 120
    steps, rates, accuracy = train(sampler, schedule(total))
    assert sum(steps) == 120
    assert steps[0] == 19
    assert rates[at] == pytest.approx(rate, abs=1e-9)
    assert max(rates) == pytest.approx(PEAK, rel=0.01)
    assert accuracy > 0.85


@pytest.mark.parametrize(
    ("drop_last", "step_budget", "batch_size"), [(False, 95, 32), (True, 151, 20), (False, 200, 20)]
)
def test_the_run_ends_in_the_steps_asked_for(drop_last, step_budget, batch_size):
    sampler = EasinessSampler(
        N, keep={ec.MHO: 1.0, ec.EO: 0.3}, warmup_epochs=2, final_epochs=1, refresh="training",
        total_epochs=EPOCHS, step_budget=step_budget, batch_size=batch_size, drop_last=drop_last,
    )  # fmt: skip
    steps, _, _ = train(sampler, batch_size=batch_size, drop_last=drop_last)
    assert sum(steps) == step_budget
    full = N // batch_size if drop_last else -(-N // batch_size)
    assert steps[:2] + steps[-1:] == [full] * 3
    assert max(steps[2:-1]) - min(steps[2:-1]) <= 1
    sizes = [record["n_selected"] for record in sampler.history[2:-1]]
    assert all(size == N or size % batch_size == 0 for size in sizes)


OPTIONS = {
    "fewer_easy": ({"keep": "fewer_easy"}, True),
    "rates above 0": ({"keep": {ec.MHO: 1.0, ec.EO: 0.3}, "budget": 0.5}, True),
    "wide smooth rates": ({"keep": smooth_rates, "budget": 0.35, "estimator": WIDE}, True),
    "a rate of 0": ({"keep": {ec.MHO: 1.0, ec.EO: 0.0}, "budget": 0.8}, False),
    "levels": ({"keep": ec.MO, "budget": 0.35}, False),
    "interval": ({"keep": (0.2, 0.8), "budget": 0.35}, False),
    "smooth rates that saturate": ({"keep": smooth_rates, "budget": 0.35}, False),
    "function": ({"keep": lambda s: 1 - s.easiness, "budget": 0.35}, False),
}


@pytest.mark.filterwarnings("ignore:.*is an estimate")
@pytest.mark.parametrize("case", OPTIONS)
def test_a_number_of_steps_is_right_or_called_an_estimate(case):
    options, exact = OPTIONS[case]
    given = {"warmup_epochs": 2, "refresh": "training", "floor": 0.05, "min_samples": 1} | options
    for drop_last in (False, True):
        sampler = EasinessSampler(N, total_epochs=EPOCHS, drop_last=drop_last, **given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            expected = sampler.expected_steps(BATCH)
            first = sampler.expected_steps(BATCH, epochs=3)
            by_epoch = [sampler.expected_steps(BATCH, epochs=[epoch]) for epoch in range(EPOCHS)]
        assert bool(caught) == (not exact)
        assert sum(by_epoch) == expected
        assert sum(by_epoch[:3]) == first
        if exact:
            assert train(sampler, drop_last=drop_last)[0] == by_epoch
        else:
            assert "the budget, which rates of 0 may not reach" in str(caught[0].message)


def test_an_estimate_says_so():
    sampler = EasinessSampler(N, keep=ec.MO, warmup_epochs=1, total_epochs=4)
    with pytest.warns(UserWarning, match="76 is an estimate, from all samples: none has a score"):
        assert sampler.expected_steps(BATCH) == 4 * 19
    sampler.update(range(N), data()[0], data()[1])
    sampler.set_epoch(1)
    expected = 19 + 3 * -(-len(sampler) // BATCH)
    with pytest.warns(UserWarning, match="an estimate, from the latest scores; for an exact numb"):
        assert sampler.expected_steps(BATCH) == expected
    with pytest.raises(ValueError, match="batch_size: expected the loader's, got None"):
        sampler.expected_steps(epochs=2)
    with pytest.raises(ValueError, match="epochs: expected a number of epochs, since the sampler"):
        EasinessSampler(N, warmup_epochs=1).expected_steps(BATCH)


def test_ranks_take_as_many_steps_each():
    found = []
    for rank in range(3):
        sampler = EasinessSampler(
            N, keep="fewer_easy", total_epochs=4, step_budget=40, batch_size=16,
            num_replicas=3, rank=rank,
        )  # fmt: skip
        assert sampler.expected_steps() == 40
        sampler.update(range(N), data()[0], data()[1])
        indices = [list(sampler) for _ in range(4)]
        found.append(indices)
        assert sum(-(-len(epoch) // 16) for epoch in indices) == 40
    for epoch in zip(*found, strict=True):
        assert len({len(shard) for shard in epoch}) == 1
        assert len(set(itertools.chain(*epoch))) == len(list(itertools.chain(*epoch)))


def test_a_random_control_takes_as_many_steps():
    sampler = EasinessSampler(
        N, keep="fewer_easy", random_control=True, total_epochs=EPOCHS, step_budget=120,
        batch_size=BATCH,
    )  # fmt: skip
    assert sum(train(sampler)[0]) == 120
    sizes = [record["n_selected"] for record in sampler.history]
    given = EasinessSampler(N, random_control=sizes, total_epochs=EPOCHS, warmup_epochs=1)
    assert given.expected_steps(BATCH) == 120


def test_samples_without_a_score_come_first_and_count_for_a_budget():
    sampler = EasinessSampler(
        N, keep=ec.MO, warmup_epochs=0, total_epochs=2, step_budget=10, batch_size=20
    )
    sampler.update(range(50), data()[0][:50], data()[1][:50])
    indices = list(sampler)
    assert len(set(indices)) == len(indices) == 100
    assert min(indices) >= 50
    sampler = EasinessSampler(N, keep="fewer_easy", total_epochs=4)
    sampler.update(range(500), data()[0][:500], data()[1][:500])
    sampler.set_epoch(1)
    chosen = list(sampler)
    assert len(chosen) == 0.35 * N
    assert set(range(500, N)) <= set(chosen)


def test_the_floor_holds_among_many_samples_without_a_score():
    rows, labels = data(spread=9.0)
    share = []
    for seed in range(60):
        sampler = EasinessSampler(
            N, keep=smooth_rates, estimator=WIDE, warmup_epochs=0, floor=0.1, seed=seed,
            total_epochs=2, step_budget=8, batch_size=50,
        )  # fmt: skip
        sampler.update(range(300), rows[:300], labels[:300])
        chosen = list(sampler)
        assert len(set(chosen)) == len(chosen) == 200
        share.append(sum(index < 300 for index in chosen))
    # 300 with a rate of 0.1 beside 300 of 1, cut to 200 at random.
    assert sum(share) / 60 == pytest.approx(30 / 330 * 200, rel=0.1)
