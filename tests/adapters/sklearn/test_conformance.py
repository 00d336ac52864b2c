"""The host frameworks' own suites, run on what is ours."""

import pytest
from easiness_sklearn import (
    EasinessClassifier,
    EasinessFilteredClassifier,
    EasinessResampler,
    expected_failed_checks,
)
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

KEPT = {"fraction": 0.9, "per_class": True, "cv": 2}


def cheap():
    return LogisticRegression(max_iter=50, tol=1e-2)


@parametrize_with_checks(
    [
        EasinessClassifier(cheap(), cv=2),
        EasinessFilteredClassifier(cheap(), **KEPT),
        EasinessResampler(cheap(), **KEPT),
    ],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


def sampler_checks():
    """imbalanced-learn's checks of a sampler; none where it is not installed."""
    try:
        from imblearn.utils.estimator_checks import estimator_checks_generator
    except ImportError:
        # An optional extra: everything else here holds without it.
        skipped = pytest.mark.skip(
            "imbalanced-learn is not installed: pip install imbalanced-learn"
        )
        return [pytest.param(None, None, marks=skipped)]
    pairs = list(estimator_checks_generator(EasinessResampler(cheap(), **KEPT)))
    return [pytest.param(*pair, id=pair[1].func.__name__) for pair in pairs]


@pytest.mark.parametrize(("estimator", "check"), sampler_checks())
def test_imbalanced_learn_finds_nothing_amiss(estimator, check):
    check(estimator)
