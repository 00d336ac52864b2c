"""At home in a notebook: frames keep their index, rows are paired, columns read by name."""

import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tqdm.auto
from easiness_sklearn import (
    EasinessClassifier,
    EasinessCurveDisplay,
    EasinessDisplay,
    EasinessFilteredClassifier,
    EasinessResampler,
    msr_scorer,
)
from matplotlib.figure import Figure
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import easiness_core as ec

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 120)
X = RNG.normal(size=(120, 4)) + Y[:, None]
INDEX = pd.Index([f"row {k}" for k in RNG.permutation(120)], name="sample")
FRAME = pd.DataFrame(X, columns=list("abcd"), index=INDEX)
NAMES = np.array(["wren", "owl", "kite"])
LABELS = pd.Series(NAMES[Y], index=INDEX)
SHUFFLED = LABELS.sample(frac=1, random_state=0)
FITTED = EasinessClassifier(GaussianNB()).fit(FRAME, LABELS)
PROBS = ec.softmax(RNG.normal(size=(90, 4)) * 3)
CODES = RNG.integers(0, 4, 90)
WANT = ec.score(PROBS, CODES)


@pytest.mark.parametrize("given", ["X", "y", "both"])
def test_the_index_of_X_or_y_comes_back(given):
    X_given = X if given == "y" else FRAME
    y_given = NAMES[Y] if given == "X" else LABELS
    model = EasinessClassifier(GaussianNB()).fit(X_given, y_given)
    frame = model.to_pandas()
    pd.testing.assert_index_equal(frame.index, INDEX)
    # So it joins to the frame that it came from.
    joined = FRAME.join(frame)
    assert joined["label"].tolist() == NAMES[Y].tolist()
    np.testing.assert_array_equal(joined["log_easiness"], model.log_easiness_)
    for kept in (model.scores_, model.label_errors_, model.scores(X_given, y_given)):
        pd.testing.assert_index_equal(kept.to_pandas().index, INDEX)
    # Refitted on plain arrays, it forgets names and index.
    model.fit(X, Y)
    assert not hasattr(model, "feature_names_in_")
    assert model.to_pandas().index.tolist() == list(range(120))


def test_a_frame_has_everything_that_was_found():
    table, found = FITTED.to_pandas(), FITTED.label_errors_
    assert table.columns.tolist() == [
        "label", "suggested", "suspicion", "p_label", "p_suggested", "flagged", "rank",
        "predicted", "easiness", "log_easiness", "level", "loss",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["suggested"], FITTED.classes_[found.suggested])
    np.testing.assert_array_equal(table["predicted"], FITTED.predicted_)
    np.testing.assert_array_equal(table["suspicion"], found.suspicion)
    np.testing.assert_array_equal(table["flagged"], found.flags)
    np.testing.assert_array_equal(table["rank"].to_numpy()[found.order], np.arange(1, 121))
    assert table["level"].value_counts().to_dict() == FITTED.summary_.level_counts
    assert table["level"].cat.ordered
    np.testing.assert_array_equal(table["level"] == "hard", FITTED.level_ == ec.Level.HARD)
    assert FITTED.feature_names_in_.tolist() == list("abcd")
    numbers = EasinessClassifier(GaussianNB()).fit(X, 10 * Y - 5).to_pandas()
    for name in ("label", "suggested", "predicted"):
        assert set(numbers[name]) <= {-5, 5, 15}


def test_filters_carry_the_index_too():
    options = {"fraction": 0.9, "per_class": True}
    resampler = EasinessResampler(GaussianNB(), **options)
    X_kept, y_kept = resampler.fit_resample(FRAME, LABELS)
    filtered = EasinessFilteredClassifier(GaussianNB(), **options).fit(X, LABELS)
    for one in (resampler, filtered):
        pd.testing.assert_index_equal(one.scores_.to_pandas().index, INDEX)
    for kept in (X_kept, y_kept):
        pd.testing.assert_index_equal(kept.index, INDEX[resampler.sample_indices_])


@pytest.mark.parametrize("container", ["pandas", "polars", "default"])
def test_pipelines_that_output_frames_keep_index_and_names(container):
    with config_context(transform_output=container):
        pipe = make_pipeline(StandardScaler(), EasinessClassifier(GaussianNB()))
        pipe.fit(FRAME, LABELS)
    model = pipe[-1]
    pd.testing.assert_index_equal(model.to_pandas().index, INDEX)
    if container != "default":
        assert model.feature_names_in_.tolist() == list("abcd")
    plain = EasinessClassifier(GaussianNB()).fit(StandardScaler().fit_transform(X), Y)
    # Sums over columns depend on the layout of the memory.
    np.testing.assert_allclose(model.log_easiness_, plain.log_easiness_, rtol=1e-9)


