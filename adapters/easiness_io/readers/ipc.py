"""Read Arrow files and streams, Feather, and the folders that `Dataset.save_to_disk` writes."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from easiness_io.errors import DataError, reason
from easiness_io.parameters import Parameters
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers.base import Block, Reader, Source

FILE_MAGIC = b"ARROW1"
STATE = "state.json"
SPLITS = "dataset_dict.json"


class ArrowReader(Reader):
    """The columns of Arrow files, one after the other, at least one record batch at a time."""

    def __init__(self, source: Source, options: Parameters) -> None:
        self._files = [source]
        if os.path.isdir(source.path):
            self._files = [Source(path, source.max_bytes) for path in dataset_files(source.path)]
        with _opened(self._files[0], None) as batches:
            super().__init__(source, arrow.fields_of(batches.schema))
            self._positions = {name: at for at, name in enumerate(batches.schema.names)}

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns batch by batch."""
        done = 0
        # Arrow returns the included columns in file order.
        order = sorted(names, key=self._positions.__getitem__)
        for file in self._files:
            with _opened(file, [self._positions[name] for name in order]) as batches:
                if batches.schema.names != order:
                    raise file.error(f"its columns differ from those of {self._files[0].path!r}")
                n_batches = getattr(batches, "num_record_batches", None)  # unknown for streams
                each = batches if n_batches is None else map(batches.get_batch, range(n_batches))
                for batch in each:
                    batch.validate(full=True)
                    self.source.check_size(batch.nbytes, "one batch of rows")
                    yield arrow.batch_values(batch, file, done)
                    done += batch.num_rows


def dataset_files(folder: str) -> list[str]:
    """List the files of a saved `datasets.Dataset`."""
    if os.path.exists(os.path.join(folder, SPLITS)):
        splits = sorted(name for name in os.listdir(folder) if is_dataset(f"{folder}/{name}"))
        raise DataError(
            f"it has the splits {', '.join(splits)}", path=folder, hint="name one of them"
        )
    try:
        with open(os.path.join(folder, STATE), encoding="utf-8") as file:
            names = [str(each["filename"]) for each in json.load(file)["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"not a readable dataset: {STATE}: {reason(error)}", path=folder) from error
    if not names:
        raise DataError("the dataset has no files", path=folder)
    return [os.path.join(folder, os.path.basename(name)) for name in names]


def is_dataset(folder: str) -> bool:
    """Whether a folder was written by `save_to_disk` of `datasets`."""
    return any(os.path.isfile(os.path.join(folder, name)) for name in (STATE, SPLITS))


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
    """Refuse a stream without an end marker: Arrow would accept what a killed writer left."""
    file.seek(max(0, source.size - 8))
    if file.read() != b"\xff\xff\xff\xff" + bytes(4):
        raise source.error("cut short: the end of the stream is missing")
