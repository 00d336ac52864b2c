"""Exact intervals: equal to an independent implementation, and as wide as promised."""

import numpy as np
import pytest
from scipy.stats import binomtest

import easiness_core as ec


def exact(successes, n, confidence=0.95):
    """By root finding on the binomial distribution, where ours inverts the beta function."""
    found = binomtest(int(successes), int(n)).proportion_ci(confidence, method="exact")
    return [found.low, found.high]


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [1, 2, 7, 100, 10**6])
def test_equal_to_root_finding_on_the_binomial_distribution(n, confidence):
    k = np.unique(np.linspace(0, n, 101).astype(int))
    found = ec.binomial_interval(k, n, confidence=confidence)
    expected = [exact(each, n, confidence) for each in k]
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)
    assert (found[0, 0], found[-1, 1]) == (0.0, 1.0)


def test_shapes_broadcast_and_no_sample_says_nothing():
    assert ec.binomial_interval(3, 7).shape == (2,)
    grid = ec.binomial_interval([[0], [1]], [2, 5, 9])
    assert grid.shape == (2, 3, 2)
    np.testing.assert_array_equal(grid[1, 2], ec.binomial_interval(1.0, np.uint8(9)))
    np.testing.assert_array_equal(ec.binomial_interval([0, 1], [0, 1])[0], [0.0, 1.0])
    assert ec.binomial_interval([], []).shape == (0, 2)


def test_summaries_bins_and_classes_have_intervals(make_rows):
    probs, labels = make_rows(500, 4, spread=0.4)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.2), n_bins=7)
    correct, summary = scores.predicted == labels, scores.summary
    medium = (scores.level == ec.Level.MEDIUM).sum()
    assert summary.accuracy_interval == pytest.approx(exact(correct.sum(), 500), rel=1e-8)
    assert summary.msr_interval == pytest.approx(exact(medium, 500), rel=1e-8)
    assert ec.Summary().accuracy_interval == ec.Summary().msr_interval == (0.0, 1.0)
    which = np.minimum((scores.easiness * 7).astype(int), 6)
    bins = [exact(correct[which == b].sum(), (which == b).sum()) for b in range(7)]
    classes = [exact(correct[labels == c].sum(), (labels == c).sum()) for c in range(4)]
    table = ec.class_table(ec.score(np.column_stack([probs, np.zeros(500)]), labels))
    for found, expected in ((summary.bins, bins), (table, [*classes, [0.0, 1.0]])):
        np.testing.assert_allclose(found.accuracy_interval, expected, rtol=1e-8, atol=1e-12)
        columns = found.to_pandas()[["accuracy_low", "accuracy_high"]]
        np.testing.assert_array_equal(columns, found.accuracy_interval)


def test_counts_come_back_from_rounded_accuracies():
    count = np.arange(1, 3000)
    correct = (count * 7919) % (count + 1)
    bins = ec.EasinessBins(np.arange(3000) / 2999, count, correct / count, correct / count, 0.0)
    np.testing.assert_array_equal(bins.accuracy_interval, ec.binomial_interval(correct, count))
