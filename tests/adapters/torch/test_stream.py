"""Streams: kept at their rates, the same on any number of workers, resumed exactly."""

import itertools

import numpy as np
import pytest
import torch
from conftest import run_script
from easiness_torch import EasinessStream
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

N = 4000


class Sharded(IterableDataset):
    """Pairs of id and label, divided among workers."""

    def __init__(self, n_samples=N, name=None):
        self.n_samples, self.name = n_samples, name or name_of

    def __iter__(self):
        worker = get_worker_info()
        start, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for k in range(start, self.n_samples, step):
            yield self.name(k), k


def name_of(k):
    return f"s{k}"


def rate_of(name):
    return (int(str(name).lstrip("s")) % 10) / 10


def kept(stream, epoch=0):
    stream.set_epoch(epoch)
    return [k for _, k in stream]


@pytest.mark.parametrize("kind", [str, int, np.int64, torch.tensor, str.encode], ids=range(5))
def test_each_id_is_kept_at_its_rate_in_each_epoch_apart(kind):
    names = [kind(f"s{k}") if kind in (str, str.encode) else kind(k) for k in range(500)]
    rates = np.array([k % 10 / 10 for k in range(500)])
    table = {int(n) if kind in (np.int64, torch.tensor) else n: float(r)
             for n, r in zip(names, rates, strict=True)}  # fmt: skip
    stream = EasinessStream([(name, k) for k, name in enumerate(names)], table, seed=3)
    epochs = 400
    taken = np.zeros((epochs, 500))
    for epoch in range(epochs):
        taken[epoch, kept(stream, epoch)] = 1
    error = np.sqrt(rates * (1 - rates) / epochs)
    assert (np.abs(taken.mean(0) - rates) <= 5 * error).all()
    assert abs(taken.mean() - rates.mean()) < 5 * np.sqrt((error**2).sum()) / 500
    # Being kept says nothing about the next epoch, nor about the next id.
    soft = taken[:, (rates > 0) & (rates < 1)]
    centered = (soft - soft.mean(0)) / soft.std(0)
    for lagged in (centered[1:] * centered[:-1], centered[:, 1:] * centered[:, :-1]):
        assert abs(lagged.mean()) < 5 / np.sqrt(lagged.size)
    sizes = taken.sum(1)
    assert sizes.std() == pytest.approx(np.sqrt((rates * (1 - rates)).sum()), rel=0.25)


def test_seeds_and_kinds_of_ids_are_apart():
    def chosen(seed, name):
        samples = [(name(k), k) for k in range(300)]
        return frozenset(kept(EasinessStream(samples, lambda _: 0.5, seed=seed)))

    choices = {chosen(seed, name) for seed in (0, 1) for name in (int, str, lambda k: b"%d" % k)}
    assert len(choices) == 6
    # Seed 1, epoch 11 is not seed 11, epoch 1.
    pair = [EasinessStream(Sharded(300), lambda _: 0.5, seed=seed) for seed in (1, 11)]
    assert kept(pair[0], 11) != kept(pair[1], 1)


def test_the_choice_is_the_same_in_every_process():
    script = (
        "from easiness_torch import EasinessStream\n"
        "print([k for _, k in EasinessStream([(f's{k}', k) for k in range(40)], lambda _: 0.3)])"
    )
    assert run_script(script) == run_script(script)
    assert eval(run_script(script)) == kept(EasinessStream(Sharded(40), lambda _: 0.3))


@pytest.mark.parametrize("num_workers", [0, 1, 2])
@pytest.mark.parametrize("persistent", [False, True])
def test_any_number_of_workers_keeps_the_same(num_workers, persistent):
    if persistent and not num_workers:
        pytest.skip("no workers to persist")
    stream = EasinessStream(Sharded(name=name_of), rate_of)
    loader = DataLoader(
        stream, batch_size=50, num_workers=num_workers, persistent_workers=persistent
    )
    for epoch in (0, 5):
        stream.set_epoch(epoch)
        found = sorted(k for _, batch in loader for k in batch.tolist())
        assert found == kept(EasinessStream(Sharded(), rate_of), epoch)


def test_mappings_and_functions_of_the_id():
    samples = [{"__key__": f"a{k}", "x": k} for k in range(200)]
    found = [s["x"] for s in EasinessStream(samples, {f"a{k}": 0.0 for k in range(100)})]
    assert found == list(range(100, 200))
    own = [{"id": k, "x": k} for k in range(200)]
    by_function = EasinessStream(own, lambda k: float(k < 5), id_of=lambda s: s["x"])
    assert [s["x"] for s in by_function] == [0, 1, 2, 3, 4]


