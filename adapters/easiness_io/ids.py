"""Ids of samples: whole numbers or text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.errors import DataError
from easiness_io.readers.base import Source, Values

_LARGEST = 2.0**53


def as_ids(values: Values, source: Source, first_row: int) -> pa.Array:
    r"""Convert a column of ids to an Arrow array.

    Parameters
    ----------
    values : ndarray or pyarrow.Array of shape (n_rows,)
        Whole numbers of any type, or text; some may be null.
    source : Source
        The file, for messages: the `source` of a `Reader`.
    first_row : int
        Row of the file at which the values start.

    Returns
    -------
    pyarrow.Array
        Of type string, uint64 if the file has that type, or else int64.

    Raises
    ------
    DataError
        If they are anything else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from easiness_io import ReadOptions, as_ids, open_reader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("id,p_0,p_1\n7,0.9,0.1\n8,0.2,0.8\n")
    ...     reader = open_reader(str(path), ReadOptions())
    ...     block = next(reader.blocks(["id"], 100))
    >>> as_ids(block["id"], reader.source, 0).to_pylist()
    [7, 8]
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
    """Convert a column to strings, whole numbers without a decimal point.

    Parameters
    ----------
    values : numpy.ndarray or pyarrow.Array, of shape (n_rows,)
        Numbers, booleans or strings.

    Returns
    -------
    pyarrow.Array of string
        One per row; missing values stay missing.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_io import as_text
    >>> as_text(np.array([7.0, 0.5])).to_pylist()
    ['7', '0.5']
    """
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
            path=other, hint="sort both alike, or ignore the ids with {no_ids}",
            row=first_row + row,
        )  # fmt: skip
