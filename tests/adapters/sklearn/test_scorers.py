"""Scorers: their signs and values, in searches, by object and by name."""

import pickle

import naive
import numpy as np
import pytest
from easiness_sklearn import (
    EASINESS_SCORERS,
    ese_scorer,
    get_easiness_scorer,
    log_easiness_scorer,
    make_easiness_scorer,
    msr_scorer,
)
from hypothesis import given
from matplotlib import pyplot as plt
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LearningCurveDisplay,
    cross_val_score,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

import easiness_core as ec
from easiness_core.testing import probs_and_labels

X, Y = make_classification(
    n_samples=120, n_features=5, n_informative=4, n_redundant=0, n_classes=3, flip_y=0.2,
    random_state=2,
)  # fmt: skip
NAMES = np.array(["wren", "owl", "kite"])


class Given(ClassifierMixin, BaseEstimator):
    """Its rows are the probabilities."""

    def __init__(self, classes_):
        self.classes_ = classes_

    def predict_proba(self, X):
        return X


@given(probs_and_labels(n_samples=9, n_classes=4))
def test_values_and_signs_are_those_of_the_slow_oracle(case):
    probs, labels = case
    model = Given(np.arange(4))
    easiness, log_easiness = naive.closed_form(probs, labels, 0.05)
    level = naive.level(easiness, 1e-3)
    correct = naive.predicted(probs) == labels
    of = {name: make_easiness_scorer(name, sigma=0.05) for name in EASINESS_SCORERS}
    found = {name: scorer(model, probs, labels) for name, scorer in of.items()}
    near_edge = np.min(np.abs(np.subtract.outer(easiness, [1e-3, 1 - 1e-3]))) < 1e-9
    if not near_edge:
        assert found["neg_msr"] == -np.mean(level == 2)
    near_bin = np.min(np.abs(np.subtract.outer(easiness, [0.2, 0.4, 0.6, 0.8]))) < 1e-9
    if not near_bin:
        expected = -naive.ese(easiness, correct, np.arange(6) / 5)
        assert found["neg_ese"] == pytest.approx(expected, abs=1e-12)
    if np.isfinite(log_easiness).all():
        assert found["log_easiness"] == pytest.approx(np.mean(log_easiness), rel=1e-11, abs=1e-14)
    floored = make_easiness_scorer("log_easiness", sigma=0.05, floor=-2.0)
    expected = sum(max(value, -2.0) for value in log_easiness) / 9
    assert floored(model, probs, labels) == pytest.approx(expected, rel=1e-11, abs=1e-14)


@pytest.mark.filterwarnings("ignore:The scoring .* does not support sample_weight:UserWarning")
def test_a_grid_search_takes_the_greatest():
    search = GridSearchCV(
        LogisticRegression(max_iter=500), {"C": [1e-4, 1.0]}, scoring=log_easiness_scorer, cv=3
    ).fit(X, Y)
    means = search.cv_results_["mean_test_score"]
    assert search.best_index_ == np.argmax(means)
    assert means[0] != means[1]
    weighted = GridSearchCV(
        LogisticRegression(max_iter=500), {"C": [1.0]}, cv=3, refit="neg_msr",
        scoring={**EASINESS_SCORERS, "accuracy": "accuracy"}, error_score="raise",
    )  # fmt: skip
    # Weights of the fit are no business of these scorers.
    weighted.fit(X, Y, sample_weight=np.ones(120))
    assert weighted.best_score_ == pytest.approx(
        cross_val_score(LogisticRegression(max_iter=500), X, Y, scoring=msr_scorer, cv=3).mean()
    )


def test_scorers_by_name():
    assert get_easiness_scorer("neg_msr") is get_easiness_scorer("msr") is msr_scorer
    assert get_easiness_scorer("neg_ese") is get_easiness_scorer("ese") is ese_scorer
    assert get_easiness_scorer("log_easiness") is log_easiness_scorer
    for make in (get_easiness_scorer, make_easiness_scorer):
        with pytest.raises(ValueError, match="neg_msr, neg_ese, log_easiness, got 'mrs'"):
            make("mrs")
    found = cross_validate(GaussianNB(), X, Y, scoring=EASINESS_SCORERS, cv=2)
    for name, scorer in EASINESS_SCORERS.items():
        alone = cross_val_score(GaussianNB(), X, Y, scoring=scorer, cv=2)
        np.testing.assert_array_equal(found[f"test_{name}"], alone)
    assert pickle.loads(pickle.dumps(EASINESS_SCORERS)) == EASINESS_SCORERS
    assert ese_scorer != msr_scorer
    search = GridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1e-9, 10.0]},
        scoring=EASINESS_SCORERS,
        refit="neg_msr",
        cv=2,
    ).fit(X, Y)
    msr = search.cv_results_["mean_test_neg_msr"]
    assert msr[0] != msr[1]
    assert search.best_params_["var_smoothing"] == [1e-9, 10.0][int(np.argmax(msr))]
    changed = dict(EASINESS_SCORERS)
    try:
        EASINESS_SCORERS["neg_msr"] = ese_scorer
        assert get_easiness_scorer("msr") is msr_scorer
    finally:
        EASINESS_SCORERS.update(changed)


