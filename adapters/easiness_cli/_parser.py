"""Every command's arguments. Imports nothing heavy: `easiness --help` must be instant."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from easiness_cli import _option_types as types
from easiness_cli import _options as options
from easiness_cli._errors import CommandError
from easiness_cli._parser_demo import DEMO, add_demo
from easiness_cli._parser_merge import MERGE, add_merge


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see {self.prog} --help)", exit_code=2)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        # Imported here: the package imports NumPy, which --help must not wait for.
        from easiness_core import __version__

        print(f"easiness {__version__}")
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line.

    Parameters
    ----------
    argv : sequence of str
        The arguments after the program's name.

    Returns
    -------
    argparse.Namespace
        The options; `run` holds the command's function as `"module:function"`.

    Raises
    ------
    CommandError
        With exit code 2, for anything that cannot be parsed.
    """
    parser = build_parser()
    args, extra = parser.parse_known_args(argv)
    # argparse gives up on an optional positional once an option follows the first positional:
    # `score PROBS -o OUT LABELS` leaves LABELS over (before Python 3.13).
    if extra and getattr(args, "labels", "") is None and (extra[0] == "-" or extra[0][0:1] != "-"):
        args.labels = extra.pop(0)
    if extra:
        # What a shell makes of a glob.
        quote = "; quote a glob, as in 'in/*.npy'" if all(map(os.path.exists, extra)) else ""
        parser.error(f"unrecognized arguments: {' '.join(extra)}{quote}")
    return args


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all its commands."""
    parser = _Parser(
        prog="easiness",
        description="Find out which samples a classifier finds easy, medium and hard, "
        "from the probabilities it gave and the labels it should have given.",
        epilog="'easiness COMMAND --help' describes a command. Exit status: 0 done; 2 options "
        "that make no sense; 3 bad input or output, told in one line; 130 interrupted; "
        "141 the reader of standard output went away; 143 terminated; 1 a failure under --debug.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS,
        help="print the version and exit",
    )  # fmt: skip
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_score(commands)
    _add_report(commands)
    _add_select(commands)
    _add_mislabels(commands)
    add_merge(_command(commands, *MERGE))
    add_demo(_command(commands, *DEMO))
    return parser


def _command(commands: Any, name: str, run: str, summary: str, epilog: str) -> Any:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


_INPUT_NOTES = """\
inputs:
  npy      PROBS of shape (samples, classes), LABELS of shape (samples,)
  npz      the arrays are found by name: probs, pred_probs, predictions, probabilities (with
           --logits also logits); label, labels, y, ground_truth, target, targets. Any other
           name: --probs-key, --labels-key
  csv      one column a class; a header is optional and gives the class names. Without LABELS
           one column must be named label, labels, y, ground_truth, target or targets. With
           LABELS given, columns named label, labels, target or targets are left out
           pandas' headers are known: 0,1,2,...; also 0,1 and, for LABELS, 0: from the numbers of
           rows and, where these do not tell, if a row below 0,1 holds more than plain 0 and 1
  parquet  one list column (probs, ...), or one column a class as in csv
           In csv and parquet, columns named id, index, sample_id or "Unnamed: 0" are left out
  zarr     an array, or a group with arrays named as in npz
  -        standard input, for PROBS or for LABELS, in any of these formats
  Labels are column numbers from 0, or class names. Names are looked up in --classes, else in the
  column names. Labels that are whole numbers are looked up too where the class names are whole
  numbers other than 0, 1, 2, ...; else they are column numbers, and outputs call the classes by
  the column names where these are all different and none is a number
"""


def _add_score(commands: Any) -> None:
    parser = _command(
        commands,
        "score",
        "easiness_cli._score:run",
        "score every sample: easiness, level and loss, with a summary",
        _INPUT_NOTES
        + """
outputs:
  one row a sample: index, id where PROBS or LABELS has ids, label, predicted, easiness,
  log_easiness, level, loss. The level is text (hard, medium, easy) in csv and parquet, and
  1, 2, 4 in npz.
  Without -o only the summary is printed.

shards:
  PROBS and LABELS may be folders, or quoted globs; OUT is then a folder, which gets one file and
  one note a shard. A rerun skips what is finished. Shards and labels are paired by their names
  without suffix in folders, and by what the wildcards stand for in globs.

examples:
  easiness score probs.npy labels.npy -o scores.parquet
  easiness score predictions.npz --json
  easiness score 'shards/probs-*.npy' 'shards/labels-*.npy' -o scores
  easiness score logits.npy labels.npy --logits --estimator monte-carlo --draws 10000
  cat probs.csv | easiness score - -o - > scores.csv
