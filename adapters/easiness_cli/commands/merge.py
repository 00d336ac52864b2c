"""`easiness merge`: the summary of several runs or shards together."""

from __future__ import annotations

import argparse
from typing import Any

from easiness_cli.output import standard_output
from easiness_cli.words import CommandError

SUMMARY = "merge the summaries of shards, exactly, in any order"
EPILOG = """\
PATH is a folder that 'score -o FOLDER' filled, or a file that 'score --json' or 'merge --json'
printed. The result equals that of scoring all rows in one run. A folder with missing shards is
refused, and so is an input that would count twice.

examples:
  easiness merge scores
  easiness merge scores --verify --json
  easiness merge first.json second.json
"""


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="folders or files with summaries")
    parser.add_argument(
        "--verify", action="store_true", help="read every output, and compare its checksum"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")


def run(args: argparse.Namespace) -> int:
    """Read all, merge, and print."""
    from easiness_io import merge_summaries

    from easiness_cli.summary import Outcome

    merged = merge_summaries(args.paths, verify=args.verify)
    if not merged.summary.n_samples:
        raise CommandError(f"{args.paths[0]!r}: no samples found")
    outcome = Outcome(
        merged.summary, (), None, "skipped: it cannot be merged", None, merged.n_classes
    )
    with standard_output():
        print(outcome.as_json() if args.json else outcome.as_text())
    return 0
