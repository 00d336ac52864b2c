"""`easiness compare`: what changed between two sets of scores of the same samples."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from easiness_cli import options
from easiness_cli.conditions import condition
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import (
    note,
    open_output,
    require,
    resolve_output,
    standard_output,
    tell,
)

SUMMARY = "compare two files of scores of the same samples, such as those of two models"
NOTES = """\
OLD and NEW are outputs of 'easiness score': files, folders or quoted globs.
Samples are joined by id, or by row if neither has ids. Samples found in only
one of them are counted and left out. Score both with the same estimator and
sigma: two parquet files that differ in this give a warning.

conditions:
  With --fail-if, the exit status is 1 if the condition is true for the change,
  new minus old. Shares (accuracy, mean_easiness, msr, worst_class) change by a
  fraction or, with %, by percentage points: 'accuracy < -0.5%' is the same as
  'accuracy < -0.005'. Counts (hard, medium, easy, newly_hard, newly_wrong)
  change by a number of samples or, with %, by percent of the samples compared.
  worst_class is the lowest change in accuracy of any class; newly_hard and
  newly_wrong count samples that became hard or wrong.
"""
EXAMPLES = (
    "easiness compare old.parquet new.parquet -o compare.html",
    "easiness compare old.parquet new.parquet --fail-if 'accuracy < -0.5%'",
)
OPTIONS = {
    "": [
        option("old", metavar="OLD", help="scores to compare with"),
        option("path", metavar="NEW", help="scores to compare"),
        option("-o", "--output", metavar="PAGE", help="HTML file to write (default: no page)"),
        option("--json", metavar="FILE",
               help="write all statistics and tables to this JSON file; '-' is standard output"),
        option("--fail-if", type=condition, action="append", default=[], metavar="CONDITION",
               help="exit with status 1 if this is true, such as 'accuracy < -0.5%%'; may be "
               "repeated"),
        options.GROUP_BY,
        option("--top", type=options.whole(0), default=200, metavar="N",
               help="list at most N newly hard samples, and N that changed otherwise "
               "(default: %(default)s)"),
        option("--title", default="Old and new scores", rare=True,
               help="heading (default: %(default)s)"),
        options.MAX_BYTES,
    ],
    "running": options.RUNNING,
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read both, compare, write what is asked for, and check the conditions."""
    from easiness_io import SCORE_COLUMNS, atomic_write, check_output

    from easiness_cli.comparing import compare_files, summary_text
    from easiness_cli.score_files import estimators

    if args.output is not None:
        require("jinja2")
    resolve_output(args, (args.old, args.path), (".html", ".htm"))
    if args.json is not None:
        if args.output is not None and os.path.realpath(args.json) == os.path.realpath(args.output):
            raise UsageError(f"--json {args.json}: it is also the page; name another file")
        if args.json != "-":
            check_output(args.json, args.overwrite, inputs=(args.old, args.path))
    if args.group_by in SCORE_COLUMNS and args.group_by not in ("label", "predicted"):
        raise UsageError(f"--group-by {args.group_by}: expected label, predicted, or a column that "
                         "'easiness score --keep' carried into NEW")  # fmt: skip
    found = compare_files(args)
    if found.joined_by == "row" and found.n_relabeled:
        note(f"joined by row, but the label differs in {found.n_relabeled:,} of "
             f"{found.n_samples:,} rows: are these the same samples in the same order?",
             kind="warning")  # fmt: skip
    used = [" and ".join(sorted(estimators(path))) for path in (args.old, args.path)]
    if all(used) and used[0] != used[1]:
        note(f"OLD was scored by {used[0]}, NEW by {used[1]}: this alone changes easiness",
             kind="warning")  # fmt: skip
    changes: Any = found.changes
    broken = [each for each in args.fail_if if each.holds(changes, found.n_samples)]
    if args.output is not None:
        from easiness_cli.pages.comparison import comparison_page

        with open_output(args) as file:
            file.write(comparison_page(found, args, used).encode("utf-8"))
    if args.json is not None:
        state = found.to_dict() | {"failed": [each.text for each in broken]}
        with (
            standard_output() if args.json == "-" else atomic_write(args.json, args.overwrite)
        ) as file:
            file.write((json.dumps(state, indent=2, allow_nan=False) + "\n").encode())
    if not args.quiet:
        tell(args, summary_text(found), is_data="-" in (args.output, args.json))
    for each in broken:
        note(f"{each.outcome(changes, found.n_samples)}; condition {each.text}", kind="failed")
    return 1 if broken else 0
