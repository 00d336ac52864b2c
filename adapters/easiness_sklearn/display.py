"""`EasinessDisplay`: a histogram of easiness."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import ArrayLike

from easiness_core import displays
from easiness_sklearn._display_scores import scores_of_estimator, scores_of_predictions


class EasinessDisplay(displays.EasinessDisplay):
    """Histogram of easiness, colored by level, on a logarithmic axis of counts.

    The same as `easiness_core.displays.EasinessDisplay`, plus `from_estimator` and
    `from_predictions`. To show the out-of-fold easiness of an `EasinessClassifier`, use
    `model.scores_.plot()` or `EasinessDisplay(scores=model.scores_).plot()`.

    Parameters
    ----------
    scores : easiness_core.Scores
        Scored samples.
    name : str, optional
        Name of the classifier, for the title.

    Attributes
    ----------
    ax_, figure_, bars_
        Axes, figure, and the bars of each level, once drawn.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessClassifier, EasinessDisplay
    >>> model = EasinessClassifier().fit(*load_iris(return_X_y=True))
    >>> EasinessDisplay(scores=model.scores_, name="iris").plot()
    EasinessDisplay(name='iris', 150 samples: 4 hard, 2 medium, 144 easy)
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Score rows with a fitted classifier and draw.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba` and `classes_`.
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their labels, each one of the classifier's `classes_`.
        sigma, resolution : float, default 0.01 and 1e-3
            How to compute easiness, as for `EasinessClassifier`. If `estimator` is one, its own
            parameters are not used.
        draws : int, optional
            As for `EasinessClassifier`.
        seed : int, default 0
            As for `EasinessClassifier`.
        normalize : bool, default False
            As for `EasinessClassifier`.
        name : str, optional
            For the title; by default, the class of the estimator.
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        **kwargs
            Further options of `matplotlib.axes.Axes.bar`.

        Returns
        -------
        EasinessDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for a scorer.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("agg")
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from easiness_sklearn import EasinessDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = GaussianNB().fit(X[::2], y[::2])
        >>> EasinessDisplay.from_estimator(model, X[1::2], y[1::2])
        EasinessDisplay(name='GaussianNB', 75 samples: 3 hard, 0 medium, 72 easy)
        """
        scores = scores_of_estimator(estimator, X, y, sigma, resolution, draws, seed, normalize)
        name = type(estimator).__name__ if name is None else name
        return cls(scores=scores, name=name).plot(ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        classes: Any = None,
        sigma: float = 0.01,
        resolution: float = 1e-3,
        draws: int | None = None,
        seed: int = 0,
        normalize: bool = False,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Score predictions and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            Labels.
        y_prob : array of shape (n_samples, n_classes)
            Probabilities from `predict_proba`, or a data frame whose columns are the classes.
        classes : array of shape (n_classes,), optional
            Label of each column. By default, the column names of a data frame; for an array, the
            sorted labels of `y_true`.
        sigma, resolution, draws, seed, normalize, name, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        EasinessDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for a scorer; or if labels and columns do not match.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("agg")
        >>> from easiness_sklearn import EasinessDisplay
        >>> y_prob = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]]
        >>> EasinessDisplay.from_predictions(["cat", "dog", "dog"], y_prob)
        EasinessDisplay(3 samples: 1 hard, 0 medium, 2 easy)
        """
        scores = scores_of_predictions(
            y_true, y_prob, classes, sigma, resolution, draws, seed, normalize
        )
        return cls(scores=scores, name=name).plot(ax, **kwargs)
