"""Streams: states at any point of an epoch, and the rates that an epoch's weights go by."""

import json

import pytest
import torch
from easiness_torch import EasinessStream
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, get_worker_info

N = 200


class Source(IterableDataset):
    """Pairs of int id and label, divided among workers."""

    def __iter__(self):
        worker = get_worker_info()
        start, step = (worker.id, worker.num_workers) if worker else (0, 1)
        yield from ((k, k) for k in range(start, N, step))


class Stateful(Source):
    """Saves its own place."""

    at = 0

    def __iter__(self):
        while self.at < N:
            self.at += 1
            yield self.at - 1, self.at - 1
        self.at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


def half(_):
    return 0.5


def expected(epoch):
    stream = EasinessStream(Source(), half)
    stream.set_epoch(epoch)
    return [k for _, k in stream]


def taken(stream):
    return [k for _, k in stream]


@pytest.mark.parametrize("source", [Source, Stateful])
@pytest.mark.parametrize("order", ["load, set", "set, load", "load"])
def test_a_state_from_an_epochs_end_is_followed_by_the_next(source, order):
    first = EasinessStream(source(), half)
    first.set_epoch(1)
    assert taken(first) == expected(1)
    first.set_epoch(2)
    for state in (first.state_dict(), json.loads(json.dumps(first.state_dict()))):
        stream = EasinessStream(source(), half)
        if order == "set, load":
            stream.set_epoch(2)
        stream.load_state_dict(state)
        if order == "load, set":
            stream.set_epoch(2)
        assert stream.epoch == 2
        assert taken(stream) == expected(2)


@pytest.mark.parametrize("source", [Source, Stateful])
def test_a_state_from_mid_epoch_is_that_of_its_epoch(source):
    first = EasinessStream(source(), half)
    first.set_epoch(3)
    iterator = iter(first)
    begun = [next(iterator)[1] for _ in range(10)]
    first.set_epoch(4)
    stream = EasinessStream(source(), half)
    stream.load_state_dict(first.state_dict())
    # Saved again before anything was read, it is the same state.
    assert stream.state_dict() == first.state_dict()
    assert begun + taken(stream) == expected(3)
    other = EasinessStream(source(), half)
    other.load_state_dict(first.state_dict())
    other.set_epoch(4)
    assert taken(other) == expected(4)


@pytest.mark.filterwarnings("ignore:'set_vital'")
@pytest.mark.parametrize(("source", "num_workers"), [(Source, 0), (Source, 2), (Stateful, 0)])
def test_a_loader_saved_at_an_epochs_end_goes_on_with_the_next(source, num_workers):
    from torchdata.stateful_dataloader import StatefulDataLoader

    def loader_of():
        stream = EasinessStream(source(), half)
        return stream, StatefulDataLoader(stream, batch_size=10, num_workers=num_workers)

    def epoch_of(stream, loader, epoch):
        stream.set_epoch(epoch)
        return sorted(k for _, batch in loader for k in batch.tolist())

    stream, loader = loader_of()
    for epoch in (0, 1):
        assert epoch_of(stream, loader, epoch) == expected(epoch)
    state = loader.state_dict()
    stream, loader = loader_of()
    loader.load_state_dict(state)
    for epoch in (2, 3):
        assert epoch_of(stream, loader, epoch) == expected(epoch)


def test_streams_of_the_datasets_library_resume_in_their_epoch():
    datasets = pytest.importorskip("datasets")

    def stream_of():
        data = datasets.Dataset.from_dict({"id": list(range(N))}).to_iterable_dataset()
        return EasinessStream(data, half)

    for read, rest in ((30, 1), (None, 2)):
        first = stream_of()
        first.set_epoch(1)
        iterator = iter(first)
        begun = [s["id"] for s, _ in zip(iterator, range(read or N), strict=False)]
        resumed = stream_of()
        resumed.load_state_dict(first.state_dict())
        found = [s["id"] for s in resumed]
        if read:
            # zip draws one more than it gives.
            assert begun + found == [k for k in expected(1) if k != expected(1)[read]]
        else:
            assert found == expected(rest)


def test_weights_go_by_the_rates_that_the_epoch_was_drawn_with():
    rates = dict.fromkeys(range(N), 0.25)
    stream = EasinessStream(Source(), rates, seed=1)
    for epoch, rate in ((0, 0.25), (1, 0.5)):
        stream.set_epoch(epoch)
        weights = []
        for ids, _ in DataLoader(stream, batch_size=10):
            rates.update(dict.fromkeys(ids.tolist(), 1.0))
            stream.rates = {}
            weights += stream.weights(ids).tolist()
        assert set(weights) == {1 / rate}
        stream.rates = rates = dict.fromkeys(range(N), 0.5)


def test_workers_with_other_rates_are_refused():
    stream = EasinessStream(Source(), {0: 0.0})
    loader = DataLoader(stream, batch_size=None, num_workers=1, persistent_workers=True)
    assert len(list(loader)) == N - 1
    stream.rates = {0: 0.0}
    stream.set_epoch(1)
    assert len(list(loader)) == N - 1
    stream.rates = {0: 0.0, 1: 0.0}
    stream.set_epoch(2)
    with pytest.raises(RuntimeError, match="persistent_workers=False"):
        list(loader)
    passing = DataLoader(stream, batch_size=None, num_workers=1)
    assert len(list(passing)) == N - 2
    stream.rates[2] = 0.0
    with pytest.raises(RuntimeError, match=r"call stream\.set_epoch\(epoch\) after changing them"):
        list(passing)
    stream.set_epoch(3)
    assert len(list(passing)) == N - 3


def test_tables_that_can_never_match_are_refused_or_warned_of():
    with pytest.raises(
        TypeError, match=r"expected keys of int, str or bytes, got tensor\(7\).*tol"
    ):
        EasinessStream(Source(), {torch.tensor(7): 0.5})
    stream = EasinessStream(Source(), json.loads(json.dumps(dict.fromkeys(range(N), 0.0))))
    with pytest.warns(UserWarning, match="none of the 200 ids read is in the mapping: .*199.*'0'"):
        assert len(list(stream)) == N


def test_an_epoch_again_is_warned_of():
    stream = EasinessStream(Source(), half)
    assert taken(stream) == expected(0)
    with pytest.warns(UserWarning, match=r"epoch 0 again.*call stream\.set_epoch"):
        assert taken(stream) == expected(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EasinessStream((k for k in [(1,)]), {}), "again each epoch, got generator"),
        (lambda: EasinessStream(zip([1], [2], strict=True), {}), "again each epoch, got zip"),
        (lambda: EasinessStream(TensorDataset(torch.zeros(2)), {}), "indices use EasinessSampler"),
        (lambda: EasinessStream([], {}).weights("abc"), r"got 'abc'; pass \[id\] for one"),
        (lambda: EasinessStream([], {}).weights(torch.tensor([0.5])), "ids: expected int, str or"),
        (lambda: list(EasinessStream([(torch.tensor(0.5),)], {})), "ids: expected int, str or"),
        (lambda: EasinessStream([], {1: None}).weights([1]), "a number in .*got None for id 1"),
    ],
)
def test_more_mistakes_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_rates_may_miss_their_bounds_by_rounding():
    stream = EasinessStream([(1,), (2,)], {1: 1.00000095, 2: -1e-7})
    assert list(stream) == [(1,)]
    assert stream.weights([1, 2]).tolist() == [1.0, 0.0]
