"""At home in a notebook: frames that keep their index, progress of folds."""

import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tqdm.auto
from easiness_sklearn import (
    EasinessClassifier,
    EasinessFilteredClassifier,
    EasinessResampler,
)
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 120)
X = RNG.normal(size=(120, 4)) + Y[:, None]
INDEX = pd.Index([f"row {k}" for k in RNG.permutation(120)], name="sample")
FRAME = pd.DataFrame(X, columns=list("abcd"), index=INDEX)
NAMES = np.array(["wren", "owl", "kite"])


@pytest.mark.parametrize("given", ["X", "y", "both"])
def test_the_index_of_X_or_y_comes_back(given):
    X_given = X if given == "y" else FRAME
    y_given = NAMES[Y] if given == "X" else pd.Series(NAMES[Y], index=INDEX)
    model = EasinessClassifier(GaussianNB()).fit(X_given, y_given)
    frame = model.to_pandas()
    pd.testing.assert_index_equal(frame.index, INDEX)
    # So it joins to the frame that it came from.
    joined = FRAME.join(frame)
    assert joined["label"].tolist() == NAMES[Y].tolist()
    np.testing.assert_array_equal(joined["log_easiness"], model.log_easiness_)
    for kept in (model.scores_, model.label_errors_, model.scores(X_given, y_given)):
        pd.testing.assert_index_equal(kept.to_pandas().index, INDEX)
    assert all(isinstance(name, str) for name in frame.columns)


def test_filters_carry_the_index_too():
    options = {"fraction": 0.9, "per_class": True}
    y = pd.Series(Y, index=INDEX)
    resampler = EasinessResampler(GaussianNB(), **options)
    X_kept, y_kept = resampler.fit_resample(FRAME, y)
    filtered = EasinessFilteredClassifier(GaussianNB(), **options).fit(X, y)
    for one in (resampler, filtered):
        pd.testing.assert_index_equal(one.scores_.to_pandas().index, INDEX)
    for kept in (X_kept, y_kept):
        pd.testing.assert_index_equal(kept.index, INDEX[resampler.sample_indices_])
    assert "fraction=0.9, per_class=True" in repr(resampler)


@pytest.mark.parametrize("container", ["pandas", "polars", "default"])
def test_pipelines_that_output_frames_keep_index_and_names(container):
    with config_context(transform_output=container):
        pipe = make_pipeline(StandardScaler(), EasinessClassifier(GaussianNB()))
        pipe.fit(FRAME, pd.Series(Y, index=INDEX))
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


def test_labels_keep_their_type():
    frame = EasinessClassifier(GaussianNB()).fit(X, 10 * Y - 5).to_pandas()
    for name in ("label", "suggested", "predicted"):
        assert set(frame[name]) <= {-5, 5, 15}
    assert frame["label"].tolist() == (10 * Y - 5).tolist()
    flagged = frame[frame["flagged"]]
    assert len(flagged)
    assert (flagged["label"] != flagged["suggested"]).all()


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
    plain = EasinessClassifier(GaussianNB(), n_jobs=n_jobs).fit(X, Y)
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


def test_a_frozen_classifier_has_no_folds_to_count(bars):
    EasinessClassifier(FrozenEstimator(GaussianNB().fit(X, Y))).fit(X, Y, progress=True)
    assert bars == []
