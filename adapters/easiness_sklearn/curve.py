"""`EasinessCurveDisplay`: accuracy against easiness."""

from __future__ import annotations

from typing import Any, Literal, Self

from numpy.typing import ArrayLike

import easiness_core as ec
from easiness_core import displays
from easiness_sklearn._display_scores import scores_of_estimator, scores_of_predictions


class EasinessCurveDisplay(displays.EasinessCurveDisplay):
    """Accuracy against mean easiness in each bin of easiness; the ESE sums the gaps.

    The same as `easiness_core.displays.EasinessCurveDisplay`, plus `from_estimator` and
    `from_predictions`. On the diagonal, easiness is calibrated; the thin bars are exact 95 %
    intervals of the accuracy. Several classifiers can share axes.

    Parameters
    ----------
    bins : easiness_core.EasinessBins
        Bins of easiness, such as `model.summary_.bins` of an `EasinessClassifier`.
    name : str, optional
        Name of the classifier, for the legend.

    Attributes
    ----------
    ax_, figure_, line_, intervals_, counts_
        Axes, figure, curve, intervals of the accuracy, and counts next to the points, once drawn.

    Notes
    -----
    Source: Equation 4 of *Medium Samples Are All You Need*.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from easiness_sklearn import EasinessClassifier, EasinessCurveDisplay
    >>> model = EasinessClassifier().fit(*load_iris(return_X_y=True))
    >>> EasinessCurveDisplay(bins=model.summary_.bins, name="iris").plot()
    EasinessCurveDisplay(name='iris', 150 samples in 5 bins, ESE = 0.0022)
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 5,
        strategy: Literal["uniform", "quantile"] = "uniform",
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
        n_bins : int, default 5
            Number of bins.
        strategy : {"uniform", "quantile"}, default "uniform"
            Bins of equal width, or of equal counts except for ties.
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
            For the legend; by default, the class of the estimator.
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        **kwargs
            Further options of `matplotlib.axes.Axes.plot`, for the curve.

        Returns
        -------
        EasinessCurveDisplay
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
        >>> from easiness_sklearn import EasinessCurveDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = GaussianNB().fit(X[::2], y[::2])
        >>> EasinessCurveDisplay.from_estimator(model, X[1::2], y[1::2], sigma=0.3)
        EasinessCurveDisplay(name='GaussianNB', 75 samples in 5 bins, ESE = 0.0240)
        """
        scores = scores_of_estimator(estimator, X, y, sigma, resolution, draws, seed, normalize)
        correct = scores.predicted == scores.labels
        bins = ec.easiness_bins(scores.easiness, correct, n_bins=n_bins, strategy=strategy)
        name = type(estimator).__name__ if name is None else name
        return cls(bins=bins, name=name).plot(ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        classes: Any = None,
        n_bins: int = 5,
        strategy: Literal["uniform", "quantile"] = "uniform",
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
        n_bins, strategy, sigma, resolution, draws, seed, normalize, name, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        EasinessCurveDisplay
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
        >>> from easiness_sklearn import EasinessCurveDisplay
        >>> y_prob = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]]
        >>> EasinessCurveDisplay.from_predictions(["cat", "dog", "dog"], y_prob, sigma=0.3)
        EasinessCurveDisplay(3 samples in 5 bins, ESE = 0.1423)
        """
        scores = scores_of_predictions(
            y_true, y_prob, classes, sigma, resolution, draws, seed, normalize
        )
        correct = scores.predicted == scores.labels
        bins = ec.easiness_bins(scores.easiness, correct, n_bins=n_bins, strategy=strategy)
        return cls(bins=bins, name=name).plot(ax, **kwargs)
