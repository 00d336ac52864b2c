"""Kernels at their switches, where the fast way hands over to the full one."""

import naive
import numba
import numpy as np
import pytest

import easiness_core as ec
from easiness_core import _scoring
from easiness_core._config import EASINESS_FRACTION_BITS, PHI_IS_ONE_FROM, ROWS_AT_ONCE
from easiness_core._estimators import _look_up_tables
from easiness_core._kernels import monte_carlo
from easiness_core._kernels.rows import first_label_outside


@numba.njit
def count_below(d, noise):
    """Steps of kernels can be called from compiled code only."""
    return monte_carlo.count_below(d, noise)


def test_saturated_rows_equal_the_product():
    # h_i - (1 - h_i) crosses the underflow of the tail; two others share the rest unevenly.
    cut = PHI_IS_ONE_FROM * 0.01 * np.sqrt(2)
    own = (1 + cut) / 2 + np.array([-1e-3, -1e-8, -1e-12, 0, 1e-12, 1e-8, 1e-3])
    rest = 1 - own
    for share in (0.0, 1e-9, 0.5, 1.0):
        probs = np.column_stack([rest * share, own, rest * (1 - share)])
        labels = np.ones(len(own), dtype=int)
        easiness, log_easiness = naive.closed_form(probs, labels, 0.01)
        scores = ec.score(probs, labels)
        np.testing.assert_allclose(scores.easiness, easiness, rtol=0, atol=1e-15)
        np.testing.assert_allclose(scores.log_easiness, log_easiness, rtol=1e-12, atol=1e-300)
        np.testing.assert_array_equal(scores.predicted, naive.predicted(probs))