""",
    )
    options.inputs(parser, "; zarr; a folder or glob of them")
    parser.add_argument(
        "-o", "--output", metavar="OUT",
        help="file to write: .parquet, .csv or .npz; '-' writes csv to standard output, and the "
        "summary to standard error (default: write no file)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("parquet", "csv", "npz"), default="parquet",
        help="with shards: what to write into the folder (default: %(default)s)",
    )  # fmt: skip
    options.escape_formulas(parser)
    options.reading(parser)
    parser.add_argument(
        "--ids-key", metavar="NAME",
        help="array or column that names the samples, in PROBS or else in LABELS, carried into "
        "OUT (default: id, ids or sample_id if there is one; '' leaves it out)",
    )  # fmt: skip
    parser.add_argument(
        "--check-ids", action=argparse.BooleanOptionalAction, default=True,
        help="with shards: look for ids that occur twice before scoring (default: yes)",
    )  # fmt: skip
    options.estimator(parser)
    summary = parser.add_argument_group("summary")
    summary.add_argument(
        "--auroc", action=argparse.BooleanOptionalAction, default=None,
        help="compute the area under the ROC curve, one class against the rest, averaged "
        "(default: up to 20 million probabilities)",
    )  # fmt: skip
    summary.add_argument(
        "--json", action="store_true", help="print the summary as one JSON object instead of text"
    )
    options.running(parser, threads=True)


def _add_report(commands: Any) -> None:
    parser = _command(
        commands,
        "report",
        "easiness_cli._report:run",
        "write one self-contained HTML page about the scores",
        _INPUT_NOTES
        + """
examples:
  easiness report probs.npy labels.npy -o report.html
  easiness report predictions.csv -o report.html --top 50 --title "ResNet-18, test set"
""",
    )
    options.inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="REPORT",
        required=True,
        help="HTML file to write, or '-' for standard output",
    )
    parser.add_argument(
        "--top", type=types.whole(0), default=20, metavar="N",
        help="how many of the hardest samples to list (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--title", default="Sample easiness", help="heading (default: %(default)s)")
    options.reading(parser)
    options.estimator(parser)
    options.running(parser, threads=True)


def _add_select(commands: Any) -> None:
    parser = _command(
        commands,
        "select",
        "easiness_cli._select:run",
        "choose samples from a file that 'score' wrote, and give their indices",
        """\
Exactly one rule is needed. The indices are those in the file's index column, sorted.

examples:
  easiness select scores.parquet --levels MO > medium.txt
  easiness select scores.csv --levels hard,medium -o keep.npy
  easiness select scores.npz --interval 0.05 0.95 -o keep.csv
  easiness select scores.parquet --loss-rank
  easiness select scores.parquet --random 5000 --seed 1
""",
    )
    parser.add_argument("scores", metavar="SCORES", help="file written by 'easiness score'")
    rule = parser.add_argument_group("rules").add_mutually_exclusive_group(required=True)
    rule.add_argument(
        "--levels", type=types.levels, metavar="LEVELS",
        help="samples of these levels: MO, EO, HO, EMO, MHO, EMHO (E easy, M medium, H hard, "
        "O only), or names such as hard,medium",
    )  # fmt: skip
    rule.add_argument(
        "--interval", nargs=2, type=types.unit, metavar=("LOW", "HIGH"),
        help="samples with LOW <= easiness <= HIGH",
    )  # fmt: skip
    rule.add_argument(
        "--loss-rank", action="store_true",
        help="rank by loss, highest first, skip as many as are hard and take as many as are medium",
    )  # fmt: skip
    rule.add_argument("--random", type=types.whole(0), metavar="N", help="N samples at random")
    parser.add_argument(
        "--n-hard", type=types.whole(0), metavar="N",
        help="with --loss-rank: how many to skip (default: the hard ones in SCORES)",
    )  # fmt: skip
    parser.add_argument(
        "--n-medium", type=types.whole(0), metavar="N",
        help="with --loss-rank: how many to take (default: the medium ones in SCORES)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=types.whole(0), metavar="S", help="with --random: the seed (default: 0)"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-",
        help="file to write: .npy, .csv or .txt; '-' prints one index a line (default: -)",
    )  # fmt: skip
    options.max_bytes(parser)
    options.running(parser)


def _add_mislabels(commands: Any) -> None:
    parser = _command(
        commands,
        "mislabels",
        "easiness_cli._mislabels:run",
        "list the samples to review for wrong labels, the most suspicious first",
        _INPUT_NOTES
        + """
PROBS must be predictions on samples that the classifier was not trained on.

examples:
  easiness mislabels probs.npy labels.npy -o review.html --images images.npy
  easiness mislabels probs.npy labels.npy -o review.csv --method confusion --flagged
  easiness mislabels probs.npy labels.npy -o review.parquet --aum aum_values.csv --by aum
""",
    )
    options.inputs(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-",
        help="file to write: .csv, .parquet or .html; '-' prints csv (default: -)",
    )  # fmt: skip
    options.escape_formulas(parser)
    options.mislabels(parser)
    options.reading(parser)
    options.running(parser)
