"""The core's figures: what is drawn is what was found."""

import matplotlib as mpl
import numpy as np
import pytest
from conftest import run_script
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import easiness_core as ec
from easiness_core.displays import (
    EasinessCurveDisplay,
    EasinessDisplay,
    LabelErrorsDisplay,
    SigmaDisplay,
)

SCORES = ec.score([[0.9, 0.1], [0.2, 0.8]], [0, 0])
NAMES = ["$wren$", "owl", "a kite with a very long name"]


@pytest.fixture(autouse=True)
def close():
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture
def rows(make_rows):
    return make_rows(300, 3, spread=0.5)


def test_results_plot_themselves(rows):
    found = {
        EasinessDisplay: ec.score(*rows),
        LabelErrorsDisplay: ec.find_label_errors(*rows),
        SigmaDisplay: ec.fit_sigma(*rows, grid=[0.01, 0.1, 1.0]),
    }
    for kind, each in found.items():
        axes = Figure().add_subplot()
        display = each.plot(axes, name="mine")
        assert type(display) is kind
        assert display.ax_ is axes
        assert display.figure_ is axes.figure
        assert "mine" in axes.get_title()
        assert repr(display).startswith(f"{kind.__name__}(name='mine', ")
        assert len(repr(display)) < 90
        assert each.plot().ax_ is not axes


def test_intervals_of_the_accuracy_are_drawn(rows):
    bins = ec.score(*rows, estimator=ec.ClosedForm(sigma=0.3)).summary.bins
    display = EasinessCurveDisplay(bins=bins).plot()
    shown = bins.count > 0
    (bars,) = display.intervals_.lines[2]
    drawn = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(drawn, bins.accuracy_interval[shown])
    at = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_array_equal(at, np.repeat(bins.mean_easiness[shown, None], 2, axis=1))
    assert repr(display) == f"EasinessCurveDisplay(300 samples in 5 bins, ESE = {bins.ese:.4f})"


def test_pairs_of_classes_are_counted(rows):
    probs, labels = rows
    found = ec.find_label_errors(probs, np.array(NAMES)[labels], classes=NAMES)
    display = found.plot()
    assert display.bars_.datavalues.tolist() == found.confused[:, 2].tolist()
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    short = ["$wren$", "owl", "a kite with a ver…"]
    assert ticks == [f"{short[given]} → {short[other]}" for given, other, _ in found.confused]
    display.figure_.canvas.draw()
    # Dollar signs are no formula, and no word leaves the figure.
    inside = display.figure_.get_window_extent()
    for text in display.ax_.get_yticklabels():
        assert not text.get_parse_math()
        assert inside.x0 <= text.get_window_extent().x0
    few = found.plot(max_pairs=2, color="red")
    assert len(few.bars_) == 2
    assert f"{len(found.confused) - 2} more pairs" in few.ax_.get_xlabel()
    assert few.bars_[0].get_facecolor() == (1.0, 0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="max_pairs: expected 1 or more, got 0"):
        found.plot(max_pairs=0)


def test_nothing_is_drawn_where_there_is_nothing():
    scores = ec.score(np.empty((0, 3)), [])
    for display in (scores.plot(), EasinessCurveDisplay(bins=scores.summary.bins).plot()):
        assert "0 samples" in repr(display)
        display.figure_.canvas.draw()
    display = ec.find_label_errors([[0.9, 0.1], [0.1, 0.9]], [0, 1]).plot()
    assert (len(display.bars_), repr(display)) == (0, "LabelErrorsDisplay(0 of 2 samples flagged)")


def test_the_curves_over_sigma_are_drawn(rows):
    fit = ec.fit_sigma(*rows)
    display = fit.plot(linewidth=3)
    for word, curve in (("ESE", fit.ese_curve), ("MSR", fit.msr_curve)):
        line = display.lines_[word]
        np.testing.assert_array_equal(line.get_xdata(), fit.grid)
        np.testing.assert_array_equal(line.get_ydata(), curve)
        assert line.get_linewidth() == 3
        assert display.ax_.get_ylim()[1] > curve.max()
    marker = display.ax_.lines[-1]
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (fit.sigma, fit.ese)
    assert ("edge" in display.ax_.get_xlabel()) == fit.at_edge


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: EasinessDisplay(scores=[0.5]), "scores: expected easiness_core.Scores"),
        (lambda: EasinessCurveDisplay(bins=None), "bins: expected easiness_core.EasinessBins"),
        (lambda: LabelErrorsDisplay(found={}), "found: expected easiness_core.LabelErrors"),
        (lambda: SigmaDisplay(fit=0.1), "fit: expected easiness_core.SigmaFit"),
        (lambda: SCORES.plot("axes"), "ax: expected matplotlib.axes.Axes, got str"),
        (lambda: SCORES.plot(Figure()), "ax: expected matplotlib.axes.Axes, got Figure"),
        (lambda: SCORES.plot(plt.figure().add_subplot(projection="polar")), "got polar axes"),
        (lambda: SCORES.plot(plt.figure().add_subplot(projection="3d")), "got 3d axes"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(TypeError, match=message):
        draw()


def test_matplotlib_is_imported_by_plot_alone_and_named_where_it_is_missing():
    code = """
import sys
import easiness_core as ec
import easiness_core.displays
scores = ec.score([[0.9, 0.1]], [0])
scores._repr_html_()
assert not {"matplotlib", "jinja2", "pandas"} & set(sys.modules)
sys.modules["matplotlib"] = None
try:
    scores.plot()
except ImportError as error:
    print(error)
"""
    message = "EasinessDisplay.plot needs matplotlib: pip install matplotlib\n"
    assert run_script(code) == message
