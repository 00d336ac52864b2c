import mpmath
import numpy as np
import pytest

from easiness_core._config import EASY_ROW_FROM, PHI_IS_ONE_FROM, TABLE_HIGH, TABLE_LOW
from easiness_core._log_phi import log_phi, log_phi_easy, log_phi_far, log_phi_table, sum_log_phi


def exact(x):
    with mpmath.workdps(50):
        y = mpmath.mpf(float(x)) / mpmath.sqrt(2)
        return mpmath.log1p(-mpmath.erfc(y) / 2) if x > 0 else mpmath.log(mpmath.erfc(-y) / 2)


@pytest.mark.parametrize(
    ("low", "high", "relative", "absolute"),
    [
        (-10_000, TABLE_LOW, 1e-15, 0),
        (TABLE_LOW, -10, 2e-15, 0),
        (-10, 0, 2e-15, 0),
        (0, 3, 1e-13, 0),
        (3, TABLE_HIGH + 3, 0, 1e-16),
    ],
)
def test_every_range_against_50_digits(rng, low, high, relative, absolute):
    table = log_phi_table()
    for x in [*rng.uniform(low, high, 400), low, high, np.nextafter(low, high)]:
        reference = exact(x)
        error = float(abs(mpmath.mpf(float(log_phi(x, table))) - reference))
        assert error <= max(relative * float(abs(reference)), absolute), x


def test_the_series_joins_the_table():
    table = log_phi_table()
    inside = log_phi(float(TABLE_LOW), table)
    assert log_phi_far(float(TABLE_LOW)) == pytest.approx(inside, rel=1e-15)
    below = log_phi(np.nextafter(TABLE_LOW, -np.inf), table)
    assert below == pytest.approx(inside, rel=1e-15)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 300])
@pytest.mark.parametrize("spread", [0.01, 0.5])
def test_the_sum_in_two_steps_is_the_sum_of_the_terms(rng, size, spread):
    table, scale = log_phi_table(), 70.0
    own = 0.1
    h = own + rng.normal(scale=spread, size=size)
    h[: size // 9] = own  # exact ties
    scratch = np.empty(128), np.empty(128, dtype=np.int32)
    x = (own - h) * scale
    found = sum_log_phi(h, own, (scale, table), min(x, default=0.0), scratch)
    expected = sum(log_phi(value, table) for value in x)
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_the_easy_tail_keeps_its_digits(rng):
    for x in [*rng.uniform(EASY_ROW_FROM, 37.5, 300), EASY_ROW_FROM]:
        reference = exact(x)
        error = float(abs(mpmath.mpf(float(log_phi_easy(x))) - reference))
        assert error <= 1e-12 * float(abs(reference)), x
    assert log_phi_easy(PHI_IS_ONE_FROM) == 0.0
    assert log_phi_easy(38.4) < 0.0


def test_saturates_to_exactly_zero():
    table = log_phi_table()
    assert log_phi(float(TABLE_HIGH), table) == 0.0
    assert log_phi(1e300, table) == 0.0
    assert log_phi(TABLE_HIGH - 1e-9, table) <= 0.0


def test_the_table_fits_the_first_level_cache_and_is_read_only():
    table = log_phi_table()
    assert table.nbytes <= 25_000
    assert not table.flags.writeable
