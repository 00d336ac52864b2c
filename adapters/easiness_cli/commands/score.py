"""`easiness score`: one row per sample, and a summary."""

import argparse

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import tell

SUMMARY = "score every sample: easiness, level and loss, with a summary"
NOTES = f"""{options.INPUT_NOTES}
output:
  One row per sample: index, id, label, predicted, easiness, log_easiness,
  level, loss, and the columns of --keep. Without -o, only the summary is
  printed. For a folder or glob, OUT is a folder with one file per shard; a
  rerun skips finished shards.
"""
EXAMPLES = (
    "easiness score predictions.parquet -o scores.parquet",
    "easiness score probs.npy labels.npy --json",
    "easiness score 'shards/probs-*.npy' 'shards/labels-*.npy' -o scores",
)
OPTIONS = {
    "": [
        *options.INPUTS,
        option("-o", "--output", metavar="OUT",
               help="file to write: .parquet, .csv or .npz; '-' writes csv to standard output "
               "(default: summary only)"),
        option("--format", choices=("parquet", "csv", "npz"), default="parquet", rare=True,
               help="format of the files in a folder OUT (default: %(default)s)"),
        option("--keep", type=options.names, metavar="COLUMNS",
               help="copy these input columns to the output as text: names separated by commas"),
        options.ESCAPE_FORMULAS,
    ],
    "reading": [
        *options.READING,
        option("--check-ids", action=argparse.BooleanOptionalAction, default=True, rare=True,
               help="folder or glob: check for duplicate ids before scoring (default: yes)"),
    ],
    "estimator": options.ESTIMATOR,
    "summary": [
        option("--auroc", action=argparse.BooleanOptionalAction, default=None, rare=True,
               help="compute the one-vs-rest area under the ROC curve, averaged over classes "
               "(default: for up to 20 million probabilities)"),
        option("--json", action="store_true", help="print the summary as JSON, even with --quiet"),
    ],
    "running": [options.THREADS, options.PROGRESS, *options.RUNNING],
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read, score, write, and print the summary."""
    from easiness_io.writers.tables import SCORE_COLUMNS

    from easiness_cli.inputs import warn_below_chance
    from easiness_cli.scoring import score_inputs

    for name in args.keep or ():
        if name in SCORE_COLUMNS:
            raise UsageError(f"--keep {name}: every output has a column of that name already")
    outcome = score_inputs(args)
    warn_below_chance(outcome.summary, outcome.n_classes)
    if args.json or not args.quiet:
        tell(args, outcome.as_json() if args.json else outcome.as_text())
    return 0
