"""The checks of scikit-learn that a filter fails by design, and why."""

from __future__ import annotations

from typing import Any

from easiness_sklearn.filter import EasinessFilteredClassifier

_WEIGHTS = "a fraction counts rows: a row of weight 2 counts once, two equal rows count twice"


def expected_failed_checks(estimator: Any) -> dict[str, str]:
    """Return the scikit-learn checks that an estimator of this package fails by design.

    Parameters
    ----------
    estimator : estimator
        Any estimator; only an `EasinessFilteredClassifier` with a `fraction` fails checks. Run the
        checks with `fraction` and `per_class=True`: on their few random rows, `levels` may leave a
        class without samples, which is an error.

    Returns
    -------
    dict of str to str
        The reason for each check, for the argument `expected_failed_checks` of scikit-learn's
        `check_estimator` and `parametrize_with_checks`.

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
