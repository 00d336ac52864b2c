"""`easiness score`: one row a sample, and a summary."""

from __future__ import annotations

import argparse
import math
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, require, resolve_output, tell

if TYPE_CHECKING:
    from easiness_io import Parameters, SampleReader, Samples

    import easiness_core as ec
    from easiness_cli.summary import Outcome

SUMMARY = "score every sample: easiness, level and loss, with a summary"
EPILOG = (
    options.INPUT_NOTES
    + """
output:
  One row per sample: index, id, label, predicted, easiness, log_easiness, level, loss. Without -o,
  only the summary is printed. For a folder or glob, OUT is a folder with one file per shard; a
  rerun skips finished shards.

examples:
  easiness score predictions.parquet -o scores.parquet
  easiness score probs.npy labels.npy --json
  easiness score 'shards/probs-*.npy' 'shards/labels-*.npy' -o scores
"""
)
_SUFFIXES = (".parquet", ".csv", ".npz")
# fmt: off
OPTIONS = {
    "": [
        *options.INPUTS,
        option("-o", "--output", metavar="OUT",
               help="file to write: .parquet, .csv or .npz; '-' writes csv to standard output and "
               "the summary to standard error (default: no file)"),
        option("--format", choices=("parquet", "csv", "npz"), default="parquet",
               help="format of the files in a folder OUT (default: %(default)s)"),
        options.ESCAPE_FORMULAS,
    ],
    "reading": [
        *options.READING,
        option("--check-ids", action=argparse.BooleanOptionalAction, default=True,
               help="folder or glob: check for duplicate ids before scoring (default: yes)"),
    ],
    "estimator": options.ESTIMATOR,
    "summary": [
        option("--auroc", action=argparse.BooleanOptionalAction, default=None,
               help="compute the area under the ROC curve, one class against the rest, averaged "
               "(default: for up to 20 million probabilities)"),
        option("--json", action="store_true", help="print the summary as JSON, even with --quiet"),
    ],
    "running": [options.THREADS, *options.RUNNING],
}
# fmt: on


def run(args: argparse.Namespace) -> int:
    """Read, score, write, and print the summary."""
    from easiness_io import make_parameters

    from easiness_cli.inputs import is_set, options_from, refuse_no_rows, warn_below_chance

    given = options_from(args)
    parameters = make_parameters(**given)
    if is_set(args) and args.output is not None:
        outcome = _score_shards(args, given)
    else:
        outcome = _score_rows(args, parameters)
    refuse_no_rows(outcome.summary.n_samples, args.path)
    warn_below_chance(outcome.summary, outcome.n_classes)
    if args.json or not args.quiet:
        text = outcome.as_json() if args.json else outcome.as_text()
        tell(text, to_stderr=args.output == "-")
    return 0


def _score_shards(args: argparse.Namespace, given: dict[str, Any]) -> Outcome:
    """Score each file into one of a folder."""
    from easiness_io import run_serially, score_shards

    from easiness_cli.inputs import note_left_out
    from easiness_cli.progress import Progress

    if args.auroc:
        raise UsageError("--auroc needs all rows at once: drop it, or drop -o")
    if args.output == "-" or os.path.splitext(args.output)[1].lower() in _SUFFIXES:
        raise UsageError(f"shards are written to a folder: pass -o FOLDER, got -o {args.output}")
    require("filelock")
    scored: list[SampleReader] = []

    def opened(readers: list[SampleReader]) -> None:
        scored.extend(readers)
        note_left_out(readers, quiet=args.quiet)

    with Progress(quiet=args.quiet) as progress:
        try:
            summary = score_shards(
                args.path, args.output, labels_path=args.labels_path, format=args.format,
                check_ids=args.check_ids, overwrite=args.overwrite,
                runner=partial(run_serially, n_threads=args.threads),
                opened=opened, progress=progress.show, **given,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("finished shards are kept: rerun to continue") from None
    return _outcome(summary, scored, None, "skipped: shards", args.output)


def _score_rows(args: argparse.Namespace, parameters: Parameters) -> Outcome:
    """Score into one file, standard output, or nothing but the summary."""
    from easiness_io import SINKS

    from easiness_cli.inputs import open_inputs, refuse_no_rows

    suffix = resolve_output(args, (args.path, args.labels_path), _SUFFIXES)
    readers = [reader for _, reader in open_inputs(args, parameters)]
    if args.output is None:
        return _scored(args, parameters, readers, None)
    with open_output(args) as file:
        sink = SINKS[suffix](file, readers[0].classes, escape_formulas=args.escape_formulas)
        outcome = _scored(args, parameters, readers, sink)
        refuse_no_rows(outcome.summary.n_samples, args.path)
        sink.close()
    return outcome


def _scored(
    args: argparse.Namespace, parameters: Parameters, readers: list[SampleReader], sink: Any
) -> Outcome:
    """Score one file after the other, and keep all rows as long as the AUROC may need them."""
    from easiness_io import score_blocks

    import easiness_core as ec
    from easiness_cli.progress import Progress

    summary = ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins)
    limit = {None: options.AUROC_ELEMENTS, True: math.inf, False: -1}[args.auroc]
    kept: list[Samples] = []
    n_rows = n_elements = 0

    def add(scores: ec.Scores, samples: Samples) -> None:
        nonlocal n_rows, n_elements
        if sink is not None:
            sink.add(scores, samples)
        n_rows, n_elements = n_rows + len(samples), n_elements + samples.probs.size
        if n_elements > limit:
            kept.clear()
        elif len(samples):
            kept.append(samples)
        progress.show(n_rows)

    estimates = [reader.estimated_rows for reader in readers]
    total = None if None in estimates else sum(each or 0 for each in estimates)
    with Progress(total, quiet=args.quiet) as progress:
        for reader in readers:
            found = score_blocks(reader, parameters, add=add, n_threads=args.threads)
            summary = summary.merge(found)
        auroc, skipped = None, None
        if args.auroc is False:
            skipped = "skipped: --no-auroc"
        elif n_elements > limit:
            skipped = f"skipped: {n_elements:,} probabilities; --auroc computes it"
        elif kept:
            progress.stage("computing AUROC (skip it with --no-auroc)")
            auroc = _auroc(kept, args.normalize)
    return _outcome(summary, readers, auroc, skipped, None if args.output == "-" else args.output)


def _auroc(kept: list[Samples], normalize: bool) -> float:
    import numpy as np

    import easiness_core as ec

    probs = np.concatenate([samples.probs for samples in kept])
    return ec.auroc(probs, np.concatenate([each.labels for each in kept]), normalize=normalize)


def _outcome(
    summary: ec.Summary, readers: list[SampleReader], auroc: float | None, skipped: str | None,
    output: str | None,
) -> Outcome:  # fmt: skip
    from easiness_cli.inputs import unique_names
    from easiness_cli.summary import Outcome

    return Outcome(
        summary, max(reader.n_classes for reader in readers), auroc, skipped, output,
        class_columns=unique_names(reader.class_columns for reader in readers),
        left_out=unique_names(reader.left_out for reader in readers),
    )  # fmt: skip
