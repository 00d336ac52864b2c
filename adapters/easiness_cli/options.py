"""Options that several commands share, and the types of their values. Imports nothing heavy."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from typing import Any

# With more probabilities, the sorts of AUROC would take many times what scoring takes.
AUROC_ELEMENTS = 20_000_000
_LEVEL_RULES = ("MO", "EO", "HO", "EMO", "MHO", "EMHO")

INPUT_NOTES = """\
inputs:
  PROBS and LABELS are files, folders of files, or quoted globs: npy, npz, csv, parquet, Arrow
  (feather), JSON lines, or the folder of a saved datasets.Dataset; text may be .gz, .bz2 or .zst.
  '-' is standard input. Columns are found by name and by what they hold:
    probabilities  a list column; else columns with a common prefix or suffix whose rows sum to 1;
                   else all columns in [0, 1] whose rows do. Names give the classes.
    label          label, labels, y, y_true, true_label, given_label, target, class
    id             id, sample_id, index, a named pandas index, the only text column named *_id
  Labels may be class names or numbers. Other columns are left out, with a note.
"""


def whole(least: int) -> Callable[[str], int]:
    """Make the type of whole numbers of at least `least`."""

    def whole_number(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number >= {least}, got {text!r}")
        return int(text)

    return whole_number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def positive(text: str) -> float:
    """Parse a finite number above 0."""
    if not 0 < _number(text) < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return float(text)


def resolution(text: str) -> float:
    """Parse a number from 0 to below 0.5."""
    if not 0 <= _number(text) < 0.5:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to below 0.5, got {text!r}")
    return float(text)


def unit(text: str) -> float:
    """Parse a number from 0 to 1."""
    if not 0 <= _number(text) <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return float(text)


def size(text: str) -> int:
    """Parse a number of bytes, perhaps with K, M, G or T (powers of 1024)."""
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a size such as 500M or 8G, got {text!r}")
    power = " KMGT".index(match[2].upper() or " ")
    return int(match[1]) << (10 * power)


def character(text: str) -> str:
    """Parse one character, or the two that stand for a tab."""
    text = "\t" if text == "\\t" else text
    if len(text) != 1 or not text.isascii():
        raise argparse.ArgumentTypeError(f"expected one character, got {text!r}")
    return text


def levels(text: str) -> tuple[str, ...]:
    """Parse a rule such as MO to `("MO",)`, or level names to `("HARD", "MEDIUM")`."""
    if text.upper() in _LEVEL_RULES:
        return (text.upper(),)
    names = tuple(name.strip().upper() for name in re.split(r"[,|]", text))
    if not set(names) <= {"HARD", "MEDIUM", "EASY"}:
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(_LEVEL_RULES)}, or names among hard, medium, easy "
            f"separated by commas; got {text!r}"
        )
    return names


def inputs(parser: Any) -> None:
    """Add PROBS and LABELS."""
    parser.add_argument(
        "path", metavar="PROBS", help="predicted probabilities: a file, a folder or a quoted glob"
    )
    parser.add_argument(
        "labels_path", metavar="LABELS", nargs="?",
        help="given labels, in any of the same formats (default: found in PROBS)",
    )  # fmt: skip


def reading(parser: Any) -> None:
    """Add how the inputs are read."""
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--probs", metavar="NAMES",
        help="column or array of probabilities, or class columns: a pattern such as 'prob_*', or "
        "names separated by commas (default: found)",
    )  # fmt: skip
    group.add_argument("--labels", metavar="NAME", help="column or array of labels")
    group.add_argument(
        "--ids", metavar="NAME",
        help="column or array that names the samples; '' for none (default: found)",
    )  # fmt: skip
    group.add_argument(
        "--classes", metavar="NAMES",
        help="class names in column order, separated by commas, or @FILE with one name a line",
    )  # fmt: skip
    group.add_argument(
        "--logits", action="store_true", help="PROBS holds logits: take their softmax"
    )
    group.add_argument(
        "--normalize", action="store_true", help="divide each row by its sum (counts, percentages)"
    )
    group.add_argument(
        "--header", action=argparse.BooleanOptionalAction, default=None,
        help="csv: whether the first line holds names (default: told from the line)",
    )  # fmt: skip
    group.add_argument(
        "--delimiter",
        type=character,
        metavar="C",
        help="csv: what separates cells (default: found)",
    )
    group.add_argument(
        "--decimal", choices=(".", ","), help="csv: the decimal mark (default: found)"
    )
    group.add_argument(
        "--encoding", metavar="NAME", help="csv: such as utf-16 or latin-1 (default: UTF-8)"
    )
    max_bytes(group)


def max_bytes(group: Any) -> None:
    """Add the guard against files too large for memory."""
    group.add_argument(
        "--max-bytes", type=size, default="8G", metavar="SIZE",
        help="refuse to load or decompress more than this at once, with K, M or G "
        "(default: %(default)s)",
    )  # fmt: skip


def estimator(parser: Any) -> None:
    """Add how easiness is estimated."""
    group = parser.add_argument_group("estimator")
    group.add_argument(
        "--sigma", type=positive, default=0.01,
        help="standard deviation of the noise (default: %(default)s, so sigma^2 = 1e-4)",
    )  # fmt: skip
    group.add_argument(
        "--estimator", choices=("closed-form", "monte-carlo"), default="closed-form",
        help="exact, or by random draws as in the paper (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--draws", type=whole(1), metavar="N", help="monte-carlo: random draws (default: 1000)"
    )
    group.add_argument("--seed", type=whole(0), metavar="S", help="monte-carlo: seed (default: 0)")
    group.add_argument(
        "--resolution", type=resolution, metavar="R",
        help="closed-form: hard is easiness <= R, easy is >= 1 - R (default: 0.001)",
    )  # fmt: skip
    group.add_argument(
        "--bins", type=whole(1), default=5, metavar="K",
        help="bins of easiness behind ESE (default: %(default)s)",
    )  # fmt: skip


def escape_formulas(parser: Any) -> None:
    """Add what is done with names in csv."""
    parser.add_argument(
        "--escape-formulas", action="store_true",
        help="csv output: put an apostrophe before names that a spreadsheet would run as formulas",
    )  # fmt: skip


def running(parser: Any, *, threads: bool = False) -> None:
    """Add what does not change the numbers."""
    group = parser.add_argument_group("running")
    if threads:
        group.add_argument(
            "--threads", type=whole(1), metavar="N", help="threads (default: all processors)"
        )
    group.add_argument("--overwrite", action="store_true", help="replace existing output")
    group.add_argument(
        "-q", "--quiet", action="store_true", help="print no summary, count, note or progress"
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of a failure")
