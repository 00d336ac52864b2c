"""`easiness report`: one self-contained HTML page about the scores."""

from __future__ import annotations

import argparse
import os
import sys

from easiness_cli._common import columns_told, estimator_from, inputs_from, require
from easiness_cli._errors import CommandError
from easiness_cli._progress import Progress
from easiness_cli._write import atomic_write, check_output, standard_output

MOST_BINS = 100


def run(args: argparse.Namespace) -> int:
    """Read, score and write the page.

    Parameters
    ----------
    args : argparse.Namespace
        The options, as `_parser` makes them. The output `-` is standard output.

    Returns
    -------
    int
        0.

    Raises
    ------
    CommandError, ValueError, TypeError
        For input that cannot be read or scored, and for output that cannot be written.
    """
    to_stdout = args.output == "-"
    if not to_stdout:
        check_output(args.output, args.overwrite, inputs=(args.probs, args.labels))
    if args.bins > MOST_BINS:
        raise CommandError(
            f"--bins {args.bins}: a report draws and lists at most {MOST_BINS} bins; pass fewer",
            exit_code=2,
        )
    estimator = estimator_from(args)
    require("matplotlib")
    inputs = inputs_from(args)

    # Imported here: Matplotlib takes a second, which bad input need not wait for.
    from easiness_cli._report_data import build_report
    from easiness_cli._report_html import report_page
    from easiness_cli._report_text import headline

    with columns_told(inputs), Progress(inputs.labels.size, quiet=args.quiet) as progress:
        report = build_report(
            inputs.probs,
            inputs.labels,
            class_names=inputs.classes,
            estimator=estimator,
            n_bins=args.bins,
            normalize=args.normalize,
            n_threads=args.threads,
            top=args.top,
            title=args.title,
            source=", ".join(_shown(path) for path in (args.probs, args.labels) if path),
            tell=progress.step,
        )
        progress.step("drawing")
        page = report_page(report).encode("utf-8")
    if to_stdout:
        with standard_output() as stdout:
            stdout.write(page)
    else:
        with atomic_write(args.output, args.overwrite) as file:
            file.write(page)
    if not args.quiet:
        wrote = "" if to_stdout else f"\nWrote {args.output}"
        found = headline(report).replace("\u00a0", " ")
        print(found + wrote, file=sys.stderr if to_stdout else sys.stdout)
    return 0


def _shown(path: str) -> str:
    # Folders are left out: a page that is passed on should not tell where its maker keeps things.
    return "standard input" if path == "-" else os.path.basename(path)
