"""log E against 60 digits: within 1e-12 relative, near 0 too, and E within 1e-12 absolute."""

import mpmath
import numpy as np
import pytest
from conftest import interpreted

import easiness_core as ec
from easiness_core._config import PHI_IS_ONE_FROM

SIGMAS = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 3.0]


def exact_log_easiness(h, i, sigma):
    """Log easiness in 60 digits; equal probabilities are taken once."""
    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        for value, count in zip(*np.unique(np.delete(h, i), return_counts=True), strict=True):
            # Half of erfc at -x / sqrt 2, where x = d / (sigma sqrt 2).
            y = (mpmath.mpf(float(h[i])) - mpmath.mpf(float(value))) / (2 * mpmath.mpf(sigma))
            total += int(count) * (
                mpmath.log1p(-mpmath.erfc(y) / 2) if y > 0 else mpmath.log(mpmath.erfc(-y) / 2)
            )
        return total


def assert_accurate(probs, labels, sigma):
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=sigma))
    for r, (h, i) in enumerate(zip(probs, labels, strict=True)):
        exact = exact_log_easiness(h, i, sigma)
        error = float(abs(mpmath.mpf(float(scores.log_easiness[r])) - exact))
        # Closer to 0 than 1e-300, log E may be 0.
        bound = 1e-12 * float(abs(exact)) if exact < -1e-300 else 1e-300
        assert error <= bound, (h, i, sigma, float(exact), error)
        assert float(abs(mpmath.mpf(float(scores.easiness[r])) - mpmath.exp(exact))) <= 1e-12
    np.testing.assert_array_equal(scores.predicted, np.argmax(probs, axis=1))


@pytest.mark.parametrize("sigma", SIGMAS)
def test_random_rows(make_rows, sigma):
    for n_classes, dtype in ((2, np.float32), (3, np.float64), (10, np.float64), (40, np.float32)):
        for spread in (0.02, 0.5, 4.0):
            probs, labels = make_rows(8, n_classes, spread=spread, dtype=dtype)
            probs[1] *= dtype(1.0005)  # within the tolerance, and used as it is
            assert_accurate(probs, labels, sigma)


