import numpy as np
import pytest

import easiness_core as ec


def test_the_curve_is_that_of_scoring_at_each_sigma(make_rows):
    probs, labels = make_rows(300, 4, spread=0.5)
    grid = [0.3, 0.01, 0.1]
    fit = ec.fit_sigma(probs, labels, grid=grid, resolution=1e-4, n_bins=7)
    np.testing.assert_array_equal(fit.grid, sorted(grid))
    for k, sigma in enumerate(sorted(grid)):
        estimator = ec.ClosedForm(sigma=sigma, resolution=1e-4)
        summary = ec.score(probs, labels, estimator=estimator, n_bins=7).summary
        assert fit.ese_curve[k] == summary.ese
        assert fit.msr_curve[k] == summary.msr
    assert fit.ese == fit.ese_curve.min()
    assert fit.sigma == fit.grid[fit.ese_curve.argmin()]


def test_the_default_grid_spans_three_decades_and_holds_the_default_sigma():
    assert ec.SIGMA_GRID[0] == 1e-3
    assert ec.SIGMA_GRID[-1] == 1.0
    assert 0.01 in ec.SIGMA_GRID
    assert 0.1 in ec.SIGMA_GRID
    assert list(ec.SIGMA_GRID) == sorted(set(ec.SIGMA_GRID))


def test_a_tiny_sigma_is_honest_for_a_trivial_reason(make_rows):
    # Easiness becomes the indicator of a correct prediction: least ESE, and no information.
    probs, labels = make_rows(300, 4, spread=0.5)
    fit = ec.fit_sigma(probs, labels, grid=[1e-9, 0.01, 0.1, 0.5])
    assert fit.sigma == 1e-9
    assert fit.ese == 0.0
    assert fit.at_edge
    easiness = ec.easiness(probs, labels, estimator=ec.ClosedForm(sigma=1e-9))
    np.testing.assert_array_equal(easiness, ec.score(probs, labels).predicted == labels)


def test_of_equal_minima_the_smallest_sigma_is_taken():
    # Beyond reach of any noise: the ESE is exactly 0 at each of these.
    fit = ec.fit_sigma([[1.0, 0.0], [0.0, 1.0]], [0, 0], grid=[1e-3, 1e-4, 1e-2])
    assert fit.ese_curve.tolist() == [0.0, 0.0, 0.0]
    assert fit.sigma == 1e-4


def test_a_minimum_inside_the_grid_is_found():
    # One gap throughout, right in 3 of 4 rows: Phi(gap / (sigma sqrt 2)) is honest at one sigma
    # only as long as hits and misses share a bin, which two far apart sigmas do not allow.
    probs = np.tile([0.55, 0.45], (400, 1))
    labels = (np.arange(400) % 4 == 0).astype(int)
    fit = ec.fit_sigma(probs, labels, grid=[0.5, 1.0, 4.0], n_bins=1)
    assert fit.sigma == fit.grid[np.argmin(fit.ese_curve)]
    assert (fit.ese_curve > 0).any()


@pytest.mark.parametrize("grid", [[], [0.0], [-1.0], [np.nan], [np.inf]])
def test_a_grid_without_a_valid_sigma_is_refused(grid):
    with pytest.raises(ValueError, match=r"grid|sigma"):
        ec.fit_sigma([[0.5, 0.5]], [0], grid=grid)


def test_a_grid_of_another_type_is_refused():
    with pytest.raises(TypeError, match="grid: expected real numbers"):
        ec.fit_sigma([[0.5, 0.5]], [0], grid="abc")


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        ec.fit_sigma(np.empty((0, 2)), [])
