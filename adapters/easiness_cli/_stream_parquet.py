"""Parquet files, batch by batch; page checksums are compared where the file has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from easiness_cli import _read_parquet as whole
from easiness_cli._ids import UnusableIds, leave_out, pick_ids
from easiness_cli._parquet_batches import batches, opened
from easiness_cli._parquet_ids import check_type, id_values, in_doubt
from easiness_cli._source import Request, Source
from easiness_cli._stream_parts import Parts, Stream


def stream_parquet(source: Source, request: Request) -> Stream:
    """Stream the columns that are needed."""
    with opened(source) as file:
        schema = file.schema_arrow
        names = [name for name in schema.names if not name.startswith(whole._INDEX)]
        if len(set(names)) < len(names):
            raise source.error("two columns have the same name")
        label = whole._label_column(source, names, request) if request.with_labels else None
        columns: list[str] = []
        ids = pick_ids([name for name in names if name != label], request, source)
        if request.what == "probs":
            columns = whole._probs_columns(
                source, schema, [name for name in names if name != request.ids_key], label, request
            )
            ids = None if ids in columns else ids
        if ids is not None:
            try:
                check_type(schema.field(ids), source)
            except UnusableIds as error:
                leave_out(ids, error, request)
                ids = None
        wanted = [*columns, *(name for name in (label, ids) if name is not None)]
        first = next(batches(file, source, wanted, 1), None)
        doubt = ids is not None and in_doubt(schema.field(ids))
        only_null = ids is not None and not in_doubt(schema.field(ids).with_nullable(False))
        return _Parquet(
            source, file.metadata.num_rows, (columns, label, ids), first, doubt, only_null
        )


class _Parquet(Stream):
    def __init__(
        self,
        source: Source,
        n_rows: int,
        names: tuple[list[str], str | None, str | None],
        first: Any,
        doubt: bool,
        only_null: bool,
    ) -> None:
        self._columns, self._label, self._ids = names
        self._only_null = only_null
        n_classes, listed = len(self._columns), len(self._columns) == 1
        if listed and first is not None:
            column = pa.chunked_array([first.column(self._columns[0])])
            n_classes = whole._matrix(column, source, self._columns[0]).shape[1]
        super().__init__(
            source, n_rows=n_rows, n_classes=n_classes, ids_name=self._ids,
            ids_in_doubt=doubt,
            columns=None if listed or not self._columns else self._columns,
            n_columns=None if listed or not self._columns else n_classes,
        )  # fmt: skip

    def forget_ids(self) -> None:
        super().forget_ids()
        self._ids = None

    def parts(self, block_rows: int) -> Iterator[Parts]:
        names = [name for name in (*self._columns, self._label, self._ids) if name is not None]
        for table, first_row in self._tables(names, block_rows):
            yield Parts(
                self._probs(table, first_row) if self._columns else None,
                None if self._label is None else whole._labels(
                    table.column(self._label), self.source, self._label
                ),
                None if self._ids is None else self._id_column(table),
            )  # fmt: skip

    def only_ids(self) -> Iterator[Parts]:
        assert self._ids is not None
        for table, _ in self._tables([self._ids], 1 << 16):
            yield Parts(ids=self._id_column(table))

    def survey_ids(self) -> None:
        if not self._only_null:
            super().survey_ids()
            return
        for _ in self._tables([self.ids_name], 1 << 16):
            pass  # what is null is refused as it is read

    def only_labels(self) -> Iterator[Parts] | None:
        return None if self._label is None else self._labels_alone(self._label)

    def _labels_alone(self, name: str) -> Iterator[Parts]:
        for table, _ in self._tables([name], 1 << 16):
            yield Parts(labels=whole._labels(table.column(name), self.source, name))

    def _tables(self, names: list[str], block_rows: int) -> Iterator[tuple[Any, int]]:
        done = 0
        with opened(self.source) as file:
            for batch in batches(file, self.source, names, block_rows):
                table = pa.Table.from_batches([batch])
                for name in names:
                    nulls = table.column(name).null_count
                    if not nulls:
                        continue
                    told = f"{nulls} of rows {done} to {done + table.num_rows - 1} are null"
                    if name == self._ids:
                        raise UnusableIds(self.source, told)
                    raise self.source.error(f"column {name!r}: {told}; drop or fill them")
                yield table, done
                done += table.num_rows
        if done != self.n_rows:
            raise self.source.error(f"cut short: {self.n_rows} rows promised, {done} read")

    def _probs(self, table: Any, first_row: int) -> Any:
        if self.columns is not None:
            return np.column_stack([table.column(name).to_numpy() for name in self._columns])
        name = self._columns[0]
        return whole._matrix(
            table.column(name), self.source, name, first_row=first_row, width=self.n_classes
        )

    def _id_column(self, table: Any) -> Any:
        assert self._ids is not None
        return self.checked_ids(id_values(table.column(self._ids), self.source, self._ids))
