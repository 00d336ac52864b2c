"""Values measured for each sample."""

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
        Given class; -1 if the values were read from a file without labels.
    count : ndarray of int64
        Number of measurements; 0 if the values were read from a file without them.
    aum : ndarray of float64
        Mean margin, in logits: low if the network preferred another class for much of the training.
    easiness : ndarray of float64 or None
        Mean easiness, in [0, 1]: 0 hard, 1 easy. None without an estimator.
    rival_easiness : ndarray of float64 or None
        Mean easiness of the predicted class, counted as 0 in epochs where that is the label; in [0,
        1]. High if the network clearly predicted another class for much of the training.
    probs : ndarray of float64 of shape (n_samples, n_classes) or None
        Mean softmax, with `keep_probs`, to pass to `easiness_core.find_label_errors`.

    Examples
    --------
    >>> from easiness_aum import AreaUnderMargin
    >>> area = AreaUnderMargin()
    >>> area.update(["a", "b"], [[4.0, 1.0], [0.0, 2.5]], [0, 0])
    >>> values = area.values()
    >>> values
    AUMValues(2 samples, up to 1 measurements each)
    >>> values.ids, values.aum
    (array(['a', 'b'], dtype='<U1'), array([ 3. , -2.5]))
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
