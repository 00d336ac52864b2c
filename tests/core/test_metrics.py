import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core._logits import log_odds_columns

UNIT = st.floats(0.0, 1.0)


@given(st.lists(st.tuples(UNIT, st.booleans()), min_size=1, max_size=40), st.integers(1, 9))
def test_ese_equals_its_definition(pairs, n_bins):
    easiness, correct = map(np.array, zip(*pairs, strict=True))
    expected = naive.ese(easiness, correct, np.arange(n_bins + 1) / n_bins)
    found = ec.expected_sample_easiness_error(easiness, correct, n_bins=n_bins)
    assert found == pytest.approx(expected, abs=1e-13)
    assert 0.0 <= found <= 1.0


@given(st.lists(st.tuples(UNIT, st.booleans()), min_size=1, max_size=40), st.integers(1, 9))
def test_quantile_bins_keep_equal_values_together(pairs, n_bins):
    easiness, correct = map(np.array, zip(*pairs, strict=True))
    bins = ec.easiness_bins(easiness, correct, n_bins=n_bins, strategy="quantile")
    assert bins.count.sum() == len(easiness)
    assert bins.edges[0] == easiness.min()
    assert bins.edges[-1] == easiness.max()
    assert bins.ese == pytest.approx(naive.ese(easiness, correct, bins.edges), abs=1e-13)
    # The order of the samples does not matter, so no tie straddles an edge.
    again = ec.easiness_bins(easiness[::-1], correct[::-1], n_bins=n_bins, strategy="quantile")
    np.testing.assert_array_equal(again.count, bins.count)
    if len(set(easiness)) == len(easiness):
        assert np.ptp(bins.count) <= 1


def test_five_bins_of_which_empty_ones_are_nan():
    bins = ec.easiness_bins([0.1], [1])
    assert bins.count.tolist() == [1, 0, 0, 0, 0]
    assert math.isnan(bins.accuracy[1])
    assert math.isnan(bins.mean_easiness[1])
    for strategy in ("uniform", "quantile"):
        assert math.isnan(ec.expected_sample_easiness_error([], [], strategy=strategy))
    assert math.isnan(ec.medium_sample_rate([]))
    assert ec.medium_sample_rate([1, 2, 4, 4, 2, 4]) == pytest.approx(1 / 3)


@given(st.integers(2, 5), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_auroc_counts_ordered_pairs(n_classes, n_samples, seed):
    rng = np.random.default_rng(seed)
    probs = np.round(rng.dirichlet(np.ones(n_classes), n_samples), 1)  # with ties
    labels = rng.integers(0, n_classes, n_samples)
    found, expected = ec.auroc(probs, labels), naive.auroc(probs, labels)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("n_bins", [1, 3, 7, 49, 1000])
def test_a_value_on_an_edge_belongs_to_the_upper_bin(n_bins):
    edges = np.arange(n_bins + 1) / n_bins
    values = np.unique(np.clip([edges, np.nextafter(edges, -1), np.nextafter(edges, 2)], 0, 1))
    bins = ec.easiness_bins(values, np.ones(len(values)), n_bins=n_bins)
    np.testing.assert_array_equal(bins.count, np.histogram(values, edges)[0])


def test_auroc_of_normalized_rows(rng):
    votes = rng.integers(1, 9, (50, 3))
    labels = rng.integers(0, 3, 50)
    expected = naive.auroc(votes / votes.sum(axis=1, keepdims=True), labels)
    assert ec.auroc(votes, labels, normalize=True) == pytest.approx(expected, abs=1e-12)
    assert ec.auroc(votes, labels) != pytest.approx(expected, abs=1e-3)
    assert math.isnan(ec.auroc(np.empty((0, 3)), [], logits=True))


@given(st.integers(2, 5), st.integers(1, 30), st.integers(0, 2**32 - 1), st.sampled_from([1, 60]))
def test_auroc_of_logits_counts_pairs_by_log_odds(n_classes, n_samples, seed, scale):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_samples, n_classes)) * scale
    logits[rng.random(logits.shape) < 0.1] = -np.inf
    logits[:, 0] = np.where(np.isinf(logits).all(axis=1), 0.0, logits[:, 0])
    logits = np.concatenate([logits, logits[: n_samples // 2]])  # with ties
    labels = rng.integers(0, n_classes, len(logits))
    odds = naive.log_odds(logits)
    found = np.stack(list(log_odds_columns(logits)), axis=1)
    np.testing.assert_allclose(found, odds, rtol=1e-14, atol=1e-14)
    expected = naive.auroc(found, labels)
    area = ec.auroc(logits, labels, logits=True)
    assert area == pytest.approx(expected, abs=1e-12, nan_ok=True)
    if scale == 1 and not np.isinf(logits).any() and n_classes > 2:
        assert area == pytest.approx(naive.auroc(odds, labels), abs=1e-12, nan_ok=True)


def test_auroc_of_logits_keeps_apart_what_the_softmax_ties(rng):
    labels = rng.integers(0, 3, 200)
    logits = rng.normal(size=(200, 3)) + 3 * np.eye(3)[labels]
    for scale in (1, 100):
        area = ec.auroc(scale * logits, labels, logits=True)
        assert area == pytest.approx(naive.auroc(naive.log_odds(scale * logits), labels), abs=1e-12)
        tied = ec.auroc(ec.softmax(scale * logits), labels)
        assert (tied == pytest.approx(area, abs=1e-12)) == (scale == 1)
    extreme = [[1e308, -1e308], [-1e308, 1e308], [0.0, -np.inf], [-np.inf, 0.0]]
    with np.errstate(all="raise"):
        assert ec.auroc(extreme, [0, 1, 0, 1], logits=True) == 1.0
