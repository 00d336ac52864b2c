"""Collect the scores of a data set on the host, batch by batch, as the core computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.scoring.check import are_probs_likely, check_matrix, warn_of_probs

_NAMED = 10


class Gather:
    """Columns over all samples, filled in any order; each sample counts once."""

    def __init__(self, n_samples: int, estimator: ec.ClosedForm | ec.MonteCarlo) -> None:
        self._estimator = estimator
        self._seen = np.zeros(n_samples, dtype=np.bool_)
        self._columns: dict[str, Any] = {
            "easiness": np.empty(n_samples),
            "log_easiness": np.empty(n_samples),
            "level": np.empty(n_samples, dtype=np.uint8),
            "loss": np.empty(n_samples),
            "predicted": np.empty(n_samples, dtype=np.int64),
            "labels": np.empty(n_samples, dtype=np.int64),
        }
        self._summary = ec.Summary(estimator=estimator, n_bins=5)
        self._n_classes = 0

    def add(self, indices: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Score a batch, except samples that were seen before."""
        check_matrix(logits, "logits")
        _check_labels(labels, indices)
        if len(indices) != len(logits):
            raise ValueError(
                f"logits: expected one row for each of {len(indices)} indices, got {len(logits)}"
            )
        if not self._seen.any() and len(logits) and bool(are_probs_likely(logits)):
            warn_of_probs(stacklevel=4)
        wide = logits if logits.dtype == torch.float64 else logits.float()
        probs = wide.softmax(1).cpu().numpy()
        index = indices.cpu().numpy()
        bad = ~np.isfinite(probs).all(axis=1)
        if bad.any():
            shown = ", ".join(map(str, index[bad][:_NAMED]))
            raise ValueError(
                f"logits: {int(bad.sum())} samples of a batch have NaN or infinite logits: "
                f"indices {shown}; look for them in the data, or lower the learning rate"
            )
        # The first row of a sample counts: loaders repeat samples to fill their last batch.
        first = np.zeros(len(index), dtype=np.bool_)
        first[np.unique(index, return_index=True)[1]] = True
        new = first & ~self._seen[index]
        index = index[new]
        scores = ec.score(probs[new], labels.cpu().numpy()[new], estimator=self._estimator)
        for name, column in self._columns.items():
            column[index] = getattr(scores, name)
        self._seen[index] = True
        self._summary.update(scores)
        self._n_classes = scores.n_classes

    def scores(self) -> ec.Scores:
        """Return the scores; raise an error if a sample is missing."""
        missing = np.flatnonzero(~self._seen)
        if missing.size:
            shown = ", ".join(map(str, missing[:_NAMED]))
            raise ValueError(
                f"data: {missing.size} of {self._seen.size} samples were not in the loader: "
                f"indices {shown}; pass the data set itself, or a loader over all of it"
            )
        return ec.Scores(**self._columns, summary=self._summary, n_classes=self._n_classes)


def _check_labels(labels: Any, indices: Tensor) -> None:
    """Refuse other common kinds of labels, with advice; the core checks the rest."""
    if not isinstance(labels, Tensor):
        raise TypeError(
            f"labels: expected a tensor of class indices, got {type(labels).__name__}; number the "
            f"classes from 0 in the data set, or pass step= that returns such a tensor"
        )
    if labels.ndim == 2:
        raise ValueError(
            f"labels: expected shape ({len(labels)},), got {tuple(labels.shape)}; for one-hot "
            f"labels pass step= that returns labels.argmax(1)"
        )
    ignored = labels.cpu() == -100
    if ignored.shape == indices.shape and ignored.any():
        shown = ", ".join(map(str, indices.cpu()[ignored].tolist()[:_NAMED]))
        raise ValueError(
            f"labels: {int(ignored.sum())} samples of a batch have the label -100 (ignored): "
            f"indices {shown}; leave them out with torch.utils.data.Subset"
        )
