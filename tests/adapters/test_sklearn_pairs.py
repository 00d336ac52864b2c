"""Frames in the scikit-learn side: rows are paired as they belong, columns read by name."""

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

import easiness_sklearn as es  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402 - after the checks above

X, Y = load_iris(return_X_y=True, as_frame=True)
SHUFFLED = Y.sample(frac=1, random_state=0)
FITTED = es.EasinessClassifier().fit(X, Y)
RNG = np.random.default_rng(0)
PROBS = ec.softmax(RNG.normal(size=(90, 4)) * 3)
CODES = RNG.integers(0, 4, 90)
WANT = ec.score(PROBS, CODES)


@pytest.fixture(autouse=True)
def no_window():
    import matplotlib.pyplot

    matplotlib.use("agg")
    yield
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(
    "call",
    [
        lambda y: es.EasinessClassifier().fit(X, y),
        lambda y: es.EasinessFilteredClassifier().fit(X, y),
        lambda y: es.EasinessResampler().fit_resample(X, y),
        lambda y: FITTED.scores(X, y),
        lambda y: FITTED.easiness(X, y),
        lambda y: es.msr_scorer(FITTED, X, y),
        lambda y: es.EasinessDisplay.from_estimator(FITTED, X, y),
        lambda y: es.EasinessCurveDisplay.from_estimator(FITTED, X, y),
    ],
)
def test_labels_in_another_order_than_rows_are_refused(call):
    message = rf"^y: .* from row 0 on: {SHUFFLED.index[0]} and 0; pass y\.loc\[X\.index\]"
    with pytest.raises(ValueError, match=message):
        call(SHUFFLED)
    with pytest.raises(ValueError, match=message):
        call(SHUFFLED.to_frame())


def test_what_the_message_advises_works():
    aligned = es.EasinessClassifier().fit(X, SHUFFLED.loc[X.index])
    assert aligned.scores_.easiness.tobytes() == FITTED.scores_.easiness.tobytes()
    # As scikit-learn does, rows are read as they stand where indices have nothing in common.
    renamed = FITTED.scores(X, Y.set_axis([f"im{k}" for k in range(150)]))
    assert renamed.easiness.tobytes() == FITTED.scores(X, Y).easiness.tobytes()
    assert FITTED.scores(X, SHUFFLED.to_numpy()).summary.accuracy < 0.6


FRAMES = {
    "by text": (list("dcba"), np.array(list("abcd"))[CODES], [3, 2, 1, 0]),
    "by number": (["p_3", "p_2", "p_1", "p_0"], CODES, [3, 2, 1, 0]),
    "from 1": (["p_4", "p_1", "p_2", "p_3"], CODES + 1, [3, 0, 1, 2]),
    "no names": ([0, 1, 2, 3], CODES, [0, 1, 2, 3]),
    "no names, text": ([0, 1, 2, 3], np.array(list("abcd"))[CODES], [0, 1, 2, 3]),
}


@pytest.mark.parametrize("case", FRAMES)
def test_displays_read_columns_by_name(case):
    columns, labels, order = FRAMES[case]
    frame = pd.DataFrame(PROBS[:, order], columns=columns)
    drawn = es.EasinessDisplay.from_predictions(labels, frame)
    assert sorted(drawn.scores.loss) == sorted(WANT.loss)
    assert drawn.scores.summary.accuracy == WANT.summary.accuracy
    curve = es.EasinessCurveDisplay.from_predictions(labels, frame)
    np.testing.assert_array_equal(curve.bins.accuracy, WANT.summary.bins.accuracy)
    np.testing.assert_array_equal(curve.bins.count, WANT.summary.bins.count)


@pytest.mark.parametrize("display", [es.EasinessDisplay, es.EasinessCurveDisplay])
@pytest.mark.parametrize("columns", [list("abcd"), [0, 1, 2, 3]])
def test_displays_refuse_other_indices_and_orders(display, columns):
    labels = pd.Series(np.array(list("abcd"))[CODES])
    frame = pd.DataFrame(PROBS, columns=columns)
    with pytest.raises(ValueError, match="index differs"):
        display.from_predictions(labels.sample(frac=1, random_state=0), frame)
    if columns[0] == "a":
        with pytest.raises(ValueError, match=r"^classes: .* in a different order"):
            display.from_predictions(labels, frame, classes=list("dcba"))


@pytest.mark.parametrize("words", ["hard|easy", "easy, hard", ec.Level.HARD | ec.Level.EASY, 5])
def test_levels_by_word_are_taken_everywhere(words):
    filtered = es.EasinessFilteredClassifier(levels=words).fit(X, Y)
    kept = es.EasinessResampler(levels=words).fit(X, Y).sample_indices_
    want = ec.select(FITTED.scores_, "hard|easy")
    assert filtered.sample_indices_.tolist() == kept.tolist() == want.tolist()
