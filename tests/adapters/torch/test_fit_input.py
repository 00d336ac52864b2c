"""`fit`: data, models and optimizers of any kind, and what of them is refused."""

import math
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from easiness_torch import fit
from easiness_torch.training.fit import _seed
from fit_cases import TEST, TRAIN, data, model, trained
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

RUN = trained("classic", n_epochs=1)[0]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [({"method": "sets"}, ValueError, "expected one of classic, SEL, SET"),
     ({"n_epochs": 0}, ValueError, "n_epochs"),
     ({"loss": torch.nn.CrossEntropyLoss()}, ValueError, 'one loss per sample.*reduction="none"'),
     ({"keep": "OM"}, ValueError, "keep: .*got .OM."),
     ({"keep": "fewer_easy"}, ValueError, 'pass method="fewer_easy"'),
     ({"sampler_options": {"keep": "fewer_easy"}}, ValueError, 'pass method="fewer_easy"'),
     ({"method": "warm-up", "warmup_epochs": 0}, ValueError, "warmup_epochs: expected 1"),
     ({"method": "classic", "keep": ec.EO}, ValueError, "keep: not used by 'classic', which takes"),
     ({"sampler_options": {"seed": 1}}, ValueError, "sampler_options: seed follow"),
     ({"reference": RUN}, ValueError, "reference: not used by 'SET'"),
     ({"method": "random", "reference": RUN}, ValueError, "n_epochs: expected 1, .* got 10"),
     ({"method": "random", "reference": [1]}, TypeError, "expected what fit returned, got list"),
     ({"method": "RS2"}, ValueError, 'reference: expected a run .*, "RS2" needs one'),
     ({"method": "SET per batch", "sampler_options": {"floor": 0.1}}, ValueError,
      "'SET per batch' takes the estimator alone, got floor"),
     ({"batch_size": 0}, ValueError, "batch_size"),
     ({"optimizer": torch.optim.LBFGS}, TypeError, "no closure, got LBFGS"),
     ({"scheduler": lambda o, n: torch.optim.lr_scheduler.ReduceLROnPlateau(o)}, TypeError,
      "got ReduceLROnPlateau"),
     ({"optimizer": lambda p: torch.optim.SGD(p, lr=1e30)}, ValueError,
      "epoch 0: the training loss is .*; lower the learning rate")],
)  # fmt: skip
def test_wrong_options_are_named(options, error, words):
    with pytest.raises(error, match=words):
        trained(**{"method": "SET", **options})


def test_a_control_is_of_the_same_data():
    with pytest.raises(ValueError, match="reference: a run on 600 samples, train has 601"):
        fit(model(), data(601), method="random", n_epochs=1, reference=RUN)


@pytest.mark.parametrize(
    ("broken", "words"),
    [(TensorDataset(torch.zeros(3, 2)), "pairs .x, y., got tuple of 1"),
     ([{"x": 1, "y": 0}], "got dict of 2"), (DataLoader(TRAIN), "got DataLoader"),
     (TensorDataset(torch.zeros(3, 3), torch.zeros(3, 3)), "one class index, got torch.float32"),
     (TensorDataset(torch.zeros(0, 3), torch.zeros(0).long()), "got an empty data set")],
)  # fmt: skip
def test_data_are_checked_before_anything_is_trained(broken, words):
    net = model()
    with pytest.raises((TypeError, ValueError), match=f"train: .*{words}"):
        fit(net, broken, method="classic")
    with pytest.raises((TypeError, ValueError), match=f"validation: .*{words}"):
        fit(net, TRAIN, broken, method="classic")
    assert all(map(torch.equal, net.parameters(), model().parameters()))


class Parts(NamedTuple):
    a: torch.Tensor
    b: torch.Tensor


class Both(torch.nn.Module):
    """Takes inputs of two parts."""

    def __init__(self):
        super().__init__()
        self.inner = model()

    def forward(self, parts):
        a, b = (parts.a, parts.b) if isinstance(parts, Parts) else (parts["a"], parts["b"])
        return self.inner(a + b)


