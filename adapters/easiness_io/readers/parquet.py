"""Parquet files, in batches that start small: what a row takes is known only once it is read.

Run lengths and dictionaries let a file of some kB hold rows of GBs. Page checksums are compared
where the file has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from easiness_io.errors import DataError, reason
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers.base import Block, Reader, ReadOptions, Source

_BATCH_BYTES = 1 << 26
_BUFFER_BYTES = 1 << 16
_GROWTH = 32


class ParquetReader(Reader):
    """The columns of a parquet file."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        # Of each column, how many rows were read at once, and the bytes that one of them took.
        self._seen: dict[str, tuple[int, int]] = {}
        with _opened(source) as file:
            schema = file.schema_arrow
            super().__init__(
                source, arrow.fields_of(schema), n_rows=file.metadata.num_rows,
                index=arrow.index_of(schema),
            )  # fmt: skip

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Look at all columns, so that reading need not begin with a few rows again."""
        self.head(names)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Give the named columns batch by batch."""
        done = 0
        with _opened(self.source) as file:
            for batch in _batches(file, self.source, list(names), block_rows, self._seen):
                yield arrow.batch_values(batch, names, self.source, done)
                done += batch.num_rows
        if done != self.n_rows:
            raise self.source.unreadable(f"cut short: {self.n_rows} rows promised, {done} read")


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """Open a file such that text is read as what differs, and for each row which of it."""
    try:
        with source.open() as handle:
            # Buffered: else all bytes of a row group are read before its first row is given.
            options: dict[str, Any] = {
                "buffer_size": _BUFFER_BYTES, "page_checksum_verification": True
            }  # fmt: skip
            with pq.ParquetFile(handle, **options) as file:
                schema = file.schema_arrow
                text = [
                    each.name for each in schema
                    if arrow.is_text(arrow.storage(each.type)) or pt.is_binary(each.type)
                ]  # fmt: skip
                if not text:
                    yield file
                    return
                options["read_dictionary"] = text
                yield pq.ParquetFile(handle, metadata=file.metadata, **options)
    except DataError:
        raise
    except pa.ArrowMemoryError as error:
        raise MemoryError(reason(error)) from error
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise source.unreadable(f"not a readable parquet file: {reason(error)}") from error


def _batches(
    file: Any, source: Source, names: list[str], most_rows: int, seen: dict[str, tuple[int, int]]
) -> Iterator[Any]:
    """Read rows of the named columns; a batch may have 32 times the rows of the one before.

    It may as long as rows like those seen take no more than 64 MiB or `max_bytes`.
    """
    allowed, row_bytes = min(_BATCH_BYTES, source.max_bytes), 8 * len(names)
    kinds = [arrow.storage(file.schema_arrow.field(name).type) for name in names]
    is_plain = not any(arrow.is_list(k) or arrow.is_text(k) or arrow.is_bytes(k) for k in kinds)
    most = 1
    if is_plain:
        most = most_rows
    elif all(name in seen for name in names):
        most = min(most_rows, _GROWTH * min(seen[name][0] for name in names))
        row_bytes = max(row_bytes, sum(seen[name][1] for name in names))
    size = max(1, min(most, allowed // row_bytes))
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
                sizes = [arrow.text_bytes(column) for column in batch.columns]
                source.check_size(sum(sizes), "one batch of rows")
                rows = max(1, batch.num_rows)
                row_bytes = max(row_bytes, -(-sum(sizes) // rows))
                for name, n_bytes in zip(batch.schema.names, sizes, strict=True):
                    seen[name] = max(seen.get(name, (0, 0)), (rows, -(-n_bytes // rows)))
                if skip < batch.num_rows:
                    yield batch.slice(skip).select(names)
                    done += batch.num_rows - skip
                skip = max(0, skip - batch.num_rows)
                wanted = max(1, min(most_rows, size * _GROWTH, allowed // row_bytes))
                if done < n_rows and (wanted >= 2 * size or 2 * wanted < size):
                    size, again = wanted, True
                    break
