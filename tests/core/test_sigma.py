import numpy as np

import easiness_core as ec


def test_the_curve_is_that_of_scoring_at_each_sigma(make_rows):
    probs, labels = make_rows(300, 4, spread=0.5)
    grid = [0.3, 0.01, 0.1]
    fit = ec.fit_sigma(probs, labels, grid=grid, resolution=1e-4, n_bins=7)
    np.testing.assert_array_equal(fit.grid, sorted(grid))
    for k, sigma in enumerate(sorted(grid)):
        estimator = ec.ClosedForm(sigma=sigma, resolution=1e-4)
        summary = ec.score(probs, labels, estimator=estimator, n_bins=7).summary
        assert (fit.ese_curve[k], fit.msr_curve[k]) == (summary.ese, summary.msr)
    assert fit.ese == fit.ese_curve.min()
    assert fit.sigma == fit.grid[fit.ese_curve.argmin()]
    assert fit.at_edge == (fit.sigma in (0.01, 0.3))


def test_the_default_grid_spans_three_decades_and_holds_the_default_sigma():
    assert (ec.SIGMA_GRID[0], ec.SIGMA_GRID[-1]) == (1e-3, 1.0)
    assert {0.01, 0.1} < set(ec.SIGMA_GRID)
    assert list(ec.SIGMA_GRID) == sorted(set(ec.SIGMA_GRID))


def test_a_tiny_sigma_is_honest_for_a_trivial_reason(make_rows):
    # Easiness becomes the indicator of a correct prediction: least ESE, and no information.
    probs, labels = make_rows(300, 4, spread=0.5)
    fit = ec.fit_sigma(probs, labels, grid=[1e-9, 0.01, 0.1, 0.5])
    assert (fit.sigma, fit.ese, fit.at_edge) == (1e-9, 0.0, True)
    easiness = ec.easiness(probs, labels, estimator=ec.ClosedForm(sigma=1e-9))
    np.testing.assert_array_equal(easiness, ec.score(probs, labels).predicted == labels)


def test_of_equal_minima_the_smallest_sigma_is_taken():
    # Beyond reach of any noise: the ESE is exactly 0 at each of these.
    fit = ec.fit_sigma([[1.0, 0.0], [0.0, 1.0]], [0, 0], grid=[1e-3, 1e-4, 1e-2])
    assert fit.ese_curve.tolist() == [0.0, 0.0, 0.0]
    assert fit.sigma == 1e-4


def test_a_minimum_inside_the_grid_is_not_at_its_edge():
    # Three of four lead far, one is just behind: mean easiness is 3 / 4 near one sigma.
    probs, labels = [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.505, 0.495]], [0, 0, 0, 1]
    fit = ec.fit_sigma(probs, labels, grid=[0.01, 0.58, 5.0], n_bins=1)
    assert (fit.sigma, fit.at_edge) == (0.58, False)
