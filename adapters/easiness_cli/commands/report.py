"""`easiness report`: one self-contained HTML page about the scores."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from easiness_cli import options
from easiness_cli.output import require, standard_output
from easiness_cli.words import UsageError

SUMMARY = "write one self-contained HTML page about the scores"
EPILOG = (
    options.INPUT_NOTES
    + """
examples:
  easiness report predictions.parquet -o report.html
  easiness report probs.npy labels.npy -o report.html --top 50 --title "ResNet-18, test set"
"""
)
MOST_BINS = 100


def add_options(parser: Any) -> None:
    """Add the command's options."""
    options.inputs(parser)
    parser.add_argument(
        "-o", "--output", metavar="REPORT", required=True,
        help="HTML file to write, or '-' for standard output",
    )  # fmt: skip
    parser.add_argument(
        "--top", type=options.whole(0), default=20, metavar="N",
        help="how many of the hardest samples to list (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--title", default="Sample easiness", help="heading (default: %(default)s)")
    options.reading(parser)
    options.estimator(parser)
    options.running(parser, threads=True)


def run(args: argparse.Namespace) -> int:
    """Read, score and write the page."""
    from easiness_io import atomic_write, check_output, located

    from easiness_cli.inputs import gather, parameters_from, warn_below_chance
    from easiness_cli.progress import Progress

    to_stdout = args.output == "-"
    if not to_stdout:
        check_output(args.output, args.overwrite, inputs=(args.path, args.labels_path))
    if args.bins > MOST_BINS:
        raise UsageError(f"--bins {args.bins}: a report draws at most {MOST_BINS} bins; pass fewer")
    parameters = parameters_from(args)
    require("matplotlib", "jinja2")
    found = gather(args, parameters)

    # Imported here: Matplotlib takes a second, which bad input need not wait for.
    from easiness_cli.pages.report import build_report, report_page

    with located(args.path), Progress(len(found.labels), quiet=args.quiet) as progress:
        report = build_report(
            found.probs,
            found.labels,
            class_names=found.classes,
            ids=None if found.ids is None else found.ids.to_pylist(),
            estimator=parameters.estimator,
            n_bins=args.bins,
            normalize=args.normalize,
            n_threads=args.threads,
            auroc_limit=options.AUROC_ELEMENTS,
            top=args.top,
            title=args.title,
            source=source_of(args),
            tell=progress.stage,
        )
        warn_below_chance(report.summary, found.probs.shape[1])
        progress.stage("drawing")
        page = report_page(report).encode("utf-8")
    if to_stdout:
        with standard_output() as stdout:
            stdout.write(page)
    else:
        with atomic_write(args.output, args.overwrite) as file:
            file.write(page)
    if not args.quiet:
        wrote = "" if to_stdout else f"\nWrote {args.output}"
        text = report.headline.replace("\u00a0", " ")
        print(text + wrote, file=sys.stderr if to_stdout else sys.stdout)
    return 0


def source_of(args: argparse.Namespace) -> str:
    """Name the inputs without their folders: a page that is passed on should not show these."""
    paths = [path for path in (args.path, args.labels_path) if path]
    return ", ".join(
        "standard input" if path == "-" else os.path.basename(os.path.normpath(path))
        for path in paths
    )
