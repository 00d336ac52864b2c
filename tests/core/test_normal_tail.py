"""The polynomial of the tail, and the functions made of it, against mpmath."""

import math

import mpmath
import numba
import numpy as np
from tail_polynomial import coefficients, scaled_tail

from easiness_core._config import (
    CLASSES_TOGETHER,
    JIT_FMA_OPTIONS,
    PHI_IS_ONE_FROM,
    TAIL_LEVELS_OFF_FROM,
)
from easiness_core._kernels.normal_tail import TAIL, exp_minus, tail_factor


@numba.njit(**JIT_FMA_OPTIONS)
def loop(x, r, q):
    """Steps of kernels can be called from compiled code only."""
    for k in range(x.size):
        r[k] = tail_factor(abs(x[k]))
        q[k] = r[k] * exp_minus(0.5 * x[k] * x[k])


def exp_and_tails(x):
    x = np.asarray(x, dtype=np.float64)
    r, q = np.empty_like(x), np.empty_like(x)
    with np.errstate(over="ignore"):
        loop(x, r, q)
    return r, q


def exact_r(x):
    u = abs(mpmath.mpf(float(x)))
    return scaled_tail((u - 5) / (u + 5)) / (u + 5)


def relative_error(found, exact):
    return float(abs(mpmath.mpf(float(found)) / exact - 1))


def test_the_constants_are_what_the_script_computes():
    np.testing.assert_allclose(TAIL, coefficients(len(TAIL) - 1), rtol=1e-15)


def test_the_polynomial_is_within_its_stated_error():
    with mpmath.workdps(40):
        places = [mpmath.cos(mpmath.pi * k / 300) for k in range(301)]
        errors = [abs(mpmath.polyval(TAIL[::-1], t) / scaled_tail(t) - 1) for t in places]
    assert max(errors) <= 9e-16


def test_r_is_accurate_however_large_x_is(rng):
    x = np.concatenate([rng.uniform(0, 40, 200), 10.0 ** rng.uniform(-300, 9, 100), [0.0, 5.0]])
    r, _ = exp_and_tails(np.where(rng.random(x.size) < 0.5, x, -x))
    with mpmath.workdps(40):
        assert max(relative_error(f, exact_r(v)) for f, v in zip(r, x, strict=True)) <= 2e-15
    beyond, _ = exp_and_tails([TAIL_LEVELS_OFF_FROM, 1e150, math.inf])
    # As good as any: log R is not in the last place of x^2 / 2. Their product is a normal number.
    assert len(set(beyond)) == 1
    assert beyond[0] ** CLASSES_TOGETHER > np.finfo(np.float64).smallest_normal


def test_q_keeps_its_digits_down_to_the_last_normal_number(rng):
    x = np.concatenate([rng.uniform(0, PHI_IS_ONE_FROM, 300), [0.0, 37.499999]])
    _, q = exp_and_tails(x)
    with mpmath.workdps(40):
        exact = [mpmath.erfc(mpmath.mpf(float(v)) / mpmath.sqrt(2)) / 2 for v in x]
    # x^2 / 2, of at most 703, is rounded.
    assert max(map(relative_error, q, exact)) <= 2e-13
    assert q.min() > np.finfo(np.float64).smallest_normal
    assert exp_and_tails([PHI_IS_ONE_FROM, 1e9, 1e200, math.inf])[1].tolist() == [0.0] * 4
