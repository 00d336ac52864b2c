"""Step counts known in advance, and learning-rate schedules by steps that finish."""

import itertools

import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N, BATCH, EPOCHS = 600, 32, 10
PEAK = 0.5


def data(n_samples=N):
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (n_samples,), generator=generator)
    x = torch.nn.functional.one_hot(y, 3) * 2.5 + torch.randn(n_samples, 3, generator=generator)
    return x, y


def train(sampler, schedule, *, n_epochs=EPOCHS, batch_size=BATCH, drop_last=False, accumulate=1):
    """Give the steps of each epoch, the rate of each step and after it, and the accuracy."""
    torch.manual_seed(0)
    x, y = data()
    model = torch.nn.Linear(3, 3)
    optimizer = SGD(model.parameters(), lr=PEAK)
    scheduler = schedule(optimizer)
    loader = DataLoader(
        with_indices(TensorDataset(x, y)), batch_size=batch_size, sampler=sampler,
        drop_last=drop_last,
    )  # fmt: skip
    steps, rates = [], []
    for epoch in range(n_epochs):
        sampler.set_epoch(epoch)
        steps.append(0)
        for at, (indices, rows, labels) in enumerate(loader):
            logits = model(rows)
            sampler.update(indices, logits, labels)
            losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
            (losses * sampler.weights(indices)).mean().backward()
            if (at + 1) % accumulate and at + 1 < len(loader):
                continue
            optimizer.step()
            optimizer.zero_grad()
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


# The last rate, and whether it is that of the last step or the one after it.
FINAL = {one_cycle: (PEAK / 25 / 1e4, -2), cosine: (1e-4, -1), warmed_up: (0.0, -1)}


@pytest.mark.parametrize("schedule", FINAL, ids=lambda schedule: schedule.__name__)
@pytest.mark.parametrize("keep", ["lossless", ec.MO], ids=["lossless", "MO"])
# torch itself steps the first of several schedulers before the optimizer.
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
def test_schedules_end_where_they_should(schedule, keep):
    options = {"warmup_epochs": 1, "refresh": "training", "min_samples": 1}
    sampler = EasinessSampler(
        N, keep=keep, total_epochs=EPOCHS, step_budget=120, batch_size=BATCH, **options
    )
    total = sampler.expected_steps()
    assert total == 120
    steps, rates, accuracy = train(sampler, schedule(total))
    assert sum(steps) == 120
    assert steps[0] == 19
    rate, at = FINAL[schedule]
    assert rates[at] == pytest.approx(rate, abs=1e-9)
    assert max(rates) == pytest.approx(PEAK, rel=0.01)
    assert accuracy > 0.85


def test_with_a_budget_steps_are_known_without_a_step_budget():
    sampler = EasinessSampler(N, keep="lossless", total_epochs=EPOCHS)
    total = sampler.expected_steps(BATCH)
    # 1 + 2 full epochs of 19 steps, 7 of 210 samples.
    assert total == 3 * 19 + 7 * 7
    steps, rates, _ = train(sampler, one_cycle(total))
    assert steps == [19, *[7] * 7, 19, 19]
    assert rates[-2] == pytest.approx(FINAL[one_cycle][0], abs=1e-9)
    assert [sampler.expected_steps(BATCH, epochs=[epoch]) for epoch in range(EPOCHS)] == steps
    assert sampler.expected_steps(BATCH, epochs=3) == sum(steps[:3])


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("step_budget", "batch_size"), [(95, 32), (150, 32), (151, 20), (200, 20)])
def test_the_run_ends_in_the_steps_asked_for(drop_last, step_budget, batch_size):
    sampler = EasinessSampler(
        N, keep={ec.MHO: 1.0, ec.EO: 0.3}, warmup_epochs=2, final_epochs=1, refresh="training",
        total_epochs=EPOCHS, step_budget=step_budget, batch_size=batch_size, drop_last=drop_last,
    )  # fmt: skip
    steps, _, _ = train(sampler, cosine(step_budget), batch_size=batch_size, drop_last=drop_last)
    assert sum(steps) == step_budget
    full = N // batch_size if drop_last else -(-N // batch_size)
    assert steps[:2] + steps[-1:] == [full] * 3
    assert max(steps[2:-1]) - min(steps[2:-1]) <= 1
    sizes = [record["n_selected"] for record in sampler.history[2:-1]]
    assert all(size == N or size % batch_size == 0 for size in sizes)


