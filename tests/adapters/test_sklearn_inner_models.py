"""Inner classifiers that are fitted, weighted or searched in ways of their own."""

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags

X, Y = make_classification(
    n_samples=90, n_features=5, n_informative=4, n_redundant=0, n_classes=3, random_state=1
)
STACK = StackingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier())], cv=2)
SEARCH = GridSearchCV(SGDClassifier(random_state=0), {"loss": ["log_loss"]}, cv=2)


@pytest.mark.parametrize("inner", [STACK, SEARCH])
def test_probabilities_may_come_with_fitting(inner):
    if inner is SEARCH:
        assert not hasattr(inner, "predict_proba")
    model = EasinessClassifier(inner, cv=3, store_probs=True).fit(X, Y)
    for train, test in StratifiedKFold(3).split(X, Y):
        expected = clone(inner).fit(X[train], Y[train]).predict_proba(X[test])
        np.testing.assert_array_equal(model.probs_[test], expected)
    assert 0 < len(EasinessResampler(inner, cv=3).fit_resample(X, Y)[1]) <= 90


@pytest.mark.parametrize(
    ("inner", "kind"),
    [(LinearSVC(), "LinearSVC"), (GridSearchCV(LinearSVC(), {"C": [1.0]}, cv=2), "GridSearchCV"),
     (SVC(), "SVC")],
)  # fmt: skip
def test_those_that_never_give_any_are_named(inner, kind):
    if kind == "SVC" and hasattr(SVC(), "predict_proba"):
        pytest.skip("this scikit-learn gives every SVC probabilities")
    for meta in (EasinessClassifier, EasinessFilteredClassifier):
        with pytest.raises(TypeError, match=f"got {kind} without predict_proba.*Calibrated"):
            meta(inner).fit(X, Y)
    with pytest.raises(TypeError, match=f"got {kind} without predict_proba"):
        EasinessFilteredClassifier(GaussianNB(), filter_estimator=inner).fit(X, Y)


def test_a_regressor_is_no_classifier():
    with pytest.raises(TypeError, match="expected a classifier, got LinearRegression"):
        EasinessFilteredClassifier(LinearRegression(), filter_estimator=GaussianNB()).fit(X, Y)


@pytest.mark.parametrize("meta", [EasinessClassifier, EasinessFilteredClassifier])
def test_bagging_gives_weights_so_that_no_row_is_in_both_parts_of_a_fold(meta):
    bagging = BaggingClassifier(meta(GaussianNB(), cv=2), n_estimators=2, random_state=0)
    bagging.fit(X, Y)
    for rows, model in zip(bagging.estimators_samples_, bagging.estimators_, strict=True):
        weights = np.bincount(rows, minlength=90).astype(float)
        own = meta(GaussianNB(), cv=2).fit(X, Y, sample_weight=weights)
        assert len(model.log_easiness_) == 90
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


@pytest.mark.parametrize("part", ["training", "test"])
@pytest.mark.parametrize(
    ("row", "error", "words"),
    [(-1, ValueError, "got row -1; the splits are of other data"),
     (500, ValueError, "got row 500; the splits are of other data"),
     (0.7, TypeError, "got dtype float64")],
)  # fmt: skip
def test_rows_of_folds_are_checked_on_both_sides(part, row, error, words):
    splits = [[train, test] for train, test in KFold(3).split(X)]
    side = 0 if part == "training" else 1
    splits[0][side] = np.append(splits[0][side], row)
    with pytest.raises(error, match=words):
        EasinessClassifier(GaussianNB(), cv=splits).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"levels": "EZ"}, "levels"), ({"levels": "EZ", "fraction": 0.5}, "levels"),
     ({"levels": 9}, "levels"), ({"fraction": 0.0}, "fraction"), ({"seed": -1}, "seed"),
     ({"interval": (0.5, 0.1)}, "low"), ({"per_class": True}, "per_class")],
)  # fmt: skip
def test_a_wrong_selection_is_found_before_anything_is_fitted(options, words):
    class Counted(GaussianNB):
        n_fits = 0

        def fit(self, X, y):
            Counted.n_fits += 1
            return super().fit(X, y)

    for meta in (EasinessResampler, EasinessFilteredClassifier):
        with pytest.raises((TypeError, ValueError), match=words):
            meta(Counted(), **options).fit(X, Y)
    assert Counted.n_fits == 0
    EasinessResampler(Counted(), levels="EMHO").fit(X, Y)
    assert Counted.n_fits == 5


def test_a_resampler_that_fails_keeps_what_it_knew():
    resampler = EasinessResampler(GaussianNB(), cv=2).fit(X, Y)
    known = {name: id(value) for name, value in vars(resampler).items()}
    resampler.set_params(interval=(2.0, 3.0))
    before = dict(vars(resampler))
    with pytest.raises(ValueError, match="interval"):
        resampler.fit(X[:, :3], Y)
    assert vars(resampler) == before
    assert resampler.n_features_in_ == 5
    assert set(known) == set(before)


@pytest.mark.parametrize("missing", [None, np.datetime64("NaT")])
def test_missing_labels_are_counted(missing):
    labels = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="M8[D]")[Y].astype(object)
    if missing is not None:
        labels = labels.astype("M8[D]")
    labels[[3, 8]] = missing
    with pytest.raises(ValueError, match=r"2 of 90 labels are missing .* first is row 3"):
        EasinessClassifier(GaussianNB()).fit(X, labels)