def test_weights_keep_sums_unbiased():
    values = np.random.default_rng(0).normal(2.0, 1.0, N)
    stream = EasinessStream(Sharded(), lambda name: 0.2 + 0.6 * (rate_of(name) > 0.4))
    sums = []
    for epoch in range(60):
        stream.set_epoch(epoch)
        total = 0.0
        for ids, ks in DataLoader(stream, batch_size=500):
            weights = stream.weights(ids)
            assert weights.shape == (len(ids),)
            total += float((weights * torch.tensor(values[ks])).sum())
        sums.append(total)
    assert abs(np.mean(sums) - values.sum()) < 5 * np.std(sums) / np.sqrt(60)
    tempered = EasinessStream([], {7: 0.25, 8: 0.0}, weight_power=0.5)
    assert tempered.weights(torch.tensor([7, 8, 9])).tolist() == [2.0, 0.0, 1.0]
    assert tempered.weights([7], device="meta").device.type == "meta"
    assert tempered.weights(torch.tensor([], dtype=torch.int64)).shape == (0,)


class Stateful(Sharded):
    """Saves its own place."""

    def __iter__(self):
        self.at = getattr(self, "at", 0)
        while self.at < self.n_samples:
            self.at += 1
            yield self.name(self.at - 1), self.at - 1
        self.at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


@pytest.mark.filterwarnings("ignore:'set_vital'")
@pytest.mark.parametrize(("source", "num_workers"), [(Sharded, 0), (Sharded, 2), (Stateful, 0)])
def test_a_resumed_stream_goes_on_where_it_was(source, num_workers):
    from torchdata.stateful_dataloader import StatefulDataLoader

    def run(state=None):
        stream = EasinessStream(source(400, name_of), rate_of)
        loader = StatefulDataLoader(stream, batch_size=10, num_workers=num_workers)
        if state is not None:
            loader.load_state_dict(state)
        seen, saved = [], None
        for epoch in (1, 2):
            if state is None or epoch > 1:
                stream.set_epoch(epoch)
            for _, ks in loader:
                seen.append(ks.tolist())
                if state is None and len(seen) == 7:
                    saved = loader.state_dict()
        return (seen[7:], saved) if state is None else seen

    rest, state = run()
    assert run(state) == rest


def test_a_model_learns_from_a_stream():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=generator)
    x = torch.nn.functional.one_hot(y, 3) * 2.5 + torch.randn(900, 3, generator=generator)
    stream = EasinessStream(
        [(k, x[k], y[k]) for k in range(900)], dict.fromkeys(range(0, 900, 2), 0.3)
    )
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    steps = 0
    for epoch in range(4):
        stream.set_epoch(epoch)
        for ids, rows, labels in DataLoader(stream, batch_size=32):
            losses = torch.nn.functional.cross_entropy(model(rows), labels, reduction="none")
            optimizer.zero_grad()
            (losses * stream.weights(ids)).mean().backward()
            optimizer.step()
            steps += 1
    assert float((model(x).argmax(1) == y).float().mean()) > 0.85
    assert steps < 4 * 900 / 32 * 0.72


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EasinessStream(3, {}), TypeError, "dataset: expected something to iterate over"),
        (lambda: EasinessStream([], 0.5), TypeError, "rates: expected a mapping of ids to rates"),
        (lambda: next(iter(EasinessStream([5], {}))), ValueError, "samples that begin with their"),
        (lambda: next(iter(EasinessStream([{"x": 1}], {}))), ValueError, "'id' or '__key__', got"),
        (lambda: next(iter(EasinessStream([(0.5,)], {}))), TypeError, "ids: expected int, str or"),
        (lambda: list(EasinessStream([(1,)], {1: 1.5})), ValueError, r"got 1.5 for id 1"),
        (lambda: EasinessStream([], {}).set_epoch(-1), ValueError, "epoch: expected 0 or more"),
        (lambda: EasinessStream([], {}, seed=-1), ValueError, "seed: expected 0 or more"),
    ],
)
def test_mistakes_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_data_set_is_told_the_epoch():
    class Told(Sharded):
        def set_epoch(self, epoch):
            self.told = epoch

    stream = EasinessStream(Told(10), lambda _: 1.0)
    stream.set_epoch(4)
    assert stream.dataset.told == stream.epoch == 4
    assert len(list(itertools.islice(stream, 20))) == 10
