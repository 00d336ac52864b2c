import itertools
import tracemalloc

import naive
import numpy as np
import pytest
from conftest import interpreted

import easiness_core as ec
from easiness_core import _input

SHAPES = [(40, 2), (15, 17), (10, 100)]
COLUMNS = ("easiness", "log_easiness", "level", "loss", "predicted")


def assert_same_bytes(scores, other):
    for name in COLUMNS:
        assert getattr(scores, name).tobytes() == getattr(other, name).tobytes(), name
    assert scores.summary == other.summary


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


@pytest.mark.parametrize("estimator", [ec.ClosedForm(sigma=0.1), ec.MonteCarlo(draws=50)])
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
    dtypes = [getattr(scores, name).dtype for name in COLUMNS]
    assert dtypes == [np.float64, np.float64, np.uint8, np.float64, np.int64]
    for call in (ec.easiness, ec.log_easiness):
        column = call(probs, labels, estimator=estimator)
        np.testing.assert_array_equal(column, getattr(scores, call.__name__))


def test_blocks_of_a_few_rows_give_the_same_bytes(make_rows, monkeypatch):
    probs, labels = make_rows(60, 5)
    whole = ec.score(probs, labels)
    monkeypatch.setattr(_input.probs, "BLOCK_ELEMENTS", 35)
    assert_same_bytes(ec.score(probs, labels), whole)


@pytest.mark.skipif(interpreted, reason="takes minutes where kernels are interpreted")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("estimator", [ec.ClosedForm(sigma=0.05), ec.MonteCarlo(sigma=0.05)])
def test_any_threads_and_any_chunks_give_the_same_bytes(make_rows, dtype, estimator):
    probs, labels = make_rows(220_000, 10, spread=1.0, dtype=dtype)  # beyond the serial limit
    whole = ec.score(probs, labels, estimator=estimator, n_threads=1)
    for n_threads in (2, 5):
        other = ec.score(probs, labels, estimator=estimator, n_threads=n_threads)
        assert_same_bytes(other, whole)
    cuts = [0, 1, 7, 4096, 4097, 131_072, 219_999, 220_000]
    parts = [
        ec.score(probs[a:b], labels[a:b], estimator=estimator) for a, b in itertools.pairwise(cuts)
    ]
    summary = ec.Summary()
    for part in parts:
        summary.update(part)
    assert summary == whole.summary
    for name in COLUMNS:
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(whole, name).tobytes()


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
