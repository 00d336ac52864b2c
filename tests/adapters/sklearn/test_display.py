"""The displays: what is drawn is what was scored."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from easiness_sklearn import EasinessCurveDisplay, EasinessDisplay
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

import easiness_core as ec

X, Y = make_classification(
    n_samples=300, n_features=5, n_informative=4, n_redundant=0, n_classes=3, flip_y=0.2,
    random_state=2,
)  # fmt: skip
NAMES = np.array(["wren", "owl", "kite"])
FOREST = RandomForestClassifier(20, random_state=0).fit(X[:150], NAMES[Y[:150]])
HELD_OUT = (X[150:], NAMES[Y[150:]])
SCORES = ec.score(FOREST.predict_proba(X[150:]), HELD_OUT[1], classes=FOREST.classes_)
DISPLAYS = [EasinessDisplay, EasinessCurveDisplay]


@pytest.fixture(autouse=True)
def close():
    mpl.use("agg")
    yield
    plt.close("all")


def heights(display):
    return {level: bars.datavalues for level, bars in display.bars_.items()}


def assert_draws_the_scores(display, scores):
    counts = scores.summary.level_counts
    drawn = heights(display)
    assert drawn[ec.Level.HARD].tolist() == [counts["hard"]]
    assert drawn[ec.Level.EASY].tolist() == [counts["easy"]]
    between = scores.easiness[scores.level == ec.Level.MEDIUM]
    expected = [np.sum((between >= k / 20) & (between < (k + 1) / 20)) for k in range(20)]
    assert drawn[ec.Level.MEDIUM].tolist() == expected
    assert sum(expected) == counts["medium"] > 0


def test_the_histogram_counts_every_sample_once():
    display = EasinessDisplay.from_estimator(FOREST, *HELD_OUT)
    assert_draws_the_scores(display, SCORES)
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylim()[0] < 1
    assert display.ax_.get_title() == "RandomForestClassifier"
    words = {text.get_text() for text in display.ax_.texts}
    assert words == {f"{k}\n{v:,}" for k, v in SCORES.summary.level_counts.items()}
    colors = [bars.patches[0].get_facecolor() for bars in display.bars_.values()]
    assert len(set(colors)) == 3
    # No bar is hidden by another.
    spans = sorted(
        (bar.get_x(), bar.get_x() + bar.get_width())
        for bars in display.bars_.values()
        for bar in bars
    )
    assert len(spans) == 22
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))
    # A level has one color, on axes already drawn on too.
    again = EasinessDisplay(scores=SCORES).plot(display.ax_)
    assert colors == [bars.patches[0].get_facecolor() for bars in again.bars_.values()]


def test_displays_that_share_an_axis_of_counts_are_all_seen():
    many, few = plt.subplots(1, 2, sharey=True)[1]
    EasinessDisplay(scores=SCORES).plot(many)
    alone = many.get_ylim()
    EasinessDisplay(scores=ec.score([[0.9, 0.1]], [0])).plot(few)
    assert few.get_ylim() == many.get_ylim() == alone


def test_the_curve_is_that_of_the_bins():
    display = EasinessCurveDisplay.from_estimator(FOREST, *HELD_OUT, sigma=0.1, n_bins=4)
    scores = ec.score(
        FOREST.predict_proba(X[150:]), HELD_OUT[1], classes=FOREST.classes_,
        estimator=ec.ClosedForm(sigma=0.1), n_bins=4,
    )  # fmt: skip
    bins = scores.summary.bins
    assert (bins.count > 0).all()
    np.testing.assert_array_equal(display.line_.get_xdata(), bins.mean_easiness)
    np.testing.assert_array_equal(display.line_.get_ydata(), bins.accuracy)
    assert [text.get_text() for text in display.counts_] == [f"{n:,}" for n in bins.count]
    assert display.line_.get_label() == f"RandomForestClassifier (ESE = {bins.ese:.4f})"
    quantile = EasinessCurveDisplay.from_estimator(
        FOREST, *HELD_OUT, sigma=0.1, n_bins=4, strategy="quantile"
    )
    correct = FOREST.predict(X[150:]) == HELD_OUT[1]
    expected = ec.easiness_bins(scores.easiness, correct, n_bins=4, strategy="quantile")
    np.testing.assert_array_equal(quantile.bins.count, expected.count)
    assert quantile.bins.ese == expected.ese


@pytest.mark.parametrize("display", DISPLAYS)
def test_predictions_draw_what_the_estimator_draws(display):
    one = display.from_estimator(FOREST, *HELD_OUT, sigma=0.05)
    other = display.from_predictions(HELD_OUT[1], FOREST.predict_proba(X[150:]), sigma=0.05)
    if display is EasinessDisplay:
        for level, values in heights(one).items():
            np.testing.assert_array_equal(values, heights(other)[level])
        assert other.ax_.get_title() == ""
    else:
        np.testing.assert_array_equal(one.line_.get_xydata(), other.line_.get_xydata())


@pytest.mark.parametrize("display", DISPLAYS)
def test_columns_without_samples_need_classes(display):
    rows = HELD_OUT[1] != "owl"
    labels, probs = HELD_OUT[1][rows], FOREST.predict_proba(X[150:])[rows]
    with pytest.raises(ValueError, match=r"2 different labels and y_prob has 3 columns; pass clas"):
        display.from_predictions(labels, probs)
    drawn = display.from_predictions(labels, probs, classes=FOREST.classes_)
    expected = display.from_estimator(FOREST, X[150:][rows], labels)
    if display is EasinessDisplay:
        np.testing.assert_array_equal(drawn.scores.easiness, expected.scores.easiness)
    else:
        np.testing.assert_array_equal(drawn.bins.accuracy, expected.bins.accuracy)


def test_options_reach_matplotlib():
    display = EasinessDisplay(scores=SCORES).plot(alpha=0.25, width=0.02)
    drawn = [bar for bars in display.bars_.values() for bar in bars]
    assert {(bar.get_alpha(), round(bar.get_width(), 9)) for bar in drawn} == {(0.25, 0.02)}
    curve = EasinessCurveDisplay(bins=SCORES.summary.bins).plot(color="red", linewidth=5)
    assert curve.line_.get_color() == "red"
    assert curve.line_.get_linewidth() == 5


def test_monte_carlo_names_its_ends():
    display = EasinessDisplay.from_estimator(FOREST, *HELD_OUT, draws=100)
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert (ticks[0], ticks[-1]) == ("0", "1")
    ticks = [
        label.get_text() for label in EasinessDisplay(scores=SCORES).plot().ax_.get_xticklabels()
    ]
    assert (ticks[0], ticks[-1]) == ("≤ 0.001", "≥ 0.999")


def test_the_curve_is_at_home_on_axes_of_others():
    axes = Figure(layout="constrained").add_subplot()
    axes.plot([0.2, 0.8], [0.3, 0.4], label="mine")
    alone = EasinessCurveDisplay(bins=SCORES.summary.bins).plot()
    shared = EasinessCurveDisplay(bins=SCORES.summary.bins).plot(axes)
    places = [[text.xyann for text in display.counts_] for display in (alone, shared)]
    assert places[0] == places[1]
    # A second curve writes its counts one line further away.
    second = EasinessCurveDisplay(bins=SCORES.summary.bins).plot(axes)
    for one, other in zip(places[1], [text.xyann for text in second.counts_], strict=True):
        assert other[0] == one[0]
        assert abs(other[1]) == abs(one[1]) + 11
    axes.figure.canvas.draw()
    inside, legend = axes.get_window_extent(), axes.get_legend().get_window_extent()
    assert inside.x0 <= legend.x0
    assert legend.x1 <= inside.x1
    assert inside.y0 <= legend.y0
    assert legend.y1 <= inside.y1


def test_several_classifiers_share_one_diagonal():
    axes = Figure().add_subplot()
    nb = GaussianNB().fit(X[:150], NAMES[Y[:150]])
    first = EasinessCurveDisplay.from_estimator(FOREST, *HELD_OUT, ax=axes, name="forest")
    second = EasinessCurveDisplay.from_estimator(nb, *HELD_OUT, ax=axes)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [label.split(" (")[0] for label in labels] == [
        "calibrated: accuracy = easiness", "forest", "GaussianNB",
    ]  # fmt: skip
    assert first.line_.get_color() != second.line_.get_color()
    assert first.ax_ is second.ax_ is axes
    # Bins without a sample leave no point.
    bins = ec.easiness_bins([0.1, 0.9, 0.95], [0, 1, 0])
    display = EasinessCurveDisplay(bins=bins)
    assert display.plot(axes) is display
    np.testing.assert_allclose(display.line_.get_xdata(), [0.1, 0.925])
    assert [text.get_text() for text in display.counts_] == ["1", "2"]
