"""`easiness score` of what is large: one file in blocks, or a folder of shards."""

from __future__ import annotations

import argparse
import os

import easiness_core as ec
from easiness_cli._common import AUROC_ELEMENTS, estimator_from, parse_classes
from easiness_cli._errors import CommandError
from easiness_cli._parameters import Parameters
from easiness_cli._progress import Progress
from easiness_cli._shard_folder import look_beforehand, output_folder
from easiness_cli._shard_names import is_many, pair
from easiness_cli._shard_run import score_blocks
from easiness_cli._shard_set import check_shards, run_serially
from easiness_cli._stream import Reading, Rows
from easiness_cli._write import atomic_write
from easiness_cli._write_stream import SINKS

# Text of this size holds some 20 million numbers.
_TEXT_BYTES = 256 << 20


def parameters_from(args: argparse.Namespace) -> Parameters:
    """Gather the options that the numbers depend on."""
    classes = parse_classes(args.classes)
    return Parameters(
        estimator_from(args),
        args.bins,
        args.normalize,
        args.escape_formulas,
        Reading(
            args.logits,
            None if classes is None else tuple(classes),
            args.probs_key,
            args.labels_key,
            args.ids_key,
            args.max_bytes,
        ),
    )


def is_set(args: argparse.Namespace) -> bool:
    """Whether the inputs are folders or globs of shards."""
    return is_many(args.probs) or (args.labels is not None and is_many(args.labels))


def rows_if_large(args: argparse.Namespace) -> Rows | None:
    """Open an input that is to be read in blocks; None where it is to be read at once.

    It is read at once where it is small, where all of it is needed (the AUROC), and where it can
    be read only once (pipes).
    """
    if args.auroc and os.path.isdir(args.probs):
        raise CommandError(
            f"{args.probs!r}: --auroc needs all rows at once: it is not offered for zarr; drop it",
            exit_code=2,
        )
    if args.auroc or "-" in (args.probs, args.labels, args.output):
        return None
    paths = [path for path in (args.probs, args.labels) if path is not None]
    if any(os.path.isdir(path) for path in paths):
        return Rows(args.probs, args.labels, parameters_from(args).reading)
    if not all(os.path.isfile(path) for path in paths):
        return None
    # A parquet or npz file may be much smaller than what it holds; its header tells.
    if os.path.splitext(args.probs)[1].lower() not in (".npy", ".npz", ".parquet", ".pq"):
        if os.stat(args.probs).st_size < _TEXT_BYTES:
            return None
        return Rows(args.probs, args.labels, parameters_from(args).reading)
    try:
        rows = Rows(args.probs, args.labels, parameters_from(args).reading)
    except CommandError:
        return None  # refused, or understood, when it is read at once
    large = rows.n_rows is None or rows.n_rows * rows.n_classes > AUROC_ELEMENTS
    return rows if large else None


def score_rows(rows: Rows, args: argparse.Namespace) -> ec.Summary:
    """Score block by block, into `args.output` if it is given."""
    parameters = parameters_from(args)
    about = 0 if args.quiet else rows.about_rows
    with Progress(rows.n_rows, quiet=args.quiet, about=about) as progress:
        if args.output is None:
            return _some(score_blocks(rows, None, parameters, args.threads, progress.show), rows)
        suffix = os.path.splitext(args.output)[1].lower()
        with atomic_write(args.output, args.overwrite) as file:
            sink = SINKS[suffix](file, parameters.escape_formulas)
            summary = score_blocks(rows, sink.add, parameters, args.threads, progress.show)
            _some(summary, rows)
            sink.close()
    return summary


def _some(summary: ec.Summary, rows: Rows) -> ec.Summary:
    # The command has nothing to say of no rows; in a set of shards, some may have none.
    if not summary.n_samples:
        raise CommandError(f"{rows.paths[0]!r}: it holds no rows")
    return summary


def score_set(args: argparse.Namespace) -> tuple[ec.Summary, int]:
    """Score shards into a folder; give the summary of all, and the number of classes."""
    if args.auroc:
        raise CommandError("--auroc needs all rows at once: not for shards; drop it", exit_code=2)
    if args.output is None or args.output == "-" or os.path.splitext(args.output)[1] in SINKS:
        raise CommandError(
            f"shards are written to a folder: pass -o FOLDER, got -o {args.output}", exit_code=2
        )
    parameters = parameters_from(args).for_output("." + args.format)
    shards = pair(args.probs, args.labels, args.output, "." + args.format)
    look_beforehand(args.output, shards, parameters, overwrite=args.overwrite)
    opened = check_shards(shards, parameters, check_ids=args.check_ids)
    counts = [rows.n_rows for rows in opened]
    if not any(count != 0 for count in counts):
        raise CommandError(f"{args.probs!r}: its shards hold no rows")
    total = None if None in counts else sum(count or 0 for count in counts)
    about = 0 if args.quiet else sum(rows.about_rows for rows in opened)
    with (
        output_folder(args.output, shards, parameters, overwrite=args.overwrite),
        Progress(total, quiet=args.quiet, about=about) as progress,
    ):
        try:
            report = run_serially(
                shards, opened, parameters,
                overwrite=args.overwrite, n_threads=args.threads, progress=progress.show,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("finished shards stay: run the line again to go on") from None
    if not report.summary.n_samples:
        raise CommandError(f"{args.probs!r}: its shards hold no rows")
    return report.summary, next(rows.n_classes for rows in opened if rows.n_classes)
