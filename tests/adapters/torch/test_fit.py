"""`fit`: what each method trains on, and what is said of it."""

import csv
import math

import pytest
import torch
from easiness_torch import EasinessSampler, SampleEasinessLoss, below_mean_loss_halved, fit
from easiness_torch.training.methods import METHODS
from fit_cases import TEST, TRAIN, model, trained
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset

import easiness_core as ec


def test_classic_is_a_loop_of_plain_pytorch():
    # Full batches: the order of samples does not matter then.
    result, net = trained("classic", n_epochs=4, batch_size=600)
    plain = model()
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    x, y = TRAIN.tensors
    for record in result.history:
        loss = cross_entropy(plain(x), y)
        assert record["train_loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert record["learning_rate"] == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    probs = net(TEST.tensors[0]).detach().double().softmax(1).numpy()
    expected = ec.score(probs, TEST.tensors[1].numpy())
    last = result.history[-1]
    assert result.accuracy == last["accuracy"] == expected.summary.accuracy
    assert (last["msr"], last["ese"]) == (expected.summary.msr, expected.summary.ese)
    assert last["auroc"] == ec.auroc(probs, TEST.tensors[1].numpy())


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method):
    needed = {"reference": trained("SET")[0]} if method == "RS2" else {}
    (one, first), (other, second) = (trained(method, seed=3, **needed) for _ in range(2))
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    losses = [record["train_loss"] for record in one.history]
    assert losses == [record["train_loss"] for record in other.history]
    _, third = trained(method, seed=4, **needed)
    assert not all(map(torch.equal, first.parameters(), third.parameters()))


def test_random_numbers_outside_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained("SET", n_epochs=2)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("keep", [ec.MO, ec.EMO])
def test_set_trains_on_levels_after_its_warm_up(keep):
    result, _ = trained("SET", keep=keep, warmup_epochs=3, sampler_options={"min_samples": 1})
    assert [record["selective"] for record in result.history] == [False] * 3 + [True] * 7
    for record in result.later:
        names = {ec.MO: ("medium",), ec.EMO: ("medium", "easy")}[keep]
        assert record["n_selected"] == sum(record[name] for name in names)
        assert record["score_seconds"] > 0
    assert result.usage == pytest.approx(
        sum(record["n_selected"] for record in result.later) / 600 / 7
    )
    assert result.cost == pytest.approx(3 + 7 * result.usage)
    shared = result.seconds(), result.seconds(scoring=False)
    assert 0 < shared[1] < shared[0]
    total = result.seconds(total=True)
    expected = sum(r["train_seconds"] + r["score_seconds"] for r in result.history)
    assert total == pytest.approx(expected)
    assert result.seconds(clock="cpu") > 0


def test_the_controls_are_of_the_same_size():
    options = {"n_epochs": 3, "warmup_epochs": 2}
    chosen, _ = trained("SET", **options)
    own, _ = trained("random", **options)
    # The same model scored it, so that the sizes of the first such epoch agree.
    assert own.history[2]["n_selected"] == chosen.history[2]["n_selected"] < 600
    assert own.history[2]["train_loss"] != chosen.history[2]["train_loss"]
    for method in ("SET", "lossless"):
        long, _ = trained(method, keep=ec.EMO if method == "SET" else None)
        control, _ = trained("random", reference=long)
        sizes = [[r["n_selected"] for r in one.history] for one in (long, control)]
        assert sizes[0] == sizes[1]
        # Levels vary; with a budget an epoch has exactly its share.
        assert len(set(sizes[0])) > 3 if method == "SET" else set(sizes[0]) == {600, 210}
        assert (control.usage, control.cost) == (long.usage, long.cost)
        assert control.history[0]["train_loss"] == long.history[0]["train_loss"]
        assert control.history[-2]["train_loss"] != long.history[-2]["train_loss"]
    warm, _ = trained("warm-up", n_epochs=10, warmup_epochs=2)
    assert len(warm.history) == 2
    assert warm.usage == 1.0
    rates = [record["learning_rate"] for record in warm.history]
    long, _ = trained("SET", n_epochs=10, warmup_epochs=2)
    assert rates == [record["learning_rate"] for record in long.history[:2]]
    losses = [record["train_loss"] for record in warm.history]
    assert losses == [record["train_loss"] for record in long.history[:2]]


