"""Sample easiness in scikit-learn: a meta-estimator, a resampler, scorers and displays."""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "easiness_sklearn needs scikit-learn: pip install 'easiness-core[sklearn]'"
    ) from error
