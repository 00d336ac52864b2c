"""Streams: kept at their rates, the same on any number of workers, resumed exactly."""

import json

import numpy as np
import pytest
import torch
from conftest import run_script
from easiness_torch import EasinessStream
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, get_worker_info

N = 200


class Source(IterableDataset):
    """Pairs of int id and label, divided among workers."""

    def __iter__(self):
        worker = get_worker_info()
        start, step = (worker.id, worker.num_workers) if worker else (0, 1)
        yield from ((k, k) for k in range(start, N, step))

    def set_epoch(self, epoch):
        self.told = epoch


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


def taken(stream, epoch=None):
    if epoch is not None:
        stream.set_epoch(epoch)
    return [k for _, k in stream]


def expected(epoch):
    return taken(EasinessStream(Source(), half), epoch)


@pytest.mark.parametrize("kind", [str, torch.tensor], ids=["text", "tensor"])
def test_each_id_is_kept_at_its_rate_in_each_epoch_apart(kind):
    rates = np.array([k % 10 / 10 for k in range(500)])
    table = {str(k) if kind is str else k: float(rate) for k, rate in enumerate(rates)}
    stream = EasinessStream([(kind(k), k) for k in range(500)], table, seed=3)
    epochs = 200
    kept = np.zeros((epochs, 500))
    for epoch in range(epochs):
        kept[epoch, taken(stream, epoch)] = 1
    error = np.sqrt(rates * (1 - rates) / epochs)
    assert (np.abs(kept.mean(0) - rates) <= 5 * error).all()
    assert abs(kept.mean() - rates.mean()) < 5 * np.sqrt((error**2).sum()) / 500
    # Being kept says nothing about the next epoch, nor about the next id.
    soft = kept[:, (rates > 0) & (rates < 1)]
    centered = (soft - soft.mean(0)) / soft.std(0)
    for lagged in (centered[1:] * centered[:-1], centered[:, 1:] * centered[:, :-1]):
        assert abs(lagged.mean()) < 5 / np.sqrt(lagged.size)


def test_seeds_epochs_and_kinds_of_ids_are_apart():
    def chosen(seed, name):
        samples = [(name(k), k) for k in range(300)]
        return frozenset(taken(EasinessStream(samples, half, seed=seed)))

    kinds = (int, str, lambda k: b"%d" % k)
    assert len({chosen(seed, kind) for seed in (0, 1) for kind in kinds}) == 6
    assert chosen(0, np.int64) == chosen(0, int)
    # Seed 1, epoch 11 is not seed 11, epoch 1.
    pair = [EasinessStream(Source(), half, seed=seed) for seed in (1, 11)]
    assert taken(pair[0], 11) != taken(pair[1], 1)
    assert pair[0].dataset.told == pair[0].epoch == 11


def test_the_choice_is_the_same_in_every_process():
    script = (
        "from easiness_torch import EasinessStream\n"
        "print([k for _, k in EasinessStream([(f's{k}', k) for k in range(40)], lambda _: 0.3)])"
    )
    samples = [(f"s{k}", k) for k in range(40)]
    assert run_script(script).strip() == str(taken(EasinessStream(samples, lambda _: 0.3)))


@pytest.mark.parametrize(("num_workers", "persistent"), [(1, False), (2, True)])
def test_any_number_of_workers_keeps_the_same(num_workers, persistent):
    stream = EasinessStream(Source(), half)
    loader = DataLoader(
        stream, batch_size=50, num_workers=num_workers, persistent_workers=persistent
    )
    for epoch in (0, 5):
        stream.set_epoch(epoch)
        found = sorted(k for _, batch in loader for k in batch.tolist())
        assert found == expected(epoch)


def test_mappings_and_functions_of_the_id():
    samples = [{"__key__": f"a{k}", "x": k} for k in range(200)]
    found = [s["x"] for s in EasinessStream(samples, {f"a{k}": 0.0 for k in range(100)})]
    assert found == list(range(100, 200))
    own = [{"id": k, "x": k} for k in range(200)]
    by_function = EasinessStream(own, lambda k: float(k < 5), id_of=lambda s: s["x"])
    assert [s["x"] for s in by_function] == [0, 1, 2, 3, 4]


def test_weights_keep_sums_unbiased():
    values = np.random.default_rng(0).normal(2.0, 1.0, N)
    stream = EasinessStream(Source(), lambda k: 0.2 + 0.6 * (k % 10 > 4))
    sums = []
    for epoch in range(200):
        stream.set_epoch(epoch)
        total = 0.0
        for ids, ks in DataLoader(stream, batch_size=100):
            weights = stream.weights(ids)
            assert weights.shape == (len(ids),)
            total += float((weights * torch.tensor(values[ks])).sum())
        sums.append(total)
    assert abs(np.mean(sums) - values.sum()) < 5 * np.std(sums) / np.sqrt(200)
    tempered = EasinessStream([], {7: 0.25, 8: 0.0}, weight_power=0.5)
    assert tempered.weights(torch.tensor([7, 8, 9])).tolist() == [2.0, 0.0, 1.0]
    assert tempered.weights([7], device="meta").device.type == "meta"
    assert tempered.weights(torch.tensor([], dtype=torch.int64)).shape == (0,)
    rounded = EasinessStream([(1,), (2,)], {1: 1.00000095, 2: -1e-7})
    assert list(rounded) == [(1,)]
    assert rounded.weights([1, 2]).tolist() == [1.0, 0.0]


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