def test_metadata_for_the_fit_does_not_disturb_them():
    with config_context(enable_metadata_routing=True):
        model = GaussianNB().set_fit_request(sample_weight=True)
        options = {"params": {"sample_weight": np.ones(120)}, "cv": 3, "error_score": "raise"}
        many = cross_validate(model, X, Y, scoring=dict(EASINESS_SCORERS), **options)
        one = cross_validate(model, X, Y, scoring=msr_scorer, **options)
    np.testing.assert_array_equal(many["test_neg_msr"], one["test_score"])


def test_labels_unseen_by_the_classifier():
    model = GaussianNB().fit(X[Y < 2], NAMES[Y[Y < 2]])
    number = int(np.sum(Y == 2))
    first = int(np.flatnonzero(Y == 2)[0])
    with pytest.raises(
        ValueError,
        match=f"y: {number} of 120 labels .*'owl', 'wren'.* row {first}, label 'kite'.*stratified",
    ):
        msr_scorer(model, X, NAMES[Y])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metric": "log_easiness", "floor": 0.0}, ValueError, "negative number, got 0.0"),
        ({"metric": "log_easiness", "floor": float("nan")}, ValueError, "negative number"),
        ({"metric": "msr", "floor": -1.0}, ValueError, "only log_easiness has one"),
        ({"metric": "msr", "sigma": -1.0}, ValueError, "sigma"),
        ({"metric": "ese", "n_bins": 0}, ValueError, "n_bins"),
        ({"metric": "msr", "draws": 0}, ValueError, "draws"),
    ],
)
def test_bad_parameters_are_found_when_the_scorer_is_made(options, error, message):
    with pytest.raises(error, match=message):
        make_easiness_scorer(options.pop("metric"), **options)


def test_bad_estimators_and_weights():
    with pytest.raises(TypeError, match="LinearSVC without predict_proba"):
        msr_scorer(LinearSVC().fit(X, Y), X, Y)
    with pytest.raises(TypeError, match="not weighted; got sample_weight"):
        msr_scorer(GaussianNB().fit(X, Y), X, Y, sample_weight=np.ones(120))
    votes = Given(np.arange(2))
    with pytest.raises(ValueError, match="normalize=True"):
        msr_scorer(votes, np.array([[3.0, 1.0]]), [0])
    assert make_easiness_scorer("msr", normalize=True)(votes, np.array([[3.0, 1.0]]), [0]) == 0.0


def test_parameters_reach_the_core():
    model = GaussianNB().fit(X, Y)
    probs = model.predict_proba(X)
    wide = ec.score(probs, Y, estimator=ec.ClosedForm(sigma=0.3, resolution=0.01), n_bins=10)
    assert make_easiness_scorer("ese", sigma=0.3, resolution=0.01, n_bins=10)(
        model, X, Y
    ) == pytest.approx(-wide.summary.ese)
    counted = ec.score(probs, Y, estimator=ec.MonteCarlo(sigma=0.1, draws=20, seed=4))
    found = make_easiness_scorer("msr", sigma=0.1, draws=20, seed=4)(model, X, Y)
    assert found == -counted.summary.msr
    lowest = make_easiness_scorer("log_easiness", sigma=0.1, draws=20)
    assert lowest(model, X, Y) == -np.inf
    assert np.isfinite(make_easiness_scorer("log_easiness", draws=20, floor=-9)(model, X, Y))


# What docs/sklearn.md says of each scorer.


def test_log_easiness_alone_is_gamed_by_hesitation():
    confident = np.array([[0.9, 0.1]] * 10)
    labels = np.array([0] * 9 + [1])
    # As sure as it is right, 9 times of 10, and yet scored below one that barely prefers 0.
    squashed = 0.5 + (confident - 0.5) / 50
    model = Given(np.arange(2))
    assert log_easiness_scorer(model, squashed, labels) > log_easiness_scorer(
        model, confident, labels
    )
    assert msr_scorer(model, squashed, labels) < msr_scorer(model, confident, labels)


def test_msr_and_ese_alone_are_gamed_by_a_constant_prediction():
    constant = DummyClassifier(strategy="most_frequent").fit(X, Y)
    honest = LogisticRegression(max_iter=500).fit(X, Y)
    for scorer in (msr_scorer, ese_scorer):
        assert repr(scorer(constant, X, Y)) == "0.0"  # and not -0.0
        assert scorer(honest, X, Y) < 0.0
    assert log_easiness_scorer(constant, X, Y) < log_easiness_scorer(honest, X, Y)


def test_scikit_learn_reads_their_names():
    display = LearningCurveDisplay.from_estimator(
        GaussianNB(), X, Y, train_sizes=[0.5, 1.0], cv=2, scoring=log_easiness_scorer
    )
    assert display.score_name == "Log easiness"
    plt.close(display.figure_)
