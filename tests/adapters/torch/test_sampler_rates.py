"""Rates between 0 and 1: drawn as promised, weighed, scaled to a budget, given by a function."""

import logging

import naive_sampler
import numpy as np
import pytest
import torch
from easiness_torch import EasinessSampler, smooth_rates
from easiness_torch.sampling.keep import scaled_to_budget
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_cases import WIDE, rows, selected

import easiness_core as ec


def test_weights_make_the_selection_unbiased(rng):
    probs, labels = rows(rng, 300)
    values = torch.tensor(rng.normal(size=300)).float()
    _, sampler = selected(probs, labels, keep={ec.MHO: 0.9, ec.EO: 0.2})
    sums = []
    for epoch in range(400):
        sampler.set_epoch(epoch)
        indices = torch.tensor(list(sampler))
        sums.append(float((sampler.weights(indices) * values[indices]).sum()))
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - float(values.sum())) < 5 * error
    level = ec.score(probs, labels).level[indices]
    expected = np.where(level == 4, 1 / 0.2, 1 / 0.9)
    np.testing.assert_allclose(sampler.weights(indices), expected, rtol=1e-6)
    assert sampler.weights(indices).dtype == torch.float32
    dropped = sorted(set(range(300)) - set(indices.tolist()))
    assert (sampler.weights(dropped) == 0).all()


def test_samples_that_only_fill_up_an_epoch_have_weights_of_1(rng):
    # Most are not drawn at a rate of 0.02, and come in all the same: not for 50 each.
    probs, labels = rows(rng, 300)
    keep = {ec.MHO: 0.02, ec.EO: 0.02}
    _, sampler = selected(probs, labels, keep=keep, min_samples=250)
    indices = torch.tensor(list(sampler))
    weights = sampler.weights(indices)
    record = sampler.history[-1]
    assert len(indices) == 250
    assert record["n_filled"] > 200
    assert (weights == 1.0).sum() == record["n_filled"]
    assert (weights[weights != 1.0] - 50).abs().max() < 1e-3


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_weights_can_be_tempered_and_are_1_in_full_epochs(rng, power):
    probs, labels = rows(rng, 300)
    keep = {ec.MHO: 1, ec.EO: 0.25}
    indices, sampler = selected(probs, labels, keep=keep, weight_power=power)
    easy = ec.score(probs, labels).level[indices] == 4
    expected = np.where(easy, 4.0**power, 1.0)
    np.testing.assert_allclose(sampler.weights(indices), expected, rtol=1e-5)
    indices, sampler = selected(probs, labels, keep=keep, warmup_epochs=1)
    assert len(indices) == 300
    assert (sampler.weights(indices) == 1).all()
    assert sampler.weights([]).shape == (0,)


@pytest.mark.parametrize("default", [{"dtype": torch.float64}, {"device": "meta"}], ids=str)
def test_what_torch_makes_by_default_does_not_matter(rng, default):
    probs, labels = rows(rng, 60)
    options = {"keep": {ec.MHO: 1, ec.EO: 0.3}, "refresh": "training"}
    expected, _ = selected(probs, labels, **options)
    sampler = EasinessSampler(60, warmup_epochs=0, min_samples=1, seed=3, **options)
    tensors = torch.tensor(probs), torch.tensor(labels)
    dtype = torch.get_default_dtype()
    try:
        torch.set_default_dtype(default.get("dtype", dtype))
        with torch.device(default.get("device", "cpu")):
            sampler.update(list(range(60)), probs=tensors[0], labels=tensors[1])
            indices = list(sampler)
            weights = sampler.weights(indices)
            control = EasinessSampler(60, warmup_epochs=0, random_control=True, shuffle=False)
            control.update(list(range(60)), probs=tensors[0], labels=tensors[1])
            assert len(list(control)) == 60
    finally:
        torch.set_default_dtype(dtype)
    assert indices == expected
    assert weights.dtype == torch.float32
    assert weights.device.type == "cpu"


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
    indices, sampler = selected(probs, labels, keep=keep, budget=0.35, estimator=WIDE)
    assert sampler.history[-1]["mean_rate"] == pytest.approx(0.35, abs=1e-8)
    assert len(indices) == 700
    easiness = ec.easiness(probs, labels, estimator=WIDE)
    assert easiness[indices].mean() < easiness.mean()


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda s: [1.0] * len(s), TypeError, "to return a tensor of rates, got list"),
        (lambda s: s.easiness[:2], ValueError, r"shape \(3,\), got \(2,\)"),
        (lambda s: s.easiness + 1.5, ValueError, r"rates in \[0, 1\], got 3 outside; the first"),
        (lambda s: s.easiness * np.nan, ValueError, "nan for index 0; scale or clamp"),
    ],
)
def test_what_a_function_returns_is_checked(answer, error, message):
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(error, match=message):
        selected(probs, [0, 0, 0], keep=answer)


