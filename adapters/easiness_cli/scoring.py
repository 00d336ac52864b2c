"""Score files for `easiness score`: into one output, into a folder of shards, or into none."""

import argparse
import math
import os
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from easiness_io import SampleReader, Samples, score_shards
from easiness_io.parameters import Parameters
from easiness_io.samples import score_blocks
from easiness_io.shards.run import run_serially
from easiness_io.writers.tables import SINKS

import easiness_core as ec
from easiness_cli import inputs, options
from easiness_cli.errors import UsageError
from easiness_cli.output import open_output, require, resolve_output
from easiness_cli.progress import Progress
from easiness_cli.summary import Outcome

_Found = tuple[list[SampleReader], ec.Summary, float | None, str | None]


def score_inputs(args: argparse.Namespace) -> Outcome:
    """Score the inputs of the arguments, and write the outputs."""
    into_folder = inputs.is_set(args) and args.output is not None
    score = _score_into_folder if into_folder else _score_into_file
    readers, summary, auroc, skipped = score(args, inputs.options_from(args))
    return Outcome(
        summary, max(reader.n_classes for reader in readers), auroc, skipped,
        output=None if args.output == "-" else args.output,
        class_columns=inputs.unique_names(reader.class_columns for reader in readers),
        left_out=inputs.unique_names(reader.left_out for reader in readers),
    )  # fmt: skip


def _score_into_folder(args: argparse.Namespace, given: dict[str, Any]) -> _Found:
    if args.auroc:
        raise UsageError("--auroc needs all rows at once: drop it, or drop -o")
    if args.output == "-" or os.path.splitext(args.output)[1].lower() in SINKS:
        raise UsageError(f"shards are written to a folder: pass -o FOLDER, got -o {args.output}")
    require("filelock")
    readers: list[SampleReader] = []

    def opened(found: list[SampleReader]) -> None:
        readers.extend(found)
        inputs.note_left_out(found, quiet=args.quiet)

    with Progress(args) as progress:
        try:
            summary = score_shards(
                args.path, args.output, labels_path=args.labels_path, format=args.format,
                check_ids=args.check_ids, overwrite=args.overwrite,
                runner=partial(run_serially, n_threads=args.threads),
                opened=opened, progress=progress.show, **given,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("finished shards are kept: rerun to continue") from None
    inputs.refuse_no_rows(summary.n_samples, args.path)
    return readers, summary, None, "skipped: shards"


def _score_into_file(args: argparse.Namespace, given: dict[str, Any]) -> _Found:
    """Score one file after the other; keep all rows while the AUROC may need them."""
    parameters = Parameters(**given)
    suffix = resolve_output(args, (args.path, args.labels_path), tuple(SINKS))
    readers = inputs.open_inputs(args, parameters)
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
    with ExitStack() as stack:
        sink = None
        if args.output is not None:
            file = stack.enter_context(open_output(args))
            sink = SINKS[suffix](file, readers[0].classes, escape_formulas=args.escape_formulas)
        progress = stack.enter_context(Progress(args, total))
        for reader in readers:
            found = score_blocks(reader, parameters, add=add, n_threads=args.threads)
            summary = summary.merge(found)
        inputs.refuse_no_rows(n_rows, args.path)
        auroc, skipped = None, None
        if args.auroc is False:
            skipped = "skipped: --no-auroc"
        elif n_elements > limit:
            skipped = f"skipped: {n_elements:,} probabilities; --auroc computes it"
        else:
            progress.stage("computing AUROC (skip it with --no-auroc)")
            rows = np.concatenate([inputs.ranked_rows(samples) for samples in kept])
            labels = np.concatenate([samples.labels for samples in kept])
            auroc = ec.auroc(rows, labels, normalize=args.normalize, logits=args.logits)
        if sink is not None:
            sink.close()
    return readers, summary, auroc, skipped
