import itertools
import tracemalloc

import naive
import numpy as np
import pytest
from conftest import interpreted

import easiness_core as ec

SHAPES = [(40, 2), (15, 17), (10, 100)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "sigma"), [(np.float64, 0.003), (np.float32, 0.01), (np.float64, 1)]
)
def test_closed_form_equals_the_literal_product(make_rows, shape, dtype, sigma):
    probs, labels = make_rows(*shape, spread=1.0, dtype=dtype)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=sigma))
    easiness, _ = naive.closed_form(probs, labels, sigma)
    np.testing.assert_allclose(scores.easiness, easiness, rtol=0, atol=1e-12)
    # The oracle's logarithm holds where erfc has all its digits.
    within = easiness > 1e-290
    _, log_easiness = naive.closed_form(probs[within], labels[within], sigma)
    bound = np.maximum(1e-12 * np.abs(log_easiness), 1e-15 * shape[1])
    assert (np.abs(scores.log_easiness[within] - log_easiness) <= bound).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "draws"), [(np.float64, 1), (np.float32, 37), (np.float64, 1000)]
)
def test_monte_carlo_is_bit_identical_to_counting(make_rows, shape, dtype, draws):
    probs, labels = make_rows(*shape, spread=0.5, dtype=dtype)
    estimator = ec.MonteCarlo(sigma=0.05, draws=draws, seed=3)
    scores = ec.score(probs[:10], labels[:10], estimator=estimator)
    easiness, log_easiness = naive.monte_carlo(probs[:10], labels[:10], *estimator.noise())
    np.testing.assert_array_equal(scores.easiness, easiness)
    np.testing.assert_array_max_ulp(scores.log_easiness, log_easiness, 2)


@pytest.mark.parametrize("n_classes", [150, 400])
def test_monte_carlo_where_the_product_underflows(n_classes):
    # Of equal probabilities each share is near 1/2; of the row below them, near 1/7.
    probs = np.full((3, n_classes), 1.0 / n_classes)
    probs[1, 0] -= 0.0015
    probs[1, 1] += 0.0015
    labels = np.array([0, 0, n_classes - 1])
    estimator = ec.MonteCarlo(sigma=0.001, draws=300, seed=1)
    scores = ec.score(probs, labels, estimator=estimator)
    easiness, log_easiness = naive.monte_carlo(probs, labels, *estimator.noise())
    assert (easiness[1] == 0.0) == (n_classes == 400)
    np.testing.assert_array_equal(scores.easiness, easiness)
    np.testing.assert_allclose(scores.log_easiness, log_easiness, rtol=1e-14)
    np.testing.assert_array_equal(scores.level, [ec.Level.MEDIUM] * 3)


@pytest.mark.parametrize("estimator", [ec.ClosedForm(), ec.MonteCarlo(draws=50)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_other_columns_equal_their_definitions(make_rows, shape, estimator):
    probs, labels = make_rows(*shape)
    probs[0] = np.eye(shape[1])[0]  # a tie among zeros, and a loss of 0 or infinity
    probs[1, :2], probs[1, 2:] = 0.5, 0.0
    scores = ec.score(probs, labels, estimator=estimator)
    np.testing.assert_array_equal(scores.predicted, naive.predicted(probs))
    np.testing.assert_allclose(scores.loss, naive.loss(probs, labels), rtol=1e-15)
    expected = naive.level(scores.easiness, estimator.resolution)
    np.testing.assert_array_equal(scores.level, expected)
    assert scores.easiness.dtype == scores.log_easiness.dtype == scores.loss.dtype == np.float64
    assert scores.level.dtype == np.uint8
    assert scores.predicted.dtype == np.int64


def test_a_tie_is_predicted_as_its_first_class():
    probs = [[0.4, 0.4, 0.2]] * 3
    assert ec.score(probs, [0, 1, 2]).predicted.tolist() == [0, 0, 0]


def test_losses_at_the_ends():
    assert ec.score([[1.0, 0.0], [1.0, 0.0]], [0, 1]).loss.tolist() == [0.0, np.inf]
    # Above 1 by rounding: no negative loss.
    above = ec.score(np.array([[1.0005, 0.0]], dtype=np.float32), [0]).loss
    assert above.tolist() == [0.0]
    assert not np.signbit(above).any()


def test_easiness_and_log_easiness_are_columns_of_the_scores(make_rows):
    probs, labels = make_rows(50, 5)
    for estimator in (ec.ClosedForm(sigma=0.1), ec.MonteCarlo(sigma=0.1)):
        scores = ec.score(probs, labels, estimator=estimator)
        np.testing.assert_array_equal(
            ec.easiness(probs, labels, estimator=estimator), scores.easiness
        )
        np.testing.assert_array_equal(
            ec.log_easiness(probs, labels, estimator=estimator), scores.log_easiness
        )


@pytest.mark.skipif(interpreted, reason="takes minutes where kernels are interpreted")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("estimator", [ec.ClosedForm(sigma=0.05), ec.MonteCarlo(sigma=0.05)])
def test_any_threads_and_any_chunks_give_the_same_bytes(make_rows, dtype, estimator):
    probs, labels = make_rows(220_000, 10, spread=1.0, dtype=dtype)  # beyond the serial limit
    whole = ec.score(probs, labels, estimator=estimator, n_threads=1)
    for n_threads in (2, 5):
        _assert_same(ec.score(probs, labels, estimator=estimator, n_threads=n_threads), whole)
    cuts = [0, 1, 7, 4096, 4097, 131_072, 219_999, 220_000]
    parts = [
        ec.score(probs[a:b], labels[a:b], estimator=estimator) for a, b in itertools.pairwise(cuts)
    ]
    summary = ec.Summary()
    for part in parts:
        summary.update(part)
    assert summary == whole.summary
    for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(whole, name).tobytes()


def _assert_same(scores, other):
    for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
        assert getattr(scores, name).tobytes() == getattr(other, name).tobytes(), name
    assert scores.summary == other.summary


def test_sums_within_tolerance_are_used_as_they_are():
    probs = np.array([[0.5005, 0.4999]])
    expected, _ = naive.closed_form(probs, [0], 0.01)
    np.testing.assert_allclose(ec.easiness(probs, [0]), expected, rtol=1e-14)


def test_results_compare_by_identity_and_hash():
    scores = ec.score([[0.9, 0.1]], [0])
    assert (scores == scores) is True
    assert scores != ec.score([[0.9, 0.1]], [0])
    assert len({scores, scores.summary.bins}) == 2


def test_repr_and_length_say_what_was_scored():
    scores = ec.score([[0.9, 0.1], [0.2, 0.8]], [0, 0])
    assert len(scores) == 2
    assert "n_samples=2" in repr(scores)
    assert "accuracy=0.5000" in repr(scores)


@pytest.mark.skipif(interpreted, reason="takes minutes where kernels are interpreted")
@pytest.mark.parametrize(("dtype", "order"), [("f8", "C"), ("f4", "F"), ("f2", "C")])
def test_extra_memory_is_that_of_a_block(dtype, order):
    # The outputs take 41 bytes a row; a copy of the array would take 20 MB or more.
    n_samples = 1_000_000
    probs = np.full((n_samples, 10), 0.1, dtype=dtype, order=order)
    labels = np.zeros(n_samples, dtype=np.int64)
    ec.score(probs[:10], labels[:10])
    tracemalloc.start()
    scores = ec.score(probs, labels, estimator=ec.MonteCarlo(draws=2), n_threads=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(scores) == n_samples
    assert peak - 41 * n_samples < 2_500_000
