"""What an epoch selects, held to a literal oracle, and what options are refused."""

import logging

import naive_sampler
import numpy as np
import pytest
import torch
from easiness_torch import EasinessSampler, smooth_rates
from easiness_torch._keep import scaled_to_budget
from easiness_torch._plan import first_k
from hypothesis import given, settings
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import probs_and_labels

UNIONS = (ec.EO, ec.MO, ec.HO, ec.EMO, ec.MHO, ec.EMHO)
WIDE = ec.ClosedForm(sigma=0.3)
# At this one, tests' rows are of all levels.
MIXED = ec.ClosedForm(sigma=0.08)


def selected(probs, labels, **options):
    """Epoch 0 of a sampler without warm-up, from float64 probabilities; and the sampler."""
    sampler = EasinessSampler(
        len(labels), **{"warmup_epochs": 0, "min_samples": 1, "seed": 3, **options}
    )
    sampler.update(np.arange(len(labels)), probs=torch.tensor(probs), labels=torch.tensor(labels))
    return list(sampler), sampler


def rows(rng, n_samples, *, n_classes=4, spread=3.0):
    labels = rng.integers(0, n_classes, n_samples)
    logits = rng.normal(scale=spread, size=(n_samples, n_classes))
    logits[np.arange(n_samples), labels] += spread / 2
    probs = np.exp(logits)
    return probs / probs.sum(axis=1, keepdims=True), labels


@settings(max_examples=40)
@given(probs_and_labels(max_samples=30, max_classes=5), st.sampled_from(UNIONS))
def test_a_union_of_levels_keeps_what_the_core_selects(case, union):
    probs, labels = case
    if len(labels) == 0:
        return
    level = ec.score(probs, labels, estimator=MIXED).level
    ids, sampler = selected(probs, labels, keep=union, estimator=MIXED)
    expected = ec.select(level, union).tolist()
    if expected:
        assert sorted(ids) == expected
        assert sampler.history[-1]["topped_up"] == 0
    else:
        assert len(ids) == sampler.history[-1]["topped_up"] == 1
    counts = [sampler.history[-1][name] for name in ("hard", "medium", "easy", "unscored")]
    assert counts == [int((level == value).sum()) for value in (1, 2, 4)] + [0]


@settings(max_examples=40)
@given(
    probs_and_labels(max_samples=30, max_classes=4),
    st.sampled_from([ec.MO, ec.HO, ec.EO, ec.EO | ec.HO]),
    st.integers(1, 12),
    st.integers(0, 4),
)
def test_small_epochs_are_topped_up_by_the_nearest(case, union, min_samples, min_per_class):
    probs, labels = case
    if len(labels) == 0:
        return
    log_e = ec.log_easiness(probs, labels, estimator=MIXED)
    level = naive_sampler.levels(log_e, MIXED.resolution)
    kept_levels = [value for value in (1, 2, 4) if value & union]
    expected = naive_sampler.topped_up(
        [one in kept_levels for one in level],
        [naive_sampler.distance_to_levels(e, kept_levels, MIXED.resolution) for e in log_e],
        labels.tolist(),
        min_samples=min(min_samples, len(labels)),
        min_per_class=min_per_class,
    )
    ids, _ = selected(
        probs, labels, keep=union, estimator=MIXED, min_samples=min_samples,
        min_per_class=min_per_class,
    )  # fmt: skip
    # Distances that differ by rounding alone may be ordered either way.
    assert len(ids) == len(expected)
    if sorted(ids) != expected:
        distance = {
            k: naive_sampler.distance_to_levels(e, kept_levels, MIXED.resolution)
            for k, e in enumerate(log_e)
        }
        found = sorted(distance[k] for k in ids)
        np.testing.assert_allclose(found, sorted(distance[k] for k in expected), rtol=1e-9)


@given(
    st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf]), max_size=20),
    st.integers(0, 22),
)
def test_the_first_k_are_those_of_a_stable_sort(values, k):
    key = torch.tensor(values, dtype=torch.float64)
    mask, ties = first_k(key, k)
    order = sorted(range(len(values)), key=lambda j: (values[j], j))
    assert mask.nonzero().flatten().tolist() == sorted(order[:k])
    undecided = 0 < k < len(values) and values[order[k - 1]] == values[order[k]]
    assert ties == (values.count(values[order[k - 1]]) if undecided else 0)


@pytest.mark.parametrize("union", UNIONS)
def test_by_loss_the_levels_are_given_out_by_rank(rng, union):
    probs, labels = rows(rng, 400)
    probs[100:200] = probs[:100]  # every loss there is tied
    labels[100:200] = labels[:100]
    scores = ec.score(probs, labels, estimator=MIXED)
    ranked = naive_sampler.loss_ranked_levels(scores.loss, scores.level)
    ids, _ = selected(probs, labels, keep=union, estimator=MIXED, rank_by="loss")
    assert sorted(ids) == [k for k, one in enumerate(ranked) if one & union]
    if union == ec.MO:
        n_hard, n_medium = (int((scores.level == value).sum()) for value in (1, 2))
        expected = ec.loss_rank_selection(scores.loss, n_hard, n_medium)
        np.testing.assert_array_equal(np.sort(ids), expected)
        assert sorted(ids) != ec.select(scores.level, ec.MO).tolist()


