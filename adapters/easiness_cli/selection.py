"""Samples chosen by a rule from files of scores, for `easiness select`."""

from __future__ import annotations

import argparse
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from easiness_io import DataError, ReadOptions, as_ids, expand, is_many, open_reader, write_csv
from numpy.typing import NDArray

import easiness_core as ec

# The columns that each rule needs.
_NEEDS = {"levels": ["level"], "interval": ["easiness"], "hardest": ["log_easiness"],
          "easiest": ["log_easiness"], "loss_rank": ["level", "loss"], "random": []}  # fmt: skip


def select_rows(args: argparse.Namespace) -> tuple[pa.Table, int]:
    """Give file (of several), index, id where there is one, of the samples chosen; count all."""
    rule = next(name for name in _NEEDS if getattr(args, name) is not None)
    paths = list(expand(args.path).values()) if is_many(args.path) else [args.path]
    tables = []
    for path in paths:
        table = _read_file(path, _NEEDS[rule], args.max_bytes)
        if is_many(args.path):
            table = table.add_column(0, "file", pa.array([path] * table.num_rows, pa.string()))
        tables.append(table)
    if len({table.schema for table in tables}) > 1:
        raise DataError("its files differ in columns or column types", path=args.path)
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise DataError("it holds no rows", path=args.path)
    chosen = _choose(args, rule, table)
    if rule not in ("hardest", "easiest"):
        chosen = chosen[np.argsort(table.column("index").to_numpy()[chosen], kind="stable")]
    shown = [name for name in table.column_names if name in ("file", "index", "id")]
    return table.select(shown).take(chosen), table.num_rows


def _read_file(path: str, needed: list[str], max_bytes: int) -> Any:
    reader = open_reader(path, ReadOptions(max_bytes=max_bytes))
    kinds = {name: each.kind for name, each in reader.fields.items()}
    for name in ("index", *needed):
        if name not in kinds:
            raise DataError(
                f"no column {name!r}: 'easiness score' did not write this file; it has "
                f"{', '.join(map(repr, list(kinds)[:20]))}",
                path=path,
            )
        if name != "level" and kinds[name] not in ("integer", "float", "any"):
            raise DataError(f"column {name!r}: expected numbers, got {kinds[name]}", path=path)
    names = ["index", *(["id"] if "id" in kinds else []), *needed]
    reader.choose(names, [name for name in names if name in ("id", "level")])
    types = {"index": pa.int64(), "level": pa.uint8(), "id": pa.string()}
    parts = [pa.table({name: pa.array([], types.get(name, pa.float64())) for name in names})]
    for block in reader.blocks(names, 1 << 18):
        columns = {name: pa.array(block[name]) for name in names}
        try:
            columns["index"] = columns["index"].cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise DataError("column 'index': expected whole numbers", path=path) from error
        if "id" in columns:
            columns["id"] = as_ids(columns["id"], reader.source, 0)
        if "level" in columns:
            columns["level"] = _level_numbers(columns["level"], path)
        missing = next((n for n in names if n != "id" and columns[n].null_count), None)
        if missing is not None:
            raise DataError(f"column {missing!r}: values are missing", path=path)
        parts.append(pa.table(columns))
    return pa.concat_tables(parts[1:] or parts)


def _level_numbers(column: Any, path: str) -> Any:
    known = {text: int(level) for level in ec.Level
             for text in (str(int(level)), str(level.name).lower())}  # fmt: skip
    found = column.cast(pa.string()).dictionary_encode()
    names = found.dictionary.to_pylist()
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise DataError(
            f"column 'level': expected hard, medium or easy, got {unknown!r}", path=path
        )
    return pa.array([known[name] for name in names], pa.uint8()).take(found.indices)


def _choose(args: argparse.Namespace, rule: str, table: pa.Table) -> NDArray[np.int64]:
    """Give the positions in the table that the rule selects."""
    columns: dict[str, Any] = {name: table.column(name).to_numpy() for name in _NEEDS[rule]}
    if rule == "levels":
        return ec.select(columns["level"], args.levels)
    if rule == "interval":
        return ec.select_interval(columns["easiness"], *args.interval)
    if rule == "loss_rank":
        n_hard, n_medium = (
            ec.select(columns["level"], level).size if given is None else given
            for given, level in ((args.n_hard, ec.HO), (args.n_medium, ec.MO))
        )
        return ec.loss_rank_selection(columns["loss"], n_hard=n_hard, n_medium=n_medium)
    if rule == "random":
        return ec.random_selection(table.num_rows, args.random, seed=args.seed or 0)
    sign = 1 if rule == "hardest" else -1
    order: NDArray[np.int64] = np.argsort(sign * columns["log_easiness"], kind="stable")
    return order[: getattr(args, rule)]


def write_rows(table: pa.Table, file: BinaryIO, suffix: str) -> None:
    """Write the samples as csv, or their indices alone."""
    index = table.column("index").to_numpy()
    if suffix == ".npy":
        np.save(file, index)
    elif suffix == ".txt":
        np.savetxt(file, index, fmt="%d")
    else:
        write_csv(table, file)
