"""Batches of rows of a parquet file, few at first: what a row takes is known only once it is read.

Run lengths and dictionaries let a file of some kB hold rows of GBs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easiness_cli._errors import reason
from easiness_cli._source import Source

BATCH_BYTES = 1 << 26
_BUFFER_BYTES = 1 << 16
_GROWTH = 8


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """Open a file such that text is read as what differs, and for each row which of it.

    Raises
    ------
    CommandError
        If it is not a readable parquet file, or becomes unreadable while it is open.
    """
    try:
        with source.open() as handle, _file(handle, source) as file:
            yield file
    except pa.ArrowMemoryError as error:
        raise source.no_memory() from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise source.error(f"not a readable parquet file: {reason(error)}") from error


def _file(handle: Any, source: Source) -> Any:
    # Buffered: else all of a row group's bytes are read before its first row is given.
    options = {"buffer_size": _BUFFER_BYTES, "page_checksum_verification": True}
    file = pq.ParquetFile(handle, **options)
    text = [field.name for field in file.schema_arrow if is_text(field.type)]
    if not text:
        return file
    return pq.ParquetFile(handle, metadata=file.metadata, read_dictionary=text, **options)


def is_text(kind: Any) -> bool:
    """Whether a type is one of text or bytes of any length, dictionary or not."""
    kind = plain(kind)
    return any(
        of(kind)
        for of in (
            pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
            pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
        )
    )  # fmt: skip


def plain(kind: Any) -> Any:
    """Give the type of a dictionary's values, and any other type as it is."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_list(kind: Any) -> bool:
    """Whether a type is one of lists."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def batches(file: Any, source: Source, names: list[str], most_rows: int) -> Iterator[Any]:
    """Read rows of the named columns.

    Of lists, the first batch has one row, and each may have 8 times the rows of the one before as
    long as rows like those seen take no more than 64 MiB or `--max-bytes`. Where there is text and
    no list, its columns alone are read so at first.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        As `opened` gives it.
    source : Source
        Its name and limit.
    names : list of str
        Columns.
    most_rows : int
        Rows of no batch are more.

    Yields
    ------
    pyarrow.RecordBatch
        Rows in order.

    Raises
    ------
    CommandError
        If a batch takes more than `--max-bytes`.
    """
    schema = file.schema_arrow  # made anew each time
    fields = [schema.field(name) for name in names]
    if any(is_list(field.type) for field in fields):
        yield from _growing(file, source, names, most_rows, 1)
        return
    row_bytes = max(1, 8 * len(names))
    text = [field.name for field in fields if is_text(field.type)]
    seen = 0
    for batch in _growing(file, source, text, most_rows, 1) if text else ():
        row_bytes = max(row_bytes, 8 * len(names) + batch_bytes(batch) // max(1, batch.num_rows))
        seen += batch.num_rows
        if seen >= most_rows:
            break
    size = max(1, min(most_rows, min(BATCH_BYTES, source.max_bytes) // row_bytes))
    yield from _growing(file, source, names, most_rows, size)


def _growing(
    file: Any, source: Source, names: list[str], most_rows: int, size: int
) -> Iterator[Any]:
    allowed, row_bytes = min(BATCH_BYTES, source.max_bytes), 1
    # One row group at a time: one iteration over all of them keeps the bytes that it has read
    # (pyarrow 26; `test_peak_memory_is_that_of_a_few_blocks`).
    for group in range(file.metadata.num_row_groups):
        n_rows = file.metadata.row_group(group).num_rows
        done, again = 0, True
        while again:
            again, skip = False, done
            # pyarrow's batches are of one size: with another, it begins at the group's start.
            for batch in file.iter_batches(
                size, row_groups=[group], columns=names, use_threads=False
            ):
                n_bytes = batch_bytes(batch)
                source.check_size(n_bytes, "one batch of rows")
                row_bytes = max(row_bytes, -(-n_bytes // max(1, batch.num_rows)))
                if skip < batch.num_rows:
                    yield batch.slice(skip)
                    done += batch.num_rows - skip
                skip = max(0, skip - batch.num_rows)
                wanted = max(1, min(most_rows, size * _GROWTH, allowed // row_bytes))
                if done < n_rows and (wanted >= 2 * size or 2 * wanted < size):
                    size, again = wanted, True
                    break


def batch_bytes(batch: Any) -> int:
    """Count what a batch takes, text as NumPy holds it."""
    return sum(
        4 * longest_text(column) * len(column)
        if pa.types.is_dictionary(column.type)
        else int(column.nbytes)
        for column in batch.columns
    )


def _part(column: Any) -> tuple[Any, NDArray[Any]]:
    """Give the part of a dictionary that rows refer to, and where in it each finds its own.

    Batches of one row group share a dictionary that grows.
    """
    rows = column.indices.drop_null().to_numpy()
    if not rows.size:
        return column.dictionary.slice(0, 0), rows
    low, high = int(rows.min()), int(rows.max())
    if high - low < 2 * rows.size:
        return column.dictionary.slice(low, high - low + 1), rows - low
    used, codes = np.unique(rows, return_inverse=True)
    return column.dictionary.take(pa.array(used)), codes


def longest_text(column: Any) -> int:
    """Count the characters, or bytes, of the longest text of a dictionary array's rows."""
    if not is_text(column.type):
        return 2  # a number of 8 bytes
    different, codes = _part(column)
    if not codes.size:
        return 1
    count = pc.binary_length if is_bytes(different.type) else pc.utf8_length
    lengths = count(different).to_numpy(zero_copy_only=False)
    return int(lengths[codes].max(initial=1))


def is_bytes(kind: Any) -> bool:
    """Whether a type is one of bytes of any length."""
    kind = plain(kind)
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
    )


def texts(column: Any, source: Source, name: str) -> NDArray[np.str_]:
    """Turn a column of text, a dictionary in each chunk, into an array; refuse what is too wide.

    Bytes become text in hexadecimal.

    Raises
    ------
    CommandError
        If the longest text, times the rows, takes more than `--max-bytes`.
    """
    longest = max((longest_text(chunk) for chunk in column.chunks), default=1)
    if is_bytes(column.type):
        longest *= 2
    source.check_texts(longest, len(column), f"column {name!r}")
    found = np.empty(len(column), f"U{longest}")
    at = 0
    for chunk in column.chunks:
        part, codes = _part(chunk)
        different = part.to_numpy(zero_copy_only=False)
        if is_bytes(column.type):
            different = np.array([each.hex() for each in different], np.str_)
        found[at : at + len(chunk)] = different.astype(found.dtype)[codes]
        at += len(chunk)
    return found
