"""Read parquet files, in batches sized by the memory that the first row takes.

Run lengths and dictionaries let a file of a few kB hold rows of several GB, so the size of a row is
known only once it is read. Page checksums are compared if the file has them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pyarrow.parquet as pq
import pyarrow.types as pt

from easiness_io.parameters import Parameters
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers.base import Block, Reader, Source

_BATCH_BYTES = 1 << 26
_BUFFER_BYTES = 1 << 16
_LIST_ROWS = 1 << 11


class ParquetReader(Reader):
    """The columns of a parquet file."""

    def __init__(self, source: Source, options: Parameters) -> None:
        with _opened(source) as file:
            fields = arrow.fields_of(file.schema_arrow)
            super().__init__(source, fields, n_rows=file.metadata.num_rows)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns batch by batch."""
        done = 0
        with _opened(self.source) as file:
            for batch in _batches(file, self.source, list(names), block_rows):
                yield arrow.batch_values(batch, self.source, done)
                done += batch.num_rows
        if done != self.n_rows:
            raise self.source.error(f"cut short: {self.n_rows} rows promised, {done} read")


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """Open a file so that text is read as dictionaries."""
    # Buffered: otherwise all bytes of a row group are read before its first row is returned.
    options: dict[str, Any] = {"buffer_size": _BUFFER_BYTES, "page_checksum_verification": True}
    with (
        source.reading("parquet"),
        source.open_native() as handle,
        pq.ParquetFile(handle, **options) as file,
    ):
        text = [
            each.name for each in file.schema_arrow
            if arrow.storage(each.type) in arrow.TEXTS or pt.is_binary(each.type)
        ]  # fmt: skip
        if text:
            options["read_dictionary"] = text
            file = pq.ParquetFile(handle, metadata=file.metadata, **options)
        yield file


def _batches(file: Any, source: Source, names: list[str], most_rows: int) -> Iterator[Any]:
    """Read rows of the named columns, as many at once as fit in 64 MiB or `max_bytes`."""
    row_bytes = 8 * len(names)
    kinds = [arrow.storage(file.schema_arrow.field(name).type) for name in names]
    if any(arrow.is_list(kind) or arrow.is_text(kind) for kind in kinds):
        for first in islice(file.iter_batches(1, columns=names, use_threads=False), 1):
            row_bytes = max(row_bytes, _n_bytes(first, source))
        # Later lists may be longer than the first.
        most_rows = min(most_rows, _LIST_ROWS) if any(map(arrow.is_list, kinds)) else most_rows
    size = max(1, min(most_rows, min(_BATCH_BYTES, source.max_bytes) // row_bytes))
    # One row group at a time: a single iteration over all of them keeps the bytes it has read
    # (pyarrow 26; `test_peak_memory_is_that_of_a_few_blocks`).
    for group in range(file.metadata.num_row_groups):
        for batch in file.iter_batches(size, row_groups=[group], columns=names, use_threads=False):
            _n_bytes(batch, source)
            yield batch.select(names)


def _n_bytes(batch: Any, source: Source) -> int:
    n_bytes = sum(map(arrow.text_bytes, batch.columns))
    source.check_size(n_bytes, "one batch of rows")
    return n_bytes
