"""Sample easiness in scikit-learn: a meta-estimator, a resampler, scorers and displays."""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "easiness_sklearn needs scikit-learn: pip install 'easiness-core[sklearn]'"
    ) from error

from easiness_sklearn.checks import expected_failed_checks
from easiness_sklearn.classifier import EasinessClassifier
from easiness_sklearn.curve import EasinessCurveDisplay
from easiness_sklearn.display import EasinessDisplay
from easiness_sklearn.filter import EasinessFilteredClassifier
from easiness_sklearn.resampler import EasinessResampler
from easiness_sklearn.scorers import (
    EASINESS_SCORERS,
    EasinessScorer,
    ese_scorer,
    get_easiness_scorer,
    log_easiness_scorer,
    make_easiness_scorer,
    msr_scorer,
)

__all__ = [
    "EASINESS_SCORERS",
    "EasinessClassifier",
    "EasinessCurveDisplay",
    "EasinessDisplay",
    "EasinessFilteredClassifier",
    "EasinessResampler",
    "EasinessScorer",
    "ese_scorer",
    "expected_failed_checks",
    "get_easiness_scorer",
    "log_easiness_scorer",
    "make_easiness_scorer",
    "msr_scorer",
]
