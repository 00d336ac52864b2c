import dataclasses

import numpy as np
import pytest

import easiness_core as ec


def test_defaults_are_the_papers_noise():
    assert ec.ClosedForm() == ec.ClosedForm(sigma=0.01, resolution=1e-3)
    assert ec.MonteCarlo() == ec.MonteCarlo(sigma=0.01, draws=1000, seed=0)
    assert ec.MonteCarlo().resolution == 0.0


def test_estimators_are_frozen_and_hashable():
    for estimator in (ec.ClosedForm(), ec.MonteCarlo()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            estimator.sigma = 1.0
        assert len({estimator, dataclasses.replace(estimator)}) == 1


def test_numpy_scalars_become_plain_numbers():
    estimator = ec.MonteCarlo(sigma=np.float32(0.5), draws=np.int64(3), seed=np.uint8(1))
    assert [type(v) for v in dataclasses.astuple(estimator)] == [float, int, int]
    assert type(ec.ClosedForm(sigma=1).sigma) is float


@pytest.mark.parametrize("make", [ec.ClosedForm, ec.MonteCarlo])
@pytest.mark.parametrize("sigma", [0.0, -0.01, np.nan, np.inf, 1e-200, 1e200])
def test_sigma_out_of_range(make, sigma):
    with pytest.raises(ValueError, match="sigma: expected a value"):
        make(sigma=sigma)


@pytest.mark.parametrize("make", [ec.ClosedForm, ec.MonteCarlo])
@pytest.mark.parametrize("sigma", ["0.01", None, True, 1j])
def test_sigma_of_another_type(make, sigma):
    with pytest.raises(TypeError, match="sigma: expected a number"):
        make(sigma=sigma)


@pytest.mark.parametrize("options", [{"draws": 0}, {"draws": -5}, {"seed": -1}])
def test_monte_carlo_out_of_range(options):
    with pytest.raises(ValueError, match=r"(draws|seed): expected"):
        ec.MonteCarlo(**options)


@pytest.mark.parametrize("options", [{"draws": 1.5}, {"seed": None}, {"draws": True}])
def test_monte_carlo_of_another_type(options):
    with pytest.raises(TypeError, match=r"(draws|seed): expected a whole number"):
        ec.MonteCarlo(**options)


def test_noise_depends_on_the_parameters_alone():
    a, b = ec.MonteCarlo(sigma=2.0, draws=50_000, seed=5).noise()
    again = ec.MonteCarlo(sigma=2.0, draws=50_000, seed=5).noise()
    np.testing.assert_array_equal(np.stack([a, b]), np.stack(again))
    assert (a != b).all()
    assert (a != ec.MonteCarlo(sigma=2.0, draws=50_000, seed=6).noise()[0]).all()
    # 50,000 draws: the standard deviation is known to 0.3 %, the correlation to 0.0045.
    assert np.std(a) == pytest.approx(2.0, rel=0.02)
    assert np.std(b) == pytest.approx(2.0, rel=0.02)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.025


def test_one_draw_decides_each_pair_by_one_comparison():
    estimator = ec.MonteCarlo(sigma=0.1, draws=1, seed=4)
    a, b = estimator.noise()
    probs = np.array([[0.52, 0.48], [0.48, 0.52], [0.9, 0.1], [0.1, 0.9]])
    expected = (probs[:, 0] - probs[:, 1] > b[0] - a[0]).astype(float)
    np.testing.assert_array_equal(ec.easiness(probs, [0] * 4, estimator=estimator), expected)
