import sys

import naive
import numpy as np
import pytest
from conftest import interpreted, softmax_rows
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

NEGLIGIBLE = 2.0**-64


def pass_by_pass(rows, estimator):
    """Easiness with respect to every class, one pass over all rows for each."""
    n_rows, n_classes = rows.shape
    passes = [ec.easiness(rows, np.full(n_rows, j), estimator=estimator) for j in range(n_classes)]
    return np.stack(passes, axis=1)


@given(
    n_classes=st.sampled_from([2, 3, 10, 45, 70, 120]),
    sigma=st.sampled_from([1e-4, 0.01, 0.1, 0.5, 30.0]),
    spread=st.sampled_from([0.0, 0.3, 1.0, 3.0, 30.0]),
    seed=st.integers(0, 1000),
)
def test_what_lies_below_the_bar_is_negligible(n_classes, sigma, spread, seed):
    rows, _ = softmax_rows(
        np.random.default_rng(seed), 3 if interpreted else 20, n_classes, spread=spread
    )
    estimator = ec.ClosedForm(sigma=sigma)
    bar = estimator.min_winning_prob(rows.max(axis=1), n_classes)
    below = rows < bar[:, None]
    assert (pass_by_pass(rows, estimator)[below] <= NEGLIGIBLE).all()


@pytest.mark.parametrize("draws", [1, 2, 50])
def test_what_monte_carlo_leaves_out_it_counts_0(make_rows, draws):
    rows, _ = make_rows(20 if interpreted else 200, 6, spread=1.0)
    for seed in range(5):
        estimator = ec.MonteCarlo(sigma=0.1, draws=draws, seed=seed)
        bar = estimator.min_winning_prob(rows.max(axis=1), 6)
        assert (pass_by_pass(rows, estimator)[rows < bar[:, None]] == 0.0).all()


@pytest.mark.parametrize("estimator", [ec.ClosedForm(sigma=0.1), ec.MonteCarlo(sigma=0.1)])
@pytest.mark.parametrize(("n_classes", "spread"), [(2, 1.0), (10, 0.1), (70, 1.0), (200, 2.0)])
def test_the_counts_are_those_of_a_pass_a_class(make_rows, estimator, n_classes, spread):
    probs, labels = make_rows(10 if interpreted else 150, n_classes, spread=spread)
    balanced = np.array(naive.balanced(probs.tolist(), labels.tolist()))
    wins = pass_by_pass(balanced, estimator)
    expected = np.stack([wins[labels == j].sum(axis=0) for j in range(n_classes)], axis=1)
    found = ec.confusion(probs, labels, estimator=estimator)
    # Bars are taken of rows that differ from these in their last digits.
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=150 * NEGLIGIBLE)


@pytest.mark.skipif(interpreted, reason="800 classes take minutes without the compiler")
def test_among_many_classes_few_are_looked_at(make_rows, monkeypatch):
    looked_at = 0

    def counted(rows, labels, **options):
        nonlocal looked_at
        looked_at += len(rows)
        return ec.easiness(rows, labels, **options)

    # The package's name `confusion` is the function.
    monkeypatch.setattr(sys.modules["easiness_core.confusion"], "easiness", counted)
    for spread in (0.0, 1.0, 4.0):
        probs, labels = make_rows(300, 800, spread=spread)
        looked_at = 0
        ec.confusion(probs, labels)
        # Once each row to be checked; at most 1 / 0.2 classes have the least that counts.
        assert looked_at <= 300 * (1 + 5)
