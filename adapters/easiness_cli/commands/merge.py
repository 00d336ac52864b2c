"""`easiness merge`: merge the summaries of several runs or shards."""

import argparse

from easiness_cli import options
from easiness_cli.errors import CommandError
from easiness_cli.options import option
from easiness_cli.output import standard_output

SUMMARY = "merge the summaries of shards, exactly, in any order"
NOTES = """\
PATH is a folder written by 'score -o FOLDER', or a manifest in FOLDER.easiness.
The result equals that of scoring all rows in one run. Folders with missing
shards are refused, as are inputs that would be counted twice.
"""
EXAMPLES = (
    "easiness merge scores",
    "easiness merge first second --json",
    "easiness merge scores --verify",
)
OPTIONS = {
    "": [
        option("paths", metavar="PATH", nargs="+", help="folders or manifests"),
        option("--verify", action="store_true",
               help="read all outputs and verify their checksums"),
        option("--json", action="store_true", help="print the summary as JSON"),
        options.DEBUG,
    ]
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read all, merge, and print."""
    from easiness_io import merge_summaries

    from easiness_cli.summary import Outcome

    summary, n_classes = merge_summaries(args.paths, verify=args.verify)
    if not summary.n_samples:
        raise CommandError(f"{args.paths[0]!r}: no samples found")
    outcome = Outcome(summary, n_classes, None, "skipped: it cannot be merged")
    with standard_output():
        print(outcome.as_json() if args.json else outcome.as_text())
    return 0
