"""What the commands read: one file, or the files of a folder or glob, as their options say."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from easiness_io import (
    DataError,
    Parameters,
    SampleReader,
    Shard,
    check_shards,
    is_many,
    pair_shards,
)
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.output import note
from easiness_cli.words import CommandError, UsageError, listed


def estimator_from(args: argparse.Namespace) -> ec.ClosedForm | ec.MonteCarlo:
    """Build the estimator that the options describe."""
    monte_carlo = args.estimator == "monte-carlo"
    for name in ("resolution",) if monte_carlo else ("draws", "seed"):
        if getattr(args, name) is not None:
            only = "closed-form" if monte_carlo else "monte-carlo"
            raise UsageError(f"--{name} requires --estimator {only}, got {args.estimator}")
    given = {
        name: getattr(args, name)
        for name in ("sigma", "draws", "seed", "resolution")
        if getattr(args, name) is not None
    }
    return ec.MonteCarlo(**given) if monte_carlo else ec.ClosedForm(**given)


def parse_classes(text: str | None) -> list[str] | None:
    """Read the value of `--classes`: names separated by commas, or `@FILE` with one a line."""
    if text is None:
        return None
    names, source = text.split(","), "--classes"
    if text.startswith("@"):
        source = text[1:]
        try:
            with open(source, encoding="utf-8-sig") as file:
                names = file.read().rstrip("\r\n").splitlines()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise CommandError(f"--classes: cannot read {source!r}: {why}") from error
    names = [name.strip() for name in names]
    if not all(names):
        raise CommandError(f"{source}: class name {names.index('') + 1} is empty")
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise CommandError(f"{source}: class name {name!r} appears {count} times")
    return names


def reading_from(args: argparse.Namespace) -> dict[str, Any]:
    """Gather the reading options, by the names that `easiness_io` gives them."""
    names = ("probs", "labels", "ids", "logits", "normalize", "header", "delimiter", "decimal",
             "encoding", "max_bytes")  # fmt: skip
    return {**{name: getattr(args, name) for name in names}, "classes": parse_classes(args.classes)}


def parameters_from(args: argparse.Namespace) -> Parameters:
    """Gather the options that the numbers depend on, and check them."""
    return Parameters(
        estimator=estimator_from(args) if hasattr(args, "estimator") else ec.ClosedForm(),
        n_bins=getattr(args, "bins", 5),
        escape_formulas=getattr(args, "escape_formulas", False),
        **reading_from(args),
    )


def is_set(args: argparse.Namespace) -> bool:
    """Whether the inputs are folders or globs."""
    return is_many(args.path) or (args.labels_path is not None and is_many(args.labels_path))


def open_inputs(
    args: argparse.Namespace, parameters: Parameters
) -> list[tuple[Shard, SampleReader]]:
    """Open what the arguments name, and note which columns are left out."""
    if is_set(args):
        shards = pair_shards(args.path, args.labels_path)
        readers = check_shards(shards, parameters, check_ids=getattr(args, "check_ids", True))
    else:
        shards = [Shard(args.path, args.labels_path)]
        readers = [SampleReader(args.path, args.labels_path, parameters)]
    note_left_out(readers, quiet=args.quiet)
    return list(zip(shards, readers, strict=True))


def note_left_out(readers: Sequence[SampleReader], *, quiet: bool) -> None:
    """Name the columns that are not used, once for all files."""
    names = list(dict.fromkeys(name for reader in readers for name in reader.left_out))
    if names and not quiet:
        note(f"columns not used: {listed(names)}")


def warn_below_chance(summary: ec.Summary, n_classes: int) -> None:
    """Warn where so few labels agree with the predictions that they may be mixed up."""
    if summary.is_below_chance(n_classes):
        note(
            f"accuracy is {100 * summary.accuracy:.2f} %, far below chance "
            f"({100 / n_classes:.2f} %): are labels numbered from 1, or the class columns in "
            f"another order?",
            kind="warning",
        )


@dataclass(frozen=True)
class Gathered:
    """All rows of the inputs at once."""

    probs: NDArray[Any]
    labels: NDArray[np.int64]
    ids: Any
    classes: list[str] | None
    rows: NDArray[np.int64]
    files: Any


def gather(args: argparse.Namespace, parameters: Parameters) -> Gathered:
    """Read all rows, within `--max-bytes`."""
    inputs = open_inputs(args, parameters)
    parts, n_bytes = [], 0
    rows, files = [], []
    for shard, reader in inputs:
        for block in reader.blocks():
            n_bytes += block.probs.nbytes
            if n_bytes > args.max_bytes:
                raise DataError(
                    f"all rows at once take more than the limit of {args.max_bytes:,} bytes",
                    path=shard.input, hint="raise {max_bytes} if that is what you want",
                )  # fmt: skip
            parts.append(block)
            rows.append(np.arange(block.first_row, block.first_row + len(block)))
            files.append(pa.array([shard.input] * len(block), pa.string()))
    if not sum(map(len, parts)):
        raise CommandError(f"{args.path!r}: it holds no rows")
    readers = [reader for _, reader in inputs]
    has_ids = readers[0].ids_name is not None
    return Gathered(
        np.concatenate([part.probs for part in parts if len(part)]),
        np.concatenate([part.labels for part in parts]),
        pa.chunked_array([part.ids for part in parts]) if has_ids else None,
        readers[0].classes,
        np.concatenate(rows),
        pa.chunked_array(files) if is_set(args) else None,
    )
