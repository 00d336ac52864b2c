"""`Samples`: one block of probabilities, labels and ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, repr=False)
class Samples:
    """Consecutive rows of an input.

    Attributes
    ----------
    probs : ndarray of shape (n_rows, n_classes)
        With the dtype of the file, not yet checked; the softmax if the file holds logits.
    labels : ndarray of shape (n_rows,), int64
        Column numbers.
    ids : pyarrow.Array or None
        Whole numbers or text, if the input has ids.
    first_row : int
        Row of the input at which these rows start.
    logits : ndarray of shape (n_rows, n_classes), or None
        The logits, if the file holds logits; unlike `probs` they do not saturate.
    kept : dict of str to pyarrow.Array
        Further columns requested by the option `keep`, as text.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from easiness_io import open_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/a.npz", probs=[[0.9, 0.1], [0.2, 0.8]], labels=[0, 0])
    ...     samples = next(open_samples(f"{folder}/a.npz").blocks())
    >>> samples
    Samples(2 rows of 2 classes, from row 0)
    >>> samples.labels, samples.ids
    (array([0, 0]), None)
    """

    probs: NDArray[Any]
    labels: NDArray[np.int64]
    ids: pa.Array | None
    first_row: int
    logits: NDArray[Any] | None = None
    kept: Mapping[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.labels.size)

    def __repr__(self) -> str:
        n_rows, n_classes = self.probs.shape
        return f"Samples({n_rows} rows of {n_classes} classes, from row {self.first_row})"
