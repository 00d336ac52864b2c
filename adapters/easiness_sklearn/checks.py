"""What scikit-learn's own checks cannot hold of a filter, and why."""

from __future__ import annotations

from typing import Any

from easiness_sklearn.filter import EasinessFilteredClassifier

_WEIGHTS = "a fraction counts rows: a row of weight 2 counts once, two equal rows count twice"


def expected_failed_checks(estimator: Any) -> dict[str, str]:
    """List the checks of scikit-learn that an estimator of this package fails by design.

    Parameters
    ----------
    estimator : estimator
        Any estimator; only an `EasinessFilteredClassifier` with a `fraction` fails checks. Check
        it with `fraction` and `per_class=True`: levels may leave a class of the checks' few
        random rows without samples, which is an error.

    Returns
    -------
    dict of str to str
        Reason by name of the check; what `check_estimator` and `parametrize_with_checks` of
        scikit-learn take as `expected_failed_checks`.

    Examples
    --------
    >>> from easiness_sklearn import EasinessFilteredClassifier, expected_failed_checks
    >>> model = EasinessFilteredClassifier(fraction=0.9, per_class=True)
    >>> for name in expected_failed_checks(model):
    ...     print(name)
    check_sample_weight_equivalence_on_dense_data
    check_sample_weight_equivalence_on_sparse_data
    """
    if not isinstance(estimator, EasinessFilteredClassifier) or estimator.fraction is None:
        return {}
    kinds = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{kind}_data": _WEIGHTS for kind in kinds}