def test_accumulated_batches_are_one_step():
    sampler = EasinessSampler(N, keep="lossless", total_epochs=5, step_budget=60, batch_size=4 * 8)
    steps, _, _ = train(sampler, cosine(60), n_epochs=5, batch_size=8, accumulate=4)
    assert sum(steps) == 60


def test_ranks_take_as_many_steps_each():
    found = []
    for rank in range(3):
        sampler = EasinessSampler(
            N, keep="lossless", total_epochs=4, step_budget=40, batch_size=16,
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


def test_more_samples_without_a_score_than_there_is_room_for():
    sampler = EasinessSampler(
        N, keep=ec.MO, warmup_epochs=0, total_epochs=2, step_budget=10, batch_size=20
    )
    sampler.update(range(50), data()[0][:50], data()[1][:50])
    indices = list(sampler)
    assert len(set(indices)) == len(indices) == 100
    assert min(indices) >= 50


def test_a_random_control_takes_as_many_steps():
    sampler = EasinessSampler(
        N, keep="lossless", random_control=True, total_epochs=EPOCHS, step_budget=120,
        batch_size=BATCH,
    )  # fmt: skip
    steps, _, _ = train(sampler, cosine(120))
    assert sum(steps) == 120
    sizes = [record["n_selected"] for record in sampler.history]
    given = EasinessSampler(N, random_control=sizes, total_epochs=EPOCHS, warmup_epochs=1)
    assert given.expected_steps(BATCH) == 120


def test_an_estimate_says_so():
    sampler = EasinessSampler(N, keep=ec.MO, warmup_epochs=1, total_epochs=4)
    with pytest.warns(UserWarning, match="76 is an estimate, from all samples: none has a score"):
        assert sampler.expected_steps(BATCH) == 4 * 19
    sampler.update(range(N), data()[0], data()[1])
    sampler.set_epoch(1)
    expected = 19 + 3 * -(-len(sampler) // BATCH)
    with pytest.warns(UserWarning, match="an estimate, from the latest scores; for an exact numb"):
        assert sampler.expected_steps(BATCH) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_budget": 18}, r"expected 28 to 190 steps, got 18: 10 epochs, of which 1 take"),
        ({"step_budget": 191}, r"step_budget: expected 28 to 190 steps"),
        ({"total_epochs": None}, "total_epochs: expected a number, because step_budget="),
        ({"batch_size": None}, "batch_size: expected a number, because step_budget="),
        ({"budget": 0.5}, "budget: budget and step_budget both set the epoch size; pass only"),
        ({"min_per_class": 2}, "min_per_class and step_budget both set"),
        ({"random_control": [3]}, "random_control and step_budget both set"),
        ({"step_budget": 0}, "step_budget: expected 1 or more"),
    ],
)
def test_budgets_that_cannot_be_are_refused(options, message):
    given = {"total_epochs": EPOCHS, "warmup_epochs": 1, "step_budget": 100, "batch_size": BATCH}
    with pytest.raises(ValueError, match=message):
        EasinessSampler(N, **given | options)


def test_steps_need_a_batch_size_and_epochs():
    sampler = EasinessSampler(N, warmup_epochs=1)
    with pytest.raises(ValueError, match="batch_size: expected the loader's, got None"):
        sampler.expected_steps(epochs=2)
    with pytest.raises(ValueError, match="epochs: expected a number of epochs, since the sampler"):
        sampler.expected_steps(BATCH)
