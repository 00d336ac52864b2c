"""Bad input: an error that says what, where and how to mend it."""

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, PredefinedSplit, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

X, Y = make_classification(
    n_samples=90, n_features=5, n_informative=4, n_redundant=0, n_classes=3, random_state=1
)
NAMES = np.array(["wren", "owl", "kite"])
DAYS = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="M8[D]")[Y]
ALL = np.arange(90)


def with_row(part, row):
    """Three folds of which the first has one more row, in its training or test part."""
    splits = [list(split) for split in KFold(3).split(X)]
    splits[0][part] = np.append(splits[0][part], row)
    return splits


@pytest.mark.parametrize(
    ("cv", "error", "message"),
    [
        ([(ALL[:60], ALL[60:])], ValueError, "row 0 in 0 of 1; pass a number of folds"),
        (list(StratifiedKFold(3).split(X, Y)) * 2, ValueError, "row 0 in 2 of 6"),
        ([(ALL, test) for test in np.array_split(ALL, 3)], ValueError, "would not be out of fold"),
        (with_row(0, -1), ValueError, "got row -1; the splits are of other data"),
        (with_row(1, 500), ValueError, "got row 500; the splits are of other data"),
        (with_row(0, 0.7), TypeError, "got dtype float64"),
    ],
)
def test_folds_that_are_no_partition_of_the_rows(cv, error, message):
    with pytest.raises(error, match=message):
        EasinessClassifier(GaussianNB(), cv=cv).fit(X, Y)


def test_folds_may_be_masks_and_a_generator_serves_once():
    splits = list(StratifiedKFold(3).split(X, Y))
    masks = (tuple(np.isin(ALL, part) for part in split) for split in splits)
    by_mask = EasinessClassifier(GaussianNB(), cv=masks).fit(X, Y)
    expected = EasinessClassifier(GaussianNB(), cv=splits).fit(X, Y)
    np.testing.assert_array_equal(by_mask.log_easiness_, expected.log_easiness_)
    with pytest.raises(ValueError, match="expected folds, got none; a generator of splits serves"):
        by_mask.fit(X, Y)


def test_a_fold_without_a_class_is_named_before_anything_is_fitted():
    class Untouched(GaussianNB):
        def fit(self, X, y):
            raise AssertionError("fitted")

    folds = ALL % 4
    labels = np.where(folds == 2, 1, 0)
    with pytest.raises(ValueError, match=r"fold 3 of 4 lacks class 1, .* spread its \d+ samp"):
        EasinessClassifier(Untouched(), cv=PredefinedSplit(folds)).fit(X, labels)


def test_a_class_of_one_sample():
    labels = np.where(ALL == 7, "rare", NAMES[Y])
    with (
        pytest.warns(UserWarning, match="least populated class"),
        pytest.raises(ValueError, match=r"lacks class 'rare', .* single sample: drop it, merge"),
    ):
        EasinessClassifier(GaussianNB()).fit(X, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "requires y to be passed"),
        (np.zeros(90), "at least 2 classes, got 1 class .*0.0"),
        (np.where(ALL == 4, np.nan, Y), "1 of 90 labels are missing .* row 4"),
        (np.where(ALL == 4, None, DAYS.astype(object)), "1 of 90 labels are missing .* row 4"),
        (np.where(ALL == 4, np.datetime64("NaT"), DAYS), "1 of 90 labels are missing .* row 4"),
        (np.linspace(0, 1, 90), "Unknown label type"),
        (Y[:-1], "inconsistent numbers of samples"),
    ],
)
def test_labels_that_cannot_be(labels, message):
    with pytest.raises(ValueError, match=message):
        EasinessClassifier(GaussianNB()).fit(X, labels)


class Forgetful(GaussianNB):
    """Learns the first two classes only."""

    def fit(self, X, y):
        keep = np.isin(y, np.unique(y)[:2])
        return super().fit(X[keep], y[keep])


class Extra(GaussianNB):
    """Claims one more class, named after the number of its training samples."""

    def fit(self, X, y):
        super().fit(X, y)
        self.named_ = 100 + len(X)
        return self

    def predict_proba(self, X):
        self.classes_ = self.classes_[:3]
        probs = np.column_stack([super().predict_proba(X), np.zeros(len(X))])
        self.classes_ = np.append(self.classes_, self.named_)
        return probs


