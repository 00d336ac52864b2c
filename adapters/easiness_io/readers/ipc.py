"""Read Arrow files and streams, and Feather."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from easiness_io.parameters import Parameters
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers.base import Block, Reader, Source

FILE_MAGIC = b"ARROW1"


class ArrowReader(Reader):
    """The columns of an Arrow file or stream, at least one record batch at a time."""

    def __init__(self, source: Source, options: Parameters) -> None:
        with _opened(source, None) as batches:
            super().__init__(source, arrow.fields_of(batches.schema))
            self._positions = {name: at for at, name in enumerate(batches.schema.names)}

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns batch by batch."""
        done = 0
        # Arrow gives included columns in the order of the file.
        with _opened(self.source, sorted(self._positions[name] for name in names)) as batches:
            n_batches = getattr(batches, "num_record_batches", None)  # streams do not tell
            each = batches if n_batches is None else map(batches.get_batch, range(n_batches))
            for batch in each:
                batch.validate(full=True)
                self.source.check_size(batch.nbytes, "one batch of rows")
                yield arrow.batch_values(batch, self.source, done)
                done += batch.num_rows


@contextmanager
def _opened(source: Source, columns: list[int] | None) -> Iterator[Any]:
    options = pa.ipc.IpcReadOptions(included_fields=columns, use_threads=False)
    with source.reading("Arrow"), source.open_native() as file:
        is_file = file.read(len(FILE_MAGIC)) == FILE_MAGIC
        file.seek(0)
        opened = pa.ipc.open_file if is_file else pa.ipc.open_stream
        with opened(file, options=options) as batches:
            yield batches
        if not is_file and columns is not None:
            _check_end(file, source)


def _check_end(file: Any, source: Source) -> None:
    """Refuse a stream without an end: Arrow reads what a killed writer left as if complete."""
    file.seek(max(0, source.size - 8))
    if file.read() != b"\xff\xff\xff\xff" + bytes(4):
        raise source.unreadable("cut short: the end of the stream is missing")
