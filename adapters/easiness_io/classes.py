"""Labels of a file as column numbers, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easiness_core.validation import LabelEncoder, check_labels
from easiness_io.readers.base import Source, Values


def encode_labels(
    encoder: LabelEncoder, values: Values, n_classes: int, source: Source, first_row: int
) -> NDArray[np.int64]:
    """Give the column number of each label of a block."""
    if not len(values):
        return np.empty(0, np.int64)
    is_whole = isinstance(values, np.ndarray) and values.dtype.kind in "iu"
    if not is_whole or encoder.has_names:
        values = encoder.encode(*_distinct(values, source, first_row), first_row)
    return check_labels(values, len(values), n_classes, first_row=first_row)


def _distinct(values: Values, source: Source, first_row: int) -> tuple[list[Any], NDArray[Any]]:
    """Give the different labels, and for each row which of them."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "iufb":
            problem = f"expected numbers or text, got {values.dtype}"
            raise source.error(problem, argument="labels")
        values = pa.array(values.astype(values.dtype.newbyteorder("="), copy=False))
    source.check_complete(values, first_row)
    found = values.dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)
