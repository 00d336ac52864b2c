"""Options that several commands share, and the types of their values. Imports nothing heavy."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from typing import Any

# With more probabilities, the sorts of AUROC would take many times what scoring takes.
AUROC_ELEMENTS = 20_000_000
# The title of a group of options of which exactly one is needed.
ONE_OF = "rules"

INPUT_NOTES = """\
inputs:
  PROBS and LABELS are files, folders or quoted globs. Formats: npy, npz, csv, parquet, Arrow
  (Feather), JSON Lines, and the folder of a saved datasets.Dataset; text files may be compressed
  (.gz, .bz2, .zst). '-' is standard input. Columns are detected by name and content:
    probabilities  a list column; else columns that share a prefix or suffix and whose rows sum
                   to 1; else all columns in [0, 1] whose rows do. Their names are the classes.
    label          label, labels, y, y_true, true_label, given_label, target, class
    id             id, sample_id, index, a named pandas index, or the only text column named *_id
  Labels may be class names or numbers. Other columns are ignored, with a note.
"""


def checked(
    parse: Callable[[str], Any], expected: str, holds: Callable[[Any], bool] = lambda value: True
) -> Callable[[str], Any]:
    """Make the type of an option: what `parse` gives, and only what `holds`."""

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
    # Imported here: the package imports NumPy, which --help must not wait for.
    import easiness_core as ec

    return ec.Level.of(text)


levels = checked(
    _levels,
    "one of MO, EO, HO, EMO, MHO, EMHO, or names among hard, medium, easy separated by commas",
)


def option(*flags: str, **keywords: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Hold what `ArgumentParser.add_argument` takes."""
    return flags, keywords


names = checked(
    lambda text: [name.strip() for name in text.split(",")], "names separated by commas", all
)


# fmt: off
INPUTS = [
    option("path", metavar="PROBS",
           help="predicted probabilities: a file, a folder or a quoted glob"),
    option("labels_path", metavar="LABELS", nargs="?",
           help="given labels, in any of the same formats (default: a column of PROBS)"),
]
ESCAPE_FORMULAS = option(
    "--escape-formulas", action="store_true",
    help="csv output: put an apostrophe before names that a spreadsheet would run as formulas")
MAX_BYTES = option(
    "--max-bytes", type=size, default="8G", metavar="SIZE",
    help="refuse to load or decompress more than this at once; takes K, M, G or T "
    "(default: %(default)s)")
READING = [
    option("--probs", metavar="NAMES",
           help="probabilities: a list column, an array, or class columns as a pattern such as "
           "'prob_*' or as names separated by commas (default: detected)"),
    option("--labels", metavar="NAME", help="column or array of labels (default: detected)"),
    option("--ids", metavar="NAME",
           help="column or array of sample ids; '' for none (default: detected)"),
    option("--classes", metavar="NAMES",
           help="class names in column order, separated by commas, or @FILE with one name per "
           "line"),
    option("--logits", action="store_true", help="PROBS holds logits: apply softmax"),
    option("--normalize", action="store_true",
           help="divide each row by its sum, for counts or percentages"),
    option("--header", action=argparse.BooleanOptionalAction, default=None,
           help="csv: whether the first line holds names (default: detected)"),
    option("--delimiter", type=character, metavar="C",
           help="csv: what separates fields (default: detected)"),
    option("--decimal", choices=(".", ","), help="csv: the decimal mark (default: detected)"),
    option("--encoding", metavar="NAME", help="csv: such as utf-16 or latin-1 (default: UTF-8)"),
    MAX_BYTES,
]
IMAGES = option("--images", metavar="PATH",
                help="show images on the HTML page: an npy, or a folder with one file per "
                "sample, in the order of their names")
TEXT = option("--text", metavar="COLUMN",
              help="show the text of this column beside each sample on the HTML page")
GROUP_BY = option("--group-by", metavar="COLUMN",
                  help="compare the groups of samples that share a value of this column")
ESTIMATOR = [
    option("--sigma", type=positive, default=0.01,
           help="standard deviation of the noise (default: %(default)s, so sigma^2 = 1e-4)"),
    option("--estimator", choices=("closed-form", "monte-carlo"), default="closed-form",
           help="compute easiness exactly, or by random draws as in the paper "
           "(default: %(default)s)"),
    option("--draws", type=whole(1), metavar="N",
           help="monte-carlo: number of random draws (default: 1000)"),
    option("--seed", type=whole(0), metavar="S", help="monte-carlo: random seed (default: 0)"),
    option("--resolution", type=resolution, metavar="R",
           help="closed-form: hard means easiness <= R, easy means >= 1 - R (default: 0.001)"),
    option("--bins", type=whole(1), default=5, metavar="K",
           help="number of easiness bins for ESE (default: %(default)s)"),
]
THREADS = option("--threads", type=whole(1), metavar="N",
                 help="number of threads (default: all processors)")
DEBUG = option("--debug", action="store_true", help="show the traceback of a failure")
RUNNING = [
    option("--overwrite", action="store_true", help="replace existing output"),
    option("-q", "--quiet", action="store_true",
           help="print no summary, notes or progress"),
    DEBUG,
]
# fmt: on