@pytest.mark.parametrize("kind", [lambda a, b: {"a": a, "b": b}, Parts], ids=["dict", "namedtuple"])
def test_inputs_may_have_several_parts_and_labels_be_int32(kind):
    x, y = TRAIN.tensors
    pairs = [(kind(row, 0 * row), label) for row, label in zip(x, y.int(), strict=True)]
    nested = fit(Both(), pairs, pairs, method="SET", n_epochs=3)
    plain = fit(model(), TRAIN, TRAIN, method="SET", n_epochs=3)
    losses = [[r["train_loss"] for r in one.history] for one in (nested, plain)]
    assert losses[0] == losses[1]
    assert nested.accuracy == plain.accuracy


def with_batch_norm():
    return torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 3)
    )


@pytest.mark.parametrize(
    ("net", "n", "batch_size", "expected"),
    [
        (with_batch_norm(), 129, 32, [32, 32, 32, 33]),
        (with_batch_norm(), 130, 64, [64, 66]),
        (model(), 1, 32, [1]),
        (model(), 5, 1, [1] * 5),
    ],
)
def test_a_last_batch_too_small_for_batch_norm_joins_the_one_before(net, n, batch_size, expected):
    train, seen = data(n), []
    net[0].register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    fit(net, train, method="classic", n_epochs=2, batch_size=batch_size)
    assert [len(batch) for batch in seen] == expected * 2
    rows = sorted(train.tensors[0].tolist())
    assert sorted(torch.cat(seen[: len(expected)]).tolist()) == rows


def test_batch_norm_is_not_given_a_batch_of_one_sample():
    options = {"method": "classic", "n_epochs": 1}
    with pytest.raises(ValueError, match=r"a batch of 1 sample, .*BatchNorm1d.* batch_size"):
        fit(with_batch_norm(), TRAIN, batch_size=1, **options)
    with pytest.raises(ValueError, match=r"a batch of 1 sample, .* min_samples"):
        fit(with_batch_norm(), data(1), **options)
    result = fit(with_batch_norm(), data(6), TEST, batch_size=2, **options)
    assert math.isfinite(result.history[-1]["train_loss"])


def test_the_training_loss_is_a_mean_over_samples():
    x, y = data(131).tensors
    net = model()
    result = fit(
        net, TensorDataset(x, y), method="classic", n_epochs=1,
        optimizer=lambda p: torch.optim.SGD(p, lr=0.0),
    )  # fmt: skip
    assert result.history[0]["train_loss"] == pytest.approx(cross_entropy(net(x), y).item())


def test_modules_keep_their_modes():
    net = torch.nn.Sequential(torch.nn.BatchNorm1d(3), model())
    net[0].eval()
    frozen = net[0].running_mean.clone()
    trained_in = []
    net[1].register_forward_pre_hook(lambda module, _: trained_in.append(module.training))
    fit(net, TRAIN, TEST, method="SET", n_epochs=2)
    assert torch.equal(net[0].running_mean, frozen)
    assert set(trained_in) == {True, False}  # training, and scoring
    net.eval()
    fit(net, TRAIN, method="classic", n_epochs=1)
    assert net.training
    assert not torch.equal(net[0].running_mean, frozen)


def test_the_learning_rate_may_be_a_tensor_or_constant():
    result, _ = trained(
        "classic", n_epochs=3, optimizer=lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.1))
    )
    rates = [record["learning_rate"] for record in result.history]
    assert rates == pytest.approx([0.1, 0.075, 0.025])
    result, _ = trained("classic", n_epochs=3, scheduler=lambda optimizer, n: None)
    assert [record["learning_rate"] for record in result.history] == [0.05] * 3


def test_accelerators_other_than_cuda_are_seeded(monkeypatch):
    seen = []
    backend = SimpleNamespace(manual_seed=seen.append)
    monkeypatch.setattr(torch, "get_device_module", lambda device: backend)
    with torch.random.fork_rng(devices=[]):
        _seed(torch.device("mps"), 7)
        _seed(torch.device("cpu"), 8)
    assert seen == [7]


def test_outputs_that_are_no_logits_are_refused_with_what_to_do():
    class Net(torch.nn.Module):
        def __init__(self, form):
            super().__init__()
            self.linear, self.form = torch.nn.Linear(3, 3), form

        def forward(self, x):
            return self.form(self.linear(x))

    for method in ("classic", "SET"):
        with pytest.raises(TypeError, match=r"model: expected logits, .* got tuple; wrap it in a"):
            fit(Net(lambda z: (z, 1)), TRAIN, TRAIN, method=method, n_epochs=2)
    assert len(fit(Net(lambda z: {"logits": z}), TRAIN, TRAIN, n_epochs=2).history) == 2
