"""Options that several commands share, and the types of their values. Imports nothing heavy."""

import argparse
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

# With more probabilities, the sorts of AUROC would take much longer than scoring.
AUROC_ELEMENTS = 20_000_000
# Title of a group of options, exactly one of which is required.
ONE_OF = "rules"

INPUT_NOTES = """\
inputs:
  PROBS and LABELS are files, folders or quoted globs. Formats: npy, npz, csv,
  parquet, Arrow (Feather), JSON Lines, and the folder of a saved
  datasets.Dataset. Text files may be compressed (.gz, .bz2, .zst). '-' is
  standard input. Columns are detected by name and content:
    probabilities  a list column; else columns that share a prefix or suffix
                   and whose rows sum to 1; else all columns in [0, 1] whose
                   rows sum to 1. Their names are the class names.
    label          label, labels, y, y_true, true_label, given_label, target,
                   class
    id             id, sample_id, index, a named pandas index, or the only text
                   column named *_id
  Labels may be class names or numbers. Other columns are ignored, with a note.
"""


def checked(
    parse: Callable[[str], Any], expected: str, holds: Callable[[Any], bool] = lambda value: True
) -> Callable[[str], Any]:
    """Make the type of an option: the result of `parse`, if it `holds`."""

    def checked_value(text: str) -> Any:
        try:
            value = parse(text)
        except (ValueError, KeyError):
            value = None
        if value is None or not holds(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return checked_value


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Make the type of whole numbers of at least `least`, and at most `most`."""
    expected = f">= {least}" if most is None else f"from {least} to {most}"
    return checked(
        int, f"a whole number {expected}", lambda value: least <= value <= (most or 10**18)
    )


positive = checked(float, "a number above 0", lambda value: 0 < value < math.inf)
unit = checked(float, "a number from 0 to 1", lambda value: 0 <= value <= 1)
resolution = checked(float, "a number from 0 to below 0.5", lambda value: 0 <= value < 0.5)


def _n_bytes(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(text)
    return int(match[1]) << (10 * " KMGT".index(match[2].upper() or " "))


size = checked(_n_bytes, "a size such as 500M or 8G")
character = checked(
    lambda text: "\t" if text == "\\t" else text, "one character",
    lambda text: len(text) == 1 and text.isascii(),
)  # fmt: skip


def _levels(text: str) -> Any:
    # Imported here, because the package imports NumPy, which would slow down --help.
    import easiness_core as ec

    return ec.Level.of(text)


levels = checked(
    _levels,
    "one of MO, EO, HO, EMO, MHO, EMHO, or names among hard, medium, easy separated by commas",
)


class Option(NamedTuple):
    """Arguments of `ArgumentParser.add_argument`; only --help-all lists `rare` options."""

    flags: tuple[str, ...]
    keywords: dict[str, Any]
    rare: bool


def option(*flags: str, rare: bool = False, **keywords: Any) -> Option:
    """Describe an option."""
    return Option(flags, keywords, rare)


names = checked(
    lambda text: [name.strip() for name in text.split(",")], "names separated by commas", all
)


# fmt: off
INPUTS = [
    option("path", metavar="PROBS",
           help="predicted probabilities: file, folder or quoted glob"),
    option("labels_path", metavar="LABELS", nargs="?",
           help="given labels (default: a column of PROBS)"),
]
ESCAPE_FORMULAS = option(
    "--escape-formulas", action="store_true", rare=True,
    help="csv output: put an apostrophe before names that a spreadsheet would run as formulas")
MAX_BYTES = option(
    "--max-bytes", type=size, default="8G", metavar="SIZE", rare=True,
    help="refuse to load or decompress more than this at once; takes K, M, G or T "
    "(default: %(default)s)")
READING = [
    option("--probs", metavar="NAMES",
           help="list column, array, or class columns: a pattern such as 'prob_*', or names "
           "separated by commas (default: detected)"),
    option("--labels", metavar="NAME", help="column or array of labels (default: detected)"),
    option("--ids", metavar="NAME",
           help="column of sample ids; '' for none (default: detected)"),
    option("--classes", metavar="NAMES",
           help="class names in column order, separated by commas, or @FILE (one per line)"),
    option("--logits", action="store_true", help="PROBS holds logits: apply softmax"),
    option("--normalize", action="store_true",
           help="divide each row by its sum, for counts or percentages"),
    option("--header", action=argparse.BooleanOptionalAction, default=None, rare=True,
           help="csv: whether the first line holds column names, in PROBS and LABELS alike "
           "(default: detected in each)"),
    option("--delimiter", type=character, metavar="C", rare=True,
           help="csv: field separator (default: detected)"),
    option("--decimal", choices=(".", ","), rare=True,
           help="csv: decimal mark (default: detected)"),
    option("--encoding", metavar="NAME", rare=True,
           help="csv: text encoding, such as utf-16 or latin-1 (default: UTF-8)"),
    MAX_BYTES,
]
IMAGES = option("--images", metavar="PATH",
                help="html: show the samples: an .npy file of images, or a folder with one "
                "image file per sample, sorted by name")
TEXT = option("--text", metavar="COLUMN",
              help="html: show the text in this column next to each sample")
GROUP_BY = option("--group-by", metavar="COLUMN",
                  help="compare groups: samples that share a value in this column")
ESTIMATOR = [
    option("--sigma", type=positive, default=0.01,
           help="standard deviation of the noise (default: %(default)s)"),
    option("--estimator", choices=("closed-form", "monte-carlo"), default="closed-form", rare=True,
           help="compute easiness exactly, or by random draws as in the paper "
           "(default: %(default)s)"),
    option("--draws", type=whole(1), metavar="N", rare=True,
           help="monte-carlo: number of random draws (default: 1000)"),
    option("--seed", type=whole(0), metavar="S", rare=True,
           help="monte-carlo: random seed (default: 0)"),
    option("--resolution", type=resolution, metavar="R", rare=True,
           help="closed-form: hard means easiness <= R, easy means >= 1 - R (default: 0.001)"),
    option("--bins", type=whole(1), default=5, metavar="K", rare=True,
           help="number of easiness bins for ESE (default: %(default)s)"),
]
THREADS = option("--threads", type=whole(1), metavar="N", rare=True,
                 help="number of threads (default: all processors)")
PROGRESS = option("--progress", action="store_true", rare=True,
                  help="print progress lines where standard error is not a terminal")
DEBUG = option("--debug", action="store_true", rare=True, help="show the traceback of a failure")
RUNNING = [
    option("--overwrite", action="store_true", help="replace existing output"),
    option("-q", "--quiet", action="store_true",
           help="print no summary, notes or progress"),
    DEBUG,
]
# fmt: on
