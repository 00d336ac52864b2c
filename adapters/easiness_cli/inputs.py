"""Read the inputs of the commands: one file, or the files of a folder or glob."""

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from easiness_io import DataError, SampleReader, Samples
from easiness_io.parameters import Parameters
from easiness_io.shards.compare import check_shards
from easiness_io.shards.discover import is_many, pair_shards
from easiness_io.values import as_text
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.errors import CommandError, UsageError
from easiness_cli.output import listed, note

_READING = ("probs", "labels", "ids", "logits", "normalize", "header", "delimiter", "decimal",
            "encoding", "max_bytes")  # fmt: skip
MOST_GROUPS = 1000


def options_from(args: argparse.Namespace) -> dict[str, Any]:
    """Collect the options that affect the numbers, as `easiness_io.Parameters`.

    Options that a command lacks have their defaults.
    """
    found = {name: getattr(args, name) for name in _READING}
    found["classes"] = parse_classes(args.classes)
    kept = [getattr(args, name, None) for name in ("text", "group_by")]
    found["keep"] = unique_names([filter(None, kept), getattr(args, "keep", None) or ()])
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


def parse_classes(text: str | None) -> list[str] | None:
    """Read the value of `--classes`: names separated by commas, or `@FILE` with one per line."""
    if text is None:
        return None
    names = text.split(",")
    if text.startswith("@"):
        try:
            names = Path(text[1:]).read_text("utf-8-sig").rstrip("\r\n").splitlines()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise CommandError(f"--classes: cannot read {text[1:]!r}: {why}") from error
    names = [name.strip() for name in names]
    if not all(names):
        raise CommandError(f"--classes: class name {names.index('') + 1} is empty")
    return names


def is_set(args: argparse.Namespace) -> bool:
    """Whether the inputs are folders or globs."""
    return is_many(args.path) or (args.labels_path is not None and is_many(args.labels_path))


def source_of(args: argparse.Namespace) -> str:
    """Return the names of the inputs without folders, which a shared page should not show."""
    paths = [path for path in (args.path, args.labels_path) if path]
    return ", ".join(
        "standard input" if path == "-" else os.path.basename(os.path.normpath(path))
        for path in paths
    )


def open_inputs(args: argparse.Namespace, parameters: Parameters) -> list[SampleReader]:
    """Open the inputs of the arguments, and note which columns are left out."""
    if is_set(args):
        shards = pair_shards(args.path, args.labels_path)
        readers = check_shards(shards, parameters, check_ids=getattr(args, "check_ids", True))
    else:
        readers = [SampleReader(args.path, args.labels_path, parameters)]
    note_left_out(readers, quiet=args.quiet)
    return readers


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
        raise CommandError(f"{path!r}: it has no rows")


def warn_below_chance(summary: ec.Summary, n_classes: int) -> None:
    """Warn if so few labels agree with the predictions that they may be mixed up."""
    if summary.is_below_chance(n_classes):
        note(
            f"accuracy is {100 * summary.accuracy:.2f} %, far below chance "
            f"({100 / n_classes:.2f} %): do labels start at 1, or are the class columns in another "
            f"order?",
            kind="warning",
        )


def ranked_rows(samples: Samples) -> NDArray[Any]:
    """Return the values that AUROC ranks by: logits, which do not saturate, if there are any."""
    return samples.probs if samples.logits is None else samples.logits


@dataclass(frozen=True)
class Dataset:
    """All rows of the inputs at once; `ids` and `files` (if several) are Arrow arrays or None.

    `kept` holds the further columns requested; the last three list what was read and left out.
    """

    probs: NDArray[Any]
    labels: NDArray[np.int64]
    classes: list[str] | None
    ids: Any = None
    files: Any = None
    rows: NDArray[np.int64] | None = None
    logits: NDArray[Any] | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    class_columns: list[str] = field(default_factory=list)
    ids_name: str | None = None
    left_out: list[str] = field(default_factory=list)

    def columns(
        self, order: NDArray[Any], suggested: NDArray[Any], *, normalize: bool,
        text: str | None = None, **scores: NDArray[Any],
    ) -> dict[str, Any]:  # fmt: skip
        """List samples: the class suggested for each, both probabilities, scores, and a text."""
        rows = np.arange(len(self.labels)) if self.rows is None else self.rows
        every = {"file": self.files, "index": rows, "id": self.ids,
                 "text": None if text is None else self.kept[text], "label": self.labels,
                 "suggested": suggested, **scores}  # fmt: skip
        found = {name: values.take(order) for name, values in every.items() if values is not None}
        found |= {name: found[name].combine_chunks() for name in ("file", "id", "text")
                  if name in found}  # fmt: skip
        shown = np.asarray(self.probs[order], dtype=np.float64)
        if normalize:
            shown = shown / shown.sum(axis=1, keepdims=True)
        for name in ("label", "suggested"):
            found[f"p_{name}"] = shown[np.arange(len(order)), found[name]]
        return found


def read_all(args: argparse.Namespace, parameters: Parameters) -> Dataset:
    """Read all rows, within `--max-bytes`."""
    readers = open_inputs(args, parameters)
    parts, rows, files, n_bytes = [], [], [], 0
    for reader in readers:
        for block in reader.blocks():
            n_bytes += block.probs.nbytes
            if n_bytes > args.max_bytes:
                raise DataError(
                    f"all rows at once exceed the limit of {args.max_bytes:,} bytes",
                    path=reader.paths[0], hint="raise {max_bytes} if you have the memory",
                )  # fmt: skip
            parts.append(block)
            rows.append(np.arange(block.first_row, block.first_row + len(block)))
            files.append(pa.array([reader.paths[0]] * len(block), pa.string()))
    refuse_no_rows(sum(map(len, parts)), args.path)
    has_ids = readers[0].ids_name is not None
    return Dataset(
        np.concatenate([part.probs for part in parts if len(part)]),
        np.concatenate([part.labels for part in parts]),
        readers[0].classes,
        pa.chunked_array([part.ids for part in parts]) if has_ids else None,
        pa.chunked_array(files) if is_set(args) else None,
        np.concatenate(rows),
        np.concatenate([ranked_rows(part) for part in parts if len(part)]) if args.logits else None,
        {name: pa.chunked_array([part.kept[name] for part in parts]) for name in parameters.keep},
        unique_names(reader.class_columns for reader in readers),
        readers[0].ids_name,
        unique_names(reader.left_out for reader in readers),
    )


def group_names(values: Any, column: str) -> NDArray[Any]:
    """Return the group of each sample, with the same name for all file formats.

    Empty text is a missing value, as in csv; in columns of numbers and booleans, 1.0 is 1 and true
    is True.
    """
    found = as_text(values).combine_chunks().dictionary_encode()
    texts = ["" if text is None else text for text in found.dictionary.to_pylist()]
    given = [text for text in texts if text]
    if {text.lower() for text in given} <= {"true", "false"}:
        texts = [text.capitalize() for text in texts]
    elif all(re.fullmatch(r"-?[0-9]+(\.0*)?", text) for text in given):
        texts = [text.partition(".")[0] for text in texts]
    missing = "(missing)"
    while missing in given:
        missing = f"({missing})"
    names = np.array([text or missing for text in [*texts, ""]], dtype=object)
    groups: NDArray[Any] = names[found.indices.fill_null(len(texts)).to_numpy()]
    n_groups = len(set(groups.tolist()))
    if n_groups > MOST_GROUPS:
        raise CommandError(
            f"--group-by {column}: expected at most {MOST_GROUPS:,} groups, got {n_groups:,}; "
            "name a column with fewer values, such as bins of this one"
        )
    return groups
