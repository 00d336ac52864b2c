"""Results of an `EasinessClassifier` after `fit`: probabilities, scores and a data frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

import easiness_core as ec
from easiness_sklearn._base import MetaClassifier
from easiness_sklearn._shared import score_fitted


class ScoredClassifier(MetaClassifier):
    """A classifier that keeps out-of-fold results, and scores new samples."""

    label_errors_: ec.LabelErrors
    _probs: NDArray[Any] | None

    @property
    def probs_(self) -> NDArray[Any]:
        """Out-of-fold probabilities of shape (n_samples, n_classes), with `store_probs` only.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> EasinessClassifier(store_probs=True).fit(X, y).probs_[106].round(2)
        array([0.01, 0.7 , 0.3 ])
        """
        check_is_fitted(self)
        if self._probs is None:
            raise AttributeError(
                "probs_: the out-of-fold probabilities were not kept; set store_probs=True before "
                "fit"
            )
        return self._probs

    def scores(self, X: Any, y: Any) -> ec.Scores:
        """Score new samples with the final model.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that `fit` did not see; scores of training rows are in-sample.
        y : array of shape (n_samples,)
            Their labels, each one of `classes_`.

        Returns
        -------
        easiness_core.Scores
            Easiness, log easiness, level, loss and prediction of each row, and the summary.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If a label is not in `classes_`, or rows of probabilities do not sum to 1.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = EasinessClassifier().fit(X[::2], y[::2])
        >>> model.scores(X[1::2], y[1::2]).summary.level_counts
        {'hard': 3, 'medium': 0, 'easy': 72}
        """
        check_is_fitted(self)
        return score_fitted(
            self.estimator_, X, y, estimator=self._core_estimator(), normalize=self.normalize
        )

    def easiness(self, X: Any, y: Any) -> NDArray[np.float64]:
        """Compute the easiness of new samples: `scores(X, y).easiness`.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that `fit` did not see.
        y : array of shape (n_samples,)
            Their labels, each one of `classes_`.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            In [0, 1]: 0 is hard, 1 is easy.

        Raises
        ------
        NotFittedError, ValueError
            As for `scores`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = EasinessClassifier().fit(X[::2], y[::2])
        >>> model.easiness(X[[1, 51, 101]], y[[1, 51, 101]]).round(3)
        array([1., 1., 1.])
        """
        return self.scores(X, y).easiness

    def log_easiness(self, X: Any, y: Any) -> NDArray[np.float64]:
        """Compute the log easiness of new samples: `scores(X, y).log_easiness`.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
            Rows that `fit` did not see.
        y : array of shape (n_samples,)
            Their labels, each one of `classes_`.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            At most 0; higher is easier. -inf is possible with `draws` only.

        Raises
        ------
        NotFittedError, ValueError
            As for `scores`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = EasinessClassifier().fit(X[::2], y[::2])
        >>> model.log_easiness(X[1::2], y[1::2]).min().round(1)
        np.float64(-64.7)
        """
        return self.scores(X, y).log_easiness

    def to_pandas(self) -> Any:
        """Return the out-of-fold results as a data frame, with the index of the training rows.

        Returns
        -------
        pandas.DataFrame
            One row per sample, in the order given. `label` is the given class. `suggested`,
            `suspicion`, `flagged`, `p_label`, `p_suggested` and `rank` are those of
            `label_errors_`; `predicted`, `easiness`, `log_easiness`, `level` (ordered words) and
            `loss` are those of `scores_`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from easiness_sklearn import EasinessClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> frame = EasinessClassifier().fit(X, y).to_pandas()
        >>> frame.sort_values("rank")[["label", "suggested", "flagged", "level"]].head(2)
             label  suggested  flagged level
        106      2          1     True  hard
        83       1          1    False  hard
        """
        check_is_fitted(self)
        errors, scores = self.label_errors_.to_pandas(), self.scores_.to_pandas()
        return errors.assign(
            label=self.classes_[self.label_errors_.labels],
            suggested=self.classes_[self.label_errors_.suggested],
            predicted=self.predicted_,
            **{name: scores[name] for name in ("easiness", "log_easiness", "level", "loss")},
        )
