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
from easiness_cli._summary import as_json, as_text
from easiness_cli._write import atomic_write, check_output, standard_output
from easiness_cli._write_scores import WRITERS, write_csv

# Larger inputs are scored in parts of this many probabilities, so that progress can be told.
_PART_ELEMENTS = 16_000_000


def run(args: argparse.Namespace) -> int:
    """Read, score, write, and print the summary."""
    to_stdout = args.output == "-"
    to_file = args.output is not None and not to_stdout
    suffix = os.path.splitext(args.output)[1].lower() if to_file else ""
    if to_file and suffix not in WRITERS:
        raise CommandError(
            f"-o {args.output}: expected a name ending in .parquet, .csv or .npz", exit_code=2
        )
    estimator = estimator_from(args)
    if suffix == ".parquet":
        require("pyarrow")
    if to_file:
        check_output(args.output, args.overwrite, inputs=[args.probs, args.labels])
    inputs = inputs_from(args)
    with columns_told(inputs):
        scores = _score(inputs, estimator, args)
    auroc, skipped = _auroc(inputs, args)
    if to_file:
        with atomic_write(args.output, args.overwrite) as file:
            WRITERS[suffix](file, scores, inputs)
    elif to_stdout:
        with standard_output() as stdout:
            write_csv(stdout, scores, inputs)
    if args.json or not args.quiet:
        describe = as_json if args.json else as_text
        text = describe(
            scores.summary,
            n_classes=inputs.probs.shape[1],
            auroc=auroc,
            auroc_skipped=skipped,
            output=args.output if to_file else None,
        )
        if to_stdout:
            print(text, file=sys.stderr)
        else:
            with standard_output():
                print(text)
    return 0


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
