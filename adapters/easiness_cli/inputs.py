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
from easiness_cli.errors import CommandError, UsageError
from easiness_cli.output import listed, note

_READING = ("probs", "labels", "ids", "logits", "normalize", "header", "delimiter", "decimal",
            "encoding", "max_bytes")  # fmt: skip


def options_from(args: argparse.Namespace) -> dict[str, Any]:
    """Gather the options that the numbers depend on, as `easiness_io.make_parameters` takes them.

    Not every command has all: the rest have their defaults.
    """
    found = {name: getattr(args, name) for name in _READING}
    found["classes"] = _parse_classes(args.classes)
    if hasattr(args, "estimator"):
        found |= {"estimator": _estimator_from(args), "n_bins": args.bins}
    return found | {"escape_formulas": getattr(args, "escape_formulas", False)}


def _estimator_from(args: argparse.Namespace) -> ec.ClosedForm | ec.MonteCarlo:
    kinds = {"closed-form": ["resolution"], "monte-carlo": ["draws", "seed"]}
    given = {"sigma": args.sigma}
    for kind, names in kinds.items():
        for name in names:
            if getattr(args, name) is not None:
                if kind != args.estimator:
                    raise UsageError(f"--{name} requires --estimator {kind}, got {args.estimator}")
                given[name] = getattr(args, name)
    return ec.ClosedForm(**given) if args.estimator == "closed-form" else ec.MonteCarlo(**given)


def _parse_classes(text: str | None) -> list[str] | None:
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
        readers = [SampleReader(args.path, args.labels_path, parameters.reading)]
    note_left_out(readers, quiet=args.quiet)
    return list(zip(shards, readers, strict=True))


def note_left_out(readers: Sequence[SampleReader], *, quiet: bool) -> None:
    """Name the columns that are not used, once for all files."""
    names = unique_names(reader.left_out for reader in readers)
    if names and not quiet:
        note(f"columns not used: {listed(names)}")


def unique_names(lists: Any) -> list[str]:
    """Join lists of names, each name once."""
    return list(dict.fromkeys(name for names in lists for name in names))


def refuse_no_rows(n_rows: int, path: str) -> None:
    """Refuse inputs without rows."""
    if not n_rows:
        raise CommandError(f"{path!r}: it holds no rows")


def warn_below_chance(summary: ec.Summary, n_classes: int) -> None:
    """Warn where so few labels agree with the predictions that they may be mixed up."""
    if summary.is_below_chance(n_classes):
        note(
            f"accuracy is {100 * summary.accuracy:.2f} %, far below chance "
            f"({100 / n_classes:.2f} %): do labels start at 1, or are the class columns in another "
            f"order?",
            kind="warning",
        )


@dataclass(frozen=True)
class Dataset:
    """All rows of the inputs at once; `ids` and `files` (of several) are Arrow arrays or None."""

    probs: NDArray[Any]
    labels: NDArray[np.int64]
    classes: list[str] | None
    ids: Any = None
    files: Any = None
    rows: NDArray[np.int64] | None = None

    def columns(
        self, order: NDArray[Any], suggested: NDArray[Any], *, normalize: bool,
        **scores: NDArray[Any],
    ) -> dict[str, Any]:  # fmt: skip
        """List samples, with the class suggested for each, scores, and both probabilities."""
        shown = np.asarray(self.probs[order], dtype=np.float64)
        if normalize:
            shown = shown / shown.sum(axis=1, keepdims=True)
        files, ids = (
            {} if values is None else {name: values.take(order).combine_chunks()}
            for name, values in (("file", self.files), ("id", self.ids))
        )
        label, other, at = self.labels[order], suggested[order], np.arange(len(order))
        return {
            **files, "index": order if self.rows is None else self.rows[order], **ids,
            "label": label, "suggested": other,
            **{name: values[order] for name, values in scores.items()},
            "p_label": shown[at, label], "p_suggested": shown[at, other],
        }  # fmt: skip


def read_all(args: argparse.Namespace, parameters: Parameters) -> Dataset:
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
                    path=shard.input, hint="raise {max_bytes} if you have the memory",
                )  # fmt: skip
            parts.append(block)
            rows.append(np.arange(block.first_row, block.first_row + len(block)))
            files.append(pa.array([shard.input] * len(block), pa.string()))
    refuse_no_rows(sum(map(len, parts)), args.path)
    first = inputs[0][1]
    return Dataset(
        np.concatenate([part.probs for part in parts if len(part)]),
        np.concatenate([part.labels for part in parts]),
        first.classes,
        None if first.ids_name is None else pa.chunked_array([part.ids for part in parts]),
        pa.chunked_array(files) if is_set(args) else None,
        np.concatenate(rows),
    )
