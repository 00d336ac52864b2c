"""log E against 60 digits: within 1e-12 relative, near 0 too, and E within 1e-12 absolute."""

import mpmath
import numpy as np
import pytest
from conftest import interpreted

import easiness_core as ec

SIGMAS = [1e-4, 1e-3, 0.01, 0.1, 1.0, 3.0]


def exact_log_easiness(h, i, sigma):
    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        for j in range(len(h)):
            if j != i:
                # Half of erfc at -x / sqrt 2, where x = d / (sigma sqrt 2).
                y = (mpmath.mpf(float(h[i])) - mpmath.mpf(float(h[j]))) / (2 * mpmath.mpf(sigma))
                total += (
                    mpmath.log1p(-mpmath.erfc(y) / 2) if y > 0 else mpmath.log(mpmath.erfc(-y) / 2)
                )
        return total


def assert_accurate(probs, labels, sigma):
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=sigma))
    for r, (h, i) in enumerate(zip(probs, labels, strict=True)):
        exact = exact_log_easiness(h, i, sigma)
        error = float(abs(mpmath.mpf(float(scores.log_easiness[r])) - exact))
        # Below the smallest normal number a float has fewer digits.
        bound = 1e-12 * float(abs(exact)) + 1e-308
        assert error <= bound, (h, i, sigma, float(exact), error)
        assert float(abs(mpmath.mpf(float(scores.easiness[r])) - mpmath.exp(exact))) <= 1e-12


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("n_classes", [2, 3, 10, 40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_random_rows(make_rows, sigma, n_classes, dtype):
    for spread in (0.02, 0.5, 4.0):
        probs, labels = make_rows(12, n_classes, spread=spread, dtype=dtype)
        assert_accurate(probs, labels, sigma)


def two_class(gap):
    return [0.5 + gap / 2, 0.5 - gap / 2]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_adversarial_rows(sigma):
    # Arguments of Phi at every seam: the ends of the table, its pieces, and just beside them.
    scale = sigma * np.sqrt(2.0)
    seams = [-7071.0, -38.0, -37.875, -8.0, -1.0, -0.125, 0.0, 0.125, 1.0, 5.0, 8.875, 9.0, 12.0]
    gaps = [seam * scale * (1 + nudge) for seam in seams for nudge in (-1e-9, 0.0, 1e-9)]
    rows = [two_class(gap) for gap in gaps if abs(gap) <= 1]
    assert_accurate(np.array(rows), [0] * len(rows), sigma)
    assert_accurate(np.array(rows), [1] * len(rows), sigma)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_rows_of_many_small_and_one_large(sigma):
    # Hard rows: most other classes are as improbable as the label.
    n_classes = 60
    probs = np.full((4, n_classes), 1e-7)
    probs[:, 7] = 1 - 59e-7
    probs[1, 3] = 0.0
    probs[2, 30:] = 5e-324
    probs[3] = np.eye(n_classes)[7]
    assert_accurate(probs, [3, 3, 40, 11], sigma)
    assert_accurate(probs, [7, 7, 7, 7], sigma)


def test_the_easy_end_at_its_switches():
    # From the table to the tail at 3, and to rows settled by their sum at 38.6.
    scale = 0.01 * np.sqrt(2.0)
    gaps = scale * np.array([2.5, 3.0 - 1e-9, 3.0, 3.0 + 1e-9, 9.0, 20.0, 37.0, 38.59, 38.61, 40.0])
    rows = np.array([[(1 + 2 * gap) / 3, (1 - gap) / 3, (1 - gap) / 3] for gap in gaps])
    assert_accurate(rows, [0] * len(rows), 0.01)


def test_order_is_kept_down_to_the_smallest_sigma():
    own = np.linspace(0.0, 0.5, 400)
    probs = np.column_stack([own, 1 - own])
    log_e = ec.log_easiness(probs, np.zeros(400, int), estimator=ec.ClosedForm(sigma=1e-4))
    assert np.isfinite(log_e).all()
    assert (np.diff(log_e) > 0).all()
    assert log_e[0] < -2.4e7


@pytest.mark.skipif(interpreted, reason="100,000 classes take minutes in interpreted kernels")
@pytest.mark.parametrize("n_classes", [10_000, 100_000])
@pytest.mark.parametrize("x", [-1000.0, -60.0, -38.5, -20.0, -3.0, 2.99, 3.5, 7.0, 20.0])
@pytest.mark.parametrize("tied", [False, True])
def test_a_hundred_thousand_terms_do_not_drift(n_classes, x, tied):
    # All rivals alike, but for one that ties with the label if told so: the oracle needs one term.
    gap = np.copysign(0.9 / n_classes, x)
    sigma = gap / x / np.sqrt(2)
    n_rivals = n_classes - 1 - tied
    own = (1 + n_rivals * gap) / n_classes
    rival = own - gap
    row = np.full((1, n_classes), rival)
    row[0, : 1 + tied] = own
    scores = ec.score(row, [0], estimator=ec.ClosedForm(sigma=sigma))
    exact = exact_log_easiness([own, rival], 0, sigma) * n_rivals - tied * mpmath.log(2)
    bound = max(1e-12 * float(abs(exact)), 1e-15 * n_classes)
    assert float(abs(mpmath.mpf(float(scores.log_easiness[0])) - exact)) <= bound
    assert float(abs(mpmath.mpf(float(scores.easiness[0])) - mpmath.exp(exact))) <= 1e-12
