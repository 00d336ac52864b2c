"""`easiness select`: select samples to train on, or to look at."""

import argparse
import sys
from typing import Any

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, resolve_output, where_written

SUMMARY = "select samples from the output of 'score', and list their rows and ids"
NOTES = """\
Pass exactly one rule. Rows are numbered as in the scored files, and listed in
order except with --hardest and --easiest. csv has the columns index and, where
the scores have ids, id; for a folder or glob, also file. .npy and .txt hold
the indices alone.
"""
EXAMPLES = (
    "easiness select scores.parquet --hardest 50",
    "easiness select scores.parquet --levels medium -o medium.npy",
    "easiness select scores.csv --interval 0.05 0.95 -o keep.csv",
    "easiness select scores.parquet --random 5000 --seed 1",
)
_SUFFIXES = (".npy", ".csv", ".txt")
_COUNT: Any = {"type": options.whole(0), "metavar": "N"}
OPTIONS = {
    "": [
        option("path", metavar="SCORES",
               help="output of 'easiness score': file, folder or quoted glob"),
        option("--n-hard", **_COUNT, rare=True,
               help="with --loss-rank: number to skip (default: number of hard samples)"),
        option("--n-medium", **_COUNT, rare=True,
               help="with --loss-rank: number to take (default: number of medium samples)"),
        option("--seed", type=options.whole(0), metavar="S",
               help="with --random: random seed (default: 0)"),
        option("-o", "--output", metavar="OUT", default="-",
               help="file to write: .npy, .csv or .txt; '-' prints csv (default: -)"),
        options.MAX_BYTES,
    ],
    options.ONE_OF: [
        option("--levels", type=options.levels, metavar="LEVELS",
               help="samples with these levels: words such as hard,medium, or MO, EO, HO, EMO, "
               "MHO, EMHO (E easy, M medium, H hard, O only)"),
        option("--hardest", **_COUNT, help="the N hardest samples by log easiness, hardest first"),
        option("--easiest", **_COUNT, help="the N easiest samples by log easiness, easiest first"),
        option("--interval", nargs=2, type=options.unit, metavar=("LOW", "HIGH"),
               help="samples with LOW <= easiness <= HIGH"),
        option("--loss-rank", action="store_true", default=None,
               help="samples by loss, highest first: skip as many as are hard, then take as many "
               "as are medium"),
        option("--random", **_COUNT, help="N random samples"),
    ],
    "running": options.RUNNING,
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Select samples from files of scores, and write or print them."""
    from easiness_io.shards.discover import is_many

    from easiness_cli.score_files import select_rows, write_rows

    suffix = resolve_output(args, [args.path], _SUFFIXES)
    if suffix != ".csv" and is_many(args.path):
        raise UsageError(f"-o {args.output}: rows of several files need file names; write .csv")
    for name, needed in (("n_hard", "loss_rank"), ("n_medium", "loss_rank"), ("seed", "random")):
        if getattr(args, name) is not None and getattr(args, needed) is None:
            raise UsageError(f"--{name} requires --{needed}".replace("_", "-"))
    if args.interval and args.interval[0] > args.interval[1]:
        low, high = args.interval
        raise UsageError(f"--interval: LOW {low:g} is above HIGH {high:g}; swap them")
    chosen, n_samples = select_rows(args)
    with open_output(args) as file:
        write_rows(chosen, file, suffix)
    if not args.quiet:
        share = 100 * len(chosen) / n_samples
        print(f"selected {len(chosen):,} of {n_samples:,} samples ({share:.2f} %)"
              f"{where_written(args)}", file=sys.stderr)  # fmt: skip
    return 0
