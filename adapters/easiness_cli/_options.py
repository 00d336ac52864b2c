"""Options that several commands share. Imports nothing heavy."""

from __future__ import annotations

from typing import Any

from easiness_cli import _option_types as types


def inputs(parser: Any, more: str = "") -> None:
    """Add PROBS, which may be `more` than a file, and LABELS."""
    parser.add_argument(
        "probs", metavar="PROBS", help=f"probabilities: npy, npz, csv or parquet{more}"
    )
    parser.add_argument(
        "labels", metavar="LABELS", nargs="?",
        help="given labels, in the same formats (default: found in PROBS)",
    )  # fmt: skip


def reading(parser: Any) -> None:
    """Add how the inputs are to be read."""
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--logits", action="store_true", help="PROBS holds logits: take their softmax first"
    )
    group.add_argument(
        "--normalize", action="store_true", help="divide every row by its sum instead of refusing"
    )
    group.add_argument(
        "--classes", metavar="NAMES",
        help="class names in column order, separated by commas, or @FILE with one name a line",
    )  # fmt: skip
    group.add_argument(
        "--probs-key", metavar="NAME", help="array (npz) or list column (parquet) of probabilities"
    )
    group.add_argument(
        "--labels-key", metavar="NAME", help="array (npz) or column (csv, parquet) of labels"
    )
    max_bytes(group)


def max_bytes(group: Any) -> None:
    """Add the guard against files too large for memory."""
    group.add_argument(
        "--max-bytes", type=types.size, default="8G", metavar="SIZE",
        help="refuse to load or decompress more than this, with K, M or G; a memory-mapped npy "
        "is not limited (default: %(default)s)",
    )  # fmt: skip


def estimator(parser: Any) -> None:
    """Add how easiness is estimated."""
    group = parser.add_argument_group("estimator")
    group.add_argument(
        "--sigma", type=types.positive, default=0.01,
        help="standard deviation of the noise (default: %(default)s, so sigma^2 = 1e-4)",
    )  # fmt: skip
    group.add_argument(
        "--estimator", choices=("closed-form", "monte-carlo"), default="closed-form",
        help="exact, or by random draws as in the paper (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--draws", type=types.whole(1), metavar="N",
        help="with monte-carlo: random draws (default: 1000)",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=types.whole(0), metavar="S", help="with monte-carlo: the seed (default: 0)"
    )
    group.add_argument(
        "--resolution", type=types.resolution, metavar="R",
        help="with closed-form: hard is easiness <= R, easy is >= 1 - R (default: 0.001)",
    )  # fmt: skip
    group.add_argument(
        "--bins", type=types.whole(1), default=5, metavar="K",
        help="bins of easiness behind ESE (default: %(default)s)",
    )  # fmt: skip


def escape_formulas(parser: Any) -> None:
    """Add what is done with names in csv."""
    parser.add_argument(
        "--escape-formulas", action="store_true",
        help="in csv, put an apostrophe before names that a spreadsheet would run as formulas",
    )  # fmt: skip


def mislabels(parser: Any) -> None:
    """Add how samples are ranked and which are listed."""
    group = parser.add_argument_group("ranking")
    group.add_argument(
        "--method", choices=("easiness", "confusion"), default="easiness",
        help="each sample by itself, or reckoning with how classes are mislabeled throughout the "
        "data (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--sigma", type=types.positive,
        help="standard deviation of the noise (default: 0.01, with confusion 0.1); with 100 "
        "classes 1 ranked better",
    )  # fmt: skip
    group.add_argument(
        "--aum", metavar="FILE",
        help="aum_values.csv or full_aum_records.csv, whose sample_ids are the rows of PROBS: adds "
        "a column",
    )  # fmt: skip
    group.add_argument(
        "--by", choices=("suspicion", "aum"), default="suspicion",
        help="order of the list; aum: lowest first (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--flagged", action="store_true", help="list flagged samples only")
    group.add_argument(
        "--top", type=types.whole(1), metavar="N",
        help="list at most N samples (default: all; in html 100)",
    )  # fmt: skip
    group.add_argument(
        "--images", metavar="PATH",
        help="html: pictures of the samples, an npy of images or a folder with one file a sample "
        "in the order of their names",
    )  # fmt: skip
    group.add_argument(
        "--title", default="Labels to review", help="html: heading (default: %(default)s)"
    )


def running(parser: Any, *, threads: bool = False) -> None:
    """Add what does not change the numbers."""
    group = parser.add_argument_group("running")
    if threads:
        group.add_argument(
            "--threads", type=types.whole(1), metavar="N", help="threads (default: all processors)"
        )
    group.add_argument("--overwrite", action="store_true", help="replace existing output")
    group.add_argument(
        "-q", "--quiet", action="store_true", help="print no summary, count or progress"
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of a failure")
