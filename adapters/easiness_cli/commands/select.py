"""`easiness select`: the samples worth training on, or looking at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, BinaryIO

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, resolve_output, tell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMMARY = "choose samples from files that 'score' wrote, and list their rows and ids"
EPILOG = """\
Pass exactly one rule. Rows are numbered as in the scored files, and listed in order except with
--hardest and --easiest. csv has the columns index and, where the scores have ids, id; for a folder
or glob, also file. .npy and .txt hold the indices alone.

examples:
  easiness select scores.parquet --hardest 50
  easiness select scores.parquet --levels medium -o medium.npy
  easiness select scores.csv --interval 0.05 0.95 -o keep.csv
  easiness select scores.parquet --random 5000 --seed 1
"""
_SUFFIXES = (".npy", ".csv", ".txt")
_COUNT: Any = {"type": options.whole(0), "metavar": "N"}
# fmt: off
OPTIONS = {
    "": [
        option("path", metavar="SCORES",
               help="what 'easiness score' wrote: a file, folder or quoted glob"),
        option("--n-hard", **_COUNT,
               help="with --loss-rank: number to skip (default: the hard samples in SCORES)"),
        option("--n-medium", **_COUNT,
               help="with --loss-rank: number to take (default: the medium samples in SCORES)"),
        option("--seed", type=options.whole(0), metavar="S",
               help="with --random: random seed (default: 0)"),
        option("-o", "--output", metavar="OUT", default="-",
               help="file to write: .npy, .csv or .txt; '-' prints csv (default: -)"),
        options.MAX_BYTES,
    ],
    options.ONE_OF: [
        option("--levels", type=options.levels, metavar="LEVELS",
               help="samples of these levels: names such as hard,medium, or MO, EO, HO, EMO, MHO, "
               "EMHO (E easy, M medium, H hard, O only)"),
        option("--hardest", **_COUNT, help="the N samples of lowest log easiness, lowest first"),
        option("--easiest", **_COUNT, help="the N samples of highest log easiness, highest first"),
        option("--interval", nargs=2, type=options.unit, metavar=("LOW", "HIGH"),
               help="samples with LOW <= easiness <= HIGH"),
        option("--loss-rank", action="store_true", default=None,
               help="rank by loss, highest first; skip as many samples as are hard and take as "
               "many as are medium"),
        option("--random", **_COUNT, help="N random samples"),
    ],
    "running": options.RUNNING,
}
# fmt: on
# The columns that each rule needs.
_NEEDS = {
    "levels": ["level"],
    "interval": ["easiness"],
    "hardest": ["log_easiness"],
    "easiest": ["log_easiness"],
    "loss_rank": ["level", "loss"],
    "random": [],
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Select samples from files of scores, and write or print them."""
    import numpy as np

    suffix = resolve_output(args, [args.path], _SUFFIXES)
    rule = next(name for name in _NEEDS if getattr(args, name) is not None)
    _check_options(args, rule, suffix)
    table = _read(args, _NEEDS[rule])
    chosen = _choose(args, rule, table)
    if rule not in ("hardest", "easiest"):
        chosen = chosen[np.argsort(table.column("index").to_numpy()[chosen], kind="stable")]
    with open_output(args) as file:
        _write(table.take(chosen), file, suffix)
    if not args.quiet:
        share = 100 * chosen.size / table.num_rows
        target = "" if args.output == "-" else f", written to {args.output}"
        text = f"selected {chosen.size:,} of {table.num_rows:,} samples ({share:.2f} %){target}"
        tell(text, to_stderr=True)
    return 0


def _check_options(args: argparse.Namespace, rule: str, suffix: str) -> None:
    from easiness_io import is_many

    if suffix != ".csv" and is_many(args.path):
        raise UsageError(f"-o {args.output}: rows of several files need file names; write .csv")
    for name, needed in (("n_hard", "loss_rank"), ("n_medium", "loss_rank"), ("seed", "random")):
        if getattr(args, name) is not None and rule != needed:
            raise UsageError(f"--{name} requires --{needed}".replace("_", "-"))
    if args.interval and args.interval[0] > args.interval[1]:
        low, high = args.interval
        raise UsageError(f"--interval: LOW {low:g} is above HIGH {high:g}; swap them")


def _read(args: argparse.Namespace, needed: list[str]) -> Any:
    """Read file (of several), index, id where there is one, and the needed columns."""
    import pyarrow as pa
    from easiness_io import DataError, expand, is_many

    paths = list(expand(args.path).values()) if is_many(args.path) else [args.path]
    tables = []
    for path in paths:
        table = _read_file(path, needed, args.max_bytes)
        if is_many(args.path):
            table = table.add_column(0, "file", pa.array([path] * table.num_rows, pa.string()))
        tables.append(table)
    if len({table.schema for table in tables}) > 1:
        raise DataError("its files differ in columns or column types", path=args.path)
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise DataError("it holds no rows", path=args.path)
    return table


def _read_file(path: str, needed: list[str], max_bytes: int) -> Any:
    import pyarrow as pa
    from easiness_io import DataError, ReadOptions, as_ids, open_reader

    reader = open_reader(path, ReadOptions(max_bytes=max_bytes))
    kinds = {each.name: each.kind for each in reader.fields}
    for name in ("index", *needed):
        if name not in kinds:
            raise DataError(
                f"no column {name!r}: 'easiness score' did not write this file; it has "
                f"{', '.join(map(repr, list(kinds)[:20]))}",
                path=path,
            )
        if name != "level" and kinds[name] not in ("integer", "float"):
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
    import pyarrow as pa
    from easiness_io import DataError

    import easiness_core as ec

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


def _choose(args: argparse.Namespace, rule: str, table: Any) -> NDArray[np.int64]:
    """Give the positions in the table that the rule selects."""
    import numpy as np

    import easiness_core as ec

    def column(name: str) -> Any:
        return table.column(name).to_numpy()

    if rule == "levels":
        wanted = ec.Level(sum(ec.Level[name] for name in args.levels))
        return ec.select(column("level"), wanted)
    if rule == "interval":
        return ec.select_interval(column("easiness"), *args.interval)
    if rule == "loss_rank":
        n_hard, n_medium = (
            ec.select(column("level"), level).size if given is None else given
            for given, level in ((args.n_hard, ec.HO), (args.n_medium, ec.MO))
        )
        return ec.loss_rank_selection(column("loss"), n_hard, n_medium)
    if rule == "random":
        return ec.random_selection(table.num_rows, args.random, seed=args.seed or 0)
    sign = 1 if rule == "hardest" else -1
    order: NDArray[np.int64] = np.argsort(sign * column("log_easiness"), kind="stable")
    return order[: getattr(args, rule)]


def _write(table: Any, file: BinaryIO, suffix: str) -> None:
    import numpy as np
    from easiness_io import write_csv

    index = table.column("index").to_numpy()
    if suffix == ".npy":
        np.save(file, index)
    elif suffix == ".txt":
        np.savetxt(file, index, fmt="%d")
    else:
        write_csv(
            table.select([n for n in table.column_names if n in ("file", "index", "id")]), file
        )
