"""Exact intervals: equal to an independent implementation, and as wide as promised."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

import easiness_core as ec


def exact(successes, n, confidence=0.95):
    """By root finding on the binomial distribution, where ours inverts the beta function."""
    found = binomtest(int(successes), int(n)).proportion_ci(confidence, method="exact")
    return [found.low, found.high]


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_equal_to_root_finding_on_the_binomial_distribution(n, confidence):
    found = ec.binomial_interval(np.arange(n + 1), n, confidence=confidence)
    assert found.shape == (n + 1, 2)
    expected = [exact(k, n, confidence) for k in range(n + 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)
    assert found[0, 0] == 0.0
    assert found[-1, 1] == 1.0


@pytest.mark.parametrize(("k", "n"), [(999_999, 10**6), (3, 10**6), (20_000, 10**6)])
def test_equal_for_many_samples(k, n):
    np.testing.assert_allclose(ec.binomial_interval(k, n), exact(k, n), rtol=1e-7)


@pytest.mark.parametrize("n", [1, 12, 60])
def test_the_true_proportion_is_covered_as_often_as_promised(n):
    # Exactly, by adding up the probabilities of the counts whose interval covers p.
    k = np.arange(n + 1)
    low, high = ec.binomial_interval(k, n, confidence=0.9).T
    for p in np.linspace(0.001, 0.999, 333):
        covered = binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum()
        assert covered >= 0.9 - 1e-12


def test_laws():
    k = np.arange(51)
    found = ec.binomial_interval(k, 50)
    assert (np.diff(found, axis=0) > 0).all()
    assert (found[:, 0] <= k / 50).all()
    assert (k / 50 <= found[:, 1]).all()
    # Failures are the successes of the other side; more samples and less confidence are narrower.
    np.testing.assert_allclose(found, 1 - found[::-1, ::-1], rtol=1e-12, atol=1e-15)
    for narrower in (ec.binomial_interval(2 * k, 100), ec.binomial_interval(k, 50, confidence=0.9)):
        assert (np.diff(narrower) < np.diff(found)).all()


def test_shapes_broadcast_and_no_sample_says_nothing():
    assert ec.binomial_interval(3, 7).shape == (2,)
    grid = ec.binomial_interval([[0], [1]], [2, 5, 9])
    assert grid.shape == (2, 3, 2)
    np.testing.assert_array_equal(grid[1, 2], ec.binomial_interval(1.0, np.uint8(9)))
    np.testing.assert_array_equal(ec.binomial_interval([0, 1], [0, 1])[0], [0.0, 1.0])
    assert ec.binomial_interval([], []).shape == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 2), "successes: expected at most n, got 3 of 2"),
        ((-1, 2), "successes: expected whole numbers of at least 0, got -1"),
        ((0.5, 2), "successes: expected whole numbers of at least 0, got 0.5"),
        ((1, math.nan), "n: expected whole numbers of at least 0, got nan"),
        ((1, math.inf), "n: expected whole numbers of at least 0, got inf"),
        (([1, 2], [3, 4, 5]), r"successes: expected shapes that broadcast, got \(2,\) and n"),
        ((True, 2), "successes: expected whole numbers, got dtype bool"),
    ],
)
def test_what_counts_nothing_is_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ec.binomial_interval(*arguments)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, math.nan, "0.95"])
def test_confidence_lies_between_0_and_1(confidence):
    with pytest.raises((ValueError, TypeError), match="confidence: expected a"):
        ec.binomial_interval(1, 2, confidence=confidence)


def test_a_summary_knows_its_intervals_however_it_was_merged(make_rows):
    probs, labels = make_rows(300, 3, spread=0.3)
    whole = ec.score(probs, labels)
    right, medium = int((whole.predicted == labels).sum()), int((whole.level == 2).sum())
    assert whole.summary.accuracy_interval == pytest.approx(exact(right, 300), rel=1e-8)
    assert whole.summary.msr_interval == pytest.approx(exact(medium, 300), rel=1e-8)
    merged = ec.Summary()
    for start in range(0, 300, 70):
        merged.update(ec.score(probs[start : start + 70], labels[start : start + 70]))
    assert merged.accuracy_interval == whole.summary.accuracy_interval
    assert merged.msr_interval == whole.summary.msr_interval
    assert ec.Summary().accuracy_interval == ec.Summary().msr_interval == (0.0, 1.0)


def test_bins_and_classes_have_intervals(make_rows):
    probs, labels = make_rows(500, 4, spread=0.4)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.2), n_bins=7)
    correct = scores.predicted == labels
    bins = scores.summary.bins
    which = np.minimum((scores.easiness * 7).astype(int), 6)
    expected = [exact(correct[which == b].sum(), (which == b).sum()) for b in range(7)]
    np.testing.assert_allclose(bins.accuracy_interval, expected, rtol=1e-8, atol=1e-12)
    table = ec.class_table(ec.score(np.column_stack([probs, np.zeros(500)]), labels))
    expected = [exact(correct[labels == c].sum(), (labels == c).sum()) for c in range(4)]
    expected.append([0.0, 1.0])
    np.testing.assert_allclose(table.accuracy_interval, expected, rtol=1e-8, atol=1e-12)
    for found in (bins, table):
        columns = found.to_pandas()[["accuracy_low", "accuracy_high"]]
        np.testing.assert_array_equal(columns, found.accuracy_interval)


def test_counts_come_back_from_rounded_accuracies():
    count = np.arange(1, 3000)
    correct = (count * 7919) % (count + 1)
    bins = ec.EasinessBins(np.arange(3000) / 2999, count, correct / count, correct / count, 0.0)
    np.testing.assert_array_equal(bins.accuracy_interval, ec.binomial_interval(correct, count))
