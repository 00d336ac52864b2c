"""The labels of one file alone, with their ids, as they are written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.columns import find_columns
from easiness_io.errors import located
from easiness_io.parameters import Parameters
from easiness_io.readers.registry import open_reader
from easiness_io.values import as_ids, as_text


@dataclass(frozen=True)
class LabelFile:
    """Labels, and ids if there are any, as they are written, one per row."""

    texts: pa.Array  # of strings; whole numbers without a decimal point
    are_numbers: bool  # those of csv are text
    ids: pa.Array | None  # of strings
    label_name: str
    ids_name: str  # empty without ids
    dtype: np.dtype[Any] | None  # of the labels in npy and npz
    ids_type: Any  # string, int64 or uint64


def read_labels(path: str | os.PathLike[str], options: Parameters | None = None) -> LabelFile:
    """Read the label column of a file; other columns are ignored.

    Refuses missing labels and ids, and labels that are numbers but not whole.
    """
    path = os.fspath(path)
    with located(path):
        reader = open_reader(path, options or Parameters())
        part = find_columns(reader, options or Parameters(), probs=False, label=True)
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
