"""Epochs under real loaders: they begin, end, have the right length, and do not change midway."""

import itertools
import logging

import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

N = 60
HARD, MEDIUM, EASY = [0.0, 9.0], [1.0, 1.0], [9.0, 0.0]


def dataset(n_samples=N):
    return with_indices(
        TensorDataset(torch.zeros(n_samples, 1), torch.zeros(n_samples, dtype=torch.int64))
    )


def give(sampler, medium):
    """Make these indices medium and all others easy."""
    n_samples = sampler.options.n_samples
    logits = torch.tensor([MEDIUM if k in medium else EASY for k in range(n_samples)])
    sampler.update(range(n_samples), logits, [0] * n_samples)


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


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("num_workers", [0, 2])
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
    for step, _ in enumerate(loader):
        give(sampler, range(50))
        assert len(loader) == 3
        last = step == len(loader) - 1
    assert last
    assert len(sampler) == 27
    sampler.set_epoch(1)
    assert len(sampler) == 50


def test_the_length_of_the_next_epoch_follows_the_scores():
    sampler = make()
    assert len(sampler) == 27
    give(sampler, range(50))
    assert len(sampler) == 50
    assert len(list(sampler)) == 50


def test_without_set_epoch_each_iteration_starts_the_next_epoch():
    sampler = make(warmup_epochs=2)
    lengths = [len(list(sampler)) for _ in range(4)]
    assert lengths == [N, N, 27, 27]
    assert [record["epoch"] for record in sampler.history] == [0, 1, 2, 3]
    assert [record["selective"] for record in sampler.history] == [False, False, True, True]


def test_warm_up_and_final_epochs_are_full():
    sampler = make(warmup_epochs=2, final_epochs=1, total_epochs=5)
    assert [len(list(sampler)) for _ in range(6)] == [N, N, 27, 27, N, N]
    assert [record["usage"] for record in sampler.history][:3] == [1.0, 1.0, 27 / N]


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


def test_the_order_is_by_id_without_shuffling():
    assert list(make(shuffle=False)) == list(range(10, 37))


def test_two_iterators_do_not_disturb_one_another():
    sampler = make()
    sampler.set_epoch(3)
    alone = list(sampler)
    sampler.set_epoch(3)
    first, second = iter(sampler), iter(sampler)
    interleaved = [(a, b) for a, b in zip(first, second, strict=True)]
    assert [a for a, _ in interleaved] == [b for _, b in interleaved] == alone
    # A new one begins anew, whatever the last one has left.
    third = iter(sampler)
    assert [next(third) for _ in range(5)] != alone[:5]
    sampler.set_epoch(3)
    assert list(sampler) == alone


@pytest.mark.parametrize("num_workers", [0, 2])
def test_changes_during_an_epoch_do_not_disturb_it(num_workers):
    def run(disturb):
        sampler = make(keep={ec.MHO: 1, ec.EO: 0.5})
        loader = DataLoader(dataset(), batch_size=4, sampler=sampler, num_workers=num_workers)
        sampler.set_epoch(2)
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
        return indices

    assert run(disturb=True) == run(disturb=False)


def test_scores_count_as_they_are_when_iteration_begins():
    sampler = make()
    iterator = iter(sampler)
    give(sampler, range(50))
    assert sorted(iterator) == list(range(10, 37))
    assert sorted(sampler) == list(range(50))


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
    with pytest.raises(
        RuntimeError, match=r"epoch 0 selects by score, but no sample has a score: "
    ):
        next(iter(DataLoader(dataset(), sampler=sampler)))


def test_samples_without_a_score_are_kept():
    sampler = make(medium=None)
    sampler.update(range(40), torch.tensor([EASY] * 40), [0] * 40)
    assert sorted(sampler) == list(range(40, N))
    assert sampler.history[-1]["unscored"] == 20


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


def test_scores_that_nobody_refreshed_are_logged(caplog):
    sampler = make(warmup_epochs=1)
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        list(sampler)
        assert not caplog.records
        list(sampler)
        give(sampler, range(30))
        list(sampler)
    assert [record.getMessage()[:38] for record in caplog.records] == [
        "epoch 1: no score has changed since th"
    ]
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="easiness_torch"):
        for _ in range(3):
            list(sampler)
    # Said as a warning before: from then on information.
    assert [record.levelname for record in caplog.records] == ["INFO"] * 3
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        sampler = make(refresh=2)
        for _ in range(2):
            list(sampler)
    assert not caplog.records


def test_left_out_for_good_is_logged_once(caplog):
    sampler = make(refresh="training")
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        for _ in range(3):
            list(sampler)
    assert [record.getMessage()[:30] for record in caplog.records] == [
        "epoch 0: 33 samples have a rat"
    ]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("replicas", [1, 2, 4, 5, 40])
def test_shards_are_disjoint_equally_long_and_complete(drop_last, replicas):
    import naive_sampler

    whole = list(make())
    shards = []
    for rank in range(replicas):
        sampler = make(num_replicas=replicas, rank=rank, drop_last=drop_last)
        length = len(sampler)
        shards.append(list(sampler))
        assert len(shards[-1]) == length == len(sampler)
    assert shards == naive_sampler.shards(whole, replicas, drop_last)


def test_epochs_are_whole_numbers():
    with pytest.raises(ValueError, match="epoch: expected 0 or more, got -1"):
        make().set_epoch(-1)
    with pytest.raises(TypeError, match="epoch: expected a whole number"):
        make().set_epoch(1.5)