@pytest.mark.parametrize(
    ("n_classes", "dtype"),
    [(31, "f8"), (32, "f4"), (33, "f8"), (255, "f4"), (256, "f8"), (257, "f4"), (513, "f8")],
)
def test_few_and_many_classes_compute_the_same(rng, n_classes, dtype):
    # Flat rows, and rows with a winner that is not the label.
    probs = rng.dirichlet(np.ones(n_classes), 30)
    probs[10:20] = probs[10:20] * 0.1 + 0.9 * np.eye(n_classes)[rng.integers(0, n_classes, 10)]
    probs = probs.astype(dtype)
    for label in (0, n_classes // 2, n_classes - 1):
        labels = np.full(30, label)
        estimator = ec.ClosedForm(sigma=0.02)
        easiness, log_easiness = naive.closed_form(probs, labels, 0.02)
        scores = ec.score(probs, labels, estimator=estimator)
        np.testing.assert_allclose(scores.easiness, easiness, rtol=0, atol=1e-12)
        within = np.isfinite(log_easiness)
        np.testing.assert_allclose(
            scores.log_easiness[within], log_easiness[within], rtol=1e-12, atol=1e-15 * n_classes
        )
        np.testing.assert_array_equal(scores.predicted, naive.predicted(probs))


def test_tiny_negatives_do_not_make_a_row_saturated():
    # The others' sum understates the rival by what the negative entry takes away.
    probs = np.array([[0.563, 0.4370005, -5e-7], [0.5, 0.5000005, -5e-7]])
    easiness, log_easiness = naive.closed_form(probs, [0, 0], 0.01)
    scores = ec.score(probs, [0, 0])
    np.testing.assert_allclose(scores.log_easiness, log_easiness, rtol=1e-12, atol=3e-15)
    np.testing.assert_allclose(scores.easiness, easiness, rtol=0, atol=1e-12)
    assert scores.predicted.tolist() == [0, 1]


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


def test_where_rounding_separates_the_two_inequalities():
    # In decimals both sides are equal, 1.02 and 1.02; each form rounds its own sums.
    h, a, b = np.array([1.0, 0.7]), np.array([0.02]), np.array([0.32])
    assert h[0] - h[1] > b[0] - a[0]
    assert naive.counts_as_printed(h, 0, 1, a, b) == 0


def test_sums_carry_over_beyond_64_bits():
    # 4096 rows of easiness 1 are 2**64 units, past any 64-bit sum.
    n = 4096 + 3
    probs = np.tile([1.0, 0.0], (n, 1))
    summary = ec.score(probs, np.zeros(n, dtype=int)).summary
    assert summary.to_dict()["bin_easiness_sums"][-1] == str(n << 52)
    assert summary.mean_easiness == 1.0
    assert summary.ese == 0.0


def test_the_largest_finite_losses_sum_exactly():
    n = 3072
    probs = np.tile([5e-324, 1.0], (n, 1))
    summary = ec.score(probs, np.zeros(n, dtype=int)).summary
    one = int(-np.log(5e-324) * 2**42 + 0.5)
    assert summary.to_dict()["loss_sum"] == str(n * one)
    assert summary.n_infinite_losses == 0


def test_first_label_outside():
    assert first_label_outside(np.array([0, 1, 2]), 3) == -1
    assert first_label_outside(np.array([0, 3, -1]), 3) == 1
    assert first_label_outside(np.array([0, 1, -1]), 3) == 2
    assert first_label_outside(np.array([], dtype=np.int64), 3) == -1


@pytest.mark.parametrize("n_classes", [2, 40])
@pytest.mark.parametrize("estimator", [ec.ClosedForm(), ec.MonteCarlo(draws=20)])
def test_a_bad_row_in_any_group_of_rows_is_reported(n_classes, estimator):
    for at in (0, 255, 256, 511, 512, 599):
        probs = np.zeros((600, n_classes))
        probs[:, 0] = 1.0
        probs[at, 1] = np.nan
        with pytest.raises(ValueError, match=f"row {at} "):
            ec.score(probs, np.zeros(600, dtype=int), estimator=estimator)


def test_a_value_above_1_beside_tiny_negatives_is_reported():
    row = [1.001005] + [-9e-7] * 11
    with pytest.raises(ValueError, match="above 1"):
        ec.score([row], [0])


@pytest.mark.parametrize("n_classes", [2, 3, 10, 40])
def test_equal_rows_get_equal_bits_in_every_place(n_classes):
    # More rows than are taken together, and than are taken at once.
    row = np.full(n_classes, 0.7 / n_classes)
    row[0] += 0.3
    probs = np.tile(row, (700, 1))
    for sigma in (0.1, 1.0):
        scores = ec.score(probs, np.ones(700, dtype=int), estimator=ec.ClosedForm(sigma=sigma))
        assert len(np.unique(scores.log_easiness)) == len(np.unique(scores.easiness)) == 1


def test_a_row_beyond_any_noise_has_a_log_easiness_of_plus_0():
    # Its sum does not show it to be saturated, its rivals do; 0 has one sign only.
    log_easiness = ec.log_easiness([[0.68, 0.08, 0.08, 0.08, 0.08]], [0])
    assert log_easiness.tolist() == [0.0]
    assert not np.signbit(log_easiness[0])


def test_ties_are_ties_at_the_smallest_sigma():
    easiness = ec.easiness([[0.5, 0.5]], [0], estimator=ec.ClosedForm(sigma=1e-18))
    assert easiness[0] == pytest.approx(0.5, rel=1e-14)


def fixed_noise(monkeypatch, a, b):
    """A Monte Carlo estimator of given noises."""
    noise = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    monkeypatch.setattr(ec.MonteCarlo, "noise", lambda self: noise)
    _look_up_tables.cache_clear()
    _scoring._plan.cache_clear()
    return ec.MonteCarlo(draws=len(a), seed=987)


@pytest.fixture
def _fresh_plans():
    yield
    _look_up_tables.cache_clear()
    _scoring._plan.cache_clear()


@pytest.mark.usefixtures("_fresh_plans")
def test_a_lead_equal_to_a_difference_of_noise_does_not_win(monkeypatch):
    # d = b - a = 0.5 is no d > b - a, also where a row could be saturated.
    estimator = fixed_noise(monkeypatch, [0.0, 0.0], [0.5, 0.25])
    tiny = 2.0**-20
    rows = [[0.75, 0.25], [0.75 - tiny, 0.25 + tiny], [0.75 + tiny, 0.25 - tiny]]
    assert ec.easiness(rows, [0, 0, 0], estimator=estimator).tolist() == [0.5, 0.5, 1.0]


@pytest.mark.usefixtures("_fresh_plans")
def test_noise_that_always_helps_the_label_leaves_the_prediction_alone(monkeypatch):
    scores = ec.score([[0.4, 0.6]], [0], estimator=fixed_noise(monkeypatch, [1.0], [0.0]))
    assert (scores.easiness[0], scores.predicted[0]) == (1.0, 1)


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


def test_sums_of_a_group_of_rows_fit_63_bits():
    assert ROWS_AT_ONCE << EASINESS_FRACTION_BITS < 1 << 63