@pytest.mark.parametrize("sigma", [1e-5, 0.01, 1.0])
@pytest.mark.parametrize("n_classes", [31, 32, 33, 256, 513, 5000])
def test_rows_of_many_classes(rng, sigma, n_classes):
    if interpreted and n_classes > 600:
        pytest.skip("5,000 classes take minutes in interpreted kernels")
    # Flat, peaked, and sparse, with few distinct values: the oracle takes each once.
    rows = []
    for alpha in (0.01, 0.3, 10.0):
        values = rng.dirichlet(np.full(40, alpha))
        row = values[rng.integers(0, 40, n_classes)]
        rows.append(row / row.sum())
    order = np.argsort(rows, axis=1)
    for place in (0, n_classes // 2, -2, -1):  # from a hopeless label to the winner
        assert_accurate(np.array(rows), order[:, place], sigma)


def row_of(x, sigma):
    """A row whose label, 0, has these arguments of Phi, but for rounding."""
    d = np.asarray(x) * sigma * np.sqrt(2.0)
    own = (1.0 + d.sum()) / (d.size + 1)
    return np.concatenate([[own], own - d])


# Where the formula changes: at 0, at the tail's last number, and far below.
SEAMS = [-7071.0, -39.0, -37.5, -5.0, -1.0, -1e-8, -1e-15, 0.0, 1e-15, 1e-8, 1.0, 5.0, 37.0, 37.5]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_two_classes_at_every_seam(sigma):
    gaps = [x * (1 + nudge) * sigma * 2**0.5 for x in SEAMS for nudge in (-1e-9, 0.0, 1e-9)]
    rows = np.array([[0.5 + gap / 2, 0.5 - gap / 2] for gap in gaps if abs(gap) <= 1])
    assert_accurate(rows, [0] * len(rows), sigma)
    assert_accurate(rows, [1] * len(rows), sigma)


@pytest.mark.parametrize(("n_rivals", "sigma"), [(2, 1e-5), (15, 1e-4), (16, 1e-5), (40, 1e-4)])
def test_mixtures_of_near_and_far_rivals(rng, sigma, n_rivals):
    # In one product: factors that round to 1, that are just above or below 1/2, and tiny ones.
    for _ in range(20):
        x = rng.choice(SEAMS[1:], n_rivals)
        assert_accurate(row_of(x, sigma)[None], [0], sigma)
    for x in (-1e-15, -1e-8, -39.0):
        row = row_of([x] + [37.0] * (n_rivals - 1), sigma)
        assert_accurate(row[None], [0], sigma)


@pytest.mark.parametrize("n_rivals", [1, 2, 15, 16])
def test_products_on_either_side_of_their_switch(n_rivals):
    # Up to 3/4 a product's own digits count, from there on its complement's.
    target = mpmath.mpf("0.75") ** (mpmath.mpf(1) / n_rivals)
    x = float(mpmath.sqrt(2) * mpmath.erfinv(2 * target - 1))
    for nudge in (-1e-3, -1e-12, 0.0, 1e-12, 1e-3):
        assert_accurate(row_of([x + nudge] * n_rivals, 1e-3)[None], [0], 1e-3)


@pytest.mark.parametrize("sigma", [1e-150, 1e-100, 1e-30, 1e-12, 1e12, 1e149])
def test_sigmas_beyond_any_use(rng, sigma):
    probs = rng.dirichlet(np.ones(40), 5)
    probs[0] = 1 / 40
    # In 60 digits erfc is 0 there; its logarithm is -x^2 / 2, or -log 2 of a tie.
    x = (probs[:, 3:4] - probs) / (sigma * np.sqrt(2.0))
    terms = np.where(x < 0, -0.5 * x * x, np.where(x == 0, -np.log(2.0), 0.0))
    if sigma > 1:
        terms[:] = -np.log(2.0)
    terms[:, 3] = 0.0
    found = ec.log_easiness(probs, np.full(5, 3), estimator=ec.ClosedForm(sigma=sigma))
    np.testing.assert_allclose(found, terms.sum(axis=1), rtol=1e-9)


@pytest.mark.parametrize("sigma", [1e-5, 0.01, 1.0])
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


def test_the_easy_end():
    # Up to rows that their sum shows to be saturated; three rivals share the rest unevenly.
    scale = 0.01 * np.sqrt(2.0)
    cut = PHI_IS_ONE_FROM * scale
    gaps = [*(scale * np.array([2.5, 3.0, 9.0, 20.0, 37.0])), cut - 1e-8, cut + 1e-12, 38.6 * scale]
    for share in (0.0, 1e-9, 0.5, 1.0):
        own = (1 + np.array(gaps)) / 2
        rows = np.column_stack([own, (1 - own) * share, (1 - own) * (1 - share)])
        assert_accurate(rows, [0] * len(rows), 0.01)
    log_e = ec.log_easiness(rows, [0] * len(rows))
    assert (np.diff(log_e[:6]) > 0).all()
    assert (log_e[6:] == 0.0).all()


def test_order_is_kept_down_to_the_smallest_sigma():
    own = np.linspace(0.0, 0.5, 400)
    probs = np.column_stack([own, 1 - own])
    log_e = ec.log_easiness(probs, np.zeros(400, int), estimator=ec.ClosedForm(sigma=1e-4))
    assert np.isfinite(log_e).all()
    assert (np.diff(log_e) > 0).all()
    assert log_e[0] < -2.4e7


@pytest.mark.skipif(interpreted, reason="100,000 classes take minutes in interpreted kernels")
@pytest.mark.parametrize("x", [-1000.0, -60.0, -38.5, -20.0, -3.0, 2.99, 3.5, 7.0, 20.0])
def test_a_hundred_thousand_terms_do_not_drift(x):
    # All rivals alike, but for one that ties with the label if told so: the oracle needs one term.
    n_classes, tied = 100_000, x % 2 == 0
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
