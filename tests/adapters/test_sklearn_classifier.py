"""`EasinessClassifier`: what it keeps of each sample, whatever labels and rows are."""

import pickle

import joblib
import naive
import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import easiness_core as ec

X, Y = make_classification(
    n_samples=90, n_features=5, n_informative=4, n_redundant=0, n_classes=3, random_state=1
)
NAMES = np.array(["wren", "owl", "kite"])
ATTRIBUTES = ("easiness_", "log_easiness_", "level_", "loss_")


def centroid_probs(X_train, y_train, x):
    """A classifier in a line: softmax of minus squared distances to the classes' means."""
    distance = [np.sum((x - X_train[y_train == c].mean(axis=0)) ** 2) for c in np.unique(y_train)]
    weight = np.exp(min(distance) - np.array(distance))
    return weight / weight.sum()


class Centroids(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.X_, self.y_, self.classes_ = X, y, np.unique(y)
        return self

    def predict_proba(self, X):
        return np.array([centroid_probs(self.X_, self.y_, x) for x in X])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Shuffled(GaussianNB):
    """Gives its classes in another order in each fold, and says so."""

    def fit(self, X, y):
        super().fit(X, y)
        self.order_ = np.roll(np.arange(3), len(X) % 3)
        self.classes_ = self.classes_[self.order_]
        return self

    def predict_proba(self, X):
        model = GaussianNB()
        vars(model).update({k: v for k, v in vars(self).items() if k != "order_"})
        model.classes_ = np.sort(self.classes_)
        return model.predict_proba(X)[:, self.order_]


def assert_same(one, other, names=ATTRIBUTES):
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_scores_are_those_of_the_slow_oracle():
    folds = np.arange(90) % 3
    model = EasinessClassifier(Centroids(), sigma=0.2, cv=PredefinedSplit(folds)).fit(X, Y)
    probs = naive.out_of_fold(centroid_probs, X, Y, folds)
    easiness, log_easiness = naive.closed_form(probs, Y, 0.2)
    np.testing.assert_allclose(model.easiness_, easiness, atol=1e-12)
    np.testing.assert_allclose(model.log_easiness_, log_easiness, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(model.level_, naive.level(easiness, 1e-3))
    np.testing.assert_array_equal(model.predicted_, naive.predicted(probs))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_scores_follow_their_rows(seed):
    # The same folds in another order of rows: every row keeps its score.
    order = np.random.default_rng(seed).permutation(90)
    folds = np.arange(90) % 3
    model = EasinessClassifier(Centroids(), sigma=0.1)
    straight = clone(model).set_params(cv=PredefinedSplit(folds)).fit(X, Y)
    moved = clone(model).set_params(cv=PredefinedSplit(folds[order])).fit(X[order], Y[order])
    np.testing.assert_allclose(moved.log_easiness_, straight.log_easiness_[order], rtol=1e-9)


def test_names_as_labels_give_the_scores_of_numbers():
    numbers = EasinessClassifier(GaussianNB()).fit(X, Y)
    # Sorted, the names are in the opposite order: kite, owl, wren.
    names = EasinessClassifier(GaussianNB()).fit(X, NAMES[Y])
    np.testing.assert_allclose(names.log_easiness_, numbers.log_easiness_, rtol=1e-9, atol=1e-12)
    assert names.classes_.tolist() == ["kite", "owl", "wren"]
    np.testing.assert_array_equal(names.predicted_, NAMES[numbers.predicted_])
    np.testing.assert_array_equal(names.predict(X), NAMES[numbers.predict(X)])


def test_a_parameter_that_names_classes_reaches_every_fold():
    weights = {"wren": 1.0, "owl": 9.0, "kite": 1.0}
    model = EasinessClassifier(LogisticRegression(class_weight=weights)).fit(X, NAMES[Y])
    coded = LogisticRegression(class_weight={0: 1.0, 1: 9.0, 2: 1.0})
    expected = EasinessClassifier(coded).fit(X, (2 - Y))
    np.testing.assert_allclose(model.log_easiness_, expected.log_easiness_)


def test_columns_are_put_in_order_by_the_classes_of_each_model():
    # 91 rows: the training parts differ in length, and so the models in their order.
    more, labels = np.vstack([X, X[:1]]), np.append(Y, Y[0])
    plain = EasinessClassifier(GaussianNB(), store_probs=True).fit(more, labels)
    mixed = EasinessClassifier(Shuffled(), store_probs=True).fit(more, labels)
    assert mixed.classes_.tolist() != plain.classes_.tolist()
    assert_same(mixed, plain, (*ATTRIBUTES, "predicted_"))
    np.testing.assert_array_equal(mixed.probs_, plain.probs_[:, mixed.classes_])


def test_sparse_rows_give_the_scores_of_dense_ones():
    dense = EasinessClassifier().fit(X, Y)
    sparse = EasinessClassifier().fit(csr_array(X), Y)
    np.testing.assert_allclose(sparse.log_easiness_, dense.log_easiness_, rtol=1e-6, atol=1e-9)


def test_pandas_in_and_out():
    pd = pytest.importorskip("pandas")
    index = [f"row {k}" for k in range(90)][::-1]
    frame = pd.DataFrame(X, columns=list("abcde"), index=index)
    labels = pd.Series(NAMES[Y], index=index, dtype="category")
    model = EasinessClassifier(GaussianNB()).fit(frame, labels)
    assert_same(model, EasinessClassifier(GaussianNB()).fit(X, NAMES[Y]))
    assert model.feature_names_in_.tolist() == list("abcde")
    assert model.n_features_in_ == 5
    table = model.to_pandas()
    assert table.index.tolist() == index
    assert table.columns.tolist() == [
        "label", "suggested", "suspicion", "p_label", "p_suggested", "flagged", "rank",
        "predicted", "easiness", "log_easiness", "level", "loss",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["label"], NAMES[Y])
    found = model.label_errors_
    np.testing.assert_array_equal(table["suggested"], model.classes_[found.suggested])
    np.testing.assert_array_equal(table["predicted"], model.predicted_)
    np.testing.assert_array_equal(table["suspicion"], found.suspicion)
    np.testing.assert_array_equal(table["flagged"], found.flags)
    np.testing.assert_array_equal(table["rank"].to_numpy()[found.order], np.arange(1, 91))
    np.testing.assert_array_equal(table["log_easiness"], model.log_easiness_)
    assert table["level"].value_counts().to_dict() == model.summary_.level_counts
    assert table["level"].cat.ordered
    np.testing.assert_array_equal(table["level"] == "hard", model.level_ == ec.Level.HARD)
    # Refitted on plain arrays, it forgets names and index.
    model.fit(X, Y)
    assert not hasattr(model, "feature_names_in_")
    assert model.to_pandas().index.tolist() == list(range(90))


def test_new_samples_are_scored_by_the_final_model():
    model = EasinessClassifier(GaussianNB(), sigma=0.03).fit(X[:60], NAMES[Y[:60]])
    final = GaussianNB().fit(X[:60], Y[:60])
    expected = ec.score(final.predict_proba(X[60:]), Y[60:], estimator=ec.ClosedForm(sigma=0.03))
    scores = model.scores(X[60:], NAMES[Y[60:]])
    np.testing.assert_allclose(scores.log_easiness, expected.log_easiness, rtol=1e-9)
    np.testing.assert_array_equal(model.easiness(X[60:], NAMES[Y[60:]]), scores.easiness)
    np.testing.assert_array_equal(model.log_easiness(X[60:], NAMES[Y[60:]]), scores.log_easiness)
    # A test part may lack a class.
    only = Y[60:] == 1
    assert len(model.scores(X[60:][only], NAMES[Y[60:][only]])) == only.sum()
    with pytest.raises(ValueError, match=r"1 of 30 labels .* first is row 2, label 'emu'"):
        model.scores(X[60:], [*NAMES[Y[60:62]], "emu", *NAMES[Y[63:]]])


def test_a_frozen_classifier_is_not_fitted_again():
    fitted = GaussianNB().fit(X[:60], NAMES[Y[:60]])
    means = fitted.theta_.copy()
    # Neither folds nor every class are needed.
    held_out = np.flatnonzero(Y[60:] != 0) + 60
    model = EasinessClassifier(FrozenEstimator(fitted), cv=1000).fit(
        X[held_out], NAMES[Y[held_out]]
    )
    expected = ec.score(
        fitted.predict_proba(X[held_out]), NAMES[Y[held_out]], classes=fitted.classes_
    )
    np.testing.assert_array_equal(model.log_easiness_, expected.log_easiness)
    assert model.classes_.tolist() == ["kite", "owl", "wren"]
    assert model.estimator_.estimator is fitted
    np.testing.assert_array_equal(fitted.theta_, means)
    assert len(model.fit(X[:2], ["owl", "owl"]).easiness_) == 2
    with pytest.raises(ValueError, match="label 'emu'"):
        model.fit(X[:2], ["owl", "emu"])


def test_the_default_is_logistic_regression():
    expected = EasinessClassifier(LogisticRegression(max_iter=1000)).fit(X, Y)
    assert_same(EasinessClassifier().fit(X, Y), expected)


def test_a_grid_search_reaches_sigma_and_the_inner_model():
    search = GridSearchCV(
        EasinessClassifier(GaussianNB(), cv=3),
        {"sigma": [0.3, 0.01], "estimator__var_smoothing": [1e-9, 10.0]},
        cv=2,
    ).fit(X, Y)
    # Sigma has no part in the accuracy, so that the first is taken; smoothing has.
    accuracy = search.cv_results_["mean_test_score"].reshape(2, 2)
    np.testing.assert_array_equal(accuracy[:, 0], accuracy[:, 1])
    assert accuracy[1, 0] > accuracy[0, 0]
    expected = EasinessClassifier(GaussianNB(var_smoothing=10.0), sigma=0.3, cv=3).fit(X, Y)
    assert_same(search.best_estimator_, expected)


def test_it_is_one_step_of_a_pipeline_and_survives_pickling():
    model = make_pipeline(StandardScaler(), EasinessClassifier(GaussianNB())).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert_same(again[-1], model[-1])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_parallel_folds_change_nothing():
    with joblib.parallel_config(backend="threading"):
        model = EasinessClassifier(GaussianNB(), n_jobs=2).fit(X, Y)
    assert_same(model, EasinessClassifier(GaussianNB()).fit(X, Y))


def test_probabilities_are_kept_on_demand_only():
    without = EasinessClassifier(GaussianNB())
    for model in (without, without.fit(X, Y)):
        assert not hasattr(model, "probs_")
    with pytest.raises(AttributeError, match="set store_probs=True before fit"):
        without.probs_  # noqa: B018
    with pytest.raises(NotFittedError):
        EasinessClassifier().probs_  # noqa: B018
    model = EasinessClassifier(GaussianNB(), store_probs=True).fit(X, Y)
    assert ec.score(model.probs_, Y).summary == model.summary_
    assert not hasattr(model.set_params(store_probs=False).fit(X, Y), "probs_")


@pytest.mark.filterwarnings("ignore:The `probability` parameter was deprecated:FutureWarning")
def test_precomputed_kernels_are_cut_in_both_directions():
    kernel = X @ X.T
    options = {"probability": True, "random_state": 0}
    model = EasinessClassifier(SVC(kernel="precomputed", **options), cv=3).fit(kernel, Y)
    expected = EasinessClassifier(SVC(kernel="linear", **options), cv=3).fit(X, Y)
    np.testing.assert_allclose(model.easiness_, expected.easiness_, atol=1e-6)
    # And so are those of a cross-validation around it.
    np.testing.assert_allclose(
        cross_val_score(model, kernel, Y, cv=2), cross_val_score(expected, X, Y, cv=2)
    )


def test_monte_carlo_by_number_of_draws():
    iris = load_iris(return_X_y=True)
    model = EasinessClassifier(draws=100, seed=3, store_probs=True).fit(*iris)
    expected = ec.score(model.probs_, iris[1], estimator=ec.MonteCarlo(draws=100, seed=3))
    np.testing.assert_array_equal(model.easiness_, expected.easiness)
    assert model.summary_.estimator == ec.MonteCarlo(draws=100, seed=3)


def test_repeats_average_the_probabilities_of_other_folds():
    found = EasinessClassifier(GaussianNB(), cv=3, n_repeats=4, seed=7, store_probs=True).fit(X, Y)
    folds = [StratifiedKFold(3, shuffle=True, random_state=7 + k) for k in range(4)]
    each = [cross_val_predict(GaussianNB(), X, Y, cv=cv, method="predict_proba") for cv in folds]
    assert np.ptp(each, axis=0).max() > 0.01
    np.testing.assert_allclose(found.probs_, np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.loss_, ec.score(found.probs_, Y).loss)
    shuffled = EasinessClassifier(Shuffled(), cv=3, n_repeats=4, seed=7, store_probs=True)
    np.testing.assert_allclose(shuffled.fit(X, Y).probs_, found.probs_, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_repeats": 0}, ValueError, "n_repeats: expected at least 1, got 0"),
        ({"n_repeats": 2, "seed": -1}, ValueError, "seed: expected"),
        ({"n_repeats": 2, "seed": None}, TypeError, "seed: expected a whole number"),
        ({"n_repeats": 2, "seed": 2**32 - 1}, ValueError, "seed: expected at most 4294967294"),
        ({"n_repeats": 2.0}, TypeError, "n_repeats: expected a whole number, got 2.0"),
        ({"n_repeats": True}, TypeError, "n_repeats: expected a whole number, got True"),
        ({"n_repeats": 2, "cv": PredefinedSplit(np.arange(90) % 3)}, ValueError,
         "n_repeats: above 1 it requires cv to be a number of folds.*got PredefinedSplit"),
        ({"n_repeats": 2, "estimator": FrozenEstimator(GaussianNB().fit(X, Y))}, ValueError,
         "n_repeats: a frozen classifier has no folds to repeat"),
    ],
)  # fmt: skip
def test_repeats_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        EasinessClassifier(**options).fit(X, Y)


def test_label_errors_are_those_of_the_probabilities():
    names = NAMES[Y]
    names[:5] = np.roll(NAMES, 1)[Y[:5]]
    model = EasinessClassifier(Shuffled(), cv=3, store_probs=True).fit(X, names)
    found = ec.find_label_errors(model.probs_, names, classes=model.classes_.tolist())
    np.testing.assert_array_equal(model.label_errors_.order, found.order)
    np.testing.assert_array_equal(model.label_errors_.flags, found.flags)
    flagged = found.flags
    assert flagged.any()
    assert (model.classes_[found.suggested[flagged]] != names[flagged]).all()
