"""Convert columns of a file to ids, to text, and to the column numbers of labels."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from easiness_core.validation import LabelEncoder, check_labels
from easiness_io.errors import DataError
from easiness_io.readers.base import Source, Values

_LARGEST = 2.0**53


def as_ids(values: Values, source: Source, first_row: int) -> pa.Array:
    """Convert a column to ids: int64, or uint64 or string if the file has these; some may be null.

    The `source` of a `Reader` names the file in messages, and `first_row` is where it starts.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        values = pa.array(values, from_pandas=True)  # NaN is null
    bad = None
    if not isinstance(values, pa.Array):
        bad = str(values.dtype)
    elif pa.types.is_floating(values.type):
        values = values.cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), _LARGEST))
        row = pc.index(whole, False).as_py()
        bad = f"{values[row].as_py()!r} in row {first_row + row}" if row >= 0 else None
    elif not (pa.types.is_string(values.type) or pa.types.is_integer(values.type)):
        bad = str(values.type)
    if bad is not None:
        raise source.error(
            f"expected whole numbers or text, got {bad}", argument="ids",
            hint="name another column with {ids}, or ignore ids with {no_ids}",
        )  # fmt: skip
    return values if values.type in (pa.string(), pa.uint64()) else values.cast(pa.int64())


def as_text(values: Values) -> pa.Array:
    """Convert a column to strings, whole numbers without a decimal point; nulls stay."""
    if isinstance(values, np.ndarray):
        values = pa.array(values.astype(values.dtype.newbyteorder("="), copy=False),
                          from_pandas=True)  # fmt: skip
    texts = values.cast(pa.string())
    is_float = pa.types.is_floating(values.type)
    return pc.replace_substring_regex(texts, r"\.0$", "") if is_float else texts


def check_same_ids(
    ids: pa.Array, others: pa.Array, first_row: int, path: str, other: str, *, what: str = "ids"
) -> None:
    """Refuse labels whose ids differ, in any row, from those of the probabilities.

    A whole number equals its text.
    """
    left, right = ids, others
    if left.type != right.type:
        left, right = left.cast(pa.string()), right.cast(pa.string())
    both_null = pc.and_(left.is_null(), right.is_null())
    same = pc.or_kleene(pc.equal(left, right), both_null).fill_null(False)
    row = pc.index(same, False).as_py()
    if row >= 0:
        raise DataError(
            f"its {what} differ from those of {path!r} at row {first_row + row}: "
            f"{right[row].as_py()!r} and {left[row].as_py()!r}",
            path=other, hint="sort both the same way, or ignore the ids with {no_ids}",
            row=first_row + row,
        )  # fmt: skip


def encode_labels(
    encoder: LabelEncoder, values: Values, n_classes: int, source: Source, first_row: int
) -> NDArray[np.int64]:
    """Return the column number of each label of a block."""
    if not len(values):
        return np.empty(0, np.int64)
    is_whole = isinstance(values, np.ndarray) and values.dtype.kind in "iu"
    if not is_whole or encoder.has_names:
        values = encoder.encode(*_distinct(values, source, first_row), first_row)
    return check_labels(values, len(values), n_classes, first_row=first_row)


def _distinct(values: Values, source: Source, first_row: int) -> tuple[list[Any], NDArray[Any]]:
    """Return the distinct labels, and the position of each row's label among them."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "iufb":
            problem = f"expected numbers or text, got {values.dtype}"
            raise source.error(problem, argument="labels")
        values = pa.array(values.astype(values.dtype.newbyteorder("="), copy=False))
    source.check_complete(values, first_row)
    found = values.dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)
