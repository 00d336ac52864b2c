"""`easiness select`: the samples worth training on, or looking at."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.output import standard_output
from easiness_cli.words import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMMARY = "choose samples from files that 'score' wrote, and list their rows and ids"
EPILOG = """\
Exactly one rule is needed. Rows are those of the scored files, sorted but for --hardest and
--easiest. csv has the columns index and, where the scores have ids, id; for a folder or glob also
file. .npy and .txt hold the indices alone.

examples:
  easiness select scores.parquet --hardest 50
  easiness select scores.parquet --levels medium -o medium.npy
  easiness select scores.csv --interval 0.05 0.95 -o keep.csv
  easiness select scores.parquet --random 5000 --seed 1
"""
_SUFFIXES = (".npy", ".csv", ".txt")
_RULES = {"levels": "level", "interval": "easiness", "hardest": "log_easiness",
          "easiest": "log_easiness"}  # fmt: skip


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument(
        "path", metavar="SCORES", help="what 'easiness score' wrote: a file, folder or quoted glob"
    )
    rule = parser.add_argument_group("rules").add_mutually_exclusive_group(required=True)
    rule.add_argument(
        "--levels", type=options.levels, metavar="LEVELS",
        help="samples of these levels: names such as hard,medium, or MO, EO, HO, EMO, MHO, EMHO "
        "(E easy, M medium, H hard, O only)",
    )  # fmt: skip
    rule.add_argument(
        "--hardest", type=options.whole(0), metavar="N",
        help="the N samples of lowest log easiness, in that order",
    )  # fmt: skip
    rule.add_argument(
        "--easiest", type=options.whole(0), metavar="N",
        help="the N samples of highest log easiness, in that order",
    )  # fmt: skip
    rule.add_argument(
        "--interval", nargs=2, type=options.unit, metavar=("LOW", "HIGH"),
        help="samples with LOW <= easiness <= HIGH",
    )  # fmt: skip
    rule.add_argument(
        "--loss-rank", action="store_true",
        help="rank by loss, highest first, skip as many as are hard and take as many as are medium",
    )  # fmt: skip
    rule.add_argument("--random", type=options.whole(0), metavar="N", help="N samples at random")
    for name, verb, level in (("--n-hard", "skip", "hard"), ("--n-medium", "take", "medium")):
        parser.add_argument(
            name, type=options.whole(0), metavar="N",
            help=f"with --loss-rank: how many to {verb} (default: the {level} ones in SCORES)",
        )  # fmt: skip
    parser.add_argument(
        "--seed", type=options.whole(0), metavar="S", help="with --random: seed (default: 0)"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-",
        help="file to write: .npy, .csv or .txt; '-' prints csv (default: -)",
    )  # fmt: skip
    options.max_bytes(parser)
    options.running(parser)


def run(args: argparse.Namespace) -> int:
    """Select samples from files of scores, and write or print them."""
    import numpy as np
    from easiness_io import atomic_write, check_output

    suffix = _check_options(args)
    if args.output != "-":
        check_output(args.output, args.overwrite, inputs=[args.path])
    table = _read(args)
    chosen = _choose(args, table)
    if args.hardest is None and args.easiest is None:
        chosen = chosen[np.argsort(table.column("index").to_numpy()[chosen], kind="stable")]
    data = _written(table.take(chosen), suffix)
    if args.output == "-":
        with standard_output() as stdout:
            stdout.write(data)
    else:
        with atomic_write(args.output, args.overwrite) as file:
            file.write(data)
    if not args.quiet:
        share = 100 * chosen.size / table.num_rows
        target = "" if args.output == "-" else f", written to {args.output}"
        print(
            f"selected {chosen.size:,} of {table.num_rows:,} samples ({share:.2f} %){target}",
            file=sys.stderr,
        )
    return 0


def _check_options(args: argparse.Namespace) -> str:
    from easiness_io import is_many

    suffix = ".csv" if args.output == "-" else os.path.splitext(args.output)[1].lower()
    if suffix not in _SUFFIXES:
        raise UsageError(f"-o {args.output}: expected a name ending in .npy, .csv or .txt")
    if suffix != ".csv" and is_many(args.path):
        raise UsageError(
            f"-o {args.output}: rows of several files need their names as well; write .csv"
        )
    for name, value, rule, given in (
        ("--n-hard", args.n_hard, "--loss-rank", args.loss_rank),
        ("--n-medium", args.n_medium, "--loss-rank", args.loss_rank),
        ("--seed", args.seed, "--random", args.random is not None),
    ):
        if value is not None and not given:
            raise UsageError(f"{name} requires {rule}")
    if args.interval and args.interval[0] > args.interval[1]:
        low, high = args.interval
        raise UsageError(f"--interval: LOW {low:g} is above HIGH {high:g}; swap them")
    return suffix


def _read(args: argparse.Namespace) -> Any:
    """Read what the rule needs: file (of several), index, id, and columns of numbers."""
    import pyarrow as pa
    from easiness_io import DataError, expand, is_many

    wanted = [name for rule, name in _RULES.items() if getattr(args, rule) is not None]
    wanted += ["level", "loss"] if args.loss_rank else []
    paths = list(expand(args.path).values()) if is_many(args.path) else [args.path]
    tables = []
    for path in paths:
        table = _read_file(path, wanted, args.max_bytes)
        if len(paths) > 1 or is_many(args.path):
            names = pa.array([path] * table.num_rows, pa.string())
            table = table.add_column(0, "file", names)
        tables.append(table)
    if len({table.schema for table in tables}) > 1:
        raise DataError("its files differ in their columns, or these in type", path=args.path)
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise DataError("it holds no rows", path=args.path)
    return table


def _read_file(path: str, wanted: list[str], max_bytes: int) -> Any:
    import pyarrow as pa
    from easiness_io import DataError, ReadOptions, as_ids, open_reader

    reader = open_reader(path, ReadOptions(max_bytes=max_bytes))
    kinds = {each.name: each.kind for each in reader.fields}
    for name in ("index", *wanted):
        if name not in kinds:
            raise DataError(
                f"no column {name!r}; 'easiness score' did not write this. It has "
                f"{', '.join(map(repr, list(kinds)[:20]))}",
                path=path,
            )
        if name != "level" and kinds[name] not in ("integer", "float"):
            raise DataError(f"column {name!r}: expected numbers, got {kinds[name]}", path=path)
    names = ["index", *(["id"] if "id" in kinds else []), *wanted]
    reader.choose(names, [name for name in names if name in ("id", "level")])
    types = {"index": pa.int64(), "level": pa.uint8(), "id": pa.string()}
    parts = [pa.table({n: pa.array([], types.get(n, pa.float64())) for n in names})]
    for block in reader.blocks(names, 1 << 18):
        columns = {name: pa.array(block[name]) for name in names}
        try:
            columns["index"] = columns["index"].cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise DataError("column 'index': expected whole numbers", path=path) from error
        if "id" in columns:
            columns["id"] = as_ids(columns["id"], reader.source, 0)
        if "level" in columns:
            columns["level"] = _levels(columns["level"], path)
        missing = next((n for n in names if n != "id" and columns[n].null_count), None)
        if missing is not None:
            raise DataError(f"column {missing!r}: values are missing", path=path)
        parts.append(pa.table(columns))
    return pa.concat_tables(parts[1:] or parts)


def _levels(column: Any, path: str) -> Any:
    import pyarrow as pa
    from easiness_io import DataError

    import easiness_core as ec

    by_name = {str(int(level)): int(level) for level in ec.Level}
    by_name |= {str(level.name).lower(): int(level) for level in ec.Level}
    found = column.cast(pa.string()).dictionary_encode()
    unknown = [name for name in found.dictionary.to_pylist() if name not in by_name]
    if unknown:
        raise DataError(
            f"column 'level': expected hard, medium or easy, got {unknown[0]!r}", path=path
        )
    values = pa.array([by_name[name] for name in found.dictionary.to_pylist()], pa.uint8())
    return values.take(found.indices)


def _choose(args: argparse.Namespace, table: Any) -> NDArray[np.int64]:
    """Give the positions in the table that the rule selects."""
    import numpy as np

    import easiness_core as ec

    columns = {
        name: table.column(name).to_numpy()
        for name in table.column_names if name not in ("file", "index", "id")
    }  # fmt: skip
    if args.levels:
        return ec.select(columns["level"], _level_rule(args.levels))
    if args.interval:
        return ec.select_interval(columns["easiness"], *args.interval)
    if args.hardest is not None or args.easiest is not None:
        n, sign = (args.hardest, 1) if args.easiest is None else (args.easiest, -1)
        order: NDArray[np.int64] = np.argsort(sign * columns["log_easiness"], kind="stable")[:n]
        return order
    if args.loss_rank:
        counts = {
            level: int(ec.select(columns["level"], level).size)
            for level in (ec.Level.HARD, ec.Level.MEDIUM)
        }
        n_hard = counts[ec.Level.HARD] if args.n_hard is None else args.n_hard
        n_medium = counts[ec.Level.MEDIUM] if args.n_medium is None else args.n_medium
        return ec.loss_rank_selection(columns["loss"], n_hard, n_medium)
    return ec.random_selection(table.num_rows, args.random, seed=args.seed or 0)


def _level_rule(names: tuple[str, ...]) -> Any:
    import easiness_core as ec

    if names[0] not in ec.Level.__members__:
        return getattr(ec, names[0])
    levels = ec.Level(0)
    for name in names:
        levels |= ec.Level[name]
    return levels


def _written(table: Any, suffix: str) -> bytes:
    import numpy as np
    from easiness_io import write_csv

    file = io.BytesIO()
    if suffix == ".npy":
        np.save(file, table.column("index").to_numpy())
    elif suffix == ".txt":
        file.write("".join(f"{at}\n" for at in table.column("index").to_pylist()).encode())
    else:
        write_csv(
            table.select([n for n in ("file", "index", "id") if n in table.column_names]), file
        )
    return file.getvalue()
