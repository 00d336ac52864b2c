import math

import numba
import numpy as np
import pytest

import easiness_core as ec
from easiness_core._kernels import finish


# Steps of kernels can be called from compiled code only.
@numba.njit
def minus_log(values, complements, out):
    finish.minus_log(values, complements, out)


@numba.njit
def count(easiness, predicted, labels, edges, tally):
    finish._count(easiness, predicted, labels, edges, tally, np.empty_like(labels))


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
    minus_log(values, 1.0 - values, found)
    expected = np.array([-math.log(value) for value in values])
    assert (np.abs(found - expected) <= 2 * np.spacing(expected)).all()


def test_minus_log_near_1_has_the_digits_of_the_complement(rng):
    complements = 10.0 ** rng.uniform(-300, -1, 2000)
    found = np.empty_like(complements)
    minus_log(1.0 - complements, complements, found)
    expected = -np.log1p(-complements)
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
