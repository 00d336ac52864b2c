"""Epochs too small are filled up by the nearest samples, and equally near ones by lot."""

import logging
from functools import cache

import naive_sampler
import numpy as np
import pytest
import torch
from easiness_torch import EasinessSampler
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_cases import MIXED, selected

import easiness_core as ec
from easiness_core.testing import probs_and_labels


@cache
def drawn_order(n_samples, seed=3):
    """The order in which equally near samples fill up epoch 0, one more at a time."""
    order = []
    for size in range(1, n_samples + 1):
        easy = np.tile([[1.0, 0.0]], (n_samples, 1))
        indices, _ = selected(easy, [0] * n_samples, keep=ec.MO, min_samples=size, seed=seed)
        (new,) = set(indices) - set(order)
        order.append(new)
    return order


@settings(max_examples=40)
@given(
    probs_and_labels(max_samples=30, max_classes=4),
    st.sampled_from([ec.MO, ec.HO, ec.EO, ec.EO | ec.HO]),
    st.integers(1, 12),
    st.integers(0, 4),
)
def test_small_epochs_are_filled_up_with_the_nearest(case, union, min_samples, min_per_class):
    probs, labels = case
    if len(labels) == 0:
        return
    indices, _ = selected(
        probs, labels, keep=union, estimator=MIXED, min_samples=min_samples,
        min_per_class=min_per_class,
    )  # fmt: skip
    log_e = ec.log_easiness(probs, labels, estimator=MIXED)
    level = naive_sampler.levels(log_e, MIXED.resolution)
    kept_levels = [value for value in (1, 2, 4) if value & union]
    expected = naive_sampler.filled_up(
        [one in kept_levels for one in level],
        [naive_sampler.distance_to_levels(e, kept_levels, MIXED.resolution) for e in log_e],
        labels.tolist(),
        np.argsort(drawn_order(len(labels))).tolist(),
        min_samples=min(min_samples, len(labels)),
        min_per_class=min_per_class,
    )
    # Distances that differ by rounding alone may be ordered either way.
    assert len(indices) == len(expected)
    if sorted(indices) != expected:
        distance = {
            k: naive_sampler.distance_to_levels(e, kept_levels, MIXED.resolution)
            for k, e in enumerate(log_e)
        }
        found = sorted(distance[k] for k in indices)
        np.testing.assert_allclose(found, sorted(distance[k] for k in expected), rtol=1e-9)


def test_fillers_are_logged_and_recorded(rng, caplog):
    probs = np.tile([[1.0, 0.0]], (50, 1))
    with caplog.at_level(logging.WARNING, logger="easiness_torch"):
        indices, sampler = selected(probs, [0] * 50, keep=ec.MO, min_samples=8)
    # All are equally easy: lots decide, and the record says so.
    assert len(indices) == len(set(indices)) == 8
    assert sorted(indices) != list(range(8))
    assert sampler.history[-1]["n_filled"] == 8
    assert sampler.history[-1]["ties"] == 50
    assert "epoch 0: only 0 of 50 samples were selected; added the 8 nearest ones" in caplog.text
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


@pytest.mark.parametrize("floor", [{"min_samples": 10}, {"min_per_class": 5, "min_samples": 1}])
def test_equally_near_fillers_take_turns(floor):
    # By id, the first ten would train alone, epoch after epoch.
    _, sampler = selected(np.tile([[1.0, 0.0]], (40, 1)), [0] * 40, keep=ec.MO, **floor)
    size = sampler.history[-1]["n_filled"]
    taken = np.zeros(40)
    epochs = 300
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        taken[list(sampler)] += 1
    share = size / 40
    assert taken.sum() == epochs * size
    assert abs(taken / epochs - share).max() < 5 * np.sqrt(share * (1 - share) / epochs)


def test_lots_do_not_depend_on_which_samples_have_scores():
    probs = torch.tensor([[1.0, 0.0]]).repeat(40, 1)
    sampler = EasinessSampler(40, warmup_epochs=0, min_samples=10, seed=3)
    sampler.update(range(5, 40), probs=probs[5:], labels=[0] * 35)
    found, unscored = set(sampler), set(range(5))
    assert unscored <= found
    in_order = [k for k in drawn_order(40) if k not in unscored]
    assert found - unscored == set(in_order[:5])
