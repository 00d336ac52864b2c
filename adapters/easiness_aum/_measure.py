"""Measure the easiness of a batch, in integer units that add up exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_aum._table import UNIT


def measure(
    logits: NDArray[Any], labels: NDArray[np.int64], estimator: ec.ClosedForm | ec.MonteCarlo | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the easiness of the label, and of the predicted class if it differs, in units."""
    if estimator is None:
        return np.zeros_like(labels), np.zeros_like(labels)
    probs = ec.softmax(logits)
    scores = ec.score(probs, labels, estimator=estimator)
    rival = np.zeros(labels.size)
    # Once training has progressed, most rows are predicted as labeled.
    other = np.flatnonzero(scores.predicted != labels)
    if other.size:
        rival[other] = ec.easiness(probs[other], scores.predicted[other], estimator=estimator)
    units = np.rint(np.stack([scores.easiness, rival]) / UNIT).astype(np.int64)
    return units[0], units[1]
