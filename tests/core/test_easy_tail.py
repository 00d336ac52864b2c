"""Sums near 0 keep their digits, taken one by one or by vector instructions."""

import math

import mpmath
import numpy as np
import pytest

from easiness_core._config import EASY_ROW_FROM, PHI_IS_ONE_FROM, VECTOR_TERMS_FROM, VECTOR_WIDTH
from easiness_core._kernels.easy_tail import _sum_tails, log_phi_easy, sum_easy


def exact(x):
    with mpmath.workdps(50):
        return mpmath.log1p(-mpmath.erfc(mpmath.mpf(float(x)) / mpmath.sqrt(2)) / 2)


def relative_error(found, reference):
    return float(abs(mpmath.mpf(float(found)) - reference) / abs(reference))


def test_one_term(rng):
    for x in [*rng.uniform(EASY_ROW_FROM, 37.5, 300), EASY_ROW_FROM]:
        assert relative_error(log_phi_easy(x), exact(x)) <= 1e-12, x
    assert log_phi_easy(PHI_IS_ONE_FROM) == 0.0
    assert log_phi_easy(38.4) < 0.0


@pytest.mark.parametrize("x_rival", [EASY_ROW_FROM, 3.7, 6.0, 9.0, 15.0, 30.0, 37.5])
@pytest.mark.parametrize("reach", [0.0, 1e-9, 0.1, 1.0, 1e9])
def test_many_terms(rng, x_rival, reach):
    # Up to where a term no longer counts beside the rival's.
    limit = math.sqrt(x_rival**2 + 80.0)
    x = x_rival + (min(limit, x_rival + reach) - x_rival) * rng.random(60)
    x[7] = x_rival
    expected = sum(exact(value) for value in x)
    assert relative_error(_sum_tails(x.copy(), x_rival), expected) <= 5e-13


def test_a_single_term_is_the_same_either_way(rng):
    # Both ways round in their own order; the exponent's rounding grows with its square.
    for x in rng.uniform(EASY_ROW_FROM, 37.5, 300):
        one = log_phi_easy(x)
        assert _sum_tails(np.array([x]), x) == pytest.approx(one, rel=5e-13), x


@pytest.mark.parametrize("x_rival", [EASY_ROW_FROM, 8.0, 25.0])
@pytest.mark.parametrize("n_terms", [1, VECTOR_TERMS_FROM - 1, VECTOR_TERMS_FROM, 7, 8, 9, 17])
@pytest.mark.parametrize("label", [0, 5, 40])
def test_terms_that_do_not_count_are_left_out(x_rival, n_terms, label):
    # At the switch from one by one to vector instructions, with others far beyond the limit.
    scale = 100.0
    x = np.full(41, 1000.0)
    places = [j for j in range(41) if j != label][::2][:n_terms]
    x[places] = np.linspace(x_rival, x_rival + 0.5, n_terms)
    h = 0.9 - x / scale
    h[label] = 0.9
    expected = sum(exact((h[label] - h[j]) * scale) for j in places)
    found = sum_easy(
        h, label, scale, (h[label] - h[places].max()) * scale, np.empty(41 + VECTOR_WIDTH)
    )
    assert len(places) == n_terms
    assert relative_error(found, expected) <= 1e-12


def test_the_deepest_terms_underflow_gracefully():
    x = np.full(100, 38.55)
    assert -1e-300 < _sum_tails(x.copy(), 38.55) <= 0.0
    deepest = _sum_tails(np.full(8, 38.599), 38.599)
    assert deepest == 0.0
    assert not np.signbit(deepest)