def test_sel_is_its_loss_and_may_be_replaced():
    by_name, _ = trained("SEL", n_epochs=2)
    by_loss, _ = trained("classic", n_epochs=2, loss=SampleEasinessLoss(reduction="none"))
    plain, _ = trained("classic", n_epochs=2)
    losses = [[r["train_loss"] for r in one.history] for one in (by_name, by_loss, plain)]
    assert losses[0] == losses[1]
    assert losses[0][0] > losses[2][0]
    both, _ = trained("SEL-SET", n_epochs=3, warmup_epochs=2)
    assert [r["train_loss"] for r in both.history[:2]] != losses[2]
    assert both.history[2]["selective"]


def test_l_set_takes_as_many_by_the_rank_of_their_loss():
    options = {"n_epochs": 3, "warmup_epochs": 2}
    by_level, by_loss = trained("SET", **options)[0], trained("L-SET", **options)[0]
    assert by_level.history[2]["n_selected"] == by_loss.history[2]["n_selected"]


def test_infobatch_halves_the_samples_below_the_mean_loss():
    class Scores:
        loss = torch.tensor([0.0, 1.0, 2.0, 5.0, 2.0])

    assert below_mean_loss_halved(Scores()).tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]
    result, _ = trained("InfoBatch", n_epochs=8)
    assert [record["selective"] for record in result.history] == [False] + [True] * 6 + [False]
    for record in result.later[:-1]:
        assert record["mean_rate"] == pytest.approx(record["usage"], abs=0.1)
        assert 0.5 < record["usage"] < 1.0


def test_losses_are_weighted_by_the_sampler(monkeypatch):
    monkeypatch.setattr(EasinessSampler, "weights", lambda self, indices: torch.zeros(len(indices)))
    result, net = trained("InfoBatch", optimizer=lambda p: torch.optim.SGD(p, lr=0.1))
    assert [record["train_loss"] for record in result.history] == [0.0] * 10
    assert all(map(torch.equal, net.parameters(), model().parameters()))


def test_what_is_scored_may_be_other_than_what_is_trained_on():
    class Augmented(TensorDataset):
        def __getitem__(self, k):
            x, y = super().__getitem__(k)
            return x * 0, y

    result = fit(
        model(), Augmented(*TRAIN.tensors), method="SET", n_epochs=2, warmup_epochs=1,
        score_data=TRAIN, keep=lambda scores: (scores.loss > scores.loss.median()).double(),
    )  # fmt: skip
    assert result.history[1]["n_selected"] == 300
    blind = fit(
        model(), Augmented(*TRAIN.tensors), method="SET", n_epochs=2, warmup_epochs=1,
        keep=lambda scores: (scores.loss.unique().numel() > 3) * torch.ones(600).double(),
    )  # fmt: skip
    assert blind.history[1]["n_selected"] == 128  # three losses, none kept: the least there is


def test_lossless_costs_less_than_its_epochs():
    result, _ = trained("lossless", n_epochs=14)
    # One epoch to be scored in, 15 % at the end, and a budget of 0.35 between them.
    selective = [record["selective"] for record in result.history]
    assert selective == [False] + [True] * 10 + [False] * 3
    for record in result.history[1:11]:
        assert record["usage"] == pytest.approx(0.35, abs=0.1)


def test_callbacks_end_it_and_all_are_called(tmp_path):
    seen = []

    def note(record, net):
        seen.append((record["epoch"], type(net).__name__))

    result, _ = trained(
        "classic", callbacks=[lambda record, _: record["epoch"] == 2, note],
        history=tmp_path / "history.csv",
    )  # fmt: skip
    assert seen == [(0, "Sequential"), (1, "Sequential"), (2, "Sequential")]
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    for row, record in zip(rows, result.history, strict=True):
        assert row["method"] == "classic"
        assert float(row["accuracy"]) == record["accuracy"]
        assert float(row["train_seconds"]) == record["train_seconds"]


def test_without_validation_there_is_no_accuracy():
    result = fit(model(), TRAIN, method="classic", n_epochs=1)
    assert math.isnan(result.accuracy)
    assert result.scores is None
    assert "accuracy" not in result.history[0]


def test_bfloat16_trains():
    result, net = trained("SET", n_epochs=6, amp=True)
    assert result.accuracy > 0.6
    assert {p.dtype for p in net.parameters()} == {torch.float32}
