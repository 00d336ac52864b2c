"""Weights, groups and other metadata reach folds and splitters as elsewhere in scikit-learn."""

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, Y = make_classification(n_samples=80, n_features=4, random_state=5)
WEIGHT = np.random.default_rng(0).uniform(0.2, 3.0, 80)
GROUPS = np.repeat(np.arange(20), 4)
FOLDS = StratifiedKFold(4, shuffle=True, random_state=1)


class Witness(GaussianNB):
    """Writes down what each `fit` was given."""

    seen = []  # noqa: RUF012 - shared by clones on purpose

    def fit(self, X, y, sample_weight=None, tag=None):
        Witness.seen.append((X, sample_weight, tag))
        return super().fit(X, y, sample_weight=sample_weight)


@pytest.fixture(autouse=True)
def forget():
    Witness.seen = []


def by_hand(folds, weight):
    probs = np.empty((80, 2))
    for train, test in folds:
        model = GaussianNB().fit(X[train], Y[train], None if weight is None else weight[train])
        probs[test] = model.predict_proba(X[test])
    return probs


@pytest.mark.parametrize("routing", [False, True])
def test_weights_are_cut_to_each_fold(routing):
    with config_context(enable_metadata_routing=routing):
        inner = Witness().set_fit_request(sample_weight=True) if routing else Witness()
        model = EasinessClassifier(inner, cv=FOLDS, store_probs=True)
        model.fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(model.probs_, by_hand(FOLDS.split(X, Y), WEIGHT))
    final = GaussianNB().fit(X, Y, WEIGHT)
    np.testing.assert_array_equal(model.predict_proba(X), final.predict_proba(X))
    assert [len(weight) for _, weight, _ in Witness.seen] == [60] * 4 + [80]
    unweighted = EasinessClassifier(GaussianNB(), cv=FOLDS).fit(X, Y)
    assert not np.array_equal(model.log_easiness_, unweighted.log_easiness_)
    if not routing:
        score = model.score(X, Y, sample_weight=WEIGHT)
        assert score == final.score(X, Y, WEIGHT) != model.score(X, Y)


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_splitter(routing):
    folds = GroupKFold(4)
    with config_context(enable_metadata_routing=routing):
        model = EasinessClassifier(GaussianNB(), cv=folds, store_probs=True)
        model.fit(X, Y, groups=GROUPS)
        with pytest.raises(ValueError, match="groups"):
            clone(model).fit(X, Y)
    np.testing.assert_array_equal(model.probs_, by_hand(folds.split(X, Y, GROUPS), None))


def test_without_routing_other_parameters_go_to_the_inner_fit():
    EasinessClassifier(Witness(), cv=FOLDS).fit(X, Y, tag="here")
    assert [tag for _, _, tag in Witness.seen] == ["here"] * 5
    pipeline = make_pipeline(StandardScaler(), Witness())
    EasinessClassifier(pipeline, cv=FOLDS).fit(X, Y, witness__sample_weight=WEIGHT)
    assert [len(weight) for _, weight, _ in Witness.seen[5:]] == [60] * 4 + [80]


def test_what_nobody_requested_is_refused():
    with config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            EasinessClassifier(GaussianNB()).fit(X, Y, sample_weight=WEIGHT)
        with pytest.raises(TypeError, match="unexpected"):
            EasinessClassifier(GaussianNB()).fit(X, Y, groups=GROUPS)
        # The default classifier asks for weights itself: nobody else could.
        EasinessClassifier().fit(X, Y, sample_weight=WEIGHT)


def test_an_alias_is_honoured():
    with config_context(enable_metadata_routing=True):
        inner = Witness().set_fit_request(sample_weight="importance")
        model = EasinessClassifier(inner, cv=FOLDS, store_probs=True)
        model.fit(X, Y, importance=WEIGHT)
    np.testing.assert_array_equal(model.probs_, by_hand(FOLDS.split(X, Y), WEIGHT))


def test_metadata_passes_through_a_search_and_a_pipeline():
    with config_context(enable_metadata_routing=True):
        inner = Witness().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        model = EasinessClassifier(inner, cv=GroupKFold(2))
        search = GridSearchCV(model, {"sigma": [0.01, 0.1]}, cv=GroupKFold(2))
        search.fit(X, Y, sample_weight=WEIGHT, groups=GROUPS)
        assert all(weight is not None for _, weight, _ in Witness.seen)
        # Of 80 rows halves, then quarters: groups of 4 stay whole at both levels.
        assert {len(rows) for rows, _, _ in Witness.seen} == {20, 40, 80}
        half = np.arange(80) < 40
        direct = GaussianNB().fit(X, Y, WEIGHT).score(X[half], Y[half], WEIGHT[half])
        fitted = model.fit(X, Y, sample_weight=WEIGHT, groups=GROUPS)
        assert fitted.score(X[half], Y[half], sample_weight=WEIGHT[half]) == direct
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.set_score_request(sample_weight=True)  # scikit-learn 1.7 asks for it
        params = {"sample_weight": WEIGHT, "groups": GROUPS}
        cross_validate(pipeline, X, Y, params=params, cv=2, error_score="raise")