def test_a_budget_out_of_reach_is_logged(caplog):
    probs = np.array([[1.0, 0.0]] * 8 + [[0.5, 0.5]] * 2)
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        indices, _ = selected(probs, [0] * 10, keep=ec.MO, budget=0.5)
    assert sorted(indices) == [8, 9]
    assert "for a budget of 0.5: the mean rate is 0.2" in caplog.text


def test_samples_without_a_score_count_at_a_rate_of_1(rng):
    probs, labels = rows(rng, 100)
    sampler = EasinessSampler(400, keep={ec.EMO: 0.5, ec.HO: 0.0}, warmup_epochs=0, min_samples=1)
    sampler.update(range(100), probs=torch.tensor(probs), labels=torch.tensor(labels))
    list(sampler)
    hard = int((ec.score(probs, labels).level == 1).sum())
    record = sampler.history[-1]
    assert hard > 0
    assert record["unscored"] == 300
    # Those that a soft rate left out this time are not excluded.
    assert record["excluded"] == hard
    assert record["mean_rate"] == pytest.approx((300 + 0.5 * (100 - hard)) / 400)


@pytest.mark.parametrize("n_samples", [5, 40])
def test_each_sample_is_kept_at_its_rate_though_the_number_is_fixed(n_samples):
    # Exact numbers cost exactness of the rates: little, even for five samples.
    rates = torch.linspace(0.05, 0.95, n_samples, dtype=torch.float64)
    sampler = EasinessSampler(n_samples, keep=lambda _: rates, warmup_epochs=0, min_samples=1)
    sampler.update(range(n_samples), torch.zeros(n_samples, 2), [0] * n_samples)
    taken, sizes = np.zeros(n_samples), set()
    epochs = 2000 if n_samples == 5 else 1000
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        indices = list(sampler)
        sizes.add(len(indices))
        taken[indices] += 1
    total = float(rates.sum())
    assert sizes <= {int(total), int(total) + 1}
    noise = 5 * (rates * (1 - rates) / epochs).sqrt().numpy()
    allowed = noise + (0.03 if n_samples == 5 else 0.005)
    assert (np.abs(taken / epochs - rates.numpy()) < allowed).all()
    assert abs(taken.sum() / epochs - total) < 0.05


def test_a_floor_alone_bounds_rates_below(rng):
    probs, labels = rows(rng, 400)
    indices, sampler = selected(probs, labels, keep=ec.MO, floor=0.25)
    level = ec.score(probs, labels).level
    medium = np.flatnonzero(level == 2)
    assert set(medium) < set(indices)
    record = sampler.history[-1]
    assert record["excluded"] == 0
    mean = (len(medium) + 0.25 * (400 - len(medium))) / 400
    assert record["mean_rate"] == pytest.approx(mean)
    assert len(indices) == pytest.approx(400 * mean, abs=1)
    np.testing.assert_allclose(sampler.weights(indices), np.where(level[indices] == 2, 1.0, 4.0))
