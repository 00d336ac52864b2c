"""The labels of one file, with their ids, as written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.columns import find_columns
from easiness_io.errors import located
from easiness_io.ids import as_ids, as_text
from easiness_io.readers.base import ReadOptions
from easiness_io.readers.registry import open_reader


@dataclass(frozen=True)
class LabelFile:
    """Labels as text, one per row.

    Attributes
    ----------
    texts : pyarrow.Array of string
        Whole numbers without a decimal point.
    are_numbers : bool
        Whether the file holds numbers; those of csv are text.
    ids : pyarrow.Array of string, or None
        As written; None if the file has no ids.
    label_name, ids_name : str
        The columns they were read from; ids_name is "" without ids.
    dtype : dtype or None
        Of the labels, in npy and npz.
    ids_type : pyarrow.DataType or None
        Of the ids: string, int64 or uint64.
    """

    texts: pa.Array
    are_numbers: bool
    ids: pa.Array | None
    label_name: str
    ids_name: str
    dtype: np.dtype[Any] | None = None
    ids_type: Any = None


def read_labels(path: str | os.PathLike[str], options: ReadOptions | None = None) -> LabelFile:
    r"""Read the label column of a file; other columns are ignored.

    Parameters
    ----------
    path : path
        In any format that `open_samples` reads.
    options : ReadOptions, optional
        Names of the columns, and the format of csv.

    Returns
    -------
    LabelFile
        All labels of the file.

    Raises
    ------
    DataError
        If the file cannot be read or has no label column, if labels or ids are missing, or labels
        are not whole numbers.

    Examples
    --------
    >>> import os, tempfile
    >>> from easiness_io import read_labels
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "labels.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("id,label\na,cat\nb,dog\n")
    ...     found = read_labels(path)
    >>> found.texts.to_pylist(), found.ids.to_pylist()
    (['cat', 'dog'], ['a', 'b'])
    """
    path = os.fspath(path)
    with located(path):
        reader = open_reader(path, options or ReadOptions())
        part = find_columns(reader, options or ReadOptions(), probs=False, label=True)
        if options is not None and options.ids and part.ids is None:
            raise reader.source.error(f"no column {options.ids!r}", argument="ids")
        reader.choose(part.names, part.text_names)
        labels, ids, first_row, are_numbers = [], [], 0, True
        dtype = ids_type = None
        for block in reader.blocks(part.names, 1 << 18):
            values = block[str(part.label)]
            if isinstance(values, pa.Array):
                are_numbers &= not pa.types.is_string(values.type)
            else:
                dtype = values.dtype if reader.layout == "arrays" else None
                values = values.astype(np.int64) if values.dtype.kind == "b" else values
            texts = as_text(values)
            reader.source.check_complete(texts, first_row)
            whole = pc.match_substring_regex(texts, "^-?[0-9]+$")
            if are_numbers and not pc.all(whole).as_py():
                row = pc.index(whole, False).as_py()
                problem = (
                    f"expected whole numbers or text, got {texts[row]} in row {row + first_row}"
                )
                raise reader.source.error(problem, argument="labels", row=row + first_row)
            labels.append(texts)
            if part.ids is not None:
                names = as_ids(block[part.ids], reader.source, first_row)
                reader.source.check_complete(names, first_row, part.ids)
                ids_type = names.type
                ids.append(names.cast(pa.string()))
            first_row += len(values)
        if not first_row:
            raise reader.source.error("it has no rows")
    return LabelFile(
        pa.concat_arrays(labels),
        are_numbers,
        pa.concat_arrays(ids) if part.ids is not None else None,
        str(part.label),
        part.ids or "",
        dtype,
        ids_type,
    )
