"""`fit`: what happens within a batch, and which batches there are."""

import math

import pytest
import torch
from easiness_torch import fit, select_batch
from fit_cases import TEST, TRAIN, data, model, trained
from torch.nn.functional import cross_entropy

import easiness_core as ec


def test_algorithm_1_takes_the_losses_of_the_medium_rows_of_each_batch():
    options = {"n_epochs": 4, "warmup_epochs": 2, "batch_size": 600}
    wide = ec.ClosedForm(sigma=0.05)
    result, net = trained("SET per batch", sampler_options={"estimator": wide}, **options)
    plain = model()
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    x, y = TRAIN.tensors
    for record in result.history:
        logits = plain(x)
        kept = torch.arange(600)
        if record["epoch"] >= 2:
            kept = select_batch(logits, y, ec.MO, estimator=wide)
            assert 0 < len(kept) < 600
        assert record["n_selected"] == len(kept)
        assert record["usage"] == len(kept) / 600
        optimizer.zero_grad()
        cross_entropy(logits[kept], y[kept]).backward()
        optimizer.step()
        scheduler.step()
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert [record["selective"] for record in result.history] == [False, False, True, True]
    assert result.usage == pytest.approx(sum(r["usage"] for r in result.history[2:]) / 2)
    assert result.history[-1]["score_seconds"] < 0.1


def test_batches_without_a_medium_row_change_nothing():
    net = torch.nn.Linear(3, 3)
    torch.nn.init.eye_(net.weight)
    with torch.no_grad():
        net.weight.mul_(1e4)  # every row is easy or hard
    weights = []
    result = fit(
        net, TRAIN, method="SET per batch", n_epochs=3, warmup_epochs=1,
        callbacks=[lambda record, model: weights.append(model.weight.clone())],
    )  # fmt: skip
    assert [record["n_selected"] for record in result.history] == [600, 0, 0]
    assert math.isnan(result.history[-1]["train_loss"])
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])


def test_rs2_is_of_the_same_size_and_without_replacement():
    chosen, _ = trained("SET", warmup_epochs=1)
    control, _ = trained("RS2", reference=chosen)
    random, _ = trained("random", reference=chosen)
    sizes = [record["n_selected"] for record in chosen.history]
    assert [record["n_selected"] for record in control.history] == sizes
    assert control.history[0]["train_loss"] == random.history[0]["train_loss"]
    assert control.history[-1]["train_loss"] != random.history[-1]["train_loss"]


def with_batch_norm():
    return torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 3)
    )


@pytest.mark.parametrize("rest", [1, 2])
def test_a_last_batch_too_small_for_batch_norm_joins_the_one_before(rest):
    seen = []
    net = with_batch_norm()
    net.register_forward_pre_hook(lambda module, args: seen.append(len(args[0])))
    fit(net, data(128 + rest), method="classic", n_epochs=1, batch_size=64)
    assert seen == [64, 64 + rest]


def test_batch_norm_is_not_given_a_batch_of_one_sample():
    options = {"method": "classic", "n_epochs": 1}
    with pytest.raises(ValueError, match=r"a batch of 1 sample, .*BatchNorm1d.* batch_size"):
        fit(with_batch_norm(), TRAIN, batch_size=1, **options)
    with pytest.raises(ValueError, match=r"a batch of 1 sample, .* min_samples"):
        fit(with_batch_norm(), data(1), **options)
    result = fit(with_batch_norm(), data(6), TEST, batch_size=2, **options)
    assert math.isfinite(result.history[-1]["train_loss"])