@pytest.mark.parametrize("source", [Source, Stateful])
@pytest.mark.parametrize("order", ["load, set", "set, load", "load"])
def test_a_state_from_an_epochs_end_is_followed_by_the_next(source, order):
    first = EasinessStream(source(), half)
    assert taken(first, 1) == expected(1)
    first.set_epoch(2)
    stream = EasinessStream(source(), half)
    if order == "set, load":
        stream.set_epoch(2)
    stream.load_state_dict(json.loads(json.dumps(first.state_dict())))
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
    assert taken(other, 4) == expected(4)


@pytest.mark.filterwarnings("ignore:'set_vital'")
@pytest.mark.parametrize(("source", "num_workers"), [(Source, 0), (Source, 2), (Stateful, 0)])
@pytest.mark.parametrize("save_after", [7, None], ids=["mid epoch", "at its end"])
def test_a_resumed_loader_goes_on_where_it_was(source, num_workers, save_after):
    from torchdata.stateful_dataloader import StatefulDataLoader

    def run(state=None):
        stream = EasinessStream(source(), half)
        loader = StatefulDataLoader(stream, batch_size=10, num_workers=num_workers)
        if state is not None:
            loader.load_state_dict(state)
        seen, saved, at = [], None, 0
        for epoch in (1, 2, 3) if state is None or save_after else (2, 3):
            if state is None or epoch > 1:
                stream.set_epoch(epoch)
            for _, ks in loader:
                seen.append(ks.tolist())
                if state is None and len(seen) == save_after:
                    saved, at = loader.state_dict(), len(seen)
            if state is None and epoch == 1 and save_after is None:
                saved, at = loader.state_dict(), len(seen)
        return (seen[at:], saved) if state is None else seen

    rest, state = run()
    assert run(state) == rest
    assert len(rest) > 15


@pytest.mark.parametrize(("read", "rest"), [(30, 1), (None, 2)], ids=["mid epoch", "at its end"])
def test_streams_of_the_datasets_library_resume_in_their_epoch(read, rest):
    datasets = pytest.importorskip("datasets")

    def stream_of():
        data = datasets.Dataset.from_dict({"id": list(range(N))}).to_iterable_dataset()
        return EasinessStream(data, half)

    first = stream_of()
    first.set_epoch(1)
    iterator = iter(first)
    begun = [next(iterator)["id"] for _ in range(read)] if read else [s["id"] for s in iterator]
    resumed = stream_of()
    resumed.load_state_dict(first.state_dict())
    found = [s["id"] for s in resumed]
    assert (begun + found if read else found) == expected(rest)


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


def test_tables_that_never_match_and_epochs_again_are_warned_of():
    stream = EasinessStream(Source(), json.loads(json.dumps(dict.fromkeys(range(N), 0.0))))
    with pytest.warns(UserWarning, match="none of the 200 ids read is in the mapping: .*199.*'0'"):
        assert len(list(stream)) == N
    stream = EasinessStream(Source(), half)
    assert taken(stream) == expected(0)
    with pytest.warns(UserWarning, match=r"epoch 0 again.*call stream\.set_epoch"):
        assert taken(stream) == expected(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EasinessStream(3, {}), TypeError, "dataset: expected an iterable, got int"),
        (lambda: EasinessStream((k for k in [(1,)]), {}), TypeError, "in each epoch, got gene"),
        (lambda: EasinessStream(TensorDataset(torch.zeros(2)), {}), TypeError, "EasinessSampler"),
        (lambda: EasinessStream([], 0.5), TypeError, "rates: expected a mapping of ids to rates"),
        (lambda: EasinessStream([], {torch.tensor(7): 0.5}), TypeError, r"got tensor\(7\).*tol"),
        (lambda: next(iter(EasinessStream([5], {}))), ValueError, "samples that begin with their"),
        (lambda: next(iter(EasinessStream([{"x": 1}], {}))), ValueError, "'id' or '__key__', got"),
        (lambda: next(iter(EasinessStream([(0.5,)], {}))), TypeError, "ids: expected int, str or"),
        (lambda: list(EasinessStream([(torch.tensor(0.5),)], {})), TypeError, "ids: expected int"),
        (lambda: list(EasinessStream([(1,)], {1: 1.5})), ValueError, r"got 1.5 for id 1"),
        (lambda: EasinessStream([], {1: None}).weights([1]), TypeError, "got None for id 1"),
        (lambda: EasinessStream([], {}).weights("abc"), TypeError, r"got 'abc'; pass \[id\] for o"),
        (lambda: EasinessStream([], {}).weights(torch.tensor([0.5])), TypeError, "ids: expected"),
        (lambda: EasinessStream([], {}).set_epoch(-1), ValueError, "epoch: expected 0 or more"),
        (lambda: EasinessStream([], {}, seed=-1), ValueError, "seed: expected 0 or more"),
    ],
)
def test_mistakes_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
