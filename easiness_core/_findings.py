"""What the posteriors say about labels: flags, suggestions and confused classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from easiness_core._tally import count_pairs


class Findings:
    """Flags and suggestions from the posteriors of each block of rows."""

    def __init__(self, given: NDArray[np.int64], n_classes: int) -> None:
        self.given = given
        self.log_odds, self.p_given, self.p_suggested = np.empty((3, given.size))
        self.suggested = np.empty(given.size, dtype=np.int64)
        self.flags = np.empty(given.size, dtype=bool)
        self.joint = np.zeros((n_classes, n_classes))

    def add(
        self,
        span: slice,
        posterior: NDArray[np.float64],
        log_odds: NDArray[np.float64] | None = None,
    ) -> None:
        """Add a block of rows; without log odds, flag labels that another class beats."""
        from scipy.sparse import csr_array

        given = self.given[span]
        row = np.arange(len(given))
        with_label = csr_array((np.ones(len(given)), given, np.arange(len(given) + 1)),
                               shape=posterior.shape)  # fmt: skip
        self.joint += np.asarray(with_label.T @ posterior).T
        own = self.p_given[span] = posterior[row, given]
        likeliest = posterior.argmax(axis=1)
        others = posterior.copy()
        others[row, given] = -1.0
        runner_up = others.argmax(axis=1)
        if log_odds is None:
            flags = others[row, runner_up] > own
        else:
            self.log_odds[span] = log_odds
            flags = log_odds > 0.0
        self.flags[span] = flags
        self.suggested[span] = np.where(flags, runner_up, likeliest)
        self.p_suggested[span] = posterior[row, self.suggested[span]]

    def noise_matrix(self) -> NDArray[np.float64]:
        """Share of each label among the samples of each class."""
        total = self.joint.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.eye(len(total))
        np.divide(self.joint, total, out=shares, where=total > 0.0)
        return shares

    def confused(self) -> NDArray[np.int64]:
        """Given label, suggested class and number of flagged samples, most frequent first."""
        return count_pairs(self.given[self.flags], self.suggested[self.flags])
