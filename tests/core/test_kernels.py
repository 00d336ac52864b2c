"""Kernels at their switches, where the fast way hands over to the full one."""

import math

import naive
import numba
import numpy as np
import pytest

import easiness_core as ec
from easiness_core import _scoring
from easiness_core._config import EASINESS_FRACTION_BITS, ROWS_AT_ONCE
from easiness_core._estimators import _look_up_tables
from easiness_core._kernels import finish, monte_carlo


# Steps of kernels can be called from compiled code only.
@numba.njit
def count_below(d, noise):
    return monte_carlo.count_below(d, noise)


@numba.njit
def minus_log(values, complements, out):
    finish.minus_log(values, complements, out)


@numba.njit
def count(easiness, predicted, labels, edges, tally):
    finish._count(easiness, predicted, labels, edges, tally, np.empty_like(labels))


@pytest.mark.parametrize("n_classes", [2, 3, 10, 40])
def test_equal_rows_get_equal_bits_in_every_place(n_classes):
    # More rows than are taken together, and than are taken at once.
    row = np.full(n_classes, 0.7 / n_classes)
    row[0] += 0.3
    probs = np.tile(row, (700, 1))
    for sigma in (0.1, 1.0):
        scores = ec.score(probs, np.ones(700, dtype=int), estimator=ec.ClosedForm(sigma=sigma))
        assert len(np.unique(scores.log_easiness)) == len(np.unique(scores.easiness)) == 1


def test_single_rows_that_were_wrong_once():
    # The others' sum understates the rival by what a negative entry takes away.
    probs = np.array([[0.563, 0.4370005, -5e-7], [0.5, 0.5000005, -5e-7]])
    scores, (_, log_easiness) = ec.score(probs, [0, 0]), naive.closed_form(probs, [0, 0], 0.01)
    np.testing.assert_allclose(scores.log_easiness, log_easiness, rtol=1e-12, atol=3e-15)
    assert scores.predicted.tolist() == [0, 1]
    # Its sum does not show it to be saturated, its rivals do; 0 has one sign only.
    log_easiness = ec.log_easiness([[0.68, 0.08, 0.08, 0.08, 0.08]], [0])
    assert log_easiness.tolist() == [0.0]
    assert not np.signbit(log_easiness[0])
    # A tie is a tie at the smallest sigma.
    easiness = ec.easiness([[0.5, 0.5]], [0], estimator=ec.ClosedForm(sigma=1e-18))
    assert easiness[0] == pytest.approx(0.5, rel=1e-14)


@pytest.mark.parametrize("draws", [1, 2, 3, 100, 5000])
def test_the_look_up_counts_like_a_comparison_with_every_difference(rng, draws):
    estimator = ec.MonteCarlo(sigma=0.01, draws=draws, seed=draws)
    noise = _look_up_tables(estimator)
    differences = noise[0][:draws]
    a, b = estimator.noise()
    asked = np.concatenate(
        [
            differences[:200],  # ties: a difference is not below itself
            np.nextafter(differences[:200], 1),
            np.nextafter(differences[:200], -1),
            rng.normal(0, 0.02, 300),
            [-1.0, -0.0, 0.0, 1.0, 5e-324],
        ]
    )
    for d in asked:
        assert count_below(d, noise) == np.count_nonzero(d > b - a), d


def test_counting_differences_agrees_with_the_printed_inequality(make_rows):
    probs, labels = make_rows(12, 5, spread=0.05)
    a, b = ec.MonteCarlo(draws=400, seed=1).noise()
    differences = np.sort(b - a)
    for h, i in zip(probs, labels, strict=True):
        for j in range(5):
            expected = naive.counts_as_printed(h, i, j, a, b)
            assert np.searchsorted(differences, h[i] - h[j], side="left") == expected
    # But where rounding separates them. In decimals both sides are 1.02.
    h, a, b = np.array([1.0, 0.7]), np.array([0.02]), np.array([0.32])
    assert h[0] - h[1] > b[0] - a[0]
    assert naive.counts_as_printed(h, 0, 1, a, b) == 0


TINY = 2.0**-20


