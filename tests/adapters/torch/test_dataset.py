"""Scoring of whole data sets."""

import numpy as np
import pytest
import torch
from easiness_torch import EasinessSampler, score_dataset, with_indices
from sampler_cases import Samples, scores_of
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Subset,
    TensorDataset,
)

import easiness_core as ec

N = 50


class Model(nn.Module):
    """Linear, with all that behaves otherwise in training, and one part kept frozen."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.norm = nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.5)
        self.calls = []

    def forward(self, x):
        self.calls.append((self.training, torch.is_grad_enabled(), len(x)))
        return self.drop(self.norm(self.linear(x))) * 20


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = Model()
    model.norm.eval()
    return model


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(1)
    return TensorDataset(torch.randn(N, 4, generator=generator), torch.arange(N) % 3)


def expected_scores(model, data, estimator=None):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        probs = model(data.tensors[0]).softmax(1).numpy()
    for module, training in modes:
        module.training = training
    model.calls.clear()
    return ec.score(probs, data.tensors[1].numpy(), estimator=estimator or ec.ClosedForm())


def same(scores, expected):
    for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
        np.testing.assert_allclose(
            getattr(scores, name), getattr(expected, name), rtol=1e-3, atol=1e-5
        )
        assert getattr(scores, name).dtype == getattr(expected, name).dtype
    assert scores.summary.level_counts == expected.summary.level_counts
    assert scores.summary.accuracy == expected.summary.accuracy
    assert scores.summary.n_samples == N
    assert scores.summary.estimator == expected.summary.estimator


@pytest.mark.parametrize("estimator", [ec.ClosedForm(sigma=0.1), ec.MonteCarlo(draws=100)])
def test_scores_are_the_cores_in_the_order_of_ids(model, data, estimator):
    expected = expected_scores(model, data, estimator)
    assert len(set(expected.level)) > 1
    shuffled = torch.randperm(N, generator=torch.Generator().manual_seed(5)).tolist()
    for source in (
        data,
        with_indices(data),
        DataLoader(data, batch_size=7),
        DataLoader(with_indices(data), batch_size=7, shuffle=True),
        DataLoader(with_indices(data), batch_size=7, sampler=[*shuffled, *shuffled[:9]]),
        DataLoader(Subset(with_indices(data), shuffled), batch_size=7),
        # As DistributedSampler and accelerate fill up their last batch, here within one batch.
        DataLoader(with_indices(data), batch_size=N + 3, sampler=[*range(N), 3, 3, 7]),
    ):
        same(score_dataset(model, source, estimator=estimator), expected)
    same(score_dataset(model, data, estimator=estimator, batch_size=3, num_workers=1), expected)


def test_models_are_scored_in_evaluation_mode_and_left_as_they_were(model, data):
    class Merged(nn.Linear):
        """Holds its weights in another form in evaluation mode, as adapters of low rank do."""

        merged = False

        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)

    merged = Merged(4, 3).train()
    score_dataset(merged, data)
    assert merged.training
    assert not merged.merged
    modes = {name: module.training for name, module in model.named_modules()}
    assert set(modes.values()) == {True, False}
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    state = torch.get_rng_state()
    score_dataset(model, DataLoader(with_indices(data), batch_size=16, shuffle=True))
    assert model.calls == [(False, False, 16)] * 3 + [(False, False, 2)]
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert all(torch.equal(value, buffers[name]) for name, value in model.named_buffers())
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)

    def fail(model, batch):
        torch.rand(1)
        raise KeyError("x")

    with pytest.raises(KeyError):
        score_dataset(model, data, step=fail)
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_sampler_is_updated_when_that_is_due(model, data):
    sampler = EasinessSampler(
        N, keep=ec.EMO, warmup_epochs=1, min_samples=1, estimator=ec.ClosedForm(sigma=0.05)
    )
    expected = expected_scores(model, data, sampler.options.estimator)
    sampler.refresh(model, data)
    assert not model.calls
    list(sampler)
    sampler.refresh(model, data, batch_size=20)
    assert [size for _, _, size in model.calls] == [20, 20, 10]
    assert len(sampler) == len(ec.select(expected.level, ec.EMO)) < N
    sampler.refresh(model, data)
    assert len(model.calls) == 3
    assert sorted(sampler) == ec.select(expected.level, ec.EMO).tolist()
    sampler.refresh(model, DataLoader(data, batch_size=25))
    assert len(model.calls) == 5


def test_a_loader_that_cannot_tell_samples_apart_is_refused(model, data):
    for options in (
        {"shuffle": True},
        {"sampler": RandomSampler(data)},
        {"batch_sampler": [[0, 1], [2]]},
        {"batch_size": None},
    ):
        with pytest.raises(ValueError, match="this loader does not read its data set in or"):
            score_dataset(model, DataLoader(data, **options))
    with pytest.raises(ValueError, match="this loader drops its last batch"):
        score_dataset(model, DataLoader(data, batch_size=4, drop_last=True))
    sampler = EasinessSampler(N)
    for loader in (
        DataLoader(with_indices(data), sampler=sampler),
        DataLoader(with_indices(data), batch_sampler=BatchSampler(sampler, 4, False)),
    ):
        with pytest.raises(ValueError, match="draws from an EasinessSampler"):
            score_dataset(model, loader)
    assert not model.calls
    uneven = DataLoader(with_indices(data), batch_size=4, drop_last=True)
    with pytest.raises(ValueError, match=r"2 of 50 samples were not in the loader: indices 48, 49"):
        score_dataset(model, uneven)
    with pytest.raises(ValueError, match="drops its last batch, whose samples would not be scored"):
        EasinessSampler(N, warmup_epochs=0).refresh(model, uneven)
    sampler = EasinessSampler(N, warmup_epochs=0)
    sampler.refresh(model, DataLoader(with_indices(data), batch_size=5, drop_last=True))
    assert len(scores_of(sampler)) == N


def test_other_samples_need_a_step(model, data):
    x, y = data.tensors
    dicts = Samples([{"x": x[k], "y": y[k]} for k in range(N)])
    triples = TensorDataset(x, y, y)
    expected = expected_scores(model, data)
    for source, message in ((dicts, "got mappings with keys x, y"), (triples, "got 3 parts")):
        with pytest.raises(
            TypeError, match=rf"expected samples \(x, y\) or .*, {message}; pass step="
        ):
            score_dataset(model, source)
    same(score_dataset(model, dicts, step=lambda m, b: (m(b["x"]), b["y"])), expected)
    same(score_dataset(model, triples, step=lambda m, b: (m(b[0]), b[2])), expected)
    short = lambda m, b: (m(b[0])[1:], b[1][1:])  # noqa: E731
    with pytest.raises(ValueError, match="logits: expected one row for each of 50 indices, got 49"):
        score_dataset(model, data, step=short)


LABELS = {
    "one-hot": (torch.eye(3)[torch.arange(N) % 3], r"for one-hot labels pass step= .*argmax\(1\)"),
    "ignored": (torch.where(torch.arange(N) == 7, -100, 0), r"-100 .*: indices 7; .*Subset"),
    "text": (["a"] * N, "class indices, got list; number the classes"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_other_labels_are_refused_with_what_to_do(model, data, kind):
    labels, message = LABELS[kind]
    samples = Samples(list(zip(data.tensors[0], labels, strict=True)))
    with pytest.raises((TypeError, ValueError), match=f"^labels: .*{message}"):
        score_dataset(model, samples)


def test_indices_of_text_are_refused():
    with pytest.raises(TypeError, match=r"^indices: expected whole numbers, got list .*with_ind"):
        EasinessSampler(N).update(["a", "b"], torch.zeros(2, 3), [0, 1])


def test_other_mistakes_are_refused(model, data):
    sampler = EasinessSampler(N + 1)
    with pytest.raises(ValueError, match="data: expected 51 samples, the size of the sampler"):
        sampler.refresh(model, data)
    with pytest.raises(TypeError, match=r"model: expected a torch\.nn\.Module, got function"):
        score_dataset(lambda x: x, data)
    with pytest.raises(TypeError, match="data: expected a map-style data set or a loader over one"):
        score_dataset(model, 3)
    with torch.no_grad():
        model.linear.bias[0] = torch.nan
    with pytest.raises(ValueError, match=r"50 samples of a batch .*: indices 0, 1, 2, 3, 4, 5"):
        score_dataset(model, data)