class Nameless(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.full((len(X), 3), 1 / 3)


class Wide(GaussianNB):
    def predict_proba(self, X):
        return np.full((len(X), 4), 1 / 4)


class Masked(GaussianNB):
    def predict_proba(self, X):
        probs = np.ma.MaskedArray(super().predict_proba(X))
        probs[0] = np.ma.masked
        return probs


class Never(LogisticRegression):
    def predict_proba(self, X):
        return np.column_stack([np.ones(len(X)), np.zeros(len(X))])


@pytest.mark.parametrize(
    ("inner", "error", "message"),
    [
        (Forgetful(), ValueError, r"fold 1 of 5: .* class 2, .* classes_ \[0, 1\]"),
        (Extra(), ValueError, r"on all samples it has .* folds \[0, 1, 2, 172\]"),
        (Nameless(), ValueError, r"fold 1 of 5: .* classes_, .* Nameless has none"),
        (Wide(), ValueError, r"the 3 entries of classes_, got shape \(18, 4\) from Wide"),
        (Masked(), TypeError, "fold 1 of 5: expected probabilities, got masked"),
        (OneVsRestClassifier(Never()), ValueError, r"90 of 90 rows (contain NaN|do not sum to 1 )"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_classifiers_whose_probabilities_are_not_of_the_classes(inner, error, message):
    with pytest.raises(error, match=message):
        EasinessClassifier(inner).fit(X, Y)


def test_models_that_disagree_on_their_classes():
    with pytest.raises(ValueError, match=r"different folds .* 172\] in fold 1 of 5, .* 173\] in f"):
        EasinessClassifier(Extra()).fit(np.vstack([X, X[:1]]), np.append(Y, Y[0]))


@pytest.mark.parametrize("inner", [LinearSVC(), GridSearchCV(LinearSVC(), {"C": [1.0]}, cv=2)])
def test_classifiers_without_probabilities_are_named(inner):
    message = f"got {type(inner).__name__} without predict_proba.*Calibrated"
    for meta in (EasinessClassifier, EasinessFilteredClassifier):
        with pytest.raises(TypeError, match=message):
            meta(inner).fit(X, Y)
    with pytest.raises(TypeError, match=message):
        EasinessFilteredClassifier(GaussianNB(), filter_estimator=inner).fit(X, Y)


def test_a_regressor_is_no_classifier():
    with pytest.raises(TypeError, match="expected a classifier, got LinearRegression"):
        EasinessFilteredClassifier(LinearRegression(), filter_estimator=GaussianNB()).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sigma": 0.0}, ValueError, "sigma"),
        ({"resolution": 0.7}, ValueError, "resolution"),
        ({"draws": 0}, ValueError, "draws"),
        ({"draws": 10, "seed": -1}, ValueError, "seed"),
        ({"n_repeats": 0}, ValueError, "n_repeats: expected at least 1, got 0"),
        ({"n_repeats": 2, "seed": None}, TypeError, "seed: expected a whole number"),
        ({"n_repeats": 2, "seed": 2**32 - 1}, ValueError, "seed: expected at most 4294967294"),
        ({"n_repeats": True}, TypeError, "n_repeats: expected a whole number, got True"),
        ({"n_repeats": 2, "cv": PredefinedSplit(ALL % 3)}, ValueError,
         "n_repeats: above 1, cv must be a number of folds.*got PredefinedSplit"),
        ({"n_repeats": 2, "estimator": FrozenEstimator(GaussianNB().fit(X, Y))}, ValueError,
         "n_repeats: a frozen classifier has no folds to repeat"),
    ],
)  # fmt: skip
def test_parameters_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        EasinessClassifier(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("maker", "options"),
    [
        (EasinessClassifier, {}),
        (EasinessFilteredClassifier, {"fraction": 0.5}),
        (EasinessResampler, {"fraction": 0.5}),
    ],
)
def test_a_fit_that_fails_leaves_what_was_fitted(maker, options):
    class FailsOnAll(GaussianNB):
        """Fits folds, and then fails where it is given every row, or every row that is kept."""

        def fit(self, X, y):
            if len(y) in (90, 45):
                raise ValueError("on purpose")
            return super().fit(X, y)

    failing = Forgetful() if maker is EasinessResampler else FailsOnAll()
    model = maker(failing, **options)
    with pytest.raises(ValueError, match=r"on purpose|classes_"):
        model.fit(X, Y)
    assert [n for n in vars(model) if n.endswith("_") and "n_features" not in n] == []
    model.set_params(estimator=GaussianNB()).fit(X, Y)
    before = {name: value for name, value in vars(model).items() if name.endswith("_")}
    model.set_params(estimator=failing)
    with pytest.raises(ValueError, match=r"on purpose|classes_"):
        model.fit(X[:, :3], Y)
    assert all(getattr(model, name) is value for name, value in before.items())


def test_nothing_before_fit():
    for call in (
        lambda m: m.predict(X),
        lambda m: m.predict_proba(X),
        lambda m: m.scores(X, Y),
        lambda m: m.score(X, Y),
        lambda m: m.to_pandas(),
    ):
        with pytest.raises(NotFittedError):
            call(EasinessClassifier())
    assert not hasattr(EasinessClassifier(GaussianNB()), "decision_function")
    assert hasattr(EasinessClassifier(), "decision_function")
    with pytest.raises(TypeError, match="sample_weight"):
        EasinessClassifier(KNeighborsClassifier()).fit(X, Y, sample_weight=np.ones(90))
