"""Read the files that `easiness score` wrote, and select from them."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from easiness_io import DataError
from easiness_io.parameters import Parameters
from easiness_io.readers.registry import open_reader
from easiness_io.shards.discover import expand, is_many
from easiness_io.values import as_ids, as_text
from easiness_io.writers.tables import write_table
from numpy.typing import NDArray

import easiness_core as ec

_NUMBERS = ("index", "easiness", "log_easiness", "loss")
_ESTIMATOR = b"easiness.estimator"
_CLASSES = ("label", "predicted")
# The columns that each rule needs.
_NEEDS = {"levels": ["level"], "interval": ["easiness"], "hardest": ["log_easiness"],
          "easiest": ["log_easiness"], "loss_rank": ["level", "loss"], "random": []}  # fmt: skip


def read_scores(path: str, needed: Sequence[str], max_bytes: int) -> Any:
    """Read index, id (if there is one) and the needed columns, as an Arrow table.

    Levels are numbers; label and predicted are names if the file has names; other columns are text.
    For a folder or glob, the first column is the file of each row.
    """
    tables = []
    for each in expand(path).values():
        for table in _read_blocks(each, needed, max_bytes):
            if is_many(path):
                table = table.add_column(0, "file", pa.array([each] * table.num_rows, pa.string()))
            tables.append(table)
    if len({table.schema for table in tables}) > 1:
        raise DataError("its files differ in columns or column types", path=path)
    if not tables:
        raise DataError("it has no rows", path=path)
    return pa.concat_tables(tables)


def estimators(path: str) -> set[str]:
    """Return the estimators recorded in parquet files of scores; csv and npz record none."""
    paths = [each for each in expand(path).values() if each.endswith(".parquet")]
    found = [pq.read_schema(each).metadata or {} for each in paths]
    return {each[_ESTIMATOR].decode() for each in found if _ESTIMATOR in each}


def _read_blocks(path: str, needed: Sequence[str], max_bytes: int) -> Iterator[Any]:
    reader = open_reader(path, Parameters(max_bytes=max_bytes))
    kinds = {name: each.kind for name, each in reader.fields.items()}
    for name in ("index", *needed):
        if name not in kinds:
            raise DataError(
                f"no column {name!r}: 'easiness score' did not write this file; it has "
                f"{', '.join(map(repr, list(kinds)[:20]))}",
                path=path,
            )
        if name in _NUMBERS and kinds[name] not in ("integer", "float", "any"):
            raise DataError(f"column {name!r}: expected numbers, got {kinds[name]}", path=path)
    names = ["index", *(["id"] if "id" in kinds else []), *needed]
    # Classes are names in some files and numbers in others.
    is_number = {n: n in _NUMBERS or (n in _CLASSES and kinds[n] != "text") for n in names}
    reader.choose(names, [name for name in names if not is_number[name]])
    classes = None
    if "classes" in kinds:  # npz files store the names separately
        beside = open_reader(path, Parameters(max_bytes=max_bytes))
        beside.choose(["classes"], ["classes"])
        blocks = beside.blocks(["classes"], 1 << 18)
        classes = pa.concat_arrays([block["classes"] for block in blocks])
    for block in reader.blocks(names, 1 << 18):
        columns = {name: pa.array(block[name]) for name in names}
        for name, column in columns.items():
            if name == "id":
                columns[name] = as_ids(column, reader.source, 0)
            elif name == "level":
                columns[name] = _level_numbers(column, path)
            elif not is_number[name]:
                columns[name] = as_text(column)
            elif name == "index" or name in _CLASSES:
                try:
                    columns[name] = column.cast(pa.int64())
                except pa.ArrowInvalid as error:
                    problem = f"column {name!r}: expected whole numbers"
                    raise DataError(problem, path=path) from error
                if classes is not None and name != "index":
                    columns[name] = classes.take(columns[name])
            if name in (*_NUMBERS, *_CLASSES, "level") and columns[name].null_count:
                raise DataError(f"column {name!r}: values are missing", path=path)
        yield pa.table(columns)


def _level_numbers(column: Any, path: str) -> Any:
    known = {text: int(level) for level in ec.Level
             for text in (str(int(level)), str(level.name).lower())}  # fmt: skip
    found = column.cast(pa.string()).dictionary_encode()
    names = found.dictionary.to_pylist()
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        problem = f"column 'level': expected hard, medium or easy, got {unknown!r}"
        raise DataError(problem, path=path)
    return pa.array([known[name] for name in names], pa.uint8()).take(found.indices)


def select_rows(args: argparse.Namespace) -> tuple[pa.Table, int]:
    """Return file (if several), index and any id of the selected samples; count all samples."""
    rule = next(name for name in _NEEDS if getattr(args, name) is not None)
    table = read_scores(args.path, _NEEDS[rule], args.max_bytes)
    chosen = _choose(args, rule, table)
    if rule not in ("hardest", "easiest"):
        chosen = chosen[np.argsort(table.column("index").to_numpy()[chosen], kind="stable")]
    shown = [name for name in table.column_names if name in ("file", "index", "id")]
    return table.select(shown).take(chosen), table.num_rows


def _choose(args: argparse.Namespace, rule: str, table: pa.Table) -> NDArray[np.int64]:
    """Return the positions in the table that the rule selects."""
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
    """Write the samples as csv, or only their indices."""
    index = table.column("index").to_numpy()
    if suffix == ".npy":
        np.save(file, index)
    elif suffix == ".txt":
        np.savetxt(file, index, fmt="%d")
    else:
        write_table(table, file, suffix)
