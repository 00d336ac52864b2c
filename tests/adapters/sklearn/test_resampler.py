"""`EasinessResampler` and `EasinessFilteredClassifier`: which rows are kept, and in what form."""

import naive
import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier, EasinessFilteredClassifier, EasinessResampler
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import easiness_core as ec
from easiness_core.testing import probs_and_labels

X, Y = make_classification(
    n_samples=120, n_features=5, n_informative=4, n_redundant=0, n_classes=3, flip_y=0.2,
    random_state=2,
)  # fmt: skip
SCORES = EasinessClassifier(GaussianNB()).fit(X, Y).scores_


class ProbsAsGiven(ClassifierMixin, BaseEstimator):
    """Its features are the probabilities."""

    def fit(self, X, y):
        self.classes_ = np.arange(3)
        return self

    def predict_proba(self, X):
        return X


GIVEN = FrozenEstimator(ProbsAsGiven().fit(None, None))


def kept(**options):
    return EasinessResampler(GaussianNB(), **options).fit(X, Y).sample_indices_


@pytest.mark.parametrize("name", ["EO", "MO", "HO", "EMO", "MHO", "EMHO"])
def test_levels_by_name_and_by_union(name):
    union = getattr(ec, name)
    expected = [k for k in range(120) if SCORES.level[k] & union]
    assert kept(levels=name, sigma=0.01).tolist() == expected
    assert kept(levels=union).tolist() == expected
    if name == "EMO":  # the default drops the hard
        assert kept().tolist() == kept(levels="easy, medium").tolist() == expected


def test_an_interval_of_easiness_includes_its_ends():
    low, high = np.sort(SCORES.easiness)[[40, 80]]
    rows = kept(interval=(low, high))
    assert rows.tolist() == [k for k in range(120) if low <= SCORES.easiness[k] <= high]
    assert kept(interval=np.array([low, high])).tolist() == rows.tolist()


@given(probs_and_labels(n_classes=3, max_samples=12), st.floats(0.01, 1.0), st.booleans())
def test_a_fraction_keeps_the_easiest(case, fraction, per_class):
    probs, labels = case
    scores = ec.score(probs, labels)
    resampler = EasinessResampler(GIVEN, fraction=fraction, per_class=per_class, seed=0)
    lot = np.random.default_rng(0).permutation(len(labels))

    def easiest(rows):
        return naive.easiest(scores.log_easiness[rows], scores.loss[rows], lot[rows], fraction)

    expected = easiest(np.arange(len(labels))) if len(labels) else np.empty(0)
    if per_class:
        parts = [np.flatnonzero(labels == c) for c in sorted(set(labels.tolist()))]
        parts = [rows[easiest(rows)] for rows in parts]
        expected = np.sort(np.concatenate([np.empty(0, dtype=int), *parts]))
    if set(labels[expected.astype(int)].tolist()) != set(labels.tolist()):
        with pytest.raises(ValueError, match="keeps no sample"):
            resampler.fit(probs, labels)
    elif len(labels):
        rows = resampler.fit(probs, labels).sample_indices_
        assert rows.tolist() == expected.tolist()
        assert rows.dtype == np.int64


def test_what_is_kept_comes_back_in_the_type_given():
    pd = pytest.importorskip("pandas")
    resampler = EasinessResampler(GaussianNB(), fraction=0.5)
    X_kept, y_kept = resampler.fit_resample(X, Y)
    rows = resampler.sample_indices_
    np.testing.assert_array_equal(resampler.log_easiness_, SCORES.log_easiness)
    assert resampler.summary_ == SCORES.summary
    assert resampler.sampling_strategy_ == dict(enumerate(np.bincount(Y[rows]).tolist()))
    np.testing.assert_array_equal(X_kept, X[rows])
    np.testing.assert_array_equal(y_kept, Y[rows])
    index = [f"row {k}" for k in range(120)]
    frame = pd.DataFrame(X, columns=list("abcde"), index=index).astype({"b": "float32"})
    labels = pd.Series(np.array(["x", "y", "z"])[Y], index=index, name="given", dtype="category")
    X_frame, y_frame = resampler.fit_resample(frame, labels)
    pd.testing.assert_frame_equal(X_frame, frame.iloc[resampler.sample_indices_])
    pd.testing.assert_series_equal(y_frame, labels.iloc[resampler.sample_indices_])
    assert resampler.feature_names_in_.tolist() == list("abcde")
    X_list, y_list = resampler.fit_resample(X.tolist(), Y.tolist())
    assert (X_list, y_list) == (X[rows].tolist(), Y[rows].tolist())
    sparse = EasinessResampler(fraction=0.5)
    X_sparse, _ = sparse.fit_resample(csr_array(X), Y)
    np.testing.assert_array_equal(X_sparse.toarray(), X[sparse.sample_indices_])