@pytest.mark.parametrize(
    ("a", "b", "probs", "easiness"),
    [
        # A lead equal to a difference of noise does not win, also where a row could be saturated.
        ([0.0, 0.0], [0.5, 0.25], [0.75, 0.25], 0.5),
        ([0.0, 0.0], [0.5, 0.25], [0.75 - TINY, 0.25 + TINY], 0.5),
        ([0.0, 0.0], [0.5, 0.25], [0.75 + TINY, 0.25 - TINY], 1.0),
        # Noise that always helps the label leaves the prediction alone.
        ([1.0], [0.0], [0.4, 0.6], 1.0),
    ],
)
def test_noise_at_a_switch(monkeypatch, a, b, probs, easiness):
    monkeypatch.setattr(ec.MonteCarlo, "noise", lambda self: (np.array(a), np.array(b)))
    for cache in (_look_up_tables, _scoring._plan):
        cache.cache_clear()
    try:
        scores = ec.score([probs], [0], estimator=ec.MonteCarlo(draws=len(a)))
    finally:
        for cache in (_look_up_tables, _scoring._plan):
            cache.cache_clear()
    assert (scores.easiness[0], scores.predicted[0]) == (easiness, np.argmax(probs))


def test_subnormal_products_have_their_logarithm():
    estimator = ec.MonteCarlo(sigma=0.001, draws=301, seed=1)
    share = np.count_nonzero(_look_up_tables(estimator)[0][:301] < 0) / 301
    found = 0
    for n_classes in range(900, 1300, 10):
        scores = ec.score(np.full((1, n_classes), 1 / n_classes), [0], estimator=estimator)
        if 0.0 < scores.easiness[0] < np.finfo(float).smallest_normal:
            found += 1
            expected = (n_classes - 1) * np.log(share)
            assert scores.log_easiness[0] == pytest.approx(expected, rel=1e-13)
    assert found > 2


def test_minus_log_is_within_two_units_in_the_last_place(rng):
    values = np.concatenate(
        [
            rng.random(5000),
            10.0 ** rng.uniform(-307, 0, 5000),
            1.0 - 10.0 ** rng.uniform(-16, -1, 2000),  # where the logarithm is near 0
            math.sqrt(0.5) * (1 + rng.normal(scale=1e-12, size=200)),  # where the exponent changes
            0.5 ** np.arange(1000),
            [np.finfo(np.float64).smallest_normal, np.nextafter(1, 0)],
        ]
    )
    # Near 1 the complement has the digits.
    complements = 10.0 ** rng.uniform(-300, -1, 2000)
    for given, rest, expected in (
        (values, 1.0 - values, np.array([-math.log(value) for value in values])),
        (1.0 - complements, complements, -np.log1p(-complements)),
    ):
        found = np.empty_like(given)
        minus_log(given, rest, found)
        assert (np.abs(found - expected) <= 2 * np.spacing(expected)).all()


@pytest.mark.parametrize("n_samples", [1, 255, 256, 257, 1000])
def test_every_chunk_of_rows_gets_its_loss(rng, n_samples):
    own = rng.random(n_samples)
    own[::7] = [5e-324, 1e-310, 0.0, 1.0][n_samples % 4]
    losses = ec.score(np.column_stack([own, 1 - own]), np.zeros(n_samples, dtype=int)).loss
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(losses, -np.log(own), rtol=5e-16)


@pytest.mark.parametrize("n_bins", [1, 3, 5, 7, 10, 49])
def test_rows_at_an_edge_belong_to_the_upper_bin(n_bins):
    # And their neighbors on either side, where a product rounds across the edge.
    edges = np.arange(n_bins + 1) / n_bins
    easiness = np.concatenate([edges, np.nextafter(edges[1:], 0), np.nextafter(edges[:-1], 1)])
    labels = np.zeros(easiness.size, dtype=np.int64)
    predicted = np.arange(easiness.size) % 2
    tally = np.zeros((n_bins + 2, 4), dtype=np.int64)
    count(easiness, predicted, labels, edges, tally)
    expected = np.minimum(np.searchsorted(edges, easiness, side="right") - 1, n_bins - 1)
    for b in range(n_bins):
        inside = expected == b
        units = sum(int(float(e) * 2**52 + 0.5) for e in easiness[inside])  # halves go up
        assert tally[b, :3].tolist() == [inside.sum(), (inside & (predicted == 0)).sum(), units]


def test_sums_are_exact_beyond_64_bits():
    assert ROWS_AT_ONCE << EASINESS_FRACTION_BITS < 1 << 63
    n = 4096 + 3  # 4096 rows of easiness 1 are 2**64 units
    for row, key, total in (
        ([1.0, 0.0], "bin_easiness_sums", n << 52),
        ([5e-324, 1.0], "loss_sum", n * int(-np.log(5e-324) * 2**42 + 0.5)),
    ):
        summary = ec.score(np.tile(row, (n, 1)), np.zeros(n, dtype=int)).summary
        found = summary.to_dict()[key]
        assert (found if key == "loss_sum" else found[-1]) == str(total)
        assert summary.n_infinite_losses == 0
