"""`easiness score`: one row a sample, and a summary."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.output import require, standard_output
from easiness_cli.words import CommandError, UsageError

if TYPE_CHECKING:
    from easiness_io import Parameters, SampleReader

    import easiness_core as ec
    from easiness_cli.summary import Outcome

SUMMARY = "score every sample: easiness, level and loss, with a summary"
EPILOG = (
    options.INPUT_NOTES
    + """
output:
  One row a sample: index, id, label, predicted, easiness, log_easiness, level, loss. Without -o
  only the summary is printed. Of a folder or glob, OUT is a folder with one file a shard; a rerun
  skips what is finished.

examples:
  easiness score predictions.parquet -o scores.parquet
  easiness score probs.npy labels.npy --json
  easiness score 'shards/probs-*.npy' 'shards/labels-*.npy' -o scores
"""
)
_SUFFIXES = (".parquet", ".csv", ".npz")


def add_options(parser: Any) -> None:
    """Add the command's options."""
    options.inputs(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT",
        help="file to write: .parquet, .csv or .npz; '-' writes csv to standard output, and the "
        "summary to standard error (default: write no file)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("parquet", "csv", "npz"), default="parquet",
        help="of the files in a folder OUT (default: %(default)s)",
    )  # fmt: skip
    options.escape_formulas(parser)
    options.reading(parser)
    parser.add_argument(
        "--check-ids", action=argparse.BooleanOptionalAction, default=True,
        help="folder or glob: look for ids that occur twice before scoring (default: yes)",
    )  # fmt: skip
    options.estimator(parser)
    group = parser.add_argument_group("summary")
    group.add_argument(
        "--auroc", action=argparse.BooleanOptionalAction, default=None,
        help="compute the area under the ROC curve, one class against the rest, averaged "
        "(default: up to 20 million probabilities)",
    )  # fmt: skip
    group.add_argument("--json", action="store_true", help="print the summary as JSON")
    options.running(parser, threads=True)


def run(args: argparse.Namespace) -> int:
    """Read, score, write, and print the summary."""
    from easiness_cli.inputs import is_set, parameters_from, warn_below_chance

    parameters = parameters_from(args)
    outcome = _score_set(args, parameters) if is_set(args) else _score_file(args, parameters)
    if not outcome.summary.n_samples:
        raise CommandError(f"{args.path!r}: it holds no rows")
    warn_below_chance(outcome.summary, outcome.n_classes)
    if args.json or not args.quiet:
        text = outcome.as_json() if args.json else outcome.as_text()
        if args.output == "-":
            print(text, file=sys.stderr)
        else:
            with standard_output():
                print(text)
    return 0


def _score_file(args: argparse.Namespace, parameters: Parameters) -> Outcome:
    from easiness_io import SINKS, atomic_write, check_output

    from easiness_cli.inputs import open_inputs

    to_file = args.output not in (None, "-")
    suffix = os.path.splitext(args.output)[1].lower() if to_file else ".csv"
    if suffix not in _SUFFIXES:
        raise UsageError(f"-o {args.output}: expected a name ending in {', '.join(_SUFFIXES)}")
    if to_file:
        check_output(args.output, args.overwrite, inputs=[args.path, args.labels_path])
    [(_, reader)] = open_inputs(args, parameters)
    if args.output is None:
        return _scored(args, parameters, [reader], None)
    if not to_file:
        with standard_output() as stdout:
            sink = SINKS[suffix](stdout, reader.classes, escape_formulas=args.escape_formulas)
            return _scored(args, parameters, [reader], sink)
    with atomic_write(args.output, args.overwrite) as file:
        sink = SINKS[suffix](file, reader.classes, escape_formulas=args.escape_formulas)
        outcome = _scored(args, parameters, [reader], sink)
        if not outcome.summary.n_samples:
            raise CommandError(f"{args.path!r}: it holds no rows")
        sink.close()
    return outcome


def _score_set(args: argparse.Namespace, parameters: Parameters) -> Outcome:
    from easiness_io import run_serially, score_shards

    from easiness_cli.inputs import note_left_out, open_inputs, reading_from
    from easiness_cli.progress import Progress
    from easiness_cli.summary import Outcome

    if args.output is None:
        readers = [reader for _, reader in open_inputs(args, parameters)]
        return _scored(args, parameters, readers, None)
    if args.auroc:
        raise UsageError("--auroc needs all rows at once: drop it, or drop -o")
    if args.output == "-" or os.path.splitext(args.output)[1].lower() in _SUFFIXES:
        raise UsageError(f"shards are written to a folder: pass -o FOLDER, got -o {args.output}")
    require("filelock")
    scored: list[SampleReader] = []

    def opened(found: list[SampleReader]) -> None:
        scored.extend(found)
        note_left_out(found, quiet=args.quiet)

    with Progress(None, quiet=args.quiet) as progress:
        try:
            summary = score_shards(
                args.path, args.output, labels_path=args.labels_path, format=args.format,
                estimator=parameters.estimator, n_bins=parameters.n_bins,
                escape_formulas=args.escape_formulas, check_ids=args.check_ids,
                overwrite=args.overwrite, runner=partial(run_serially, n_threads=args.threads),
                opened=opened, progress=progress.show, **reading_from(args),
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("finished shards stay: run the line again to go on") from None
    return Outcome(summary, scored, None, "skipped: shards", args.output)


def _scored(
    args: argparse.Namespace,
    parameters: Parameters,
    readers: list[SampleReader],
    sink: Any,
) -> Outcome:
    """Score one file after the other, and keep all rows as long as the AUROC may need them."""
    from easiness_io import score_blocks

    import easiness_core as ec
    from easiness_cli.progress import Progress
    from easiness_cli.summary import Outcome

    kept: list[Any] | None = None if args.auroc is False else []
    n_elements = 0

    def add(scores: ec.Scores, samples: Any) -> None:
        nonlocal kept, n_elements
        if sink is not None:
            sink.add(scores, samples)
        n_elements += samples.probs.size
        if args.auroc is None and n_elements > options.AUROC_ELEMENTS:
            kept = None
        if kept is not None:
            kept.append(samples)

    summary = ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins)
    estimates = [reader.estimated_rows for reader in readers]
    total = None if None in estimates else sum(each or 0 for each in estimates)
    with Progress(total, quiet=args.quiet) as progress:
        for reader in readers:
            before = summary.n_samples
            found = score_blocks(
                reader, parameters, add=add, n_threads=args.threads,
                progress=partial(_moved, progress, before),
            )  # fmt: skip
            summary = summary.merge(found)
        output = args.output if args.output != "-" else None
        if args.auroc is False:
            return Outcome(summary, readers, None, "skipped: --no-auroc", output)
        if kept is None:
            why = f"skipped: {n_elements:,} probabilities; --auroc computes it"
            return Outcome(summary, readers, None, why, output)
        progress.stage("computing AUROC (--no-auroc leaves it out)")
        return Outcome(summary, readers, _auroc(kept, args.normalize), None, output)


def _moved(progress: Any, before: int, done: int) -> None:
    progress.show(before + done)


def _auroc(kept: list[Any], normalize: bool) -> float:
    import numpy as np

    import easiness_core as ec

    parts = [samples for samples in kept if len(samples)]
    if not parts:
        return float("nan")
    labels = np.concatenate([samples.labels for samples in parts])
    return ec.auroc(np.concatenate([s.probs for s in parts]), labels, normalize=normalize)
