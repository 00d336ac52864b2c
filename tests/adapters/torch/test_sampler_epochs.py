"""Epochs under real loaders: they begin, end, have the right length, and do not change midway."""

import itertools
import logging

import naive_sampler
import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N = 60
MEDIUM, EASY = [1.0, 1.0], [9.0, 0.0]


def dataset():
    return with_indices(TensorDataset(torch.zeros(N, 1), torch.zeros(N, dtype=torch.int64)))


def give(sampler, medium):
    """Make these indices medium and all others easy."""
    logits = torch.tensor([MEDIUM if k in medium else EASY for k in range(N)])
    sampler.update(range(N), logits, [0] * N)


def make(medium=range(10, 37), **options):
    sampler = EasinessSampler(N, **{"warmup_epochs": 0, "min_samples": 1, **options})
    if medium is not None:
        give(sampler, medium)
    return sampler


def indices_of(loader):
    # A loader that never ends would go on; the contract is that it stops by itself.
    batches = list(itertools.islice(iter(loader), 1000))
    assert len(batches) < 1000
    return [batch[0].tolist() for batch in batches]


@pytest.mark.parametrize(("drop_last", "num_workers"), [(True, 0), (False, 2)])
def test_an_epoch_has_the_length_that_it_says_and_ends(drop_last, num_workers):
    sampler = make(medium=None, warmup_epochs=1)
    loader = DataLoader(
        dataset(), batch_size=8, sampler=sampler, drop_last=drop_last, num_workers=num_workers
    )
    expected = {0: N, 1: 27, 2: 24}
    for epoch in range(3):
        sampler.set_epoch(epoch)
        before = len(loader)
        batches = indices_of(loader)
        assert before == len(batches) == len(loader)
        size = expected[epoch] // 8 if drop_last else -(-expected[epoch] // 8)
        assert len(batches) == size
        assert [len(batch) for batch in batches[:-1]] == [8] * (size - 1)
        if not drop_last:
            assert len(set(itertools.chain(*batches))) == expected[epoch]
        give(sampler, range(10, 37) if epoch == 0 else range(24))


def test_the_length_within_an_epoch_stays_that_of_the_epoch():
    sampler = make()
    loader = DataLoader(dataset(), batch_size=10, sampler=sampler, num_workers=0)
    for _ in loader:
        give(sampler, range(50))
        assert len(loader) == 3
    assert len(sampler) == 27
    sampler.set_epoch(1)
    assert len(sampler) == 50


def test_without_set_epoch_each_iteration_starts_the_next_epoch():
    sampler = make(warmup_epochs=2, final_epochs=1, total_epochs=5)
    assert [len(list(sampler)) for _ in range(5)] == [N, N, 27, 27, N]
    assert [record["epoch"] for record in sampler.history] == list(range(5))
    selective = [record["selective"] for record in sampler.history]
    assert selective == [False, False, True, True, False]
    assert [record["usage"] for record in sampler.history][:3] == [1.0, 1.0, 27 / N]
    with pytest.raises(ValueError, match="epoch: expected 0 or more, got -1"):
        sampler.set_epoch(-1)
    with pytest.raises(TypeError, match="epoch: expected a whole number"):
        sampler.set_epoch(1.5)


def test_a_loop_longer_than_total_epochs_is_warned_once_and_uses_all_samples():
    sampler = make(total_epochs=2)
    assert [len(list(sampler)) for _ in range(2)] == [27, 27]
    sampler.set_epoch(2)
    assert len(sampler) == N  # a look at the next epoch does not begin it
    with pytest.warns(UserWarning, match="total_epochs: ") as told:
        assert [len(list(sampler)) for _ in range(3)] == [N, N, N]
    assert [str(one.message) for one in told] == [
        "total_epochs: epoch 2 (counted from 0) and later ones use all samples, because this "
        "sampler was made with total_epochs=2; set it to the number of epochs that you train for"
    ]
    # Nor does a resumed run warn again, or one that has only trained its own epochs.
    resumed = make(total_epochs=2)
    resumed.load_state_dict(sampler.state_dict())
    assert len(list(resumed)) == N
    resumed.set_epoch(1)
    assert len(list(resumed)) == 27


def test_an_epoch_is_a_pure_function_of_seed_epoch_and_scores():
    orders = {}
    for seed, epoch in itertools.product((0, 1), (0, 1, 2)):
        for _ in range(2):
            torch.manual_seed(len(orders))  # the global generator has no say
            sampler = make(seed=seed)
            sampler.set_epoch(epoch)
            state = torch.get_rng_state()
            order = tuple(sampler)
            assert (torch.get_rng_state() == state).all()
            assert orders.setdefault((seed, epoch), order) == order
            sampler.set_epoch(epoch)
            assert tuple(sampler) == order
    # Seed 0, epoch 1 is not seed 1, epoch 0.
    assert len(set(orders.values())) == 6
    assert list(make(shuffle=False)) == list(range(10, 37))


