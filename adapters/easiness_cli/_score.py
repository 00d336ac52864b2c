"""`easiness score`: one row a sample, and a summary."""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np

import easiness_core as ec
from easiness_cli._common import AUROC_ELEMENTS, columns_told, estimator_from, inputs_from, require
from easiness_cli._errors import CommandError
from easiness_cli._progress import Progress
from easiness_cli._read import Inputs
from easiness_cli._score_stream import is_set, rows_if_large, score_rows, score_set
from easiness_cli._summary import as_json, as_text
from easiness_cli._write import atomic_write, check_output, standard_output
from easiness_cli._write_scores import WRITERS, escaped, write_csv

# Larger inputs are scored in parts of this many probabilities, so that progress can be told.
_PART_ELEMENTS = 16_000_000


def run(args: argparse.Namespace) -> int:
    """Read, score, write, and print the summary."""
    if is_set(args):
        summary, n_classes = score_set(args)
        _tell(args, summary, n_classes, (None, "skipped: shards"), args.output)
        return 0
    to_stdout = args.output == "-"
    to_file = args.output is not None and not to_stdout
    suffix = os.path.splitext(args.output)[1].lower() if to_file else ""
    if to_file and suffix not in WRITERS:
        if args.probs != "-" and not os.path.lexists(args.probs):
            raise CommandError(f"{args.probs!r}: no such file or folder")
        raise CommandError(
            f"-o {args.output}: expected a name ending in .parquet, .csv or .npz", exit_code=2
        )
    estimator = estimator_from(args)
    if suffix == ".parquet":
        require("pyarrow")
    if to_file:
        check_output(args.output, args.overwrite, inputs=[args.probs, args.labels])
    rows = rows_if_large(args)
    if rows is not None:
        summary = score_rows(rows, args)
        why = "skipped: --no-auroc" if args.auroc is False else "skipped: read in blocks"
        _tell(args, summary, rows.n_classes, (None, why), args.output)
        return 0
    inputs = inputs_from(args)
    with columns_told(inputs):
        scores = _score(inputs, estimator, args)
    auroc = _auroc(inputs, args)
    if args.escape_formulas and suffix in ("", ".csv"):
        inputs = escaped(inputs)
    if to_file:
        with atomic_write(args.output, args.overwrite) as file:
            WRITERS[suffix](file, scores, inputs)
    elif to_stdout:
        with standard_output() as stdout:
            write_csv(stdout, scores, inputs)
    output = args.output if to_file else None
    _tell(args, scores.summary, inputs.probs.shape[1], auroc, output)
    return 0


def _tell(
    args: argparse.Namespace,
    summary: ec.Summary,
    n_classes: int,
    auroc: tuple[float | None, str | None],
    output: str | None,
) -> None:
    """Print the summary, on standard error where the scores went to standard output."""
    if args.quiet and not args.json:
        return
    describe = as_json if args.json else as_text
    text = describe(
        summary, n_classes=n_classes, auroc=auroc[0], auroc_skipped=auroc[1], output=output
    )
    if args.output == "-":
        print(text, file=sys.stderr)
    else:
        with standard_output():
            print(text)


def _score(
    inputs: Inputs, estimator: ec.ClosedForm | ec.MonteCarlo, args: argparse.Namespace
) -> ec.Scores:
    """Score in parts where the input is large; by the core's contract the numbers are the same."""
    n_samples, n_classes = inputs.probs.shape
    rows = max(1, _PART_ELEMENTS // max(1, n_classes))
    whole = ec.Scores(
        easiness=np.empty(n_samples),
        log_easiness=np.empty(n_samples),
        level=np.empty(n_samples, dtype=np.uint8),
        loss=np.empty(n_samples),
        predicted=np.empty(n_samples, dtype=np.int64),
        summary=ec.Summary(),
    )
    with Progress(n_samples, quiet=args.quiet) as progress:
        for start in range(0, n_samples, rows):
            part = slice(start, min(start + rows, n_samples))
            scores = ec.score(
                inputs.probs[part],
                inputs.labels[part],
                estimator=estimator,
                n_bins=args.bins,
                normalize=args.normalize,
                n_threads=args.threads,
                _first_row=start,
            )
            if part.stop - start == n_samples:
                return scores
            for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
                getattr(whole, name)[part] = getattr(scores, name)
            whole.summary.update(scores)
            progress.show(part.stop)
    return whole


def _auroc(inputs: Inputs, args: argparse.Namespace) -> tuple[float | None, str | None]:
    """Give the AUROC, or why there is none."""
    if args.auroc is False:
        return None, "skipped: --no-auroc"
    if args.auroc is None and inputs.probs.size > AUROC_ELEMENTS:
        return None, f"skipped: {inputs.probs.size:,} probabilities; --auroc computes it"
    with Progress(inputs.labels.size, quiet=args.quiet) as progress:
        if inputs.probs.size > _PART_ELEMENTS:
            progress.stage("computing AUROC (--no-auroc leaves it out)")
        return ec.auroc(inputs.probs, inputs.labels, normalize=args.normalize), None
