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


@pytest.mark.parametrize(("n_samples", "n_bins"), [(5, 5), (10, 5), (100, 4), (101, 7), (3, 8)])
def test_quantile_bins_of_distinct_values_are_equally_full(rng, n_samples, n_bins):
    easiness = rng.permutation(n_samples) / n_samples
    bins = ec.easiness_bins(easiness, easiness > 0.5, n_bins=n_bins, strategy="quantile")
    assert bins.count.sum() == n_samples
    assert np.ptp(bins.count) <= 1


def test_empty_bins_are_nan_and_no_samples_give_nan():
    bins = ec.easiness_bins([0.1], [1], n_bins=2)
    assert bins.count.tolist() == [1, 0]
    assert math.isnan(bins.accuracy[1])
    assert math.isnan(bins.mean_easiness[1])
    for strategy in ("uniform", "quantile"):
        assert math.isnan(ec.expected_sample_easiness_error([], [], strategy=strategy))
    assert math.isnan(ec.medium_sample_rate(np.array([], dtype=np.uint8)))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            ([0.5, 1.5], [0, 1]),
            {},
            "easiness: 1 of 2 values are outside 0 to 1; the first is row 1",
        ),
        (([0.5, np.nan], [0, 1]), {}, "easiness: 1 of 2 values are NaN; the first is row 1"),
        (([0.5], [0, 1]), {}, "correct: expected 1 values, got 2"),
        (([0.5], [2]), {}, "correct: expected booleans"),
        (([[0.5]], [1]), {}, r"easiness: expected shape \(n_samples,\), got \(1, 1\)"),
        (([0.5], [1]), {"n_bins": 0}, "n_bins: expected 1 or more, got 0"),
        (([0.5], [1]), {"strategy": "equal"}, "strategy: expected 'uniform' or 'quantile'"),
    ],
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        ec.easiness_bins(*arguments, **options)


def test_medium_sample_rate():
    level = np.array([1, 2, 4, 4, 2, 4], dtype=np.uint8)
    assert ec.medium_sample_rate(level) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="1 of 2 values are not levels"):
        ec.medium_sample_rate([1, 3])
    with pytest.raises(TypeError, match="expected values of Level or words"):
        ec.medium_sample_rate([1.0])


@given(st.integers(2, 5), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_auroc_counts_ordered_pairs(n_classes, n_samples, seed):
    rng = np.random.default_rng(seed)
    probs = np.round(rng.dirichlet(np.ones(n_classes), n_samples), 1)  # with ties
    labels = rng.integers(0, n_classes, n_samples)
    found, expected = ec.auroc(probs, labels), naive.auroc(probs, labels)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_auroc_of_one_class_alone_is_nan_and_nan_is_refused():
    assert math.isnan(ec.auroc([[0.3, 0.7], [0.6, 0.4]], [1, 1]))
    for labels in ([0, 1], [0, 0]):
        with pytest.raises(ValueError, match=r"probs: 1 of 2 rows contain NaN; the first is row 1"):
            ec.auroc([[0.3, 0.7], [np.nan, 0.4]], labels)


def test_auroc_of_normalized_rows(rng):
    votes = rng.integers(1, 9, (50, 3))
    labels = rng.integers(0, 3, 50)
    expected = naive.auroc(votes / votes.sum(axis=1, keepdims=True), labels)
    assert ec.auroc(votes, labels, normalize=True) == pytest.approx(expected, abs=1e-12)
    assert ec.auroc(votes, labels) != pytest.approx(expected, abs=1e-3)
    # Logarithms sum to less than 0: dividing would turn their order around.
    with pytest.raises(ValueError, match="50 of 50 rows contain NaN, or cannot be divided"):
        ec.auroc(-1.0 - votes, labels, normalize=True)


def test_auroc_of_names():
    assert ec.auroc([[0.9, 0.1], [0.2, 0.8]], ["a", "b"], classes=["a", "b"]) == 1.0


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
    want = ec.auroc(logits, labels, logits=True)
    for scale in (1, 4, 100):
        odds = naive.log_odds(scale * logits)
        area = ec.auroc(scale * logits, labels, logits=True)
        assert area == pytest.approx(naive.auroc(odds, labels), abs=1e-12)
        tied = ec.auroc(ec.softmax(scale * logits), labels)
        assert (tied == pytest.approx(area, abs=1e-12)) == (scale < 100)
    assert want > 0.9
    single = logits.astype(np.float32)
    assert ec.auroc(single, labels, logits=True) == pytest.approx(want, abs=1e-3)
    extreme = [[1e308, -1e308], [-1e308, 1e308], [0.0, -np.inf], [-np.inf, 0.0]]
    with np.errstate(all="raise"):
        assert ec.auroc(extreme, [0, 1, 0, 1], logits=True) == 1.0


def test_auroc_refuses_what_is_no_logit():
    with pytest.raises(ValueError, match=r"logits: expected finite .* got nan in row 1"):
        ec.auroc([[0.3, 0.7], [np.nan, 0.4]], [0, 1], logits=True)
    with pytest.raises(ValueError, match="normalize: expected False with logits=True"):
        ec.auroc([[0.3, 0.7], [0.1, 0.4]], [0, 1], logits=True, normalize=True)
    assert math.isnan(ec.auroc(np.empty((0, 3)), [], logits=True))
