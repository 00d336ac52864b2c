import mpmath
import numpy as np
import pytest

from easiness_core._config import ELEMENTS_AT_ONCE, TABLE_HIGH, TABLE_LOW
from easiness_core._kernels.log_phi import log_phi, log_phi_far, log_phi_table, sum_log_phi


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


@pytest.mark.parametrize("n_classes", [2, 3, 10, 127, 128, 129, 255, 256, 257, 600])
@pytest.mark.parametrize("spread", [0.01, 0.5])
def test_the_sum_in_steps_is_the_sum_of_the_terms(rng, n_classes, spread):
    # Several rows at once, or a part of one: the labels lie in every part.
    table, scale = log_phi_table(), 70.0
    probs = 0.1 + rng.normal(scale=spread, size=(57, n_classes))
    probs[:, : n_classes // 9] = 0.1  # exact ties
    labels = rng.integers(0, n_classes, 57)
    labels[:2] = 0, n_classes - 1
    x = (probs[np.arange(57), labels][:, None] - probs) * scale
    rows = np.flatnonzero(np.arange(57) % 5 != 3)
    scratch = np.empty(ELEMENTS_AT_ONCE), np.empty(ELEMENTS_AT_ONCE, dtype=np.int32)
    found = np.full(57, 7.0)
    sum_log_phi(probs, labels, rows, x.min(axis=1), (scale, table), scratch, found)
    for r in range(57):
        terms = [log_phi(x[r, j], table) for j in range(n_classes) if j != labels[r]]
        expected = sum(terms) if r in rows else 7.0
        assert found[r] == pytest.approx(expected, rel=1e-14, abs=1e-15 * n_classes), r


def test_saturates_to_exactly_zero():
    table = log_phi_table()
    assert log_phi(float(TABLE_HIGH), table) == 0.0
    assert log_phi(1e300, table) == 0.0
    assert log_phi(TABLE_HIGH - 1e-9, table) <= 0.0


def test_the_table_fits_the_first_level_cache_and_is_read_only():
    table = log_phi_table()
    assert table.nbytes <= 25_000
    assert not table.flags.writeable