def test_rows_of_indicators_are_labels_too():
    resampler = EasinessResampler(GaussianNB(), fraction=0.5)
    X_kept, one_hot = resampler.fit_resample(X, np.eye(3, dtype=int)[Y])
    np.testing.assert_array_equal(X_kept, X[kept(fraction=0.5)])
    np.testing.assert_array_equal(one_hot.argmax(axis=1), Y[kept(fraction=0.5)])
    both = np.eye(3, dtype=int)[Y]
    both[5] = 1
    with pytest.raises(ValueError, match=r"one class per row, got 3 in row 5\. Multilabel"):
        resampler.fit_resample(X, both)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"levels": "OE"}, ValueError, "levels: expected words such as .* got 'OE'"),
        ({"levels": 9}, ValueError, "union of Level"),
        ({"levels": None}, TypeError, "union of Level"),
        ({"seed": -1}, ValueError, "seed"),
        ({"interval": 0.5}, TypeError, r"pair \(low, high\)"),
        ({"interval": (0.9, 0.1)}, ValueError, "low <= high"),
        ({"fraction": 0.0}, ValueError, "above 0 and at most 1"),
        ({"fraction": True}, TypeError, "expected a number, got bool"),
        ({"fraction": 0.5, "interval": (0, 1)}, ValueError, "at most one of them"),
        ({"per_class": True}, ValueError, "expected a fraction with it"),
        ({"interval": (2.0, 3.0)}, ValueError, "no sample of 3 of 3 classes; .* per_class=True"),
        ({"fraction": 0.01}, ValueError, r"of 2 of 3 classes?.* first is 1 \(45 samples: 19 hard"),
    ],
)
def test_bad_selections(options, error, message):
    class Counted(GaussianNB):
        n_fits = 0

        def fit(self, X, y):
            Counted.n_fits += 1
            return super().fit(X, y)

    for maker in (EasinessResampler, EasinessFilteredClassifier):
        with pytest.raises(error, match=message):
            maker(Counted(), **options).fit(X, Y)
    # Found before anything is fitted, but for what depends on the scores.
    assert (Counted.n_fits == 0) == ("class" not in message)


def test_in_a_pipeline_of_imbalanced_learn():
    pipeline = pytest.importorskip("imblearn.pipeline")
    steps = [StandardScaler(), EasinessResampler(GaussianNB()), KNeighborsClassifier()]
    model = pipeline.make_pipeline(*steps).fit(X, Y)
    scaled = StandardScaler().fit_transform(X)
    rows = EasinessResampler(GaussianNB()).fit(scaled, Y).sample_indices_
    expected = KNeighborsClassifier().fit(scaled[rows], Y[rows])
    assert model[-1].n_samples_fit_ == rows.size < 120
    np.testing.assert_array_equal(model.predict(X), expected.predict(scaled))
    search = GridSearchCV(
        clone(model), {"easinessresampler__levels": ["EMO", "EMHO"], "easinessresampler__cv": [3]}
    )
    assert search.fit(X, Y).best_score_ > 0.5


class TestFilter:
    def test_it_fits_on_what_the_resampler_keeps(self):
        model = EasinessFilteredClassifier(GaussianNB(), fraction=0.7).fit(X, Y)
        rows = kept(fraction=0.7)
        assert model.sample_indices_.tolist() == rows.tolist()
        expected = GaussianNB().fit(X[rows], Y[rows])
        np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
        np.testing.assert_array_equal(model.log_easiness_, SCORES.log_easiness)

    def test_another_classifier_may_decide(self):
        model = EasinessFilteredClassifier(
            KNeighborsClassifier(), filter_estimator=GaussianNB(), fraction=0.7
        ).fit(X, Y)
        assert model.sample_indices_.tolist() == kept(fraction=0.7).tolist()
        assert model.estimator_.n_samples_fit_ == 84
        frozen = FrozenEstimator(GaussianNB().fit(X, Y))
        model.set_params(filter_estimator=frozen, cv=1000).fit(X, Y)
        np.testing.assert_array_equal(
            model.log_easiness_, ec.log_easiness(frozen.predict_proba(X), Y)
        )
        with pytest.raises(ValueError, match="pass it as filter_estimator"):
            EasinessFilteredClassifier(frozen).fit(X, Y)

    def test_a_grid_search_reaches_levels_fraction_and_sigma(self):
        pipeline = make_pipeline(StandardScaler(), EasinessFilteredClassifier(GaussianNB(), cv=3))
        name = "easinessfilteredclassifier__"
        grid = [
            {name + "levels": ["EMO", ec.EMHO], name + "sigma": [0.01, 0.1]},
            {name + "fraction": [0.8, 1.0], name + "per_class": [True]},
        ]
        search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, Y)
        means = search.cv_results_["mean_test_score"]
        assert means.shape == (6,)
        # Everything kept is everything kept, by level or by fraction.
        whole = cross_val_score(make_pipeline(StandardScaler(), GaussianNB()), X, Y, cv=2).mean()
        np.testing.assert_allclose(means[[2, 3, 5]], whole)


def test_it_serves_in_a_balanced_bagging():
    ensemble = pytest.importorskip("imblearn.ensemble")
    sampler = EasinessResampler(GaussianNB(), cv=2)
    bagging = ensemble.BalancedBaggingClassifier(
        GaussianNB(), n_estimators=3, sampler=sampler, random_state=0
    ).fit(X, Y)
    votes = []
    for rows, bag in zip(bagging.estimators_samples_, bagging.estimators_, strict=True):
        own = clone(sampler).fit(X[rows], Y[rows])
        np.testing.assert_array_equal(bag[0].sample_indices_, own.sample_indices_)
        assert 0 < len(own.sample_indices_) < len(rows)
        kept = rows[own.sample_indices_]
        votes.append(GaussianNB().fit(X[kept], Y[kept]).predict_proba(X))
    np.testing.assert_allclose(bagging.predict_proba(X), np.mean(votes, axis=0))
