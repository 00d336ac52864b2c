"""Step counts that are exact where no warning is given, whichever samples have scores."""

import warnings

import pytest
import torch
from easiness_torch import EasinessSampler, smooth_rates, with_indices
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N, BATCH, EPOCHS = 500, 32, 8
WIDE = ec.ClosedForm(sigma=0.3)


def data():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (N,), generator=generator)
    return torch.nn.functional.one_hot(y, 3) * 9.0 + torch.randn(N, 3, generator=generator), y


def steps_taken(sampler, drop_last):
    """Train on nothing, but score what is drawn; most samples are easy."""
    loader = DataLoader(
        with_indices(TensorDataset(*data())), batch_size=BATCH, sampler=sampler, drop_last=drop_last
    )
    steps = 0
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        for indices, rows, labels in loader:
            sampler.update(indices, rows, labels)
            steps += 1
    return steps


OPTIONS = [
    {"keep": "lossless"},
    {"keep": "lossless", "budget": 0.2},
    {"keep": {ec.MHO: 1.0, ec.EO: 0.3}, "budget": 0.5},
    {"keep": {ec.MHO: 1.0, ec.EO: 0.0}, "budget": 0.8},
    {"keep": ec.MO, "budget": 0.35},
    {"keep": (0.2, 0.8), "budget": 0.35},
    {"keep": smooth_rates, "budget": 0.35},
    {"keep": smooth_rates, "budget": 0.35, "estimator": WIDE},
    {"keep": lambda s: 1 - s.easiness, "budget": 0.35},
]


@pytest.mark.filterwarnings("ignore:.*is an estimate")
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(
    ("options", "exact"), list(zip(OPTIONS, [1, 1, 1, 0, 0, 0, 0, 1, 0], strict=True)), ids=range(9)
)
def test_a_number_of_steps_is_right_or_called_an_estimate(options, exact, drop_last):
    given = {"warmup_epochs": 2, "refresh": "training", "floor": 0.05, "min_samples": 1} | options
    sampler = EasinessSampler(N, total_epochs=EPOCHS, drop_last=drop_last, **given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = sampler.expected_steps(BATCH)
    assert bool(caught) == (not exact)
    if exact:
        assert steps_taken(sampler, drop_last) == expected
    else:
        assert "the budget, which rates of 0 may not reach" in str(caught[0].message)


def test_a_budget_counts_samples_without_a_score():
    sampler = EasinessSampler(N, keep="lossless", total_epochs=4)
    rows, labels = data()
    sampler.update(range(400), rows[:400], labels[:400])
    sampler.set_epoch(1)
    chosen = list(sampler)
    assert len(chosen) == 0.35 * N
    assert set(range(400, N)) <= set(chosen)


def test_the_floor_holds_among_many_samples_without_a_score():
    rows, labels = data()
    share = []
    for seed in range(60):
        sampler = EasinessSampler(
            N, keep=smooth_rates, estimator=WIDE, warmup_epochs=0, floor=0.1, seed=seed,
            total_epochs=2, step_budget=8, batch_size=50,
        )  # fmt: skip
        sampler.update(range(200), rows[:200], labels[:200])
        chosen = list(sampler)
        assert len(set(chosen)) == len(chosen) == 200
        share.append(sum(index < 200 for index in chosen))
    # 200 with a rate of 0.1 beside 300 of 1, cut to 200 at random.
    assert sum(share) / 60 == pytest.approx(20 / 320 * 200, rel=0.1)


@pytest.mark.parametrize(
    ("keep", "total", "first"),
    [(ec.MO, 4, 5), ("lossless", 1, 1), ((0.2, 0.8), 5, 5)],
    ids=range(3),
)
def test_a_run_that_never_selects_is_warned_of(keep, total, first):
    with pytest.warns(
        UserWarning, match=f"selects nothing in all {total} epochs: the first {first} a"
    ):
        EasinessSampler(N, keep=keep, total_epochs=total)
    # Full training on purpose.
    EasinessSampler(N, keep=ec.MO, total_epochs=4, warmup_epochs=4)


def test_an_exact_number_of_steps_plans_no_epoch(monkeypatch):
    sampler = EasinessSampler(N, keep="lossless", total_epochs=4)
    rows, labels = data()
    sampler.update(range(N), rows, labels)
    monkeypatch.setattr(sampler, "_plan", None)
    assert sampler.expected_steps(BATCH) == 2 * 16 + 2 * 6


@pytest.mark.parametrize(
    "change", [{"total_epochs": 9}, {"step_budget": 70}, {"batch_size": 40}], ids=str
)
def test_a_state_of_other_step_options_is_refused(change):
    given = {"keep": "lossless", "total_epochs": 8, "step_budget": 80, "batch_size": 50}
    state = EasinessSampler(N, **given).state_dict()
    EasinessSampler(N, **given).load_state_dict(state)
    ((name, value),) = change.items()
    message = f"with {name}={given[name]}, this one has {name}={value}; make the sampler with"
    with pytest.raises(ValueError, match=message):
        EasinessSampler(N, **given | change).load_state_dict(state)


@pytest.mark.parametrize(
    ("n_samples", "keep", "error", "message"),
    [
        (TensorDataset(*data()), ec.MO, TypeError, r"got TensorDataset; pass len\(dataset\)"),
        (N, "losless", ValueError, "keep: .*'losless'.*'lossless'"),
        (N, [0.2, 0.8], TypeError, r"an interval as a tuple, got \[0.2, 0.8\]; pass tuple\(keep\)"),
    ],
    ids=range(3),
)
def test_near_misses_say_what_to_pass(n_samples, keep, error, message):
    with pytest.raises(error, match=message):
        EasinessSampler(n_samples, keep=keep)


def test_sizes_of_a_random_control_may_be_an_array():
    sizes = torch.tensor([10, 20])
    for given in (sizes, sizes.numpy()):
        sampler = EasinessSampler(N, random_control=given, warmup_epochs=0)
        assert [len(list(sampler)) for _ in range(2)] == [10, 20]