def test_order_control_and_fillers_are_drawn_apart():
    def first_20(seed, epoch):
        control = make(seed=seed, random_control=[20] * 3)
        filled = make(medium=[], seed=seed, min_samples=20)
        for sampler in (control, filled):
            sampler.set_epoch(epoch)
        full = make(seed=seed, warmup_epochs=3)
        full.set_epoch(epoch)
        return [list(full)[:20], list(control), list(filled)]

    drawn = {
        frozenset(indices)
        for seed in range(3) for epoch in range(3) for indices in first_20(seed, epoch)
    }  # fmt: skip
    assert {len(indices) for indices in drawn} == {20}
    assert len(drawn) == 27


@pytest.mark.parametrize("num_workers", [0, 2])
def test_changes_during_an_epoch_do_not_disturb_it(num_workers):
    def run(disturb):
        sampler = make(keep={ec.MHO: 1, ec.EO: 0.5})
        loader = DataLoader(dataset(), batch_size=4, sampler=sampler, num_workers=num_workers)
        sampler.set_epoch(2)
        iterator = iter(sampler)  # scores count as they are when iteration begins
        indices = []
        for batch in loader:
            indices += batch[0].tolist()
            weights = sampler.weights(batch[0]).tolist()
            assert weights == [1.0 if 10 <= k < 37 else 2.0 for k in batch[0].tolist()]
            if disturb:
                give(sampler, range(50))
                sampler.set_epoch(9)
                len(sampler)
                sampler.refresh_due  # noqa: B018
                sampler.state_dict()
        return indices, list(iterator)

    assert run(disturb=True) == run(disturb=False)


def test_persistent_workers_see_new_selections():
    sampler = make()
    loader = DataLoader(
        dataset(), batch_size=5, sampler=sampler, num_workers=2, persistent_workers=True
    )
    for medium in (range(10, 37), range(20), range(40, 60)):
        give(sampler, medium)
        sampler.set_epoch(sampler.history[-1]["epoch"] + 1 if sampler.history else 0)
        assert len(loader) == -(-len(medium) // 5)
        assert sorted(itertools.chain(*indices_of(loader))) == list(medium)


def test_spawned_workers_get_the_data_set_and_not_the_scores():
    # A function of this kind does not pickle: the sampler stays where it is.
    sampler = make(keep=lambda scores: (scores.level == 2).float())
    loader = DataLoader(
        dataset(), batch_size=9, sampler=sampler, num_workers=1, multiprocessing_context="spawn"
    )
    assert sorted(itertools.chain(*indices_of(loader))) == list(range(10, 37))


def test_selecting_without_any_score_is_an_error_that_says_what_to_do():
    sampler = make(medium=None)
    assert len(sampler) == N
    with pytest.raises(RuntimeError, match=r"epoch 0 selects by score, but no sample has a score"):
        next(iter(DataLoader(dataset(), sampler=sampler)))


def test_refreshing_is_due_before_epochs_that_select_anew():
    sampler = make(medium=None, warmup_epochs=2, refresh=3, final_epochs=2, total_epochs=9)
    due = []
    for epoch in range(9):
        sampler.set_epoch(epoch)
        due.append(sampler.refresh_due)
        if sampler.refresh_due:
            sampler.refresh(torch.nn.Linear(1, 2), dataset())
            assert not sampler.refresh_due
        list(sampler)
    assert due == [False, False, True, False, False, True, False, False, False]
    training = make(medium=None, refresh="training")
    assert training.refresh_due  # nothing has a score yet
    give(training, range(10))
    assert not training.refresh_due


def test_stale_scores_and_samples_left_out_for_good_are_warned_of_once(caplog):
    def levels(sampler, epochs):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="easiness_torch"):
            for _ in range(epochs):
                list(sampler)
        return [record.levelname for record in caplog.records]

    sampler = make(warmup_epochs=1)
    assert levels(sampler, 3) == ["WARNING", "INFO"]
    assert "epoch 1: no score has changed since" in caplog.text
    assert "WARNING" not in levels(make(refresh=2), 2)
    assert levels(make(refresh="training"), 3).count("WARNING") == 1
    assert "epoch 0: 33 samples have a rate of 0" in caplog.text


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("replicas", [1, 4, 40])
def test_shards_are_disjoint_equally_long_and_complete(drop_last, replicas):
    whole = list(make())
    shards = []
    for rank in range(replicas):
        sampler = make(num_replicas=replicas, rank=rank, drop_last=drop_last)
        length = len(sampler)
        shards.append(list(sampler))
        assert len(shards[-1]) == length == len(sampler)
    assert shards == naive_sampler.shards(whole, replicas, drop_last)