def test_an_interval_keeps_what_the_core_selects(rng):
    probs, labels = rows(rng, 500)
    easiness = ec.easiness(probs, labels, estimator=WIDE)
    for low, high in ((0.2, 0.8), (0.0, 0.5), (0.5, 1.0), (0, 1)):
        ids, _ = selected(probs, labels, keep=(low, high), estimator=WIDE)
        assert sorted(ids) == ec.select_interval(easiness, low, high).tolist()
    # Nothing lies in between: the nearest is taken.
    ids, sampler = selected(probs, labels, keep=(0.4, 0.4), estimator=WIDE, min_samples=3)
    odds = np.log(easiness) - np.log1p(-easiness)
    nearest = np.argsort(abs(odds - np.log(0.4 / 0.6)), kind="stable")[:3]
    assert sorted(ids) == sorted(nearest.tolist())
    assert sampler.history[-1]["topped_up"] == 3


def test_rates_of_levels_are_probabilities_drawn_anew_each_epoch(rng):
    probs, labels = rows(rng, 300)
    level = ec.score(probs, labels).level
    keep = {ec.Level.HARD: 1.0, ec.Level.MEDIUM: 1, ec.EO: 0.3}
    _, sampler = selected(probs, labels, keep=keep)
    taken = np.zeros(300)
    epochs = 300
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        taken[list(sampler)] += 1
    assert (taken[level != 4] == epochs).all()
    easy = taken[level == 4]
    # Binomial of 300 at 0.3: standard deviation 7.9; five of them.
    assert abs(easy - 90).max() < 40
    assert abs(easy.mean() - 90) < 5 * 7.9 / np.sqrt(len(easy))


def test_weights_make_the_selection_unbiased(rng):
    probs, labels = rows(rng, 300)
    values = torch.tensor(rng.normal(size=300)).float()
    _, sampler = selected(probs, labels, keep={ec.MHO: 0.9, ec.EO: 0.2})
    sums = []
    for epoch in range(400):
        sampler.set_epoch(epoch)
        ids = torch.tensor(list(sampler))
        sums.append(float((sampler.weights(ids) * values[ids]).sum()))
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - float(values.sum())) < 5 * error
    level = ec.score(probs, labels).level[ids]
    expected = np.where(level == 4, 1 / 0.2, 1 / 0.9)
    np.testing.assert_allclose(sampler.weights(ids), expected, rtol=1e-6)
    assert sampler.weights(ids).dtype == torch.float32
    dropped = sorted(set(range(300)) - set(ids.tolist()))
    assert (sampler.weights(dropped) == 0).all()


@pytest.mark.parametrize(("power", "rescale"), [(0.0, False), (0.5, False), (1.0, True)])
def test_weights_can_be_tempered_and_rescaled(rng, power, rescale):
    probs, labels = rows(rng, 300)
    ids, sampler = selected(
        probs, labels, keep={ec.MHO: 1, ec.EO: 0.25}, weight_power=power, rescale=rescale
    )
    easy = ec.score(probs, labels).level[ids] == 4
    expected = np.where(easy, 4.0**power, 1.0)
    if rescale:
        expected /= expected.mean()
    np.testing.assert_allclose(sampler.weights(ids), expected, rtol=1e-5)


def test_full_epochs_and_sure_rates_have_weights_of_1(rng):
    probs, labels = rows(rng, 50)
    for options in ({"keep": ec.MO}, {"warmup_epochs": 1, "keep": {ec.MHO: 1, ec.EO: 0.1}}):
        ids, sampler = selected(probs, labels, **options)
        assert (sampler.weights(ids) == 1).all()
        assert sampler.weights([]).shape == (0,)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([0.0, 1e-6, 0.01, 0.3, 0.5, 0.99, 1.0]), min_size=1, max_size=15),
    st.floats(0.01, 1.0),
    st.sampled_from([0.0, 0.05]),
)
def test_the_budget_is_met(values, budget, floor):
    rates = scaled_to_budget(torch.tensor(values, dtype=torch.float64), max(budget, floor), floor)
    c = naive_sampler.budget_scale(values, max(budget, floor), floor)
    expected = np.clip(c * np.array(values), floor, 1.0)
    reachable = np.where(np.array(values) > 0, 1.0, floor).mean()
    assert float(rates.mean()) == pytest.approx(min(max(budget, floor), reachable), abs=1e-9)
    np.testing.assert_allclose(rates, expected, atol=1e-8)


