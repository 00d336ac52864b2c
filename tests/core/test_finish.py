import math

import numpy as np
import pytest

import easiness_core as ec
from easiness_core._finish import minus_log


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
    found = np.empty_like(values)
    minus_log(values, found)
    expected = np.array([-math.log(value) for value in values])
    assert (np.abs(found - expected) <= 2 * np.spacing(expected)).all()


@pytest.mark.parametrize("n_samples", [1, 255, 256, 257, 1000])
def test_every_chunk_of_rows_gets_its_loss(rng, n_samples):
    own = rng.random(n_samples)
    own[::7] = [5e-324, 1e-310, 0.0, 1.0][n_samples % 4]
    losses = ec.score(np.column_stack([own, 1 - own]), np.zeros(n_samples, dtype=int)).loss
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(losses, -np.log(own), rtol=5e-16)
