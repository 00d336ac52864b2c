import dataclasses

import numpy as np
import pytest

import easiness_core as ec


def test_defaults_are_the_papers_noise_and_numbers_become_plain():
    assert ec.ClosedForm() == ec.ClosedForm(sigma=0.01, resolution=1e-3)
    assert ec.MonteCarlo() == ec.MonteCarlo(sigma=0.01, draws=1000, seed=0)
    assert ec.MonteCarlo().resolution == 0.0
    estimator = ec.MonteCarlo(sigma=np.float32(0.5), draws=np.int64(3), seed=np.uint8(1))
    assert [type(v) for v in dataclasses.astuple(estimator)] == [float, int, int]
    assert type(ec.ClosedForm(sigma=1).sigma) is float
    assert len({estimator, dataclasses.replace(estimator), ec.ClosedForm()}) == 2


def test_noise_depends_on_the_parameters_alone():
    a, b = ec.MonteCarlo(sigma=2.0, draws=50_000, seed=5).noise()
    again = ec.MonteCarlo(sigma=2.0, draws=50_000, seed=5).noise()
    np.testing.assert_array_equal(np.stack([a, b]), np.stack(again))
    assert (a != b).all()
    assert (a != ec.MonteCarlo(sigma=2.0, draws=50_000, seed=6).noise()[0]).all()
    # 50,000 draws: the standard deviation is known to 0.3 %, the correlation to 0.0045.
    assert [np.std(a), np.std(b)] == pytest.approx([2.0, 2.0], rel=0.02)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.025
