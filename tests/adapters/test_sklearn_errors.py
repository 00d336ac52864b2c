"""`EasinessClassifier` on bad input: an error that says what, where and how to mend it."""

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

X, Y = make_classification(
    n_samples=90, n_features=5, n_informative=4, n_redundant=0, n_classes=3, random_state=1
)
NAMES = np.array(["wren", "owl", "kite"])


class Forgetful(GaussianNB):
    """Learns the first two classes only."""

    def fit(self, X, y):
        keep = np.isin(y, np.unique(y)[:2])
        return super().fit(X[keep], y[keep])


def test_a_fold_without_a_class_is_named_before_anything_is_fitted():
    class Untouched(GaussianNB):
        def fit(self, X, y):
            raise AssertionError("fitted")

    folds = np.arange(90) % 4
    labels = np.where(folds == 2, 1, Y % 1)
    with pytest.raises(ValueError, match=r"fold 3 of 4 lacks class 1, .* spread its \d+ samp"):
        EasinessClassifier(Untouched(), cv=PredefinedSplit(folds)).fit(X, labels)


def test_a_class_of_one_sample():
    labels = np.where(np.arange(90) == 7, "rare", NAMES[Y])
    with (
        pytest.warns(UserWarning, match="least populated class"),
        pytest.raises(ValueError, match=r"lacks class 'rare', .* single sample: drop it, merge"),
    ):
        EasinessClassifier(GaussianNB()).fit(X, labels)


def test_a_model_that_forgets_a_class():
    with pytest.raises(ValueError, match=r"fold 1 of 5: .* class 2, .* classes_ \[0, 1\]"):
        EasinessClassifier(Forgetful()).fit(X, Y)


def test_folds_that_are_no_partition():
    with pytest.raises(ValueError, match="row 0 in 0 of 1; pass a number of folds"):
        EasinessClassifier(GaussianNB(), cv=[(np.arange(60), np.arange(60, 90))]).fit(X, Y)
    twice = list(StratifiedKFold(3).split(X, Y)) * 2
    with pytest.raises(ValueError, match="row 0 in 2 of 6"):
        EasinessClassifier(GaussianNB(), cv=twice).fit(X, Y)


def test_folds_may_be_masks():
    splits = list(StratifiedKFold(3).split(X, Y))
    masks = [tuple(np.isin(np.arange(90), part) for part in split) for split in splits]
    by_mask = EasinessClassifier(GaussianNB(), cv=masks).fit(X, Y)
    expected = EasinessClassifier(GaussianNB(), cv=splits).fit(X, Y)
    np.testing.assert_array_equal(by_mask.log_easiness_, expected.log_easiness_)


def test_folds_from_a_generator_serve_once():
    model = EasinessClassifier(GaussianNB(), cv=StratifiedKFold(3).split(X, Y)).fit(X, Y)
    assert model.easiness_.shape == (90,)
    with pytest.raises(ValueError, match="expected folds, got none; a generator of splits serves"):
        model.fit(X, Y)


@pytest.mark.parametrize("row", [90, -1])
def test_folds_of_other_data(row):
    test = np.r_[np.arange(60, 89), row]
    with pytest.raises(ValueError, match=rf"rows 0 to 89 in the test parts, got row {row}"):
        EasinessClassifier(GaussianNB(), cv=[(np.arange(60), test)]).fit(X, Y)


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

        limit = 90

        def fit(self, X, y):
            if len(y) in (self.limit, self.limit // 2):
                raise ZeroDivisionError
            return super().fit(X, y)

    model = maker(FailsOnAll(), **options)
    if maker is EasinessResampler:
        model.set_params(estimator=Forgetful())
    error = ValueError if maker is EasinessResampler else ZeroDivisionError
    with pytest.raises(error):
        model.fit(X, Y)
    fitted = [name for name in vars(model) if name.endswith("_") and "n_features" not in name]
    assert fitted == []
    model.set_params(estimator=GaussianNB()).fit(X, Y)
    before = {name: value for name, value in vars(model).items() if name.endswith("_")}
    model.set_params(estimator=FailsOnAll() if error is ZeroDivisionError else Forgetful())
    with pytest.raises(error):
        model.fit(X + 1.0, Y)
    assert all(getattr(model, name) is value for name, value in before.items())


def test_rows_that_do_not_sum_to_1_name_the_parameter():
    class Votes(GaussianNB):
        def predict_proba(self, X):
            return 3 * super().predict_proba(X)

    with pytest.raises(ValueError, match="normalize=True"):
        EasinessClassifier(Votes()).fit(X, Y)
    model = EasinessClassifier(Votes(), normalize=True).fit(X, Y)
    expected = EasinessClassifier(GaussianNB()).fit(X, Y)
    np.testing.assert_allclose(model.log_easiness_, expected.log_easiness_, rtol=1e-9)


def test_rows_of_zeros_of_one_against_the_rest():
    class Never(LogisticRegression):
        def predict_proba(self, X):
            return np.column_stack([np.ones(len(X)), np.zeros(len(X))])

    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match=r"90 of 90 rows (contain NaN|do not sum to 1 )"),
    ):
        EasinessClassifier(OneVsRestClassifier(Never())).fit(X, Y)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"estimator": SVC()}, TypeError, "SVC without predict_proba; .* CalibratedClassif"),
        ({"sigma": 0.0}, ValueError, "sigma"),
        ({"resolution": 0.7}, ValueError, "resolution"),
        ({"draws": 0}, ValueError, "draws"),
        ({"draws": 10, "seed": -1}, ValueError, "seed"),
    ],
)
def test_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        EasinessClassifier(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "requires y to be passed"),
        (np.zeros(90), "at least 2 classes, got 1 class .*0.0"),
        (np.where(np.arange(90) == 4, np.nan, Y), "1 of 90 labels are missing .* row 4"),
        (np.where(np.arange(90) == 4, None, NAMES[Y]), "1 of 90 labels are missing .* row 4"),
        (np.linspace(0, 1, 90), "Unknown label type"),
        (Y[:-1], "inconsistent numbers of samples"),
    ],
)
def test_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        EasinessClassifier(GaussianNB()).fit(X, labels)


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


def test_models_that_disagree_on_their_classes():
    with pytest.raises(ValueError, match=r"different folds .* 172\] in fold 1 of 5, .* 173\] in f"):
        EasinessClassifier(Extra()).fit(np.vstack([X, X[:1]]), np.append(Y, Y[0]))
    with pytest.raises(ValueError, match=r"on all samples it has .* folds \[0, 1, 2, 172\]"):
        EasinessClassifier(Extra()).fit(X, Y)


def test_models_whose_columns_have_no_names():
    class Nameless(BaseEstimator):
        def fit(self, X, y):
            return self

        def predict_proba(self, X):
            return np.full((len(X), 3), 1 / 3)

    class Wide(GaussianNB):
        def predict_proba(self, X):
            return np.full((len(X), 4), 1 / 4)

    with pytest.raises(ValueError, match=r"fold 1 of 5: .* classes_, .* Nameless has none"):
        EasinessClassifier(Nameless()).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"the 3 entries of classes_, got shape \(18, 4\) from Wide"
    ):
        EasinessClassifier(Wide()).fit(X, Y)


def test_a_training_part_that_holds_its_test_part_is_refused():
    parts = np.array_split(np.arange(len(Y)), 3)
    splits = [(np.arange(len(Y)), test) for test in parts]
    with pytest.raises(ValueError, match="would not be out of fold"):
        EasinessClassifier(GaussianNB(), cv=splits).fit(X, Y)
