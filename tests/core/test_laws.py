"""Laws of easiness, for any probabilities: Hypothesis looks for a row that breaks one."""

import itertools
import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import probs_and_labels

SIGMAS = st.sampled_from([1e-4, 1e-3, 0.01, 0.1, 1.0])
CLOSED = st.builds(ec.ClosedForm, sigma=SIGMAS)
MONTE = st.builds(ec.MonteCarlo, sigma=SIGMAS, draws=st.sampled_from([1, 10, 200]))


@given(probs_and_labels(), CLOSED | MONTE)
def test_easiness_is_a_probability_and_its_log_is_at_most_0(case, estimator):
    scores = ec.score(*case, estimator=estimator)
    assert ((scores.easiness >= 0) & (scores.easiness <= 1)).all()
    assert (scores.log_easiness <= 0).all()
    np.testing.assert_allclose(np.exp(scores.log_easiness), scores.easiness, atol=1e-14)


@given(probs_and_labels(), CLOSED | MONTE, st.data())
def test_the_order_of_the_other_classes_does_not_matter(case, estimator, data):
    probs, labels = case
    order = np.array(data.draw(st.permutations(range(probs.shape[1]))))
    moved = np.argsort(order)[labels]
    before = ec.log_easiness(probs, labels, estimator=estimator)
    after = ec.log_easiness(probs[:, order], moved, estimator=estimator)
    np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-15 * probs.shape[1])


@given(probs_and_labels(n_samples=1), CLOSED, st.floats(0.0, 1.0))
def test_more_probability_for_the_label_is_never_harder(case, estimator, share):
    probs, labels = case
    raised = probs * (1 - share)
    raised[0, labels[0]] += share
    before = ec.log_easiness(probs, labels, estimator=estimator)[0]
    after = ec.log_easiness(raised, labels, estimator=estimator)[0]
    assert after >= before - max(1e-12 * abs(before), 1e-15 * probs.shape[1])


@given(probs_and_labels(), st.sampled_from([0.05, 0.1, 1.0]))
def test_minus_log_easiness_is_the_kl_loss(case, sigma):
    log_e = ec.log_easiness(*case, estimator=ec.ClosedForm(sigma=sigma))
    kl = naive.kl_loss(*case, sigma)
    np.testing.assert_allclose(-log_e, kl, rtol=1e-11, atol=1e-14)


@given(probs_and_labels(max_samples=5), MONTE)
def test_monte_carlo_is_bit_identical_to_counting(case, estimator):
    easiness, log_easiness = naive.monte_carlo(*case, *estimator.noise())
    scores = ec.score(*case, estimator=estimator)
    np.testing.assert_array_equal(scores.easiness, easiness)
    np.testing.assert_array_max_ulp(scores.log_easiness, log_easiness, 2)


@given(probs_and_labels(n_classes=4))
def test_monte_carlo_converges_to_the_closed_form(case):
    exact = ec.easiness(*case, estimator=ec.ClosedForm(sigma=0.05))
    counted = ec.easiness(*case, estimator=ec.MonteCarlo(sigma=0.05, draws=200_000))
    # Three factors, each within 5 standard errors of 0.5 / sqrt(draws).
    np.testing.assert_allclose(counted, exact, atol=3 * 5 * 0.5 / math.sqrt(200_000))


@given(probs_and_labels(), CLOSED | MONTE, st.data())
def test_levels_partition_the_rows(case, estimator, data):
    scores = ec.score(*case, estimator=estimator)
    rows = [ec.select(scores.level, level) for level in ec.Level]
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(len(scores)))
    resolution = estimator.resolution
    np.testing.assert_array_equal(
        ec.levels(scores.log_easiness, resolution=resolution), scores.level
    )
    union = data.draw(st.sampled_from([ec.EO, ec.MO, ec.HO, ec.EMO, ec.MHO, ec.EMHO]))
    kept = ec.select(scores.level, union)
    assert set(kept) == {r for level, part in zip(ec.Level, rows, strict=True)
                         if level & union for r in part}  # fmt: skip


@given(probs_and_labels(), CLOSED | MONTE, st.lists(st.integers(0, 20), max_size=4), st.randoms())
def test_merging_any_split_in_any_order_gives_the_whole(case, estimator, cuts, random):
    probs, labels = case
    whole = ec.score(probs, labels, estimator=estimator).summary
    ends = [0, *sorted(min(cut, len(labels)) for cut in cuts), len(labels)]
    parts = [
        ec.score(probs[a:b], labels[a:b], estimator=estimator).summary
        for a, b in itertools.pairwise(ends)
    ]
    random.shuffle(parts)
    while len(parts) > 1:  # merge any two neighbors, in any shape of tree
        k = random.randrange(len(parts) - 1)
        parts[k : k + 2] = [parts[k].merge(parts[k + 1])]
    assert parts[0] == whole
    assert parts[0].to_dict() == whole.to_dict()
    assert ec.Summary.from_dict(whole.to_dict()) == whole


@given(probs_and_labels(), CLOSED | MONTE, st.integers(1, 12))
def test_the_summary_equals_the_arrays(case, estimator, n_bins):
    probs, labels = case
    scores = ec.score(probs, labels, estimator=estimator, n_bins=n_bins)
    summary = scores.summary
    assert summary.n_samples == len(labels)
    if len(labels) == 0:
        assert all(math.isnan(v) for v in (summary.accuracy, summary.msr, summary.ese))
        return
    correct = scores.predicted == labels
    assert summary.accuracy == correct.mean()
    assert summary.msr == ec.medium_sample_rate(scores.level)
    assert summary.ese == ec.expected_sample_easiness_error(scores.easiness, correct, n_bins=n_bins)
    edges = np.arange(n_bins + 1) / n_bins
    assert summary.ese == pytest.approx(naive.ese(scores.easiness, correct, edges), abs=1e-13)
    assert summary.mean_easiness == pytest.approx(scores.easiness.mean(), abs=1e-15)
    assert summary.n_infinite_losses == np.isinf(scores.loss).sum()
    finite = scores.loss[np.isfinite(scores.loss)]
    if len(finite) == len(labels):
        assert summary.mean_loss == pytest.approx(finite.mean(), rel=1e-12, abs=1e-12)
    else:
        assert summary.mean_loss == np.inf