def test_masked_probabilities_are_refused():
    class Masked(GaussianNB):
        def predict_proba(self, X):
            probs = np.ma.MaskedArray(super().predict_proba(X))
            probs[0] = np.ma.masked
            return probs

    with pytest.raises(TypeError, match="fold 1 of 5: expected probabilities, got masked"):
        EasinessClassifier(Masked()).fit(X, Y)


def test_equal_log_easiness_is_told_apart_by_loss():
    # At the default sigma most rows tie at 0: those of lower loss are kept.
    resampler = EasinessResampler(GaussianNB(), fraction=0.1, per_class=True).fit(X, Y)
    rows, loss = resampler.sample_indices_, resampler.loss_
    n_left = 0
    for label in range(3):
        sure = np.flatnonzero((resampler.log_easiness_ == 0.0) & (label == Y))
        kept, left = np.intersect1d(sure, rows), np.setdiff1d(sure, rows)
        n_left += len(left)
        assert len(kept) > 0
        assert not len(left) or loss[kept].max() <= loss[left].min()
    assert n_left > 5


def test_the_seed_draws_lots_among_equals():
    twice, labels = np.repeat(X, 2, axis=0), np.repeat(Y, 2)
    chosen = [
        EasinessResampler(GaussianNB(), fraction=55 / 180, seed=seed)
        .fit(twice, labels)
        .sample_indices_
        for seed in (0, 0, *range(1, 9))
    ]
    np.testing.assert_array_equal(chosen[0], chosen[1])
    assert len({tuple(rows) for rows in chosen}) > 1


def test_metadata_reaches_both_classifiers_of_a_filter():
    weights = np.where(Y == 0, 20.0, 1.0)
    filtered = EasinessFilteredClassifier(
        GaussianNB(), filter_estimator=LogisticRegression(), cv=2, levels="EMO"
    ).fit(X, Y, sample_weight=weights)
    deciding = EasinessClassifier(LogisticRegression(), cv=2).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(filtered.log_easiness_, deciding.log_easiness_)
    kept = filtered.sample_indices_
    expected = clone(GaussianNB()).fit(X[kept], Y[kept], sample_weight=weights[kept])
    np.testing.assert_array_equal(filtered.predict_proba(X), expected.predict_proba(X))


def test_groups_reach_the_splitter_through_a_pipeline_of_imbalanced_learn():
    pipeline = pytest.importorskip("imblearn.pipeline")
    groups = np.arange(90) // 2
    resampler = EasinessResampler(GaussianNB(), cv=GroupKFold(3), fraction=0.5, per_class=True)
    with config_context(enable_metadata_routing=True):
        chain = pipeline.make_pipeline(resampler, GaussianNB()).fit(X, Y, groups=groups)
        expected = clone(resampler).fit(X, Y, groups=groups)
    np.testing.assert_array_equal(chain[0].sample_indices_, expected.sample_indices_)
    ungrouped = clone(resampler).set_params(cv=3).fit(X, Y)
    assert ungrouped.log_easiness_.tolist() != expected.log_easiness_.tolist()


def test_normalize_counts_for_new_samples_too():
    class Halved(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X) / 2

    plain = EasinessClassifier(GaussianNB()).fit(X, Y)
    halved = EasinessClassifier(Halved(), normalize=True).fit(X, Y)
    np.testing.assert_allclose(halved.log_easiness(X, Y), plain.log_easiness(X, Y), atol=1e-9)


def test_the_index_is_that_of_x_or_else_of_y():
    pd = pytest.importorskip("pandas")
    rows, labels = [f"x{k}" for k in range(90)], [f"y{k}" for k in range(90)]
    model = EasinessClassifier(GaussianNB())
    assert model.fit(X, pd.Series(Y, index=labels)).to_pandas().index.tolist() == labels
    assert model.fit(pd.DataFrame(X, index=rows), Y).to_pandas().index.tolist() == rows
    assert model.fit(X, Y).to_pandas().index.tolist() == list(range(90))


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


def test_a_column_of_labels_is_taken_as_labels():
    column = EasinessResampler(GaussianNB()).fit_resample(X, Y[:, None])
    plain = EasinessResampler(GaussianNB()).fit_resample(X, Y)
    np.testing.assert_array_equal(column[0], plain[0])
    np.testing.assert_array_equal(np.ravel(column[1]), plain[1])


def test_a_filter_takes_classifiers_without_their_tag():
    class Mixed(BaseEstimator, ClassifierMixin):  # in the order that loses the tag
        def fit(self, X, y):
            self.inner = GaussianNB().fit(X, y)
            self.classes_ = self.inner.classes_
            return self

        def predict_proba(self, X):
            return self.inner.predict_proba(X)

    kept = EasinessFilteredClassifier(Mixed()).fit(X, Y).sample_indices_
    expected = EasinessFilteredClassifier(GaussianNB()).fit(X, Y).sample_indices_
    np.testing.assert_array_equal(kept, expected)


def test_weights_reach_ensembles_which_have_no_length_before_they_are_fitted():
    weights = np.where(Y == 0, 20.0, 1.0)
    forest = RandomForestClassifier(5, random_state=0)
    model = EasinessClassifier(forest, cv=2).fit(X, Y, sample_weight=weights)
    plain = EasinessClassifier(forest, cv=2).fit(X, Y)
    assert model.log_easiness_.tolist() != plain.log_easiness_.tolist()
    filtered = EasinessFilteredClassifier(GaussianNB(), filter_estimator=forest, cv=2)
    filtered.fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(filtered.log_easiness_, model.log_easiness_)