@pytest.mark.parametrize(
    "maker", [EasinessClassifier, EasinessFilteredClassifier, EasinessResampler]
)
def test_the_classifier_given_is_cloned_and_left_as_it_was(maker):
    inner = GaussianNB()
    maker(inner).fit(X, Y)
    assert not hasattr(inner, "classes_")


@pytest.mark.parametrize("routing", [False, True])
def test_a_resampler_takes_weights_and_groups(routing):
    with config_context(enable_metadata_routing=routing):
        inner = Witness()
        if routing:
            inner.set_fit_request(sample_weight=True)
        resampler = EasinessResampler(inner, fraction=0.5, cv=GroupKFold(4))
        resampler.fit_resample(X, Y, sample_weight=WEIGHT, groups=GROUPS)
    assert [len(weight) for _, weight, _ in Witness.seen] == [60] * 4
    expected = EasinessClassifier(GaussianNB(), cv=GroupKFold(4))
    expected.fit(X, Y, sample_weight=WEIGHT, groups=GROUPS)
    np.testing.assert_array_equal(resampler.log_easiness_, expected.log_easiness_)


def test_a_pipeline_of_imbalanced_learn_routes_to_the_resampler():
    pipeline = pytest.importorskip("imblearn.pipeline")
    with config_context(enable_metadata_routing=True):
        inner = Witness().set_fit_request(sample_weight=True)
        steps = [("keep", EasinessResampler(inner, fraction=0.5, cv=FOLDS)), ("nb", Plain())]
        model = pipeline.Pipeline(steps).fit(X, Y, sample_weight=WEIGHT)
    assert [len(weight) for _, weight, _ in Witness.seen] == [60] * 4
    assert model[-1].n_rows_ == 40


class Plain(BaseEstimator):
    def fit(self, X, y):
        self.n_rows_ = len(X)
        return self


@pytest.mark.parametrize("meta", [EasinessClassifier, EasinessFilteredClassifier])
def test_bagging_gives_weights_so_that_no_row_is_in_both_parts_of_a_fold(meta):
    bagging = BaggingClassifier(meta(GaussianNB(), cv=2), n_estimators=2, random_state=0)
    bagging.fit(X, Y)
    for rows, model in zip(bagging.estimators_samples_, bagging.estimators_, strict=True):
        weights = np.bincount(rows, minlength=80).astype(float)
        own = meta(GaussianNB(), cv=2).fit(X, Y, sample_weight=weights)
        assert len(model.log_easiness_) == 80
        np.testing.assert_allclose(model.log_easiness_, own.log_easiness_)
    with pytest.raises(TypeError, match=r"KNeighborsClassifier\.fit does not accept it"):
        BaggingClassifier(meta(KNeighborsClassifier(), cv=2)).fit(X, Y)


def test_weights_reach_the_default_classifier_where_metadata_is_routed():
    weights = np.where(Y == 0, 20.0, 1.0)
    with config_context(enable_metadata_routing=True):
        model = EasinessClassifier().fit(X, Y, sample_weight=weights)
        weighted = model.score(X, Y, sample_weight=weights)
    inner = LogisticRegression(max_iter=1000).fit(X, Y, sample_weight=weights)
    assert weighted == inner.score(X, Y, sample_weight=weights) != inner.score(X, Y)


@pytest.mark.parametrize("routing", [False, True])
def test_a_filter_hands_weights_to_both_its_classifiers(routing):
    # Ensembles have no length before they are fitted.
    deciding = RandomForestClassifier(5, random_state=0)
    inner = Witness()
    with config_context(enable_metadata_routing=routing):
        if routing:
            inner.set_fit_request(sample_weight=True)
            deciding.set_fit_request(sample_weight=True)
        model = EasinessFilteredClassifier(
            inner, filter_estimator=deciding, fraction=0.5, cv=FOLDS
        ).fit(X, Y, sample_weight=WEIGHT)
        scored = EasinessClassifier(deciding, cv=FOLDS).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(model.log_easiness_, scored.log_easiness_)
    kept = model.sample_indices_
    assert [len(weight) for _, weight, _ in Witness.seen] == [40]
    np.testing.assert_array_equal(Witness.seen[-1][1], WEIGHT[kept])
    expected = GaussianNB().fit(X[kept], Y[kept], WEIGHT[kept])
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
