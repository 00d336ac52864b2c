"""`easiness select`: the indices of the samples worth training on, or looking at."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._errors import CommandError
from easiness_cli._source import Source, open_source
from easiness_cli._write import atomic_write, check_output, standard_output

_SUFFIXES = (".npy", ".csv", ".txt")


def run(args: argparse.Namespace) -> int:
    """Select samples from a file of scores, and write or print their indices."""
    _check_options(args)
    if args.output != "-":
        if _suffix(args.output) not in _SUFFIXES:
            raise CommandError(
                f"-o {args.output}: expected a name ending in .npy, .csv or .txt", exit_code=2
            )
        check_output(args.output, args.overwrite, inputs=[args.scores])
    index, positions = _apply(args)
    chosen = np.sort(index[positions])
    if args.output == "-":
        with standard_output() as stdout:
            stdout.write(_lines(chosen))
    else:
        with atomic_write(args.output, args.overwrite) as file:
            if _suffix(args.output) == ".npy":
                np.save(file, chosen)
            else:
                header = b"index\n" if _suffix(args.output) == ".csv" else b""
                file.write(header + _lines(chosen))
    if not args.quiet:
        share = 100 * chosen.size / index.size
        target = "" if args.output == "-" else f", written to {args.output}"
        message = f"selected {chosen.size:,} of {index.size:,} samples ({share:.2f} %){target}"
        print(message, file=sys.stderr)
    return 0


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _lines(values: NDArray[np.int64]) -> bytes:
    return "".join(f"{value}\n" for value in values.tolist()).encode()


def _check_options(args: argparse.Namespace) -> None:
    for name, value, rule, given in (
        ("--n-hard", args.n_hard, "--loss-rank", args.loss_rank),
        ("--n-medium", args.n_medium, "--loss-rank", args.loss_rank),
        ("--seed", args.seed, "--random", args.random is not None),
    ):
        if value is not None and not given:
            raise CommandError(f"{name} has a meaning with {rule} only", exit_code=2)
    if args.interval and args.interval[0] > args.interval[1]:
        low, high = args.interval
        raise CommandError(
            f"--interval: LOW {low:g} is above HIGH {high:g}; swap them", exit_code=2
        )


def _apply(args: argparse.Namespace) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Give the file's index column, and the positions in it that the rule selects."""
    source = open_source(args.scores, args.max_bytes)
    if args.levels:
        columns = _read(source, "level")
        chosen = _levels(args.levels)
        return columns["index"], ec.select(columns["level"], chosen)
    if args.interval:
        columns = _read(source, "easiness")
        return columns["index"], ec.select_interval(columns["easiness"], *args.interval)
    if args.loss_rank:
        columns = _read(source, "level", "loss")
        n_hard = _count(columns["level"], ec.Level.HARD) if args.n_hard is None else args.n_hard
        n_medium = args.n_medium
        if n_medium is None:
            n_medium = _count(columns["level"], ec.Level.MEDIUM)
        return columns["index"], ec.loss_rank_selection(columns["loss"], n_hard, n_medium)
    index = _read(source)["index"]
    seed = 0 if args.seed is None else args.seed
    return index, ec.random_selection(index.size, args.random, seed=seed)


def _levels(names: tuple[str, ...]) -> ec.Level:
    if names[0] in ec.Level.__members__:
        levels = ec.Level(0)
        for name in names:
            levels |= ec.Level[name]
        return levels
    rule: ec.Level = getattr(ec, names[0])
    return rule


def _count(level: NDArray[np.uint8], which: ec.Level) -> int:
    return int(ec.select(level, which).size)


def _read(source: Source, *names: str) -> dict[str, NDArray[Any]]:
    """Read the index and the named columns of a file of scores."""
    if source.kind == "npz":
        from easiness_cli._read_npy import npz_columns as read
    elif source.kind == "parquet":
        from easiness_cli._read_parquet import parquet_columns as read
    elif source.kind == "csv":
        from easiness_cli._read_csv import csv_columns as read
    else:
        raise source.error(
            "expected a file that 'easiness score' wrote (parquet, csv or npz), got npy"
        )
    columns = read(source, ["index", *names])
    for name, values in columns.items():
        if values.ndim != 1 or values.shape != columns["index"].shape:
            raise source.error(f"column {name!r}: expected one value a row, got {values.shape}")
        if name != "level" and values.dtype.kind not in ("iu" if name == "index" else "iuf"):
            raise source.error(f"column {name!r}: expected numbers, got {values.dtype}")
    if not columns["index"].size:
        raise source.error("it holds no rows")
    if "level" in columns and columns["level"].dtype.kind == "U":
        columns["level"] = _level_values(source, columns["level"])
    return columns


def _level_values(source: Source, texts: NDArray[np.str_]) -> NDArray[np.uint8]:
    different, inverse = np.unique(texts, return_inverse=True)
    unknown = [text for text in different.tolist() if text.upper() not in ec.Level.__members__]
    if unknown:
        raise source.error(f"column 'level': expected hard, medium or easy, got {unknown[0]!r}")
    values = np.array([ec.Level[text.upper()] for text in different.tolist()], dtype=np.uint8)
    return values[inverse]