@pytest.mark.parametrize("keep", [smooth_rates, lambda scores: 1 - scores.easiness])
def test_smooth_rates_meet_their_budget(rng, keep):
    probs, labels = rows(rng, 2000)
    ids, sampler = selected(probs, labels, keep=keep, budget=0.35, estimator=WIDE)
    assert sampler.history[-1]["mean_rate"] == pytest.approx(0.35, abs=1e-8)
    assert abs(len(ids) / 2000 - 0.35) < 5 * np.sqrt(0.35 * 0.65 / 2000)
    easiness = ec.easiness(probs, labels, estimator=WIDE)
    assert easiness[ids].mean() < easiness.mean()


def test_a_function_sees_the_scores_of_those_that_have_one(rng):
    probs, labels = rows(rng, 100)
    scores = ec.score(probs, labels)
    seen = []

    def keep(given):
        seen.append(given)
        return (given.predicted != given.labels).double()

    sampler = EasinessSampler(120, keep=keep, warmup_epochs=0, min_samples=1)
    at = rng.permutation(120)[:100]
    sampler.update(at, probs=torch.tensor(probs), labels=torch.tensor(labels))
    ids = list(sampler)
    (given,) = seen
    order = np.argsort(at)
    assert len(given) == 100
    np.testing.assert_array_equal(given.ids, at[order])
    for name in ("easiness", "log_easiness", "loss"):
        np.testing.assert_allclose(
            getattr(given, name), getattr(scores, name)[order], rtol=1e-12, atol=1e-14
        )
    np.testing.assert_array_equal(given.level, scores.level[order])
    np.testing.assert_array_equal(given.predicted, scores.predicted[order])
    np.testing.assert_array_equal(given.labels, labels[order])
    # Those without a score are always kept.
    wrong = at[scores.predicted != labels]
    assert sorted(ids) == sorted({*wrong.tolist(), *set(range(120)) - set(at.tolist())})
    assert sampler.history[-1]["unscored"] == 20


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda s: [1.0] * len(s), TypeError, "to return a tensor of rates, got list"),
        (lambda s: s.easiness[:2], ValueError, r"shape \(3,\), got \(2,\)"),
        (lambda s: s.easiness + 1.5, ValueError, r"rates in \[0, 1\], got 3 outside; the first"),
        (lambda s: s.easiness * np.nan, ValueError, "nan for id 0; scale or clamp"),
    ],
)
def test_what_a_function_returns_is_checked(answer, error, message):
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(error, match=message):
        selected(probs, [0, 0, 0], keep=answer)


def test_the_control_takes_as_many_at_random(rng):
    probs, labels = rows(rng, 400)
    keep = {ec.MHO: 1, ec.EO: 0.3}
    _, policy = selected(probs, labels, keep=keep)
    _, control = selected(probs, labels, keep=keep, random_control=True)
    taken = np.zeros(400)
    for epoch in range(200):
        policy.set_epoch(epoch)
        control.set_epoch(epoch)
        ids = list(control)
        assert len(ids) == len(list(policy)) == len(set(ids))
        assert (control.weights(ids) == 1).all()
        taken[ids] += 1
    share = taken.sum() / 200 / 400
    assert abs(taken / 200 - share).max() < 5 * np.sqrt(share * (1 - share) / 200)


def test_top_ups_are_logged_and_recorded(rng, caplog):
    probs = np.tile([[1.0, 0.0]], (50, 1))
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        ids, sampler = selected(probs, [0] * 50, keep=ec.MO, min_samples=8)
    # All are equally easy: ids decide, and the record says so.
    assert sorted(ids) == list(range(8))
    assert sampler.history[-1]["topped_up"] == 8
    assert sampler.history[-1]["ties"] == 50
    assert "epoch 0: only 0 of 50 samples were selected, 8 of the nearest" in caplog.text
    with caplog.at_level(logging.INFO, logger="easiness_torch"):
        sampler.update([0], torch.zeros(1, 2), [0])
        list(sampler)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_default_min_samples_keeps_an_empty_level_from_emptying_an_epoch():
    sampler = EasinessSampler(1000, keep=ec.MO, warmup_epochs=0)
    sampler.update(range(1000), torch.tensor([[30.0, 0.0]]).repeat(1000, 1), [0] * 1000)
    assert len(list(sampler)) == 128
    small = EasinessSampler(20, keep=ec.MO, warmup_epochs=0)
    small.update(range(20), torch.tensor([[30.0, 0.0]]).repeat(20, 1), [0] * 20)
    assert sorted(small) == list(range(20))


def test_a_budget_out_of_reach_is_logged(caplog):
    probs = np.array([[1.0, 0.0]] * 8 + [[0.5, 0.5]] * 2)
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        ids, _ = selected(probs, [0] * 10, keep=ec.MO, budget=0.5)
    assert sorted(ids) == [8, 9]
    assert "for a budget of 0.5: the mean rate is 0.2" in caplog.text
