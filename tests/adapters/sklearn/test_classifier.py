"""`EasinessClassifier`: what it keeps of each sample, whatever labels, rows and classifier are."""

import pickle
import warnings

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import get_tags

import easiness_core as ec

X, Y = make_classification(
    n_samples=90, n_features=5, n_informative=4, n_redundant=0, n_classes=3, random_state=1
)
NAMES = np.array(["wren", "owl", "kite"])
ATTRIBUTES = ("easiness_", "log_easiness_", "level_", "loss_")
NARROW = X.astype(np.float32)
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
SEARCH = GridSearchCV(SGDClassifier(random_state=0), {"loss": ["log_loss"]}, cv=2)


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


def skorch_net():
    torch = pytest.importorskip("torch")
    skorch = pytest.importorskip("skorch")
    # Each clone starts from the same weights, so that two runs agree to the last bit.
    torch.manual_seed(0)
    start = torch.nn.Linear(5, 3).state_dict()

    class Net(torch.nn.Linear):
        def __init__(self):
            super().__init__(5, 3)
            self.load_state_dict(start)

    return skorch.NeuralNetClassifier(
        Net, criterion=torch.nn.CrossEntropyLoss, max_epochs=5, lr=0.1, train_split=None, verbose=0
    )


def svc(**options):
    with warnings.catch_warnings():
        # scikit-learn is to drop probability=True; until then it is a classifier like others.
        warnings.simplefilter("ignore", FutureWarning)
        return SVC(probability=True, random_state=0, **options)


CLASSIFIERS = {
    "random forest": lambda: RandomForestClassifier(10, random_state=0),
    "SVC": svc,
    "pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "one against the rest": lambda: OneVsRestClassifier(LogisticRegression()),
    "stack": lambda: StackingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier())], cv=2),
    "search whose probabilities come with fitting": lambda: SEARCH,
    "skorch": skorch_net,
}


def assert_same(one, other, names=ATTRIBUTES):
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore:The `probability` parameter was deprecated:FutureWarning")
def test_out_of_fold_scores_of_any_classifier_equal_those_by_hand(name):
    classifier, X = CLASSIFIERS[name](), NARROW
    counted = name in ("random forest", "pipeline")
    estimator = ec.MonteCarlo(sigma=0.05, draws=50, seed=3) if counted else ec.ClosedForm()
    options = {"draws": 50, "seed": 3} if counted else {}
    model = EasinessClassifier(
        classifier, sigma=estimator.sigma, cv=FOLDS, store_probs=True, **options
    ).fit(X, Y)
    probs = np.empty((90, 3), dtype=model.probs_.dtype)
    for train, test in FOLDS.split(X, Y):
        probs[test] = clone(classifier).fit(X[train], Y[train]).predict_proba(X[test])
    expected = ec.score(probs, Y, estimator=estimator)
    np.testing.assert_array_equal(model.probs_, probs)
    for field in ("easiness", "log_easiness", "level", "loss", "predicted"):
        np.testing.assert_array_equal(getattr(model, field + "_"), getattr(expected, field))
    assert model.summary_ == expected.summary
    final = clone(classifier).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), final.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), final.predict(X))
    assert model.score(X, Y) == final.score(X, Y)
    assert model.probs_.dtype == final.predict_proba(X).dtype


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


def test_sparse_rows_and_the_default_classifier_give_the_scores_of_logistic_regression():
    dense = EasinessClassifier(LogisticRegression(max_iter=1000)).fit(X, Y)
    assert_same(EasinessClassifier().fit(X, Y), dense)
    sparse = EasinessClassifier().fit(csr_array(X), Y)
    np.testing.assert_allclose(sparse.log_easiness_, dense.log_easiness_, rtol=1e-6, atol=1e-9)


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
    model = EasinessClassifier(FrozenEstimator(fitted), cv=1000)
    model.fit(X[held_out], NAMES[Y[held_out]])
    probs = fitted.predict_proba(X[held_out])
    expected = ec.score(probs, NAMES[Y[held_out]], classes=fitted.classes_)
    np.testing.assert_array_equal(model.log_easiness_, expected.log_easiness)
    assert model.classes_.tolist() == ["kite", "owl", "wren"]
    assert model.estimator_.estimator is fitted
    np.testing.assert_array_equal(fitted.theta_, means)
    with pytest.raises(ValueError, match="label 'emu'"):
        model.fit(X[:2], ["owl", "emu"])


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
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert_same(again, expected)
    np.testing.assert_array_equal(again.predict(X), expected.predict(X))


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
    model = EasinessClassifier(svc(kernel="precomputed"), cv=3).fit(kernel, Y)
    expected = EasinessClassifier(svc(kernel="linear"), cv=3).fit(X, Y)
    np.testing.assert_allclose(model.easiness_, expected.easiness_, atol=1e-6)
    # And so are those of a cross-validation around it.
    np.testing.assert_allclose(
        cross_val_score(model, kernel, Y, cv=2), cross_val_score(expected, X, Y, cv=2)
    )


def test_repeats_average_the_probabilities_of_other_folds():
    found = EasinessClassifier(GaussianNB(), cv=3, n_repeats=4, seed=7, store_probs=True).fit(X, Y)
    folds = [StratifiedKFold(3, shuffle=True, random_state=7 + k) for k in range(4)]
    each = [cross_val_predict(GaussianNB(), X, Y, cv=cv, method="predict_proba") for cv in folds]
    assert np.ptp(each, axis=0).max() > 0.01
    np.testing.assert_allclose(found.probs_, np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.loss_, ec.score(found.probs_, Y).loss)
    shuffled = EasinessClassifier(Shuffled(), cv=3, n_repeats=4, seed=7, store_probs=True)
    np.testing.assert_allclose(shuffled.fit(X, Y).probs_, found.probs_, rtol=1e-12)


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


def test_rows_that_do_not_sum_to_1_may_be_normalized():
    class Votes(GaussianNB):
        def predict_proba(self, X):
            return 3 * super().predict_proba(X)

    with pytest.raises(ValueError, match="normalize=True"):
        EasinessClassifier(Votes()).fit(X, Y)
    model = EasinessClassifier(Votes(), normalize=True).fit(X, Y)
    expected = EasinessClassifier(GaussianNB()).fit(X, Y)
    np.testing.assert_allclose(model.log_easiness_, expected.log_easiness_, rtol=1e-9)
    new = [one.log_easiness(X, Y) for one in (model, expected)]
    np.testing.assert_allclose(*new, atol=1e-9)


def test_score_is_that_of_the_inner_model():
    class Proud(GaussianNB):
        def score(self, X, y):
            return 2.0

    assert EasinessClassifier(Proud()).fit(X, Y).score(X, Y) == 2.0


def test_tags_are_those_of_the_inner_classifier():
    for inner in (HistGradientBoostingClassifier(), GaussianNB()):
        expected = get_tags(inner).input_tags.allow_nan
        for meta in (EasinessClassifier, EasinessFilteredClassifier, EasinessResampler):
            assert get_tags(meta(inner)).input_tags.allow_nan is expected
    assert EasinessResampler._estimator_type == "sampler"


def test_what_a_fitted_model_can_do_is_asked_of_the_fitted_one():
    model = EasinessClassifier(SEARCH, cv=2)
    assert not hasattr(model, "predict_proba")
    np.testing.assert_allclose(model.fit(X, Y).predict_proba(X).sum(axis=1), 1)
    assert not hasattr(model, "transform")
