"""Which samples an epoch selects, held to a literal oracle."""

import naive_sampler
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_cases import MIXED, WIDE, rows, selected

import easiness_core as ec
from easiness_core.testing import probs_and_labels

UNIONS = (ec.EO, ec.MO, ec.HO, ec.EMO, ec.MHO, ec.EMHO)


@settings(max_examples=40)
@given(
    probs_and_labels(max_samples=30, max_classes=5),
    st.sampled_from([*UNIONS, "medium", "hard|easy"]),
)
def test_a_union_of_levels_keeps_what_the_core_selects(case, union):
    probs, labels = case
    if len(labels) == 0:
        return
    level = ec.score(probs, labels, estimator=MIXED).level
    indices, sampler = selected(probs, labels, keep=union, estimator=MIXED)
    expected = ec.select(level, union).tolist()
    if expected:
        assert sorted(indices) == expected
        assert sampler.history[-1]["n_filled"] == 0
    else:
        assert len(indices) == sampler.history[-1]["n_filled"] == 1
    counts = [sampler.history[-1][name] for name in ("hard", "medium", "easy", "unscored")]
    assert counts == [int((level == value).sum()) for value in (1, 2, 4)] + [0]


@pytest.mark.parametrize("union", UNIONS)
def test_by_loss_the_levels_are_given_out_by_rank(rng, union):
    probs, labels = rows(rng, 400)
    probs[100:200] = probs[:100]  # every loss there is tied
    labels[100:200] = labels[:100]
    scores = ec.score(probs, labels, estimator=MIXED)
    ranked = naive_sampler.loss_ranked_levels(scores.loss, scores.level)
    indices, _ = selected(probs, labels, keep=union, estimator=MIXED, rank_by="loss")
    assert sorted(indices) == [k for k, one in enumerate(ranked) if one & union]
    if union == ec.MO:
        n_hard, n_medium = (int((scores.level == value).sum()) for value in (1, 2))
        expected = ec.loss_rank_selection(scores.loss, n_hard=n_hard, n_medium=n_medium)
        np.testing.assert_array_equal(np.sort(indices), expected)
        assert sorted(indices) != ec.select(scores.level, ec.MO).tolist()


def test_an_interval_keeps_what_the_core_selects(rng):
    probs, labels = rows(rng, 500)
    easiness = ec.easiness(probs, labels, estimator=WIDE)
    for low, high in ((0.2, 0.8), (0.0, 0.5), (0.5, 1.0), (0, 1)):
        indices, _ = selected(probs, labels, keep=(low, high), estimator=WIDE)
        assert sorted(indices) == ec.select_interval(easiness, low, high).tolist()
    ends = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    for end, at in ((1.0, 0), (0.0, 2)):
        assert selected(ends, [0, 0, 0], keep=(end, end))[0] == [at]
    # Nothing lies in between: the nearest is taken.
    indices, sampler = selected(probs, labels, keep=(0.4, 0.4), estimator=WIDE, min_samples=3)
    odds = np.log(easiness) - np.log1p(-easiness)
    nearest = np.argsort(abs(odds - np.log(0.4 / 0.6)), kind="stable")[:3]
    assert sorted(indices) == sorted(nearest.tolist())
    assert sampler.history[-1]["n_filled"] == 3


def test_the_control_takes_as_many_at_random(rng):
    probs, labels = rows(rng, 400)
    keep = {ec.MHO: 1, ec.EO: 0.3}
    _, policy = selected(probs, labels, keep=keep)
    _, control = selected(probs, labels, keep=keep, random_control=True)
    taken = np.zeros(400)
    for epoch in range(200):
        policy.set_epoch(epoch)
        control.set_epoch(epoch)
        indices = list(control)
        assert len(indices) == len(list(policy)) == len(set(indices))
        assert (control.weights(indices) == 1).all()
        taken[indices] += 1
    share = taken.sum() / 200 / 400
    assert abs(taken / 200 - share).max() < 5 * np.sqrt(share * (1 - share) / 200)
