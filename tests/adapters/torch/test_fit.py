"""`fit`: what each method trains on, and what is said of it."""

import csv
import math

import numpy as np
import pytest
import torch
from easiness_torch import (
    EasinessSampler,
    SampleEasinessLoss,
    below_mean_loss_halved,
    fit,
    select_batch,
)
from fit_cases import TEST, TRAIN, model, trained
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset

import easiness_core as ec


def plain_loop(n_epochs, rows_of=lambda epoch, logits, y: torch.arange(600)):
    """Full batches in plain PyTorch: the model, and loss and learning rate of each epoch."""
    plain = model()
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)
    x, y = TRAIN.tensors
    records = []
    for epoch in range(n_epochs):
        logits = plain(x)
        kept = rows_of(epoch, logits, y)
        loss = cross_entropy(logits[kept], y[kept])
        records.append((loss.item(), scheduler.get_last_lr()[0], len(kept)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return plain, records


def losses_of(result):
    return [record["train_loss"] for record in result.history]


def sizes_of(result):
    return [record["n_selected"] for record in result.history]


def selective_in(result):
    return [record["selective"] for record in result.history]


def test_classic_is_a_loop_of_plain_pytorch():
    # Full batches: the order of samples does not matter then.
    result, net = trained("classic", n_epochs=4, batch_size=600)
    plain, records = plain_loop(4)
    for record, (loss, rate, _) in zip(result.history, records, strict=True):
        assert record["train_loss"] == pytest.approx(loss, rel=1e-5)
        assert record["learning_rate"] == pytest.approx(rate)
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    probs = net(TEST.tensors[0]).detach().double().softmax(1).numpy()
    expected = ec.score(probs, TEST.tensors[1].numpy())
    last = result.history[-1]
    assert result.accuracy == last["accuracy"] == expected.summary.accuracy
    assert (last["msr"], last["ese"]) == (expected.summary.msr, expected.summary.ese)
    assert last["auroc"] == ec.auroc(probs, TEST.tensors[1].numpy())
    with pytest.raises(ValueError, match="'wall' or 'cpu', got 'sun'"):
        result.seconds(clock="sun")


def test_algorithm_1_takes_the_losses_of_the_medium_rows_of_each_batch():
    wide = ec.ClosedForm(sigma=0.05)
    result, net = trained(
        "SET per batch", n_epochs=4, warmup_epochs=2, batch_size=600,
        sampler_options={"estimator": wide},
    )  # fmt: skip

    def medium(epoch, logits, y):
        if epoch < 2:
            return torch.arange(600)
        return select_batch(logits, y, ec.MO, estimator=wide)

    plain, records = plain_loop(4, medium)
    sizes = [size for _, _, size in records]
    assert 0 < min(sizes) < 600
    assert sizes_of(result) == sizes
    assert [record["usage"] for record in result.history] == [size / 600 for size in sizes]
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert selective_in(result) == [False, False, True, True]
    assert result.usage == pytest.approx(sum(sizes[2:]) / 1200)


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
    assert sizes_of(result) == [600, 0, 0]
    assert math.isnan(result.history[-1]["train_loss"])
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("method", ["classic", "InfoBatch", "L-SET", "RS2", "SEL-SET", "random"])
def test_the_seed_decides_and_random_numbers_outside_are_left_alone(method):
    needed = {"reference": trained("SET", n_epochs=4)[0]} if method == "RS2" else {}
    state = torch.get_rng_state()
    (one, first), (other, second) = (
        trained(method, seed=3, n_epochs=4, **needed) for _ in range(2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert losses_of(one) == losses_of(other)
    _, third = trained(method, seed=4, n_epochs=4, **needed)
    assert not all(map(torch.equal, first.parameters(), third.parameters()))


@pytest.mark.parametrize("keep", [ec.MO, ec.EMO])
def test_set_trains_on_levels_after_its_warm_up(keep):
    result, _ = trained("SET", keep=keep, warmup_epochs=3, sampler_options={"min_samples": 1})
    assert selective_in(result) == [False] * 3 + [True] * 7
    for record in result.later:
        names = {ec.MO: ("medium",), ec.EMO: ("medium", "easy")}[keep]
        assert record["n_selected"] == sum(record[name] for name in names)
        assert record["score_seconds"] > 0
    assert result.usage == pytest.approx(sum(sizes_of(result)[3:]) / 600 / 7)
    assert result.cost == pytest.approx(3 + 7 * result.usage)
    assert 0 < result.seconds(scoring=False) < result.seconds()
    expected = sum(r["train_seconds"] + r["score_seconds"] for r in result.history)
    assert result.seconds(total=True) == pytest.approx(expected)
    assert result.seconds(clock="cpu") > 0


def test_the_controls_are_of_the_same_size():
    options = {"n_epochs": 3, "warmup_epochs": 2}
    chosen, own = trained("SET", **options)[0], trained("random", **options)[0]
    # The same model scored it, so that the sizes of the first such epoch agree.
    assert sizes_of(own)[2] == sizes_of(chosen)[2] < 600
    assert losses_of(own)[2] != losses_of(chosen)[2]
    assert sizes_of(trained("L-SET", **options)[0])[2] == sizes_of(chosen)[2]
    for method in ("SET", "fewer_easy"):
        long, _ = trained(method, keep=ec.EMO if method == "SET" else None)
        # Levels vary; with a budget an epoch has exactly its share.
        sizes = sizes_of(long)
        assert len(set(sizes)) > 3 if method == "SET" else set(sizes) == {600, 210}
        losses = [losses_of(long)]
        for control in ("random", "RS2"):
            found, _ = trained(control, reference=long)
            assert sizes_of(found) == sizes
            assert (found.usage, found.cost) == (long.usage, long.cost)
            losses.append(losses_of(found))
        assert losses[0][0] == losses[1][0] == losses[2][0]
        assert len({each[-2] for each in losses}) == 3
    warm, _ = trained("warm-up", n_epochs=10, warmup_epochs=2)
    long, _ = trained("SET", n_epochs=10, warmup_epochs=2)
    assert warm.usage == 1.0
    for name in ("learning_rate", "train_loss"):
        expected = [record[name] for record in long.history[:2]]
        assert [record[name] for record in warm.history] == expected


def test_sel_is_its_loss_and_may_be_replaced():
    by_name, _ = trained("SEL", n_epochs=2)
    by_loss, _ = trained("classic", n_epochs=2, loss=SampleEasinessLoss(reduction="none"))
    plain, _ = trained("classic", n_epochs=2)
    assert losses_of(by_name) == losses_of(by_loss)
    assert losses_of(by_name)[0] > losses_of(plain)[0]
    both, _ = trained("SEL-SET", n_epochs=3, warmup_epochs=2)
    assert losses_of(both)[:2] != losses_of(plain)
    assert selective_in(both)[2]


def test_infobatch_halves_the_samples_below_the_mean_loss():
    class Scores:
        loss = torch.tensor([0.0, 1.0, 2.0, 5.0, 2.0])

    assert below_mean_loss_halved(Scores()).tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]
    result, _ = trained("InfoBatch", n_epochs=8)
    assert selective_in(result) == [False] + [True] * 6 + [False]
    for record in result.later[:-1]:
        assert record["mean_rate"] == pytest.approx(record["usage"], abs=0.1)
        assert 0.5 < record["usage"] < 1.0


def test_fewer_easy_takes_its_preset_or_what_is_asked_for():
    # One epoch to be scored in, 15 % at the end, and a budget of 0.35 between them.
    assert (
        selective_in(trained("fewer_easy", n_epochs=14)[0]) == [False] + [True] * 10 + [False] * 3
    )
    options = {"final_epochs": 0, "weight_power": 1.0}
    result, _ = trained("fewer_easy", n_epochs=9, warmup_epochs=5, sampler_options=options)
    assert selective_in(result) == [False] * 5 + [True] * 4


def test_losses_are_weighted_by_the_sampler(monkeypatch):
    monkeypatch.setattr(EasinessSampler, "weights", lambda self, indices: torch.zeros(len(indices)))
    result, net = trained("InfoBatch", optimizer=lambda p: torch.optim.SGD(p, lr=0.1))
    assert losses_of(result) == [0.0] * 10
    assert all(map(torch.equal, net.parameters(), model().parameters()))


def test_what_is_scored_may_be_other_than_what_is_trained_on():
    class Augmented(TensorDataset):
        def __getitem__(self, k):
            x, y = super().__getitem__(k)
            return x * 0, y

    options = {"method": "SET", "n_epochs": 2, "warmup_epochs": 1}
    result = fit(
        model(), Augmented(*TRAIN.tensors), score_data=TRAIN,
        keep=lambda scores: (scores.loss > scores.loss.median()).double(), **options,
    )  # fmt: skip
    assert sizes_of(result)[1] == 300
    blind = fit(
        model(), Augmented(*TRAIN.tensors),
        keep=lambda scores: (scores.loss.unique().numel() > 3) * torch.ones(600).double(),
        **options,
    )  # fmt: skip
    assert sizes_of(blind)[1] == 128  # three losses, none kept: the least there is


def test_callbacks_end_it_and_all_are_called(tmp_path):
    seen = []

    def note(record, net):
        seen.append((record["epoch"], type(net).__name__))
        return torch.ones(2)  # only True ends it

    for answer in (True, np.bool_(True), torch.tensor(True)):
        seen.clear()
        result, _ = trained(
            "classic", callbacks=[lambda record, _, a=answer: a if record["epoch"] else 1, note],
            history=tmp_path / f"history{type(answer).__name__}.csv",
        )  # fmt: skip
        assert seen == [(0, "Sequential"), (1, "Sequential")]
    with (tmp_path / "historybool.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["classic"] * 2
    assert float(rows[-1]["accuracy"]) == result.history[-1]["accuracy"]


def test_without_validation_there_is_no_accuracy():
    result = fit(model(), TRAIN, method="classic", n_epochs=1)
    assert math.isnan(result.accuracy)
    assert result.scores is None
    assert "accuracy" not in result.history[0]


def test_bfloat16_trains():
    result, net = trained("SET", n_epochs=6, amp=True)
    assert result.accuracy > 0.6
    assert {p.dtype for p in net.parameters()} == {torch.float32}
