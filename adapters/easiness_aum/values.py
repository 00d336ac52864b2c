"""What was measured of each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class AUMValues:
    """Means over the measurements of each sample; arrays of shape (n_samples,).

    Attributes
    ----------
    ids : ndarray of int64 or str
        The samples.
    labels : ndarray of int64
        Given class; -1 where the values were read from a file that holds none.
    count : ndarray of int64
        Number of measurements; 0 where the values were read from a file that holds none.
    aum : ndarray of float64
        Mean margin, in logits: low where the net long preferred another class.
    easiness : ndarray of float64 or None
        Mean easiness, in [0, 1]: 0 hard, 1 easy. None without an estimator.
    rival_easiness : ndarray of float64 or None
        Mean easiness of the predicted class where that is not the label, 0 where it is; in
        [0, 1]: high where the net long and clearly predicted another class.
    probs : ndarray of float64 of shape (n_samples, n_classes) or None
        Mean softmax, with `keep_probs`: what `easiness_core.find_label_errors` takes.
    """

    ids: NDArray[Any]
    labels: NDArray[np.int64]
    count: NDArray[np.int64]
    aum: NDArray[np.float64]
    easiness: NDArray[np.float64] | None
    rival_easiness: NDArray[np.float64] | None
    probs: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        measured = int(self.count.max(initial=0))
        return f"AUMValues({self.ids.size} samples, up to {measured} measurements each)"
