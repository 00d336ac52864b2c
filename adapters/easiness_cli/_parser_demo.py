"""Arguments of `easiness demo`. Imports nothing heavy."""

from __future__ import annotations

from typing import Any

from easiness_cli import _option_types as types
from easiness_cli import _options as options

DEMO = (
    "demo",
    "easiness_cli._demo:run",
    "train unlike classifiers on scikit-learn's digits, score and report them",
    "example:\n  easiness demo -o easiness-demo",
)


def add_demo(parser: Any) -> None:
    """Add where to write, and how to train."""
    parser.add_argument(
        "-o", "--output-dir", default="easiness-demo", metavar="FOLDER",
        help="folder for the files (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=types.whole(2), default=5, metavar="K",
        help="folds of the cross-validation (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=types.whole(0), default=0, metavar="S",
        help="seed of folds and classifiers (default: %(default)s)",
    )  # fmt: skip
    options.running(parser)