def test_polars_has_no_index():
    model = EasinessClassifier(GaussianNB()).fit(pl.DataFrame(X, schema=list("abcd")), Y)
    assert model.to_pandas().index.tolist() == list(range(120))


@pytest.mark.parametrize(
    "call",
    [
        lambda y: EasinessClassifier().fit(FRAME, y),
        lambda y: EasinessFilteredClassifier().fit(FRAME, y),
        lambda y: EasinessResampler().fit_resample(FRAME, y),
        lambda y: FITTED.scores(FRAME, y),
        lambda y: msr_scorer(FITTED, FRAME, y),
        lambda y: EasinessDisplay.from_estimator(FITTED, FRAME, y),
        lambda y: EasinessCurveDisplay.from_estimator(FITTED, FRAME, y),
    ],
)
def test_labels_in_another_order_than_rows_are_refused(call):
    for y in (SHUFFLED, SHUFFLED.to_frame()):
        with pytest.raises(ValueError, match=r"^y: .* from row 0 on: .*; pass y\.loc\[X\.index\]"):
            call(y)


def test_labels_are_paired_as_the_message_advises():
    aligned = EasinessClassifier(GaussianNB()).fit(FRAME, SHUFFLED.loc[FRAME.index])
    assert aligned.scores_.easiness.tobytes() == FITTED.scores_.easiness.tobytes()
    # As scikit-learn does, rows are read as they stand where indices have nothing in common.
    renamed = FITTED.scores(FRAME, LABELS.set_axis([f"im{k}" for k in range(120)]))
    assert renamed.easiness.tobytes() == FITTED.scores(FRAME, LABELS).easiness.tobytes()


FRAMES = {
    "by text": (list("dcba"), np.array(list("abcd"))[CODES], [3, 2, 1, 0]),
    "by number": (["p_3", "p_2", "p_1", "p_0"], CODES, [3, 2, 1, 0]),
    "no names, text": ([0, 1, 2, 3], np.array(list("abcd"))[CODES], [0, 1, 2, 3]),
}


@pytest.mark.parametrize("case", FRAMES)
def test_displays_read_columns_by_name(case):
    columns, labels, order = FRAMES[case]
    frame = pd.DataFrame(PROBS[:, order], columns=columns)
    left, right = Figure().subplots(1, 2)
    drawn = EasinessDisplay.from_predictions(labels, frame, ax=left)
    assert sorted(drawn.scores.loss) == sorted(WANT.loss)
    assert drawn.scores.summary.accuracy == WANT.summary.accuracy
    curve = EasinessCurveDisplay.from_predictions(labels, frame, ax=right)
    np.testing.assert_array_equal(curve.bins.accuracy, WANT.summary.bins.accuracy)


@pytest.mark.parametrize("display", [EasinessDisplay, EasinessCurveDisplay])
def test_displays_refuse_other_indices_and_orders(display):
    labels = pd.Series(np.array(list("abcd"))[CODES])
    frame = pd.DataFrame(PROBS, columns=list("abcd"))
    with pytest.raises(ValueError, match="index differs"):
        display.from_predictions(labels.sample(frac=1, random_state=0), frame)
    with pytest.raises(ValueError, match=r"^classes: .* in a different order"):
        display.from_predictions(labels, frame, classes=list("dcba"))


@pytest.fixture
def bars(monkeypatch):
    """Bars that are made, which write into a text."""
    made = []

    def bar(**options):
        made.append(tqdm.std.tqdm(**options, file=io.StringIO()))
        return made[-1]

    monkeypatch.setattr(tqdm.auto, "tqdm", bar)
    return made


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_folds_are_counted_and_nothing_changes(bars, n_jobs):
    plain = EasinessClassifier(GaussianNB()).fit(X, Y)
    assert bars == []
    shown = EasinessClassifier(GaussianNB(), n_jobs=n_jobs).fit(X, Y, progress=True)
    np.testing.assert_array_equal(shown.log_easiness_, plain.log_easiness_)
    assert [(bar.desc, bar.total, bar.n) for bar in bars] == [("cross-validation", 5, 5)]
    repeated = EasinessClassifier(GaussianNB(), n_repeats=2, cv=3).fit(X, Y, progress=True)
    assert [(bar.desc, bar.total, bar.n) for bar in bars[1:]] == [
        ("cross-validation 1 of 2", 3, 3),
        ("cross-validation 2 of 2", 3, 3),
    ]
    # An option of fit, no parameter, and not handed on as metadata.
    assert "progress" not in repeated.get_params()
    with config_context(enable_metadata_routing=True):
        EasinessClassifier(GaussianNB()).fit(X, Y, progress=True)
    assert len(bars) == 4
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    EasinessClassifier(frozen).fit(X, Y, progress=True)
    assert len(bars) == 4
