"""The report's figures: what they draw, and that drawing depends on nothing else."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from easiness_cli.pages import figures, words
from easiness_cli.pages.report import report_page
from report_reader import made, report_of

import easiness_core as ec


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


def settings_of_matplotlib() -> dict[str, object]:
    # The backend is chosen when first asked for.
    return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}


def test_equal_input_gives_equal_bytes_whatever_the_users_matplotlib_settings(sample):
    first = report_page(report_of(*sample))
    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": True, "svg.fonttype": "none"}):
        before = settings_of_matplotlib()
        second = report_page(report_of(*sample, n_threads=1))
        assert settings_of_matplotlib() == before
    assert first == second


def test_figures_draw_every_sample(sample):
    for estimator in (ec.ClosedForm(), ec.ClosedForm(resolution=0.0), ec.MonteCarlo(draws=100)):
        scores = ec.score(*sample, estimator=estimator)
        axes = figures.log_easiness_histogram(scores, estimator.resolution).axes[0]
        drawn: dict[str, float] = {}
        for patch in axes.patches:
            color = matplotlib.colors.to_hex(patch.get_facecolor())
            drawn[color] = drawn.get(color, 0) + patch.get_height()
        for level, color in zip(
            words.LEVELS, (figures.HARD, figures.MEDIUM, figures.EASY), strict=True
        ):
            assert drawn.get(color, 0) == scores.summary.level_counts[level]
        left, right = axes.get_xlim()
        ticks = axes.get_xticks()
        assert len(ticks) >= 2
        assert all(left < tick < right for tick in ticks)


@pytest.mark.parametrize(("resolution", "label"), [(1e-3, "> −0.001"), (0.4, "> −0.511")])
def test_easy_bar_begins_at_the_log_of_one_minus_the_resolution(sample, resolution, label):
    scores = ec.score(*sample, estimator=ec.ClosedForm(resolution=resolution))
    axes = figures.log_easiness_histogram(scores, resolution).axes[0]
    assert axes.get_xticklabels()[-1].get_text() == label


def test_figures_draw_the_bins_and_the_curve(sample):
    summary = ec.score(*sample).summary
    axes = figures.accuracy_by_easiness(summary.bins).axes[0]
    heights = [patch.get_height() for patch in axes.patches]
    np.testing.assert_array_equal(heights, summary.bins.accuracy)
    fit = ec.fit_sigma(*sample)
    axes = figures.sigma_sensitivity(fit, (0.01, summary.msr, summary.ese)).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(lines["ESE"].get_ydata(), fit.ese_curve)
    msr = lines["MSR, the share of medium samples"]
    # A logarithmic axis has no place for 0.
    np.testing.assert_array_equal(np.nan_to_num(msr.get_ydata()), fit.msr_curve)
    assert lines["σ = 0.01, used here"].get_xdata()[0] == 0.01


def test_sigma_used_is_on_the_curve_even_off_the_default_grid(sample):
    report = report_of(*sample, estimator=ec.ClosedForm(sigma=1e-5))
    assert report.sigma_fit.grid[0] == 1e-5
    assert report.sigma_fit.msr_curve[0] == report.summary.msr
    assert report.sigma_fit.ese_curve[0] == report.summary.ese
    assert set(ec.SIGMA_GRID) < set(report.sigma_fit.grid)
