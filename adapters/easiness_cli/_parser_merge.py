"""Arguments of `easiness merge`. Imports nothing heavy."""

from __future__ import annotations

from typing import Any

MERGE = (
    "merge",
    "easiness_cli._merge:run",
    "merge the summaries of shards, exactly, in any order",
    """\
PATH is a folder of outputs, as 'score' fills one, a note beside an output (OUT.json), or what
'score --json' printed. Sums are of whole numbers: the result is that of scoring all rows in one
run, whatever the order. A folder in which shards of its run are missing is refused (name notes to
merge a part), and so is an output that is missing or of another size than its note says, and an
input that was counted twice.

examples:
  easiness merge scores
  easiness merge scores/*.json --verify --json
  easiness merge first.json second.json
""",
)


def add_merge(parser: Any) -> None:
    """Add what to merge, and how to tell the result."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="folders or files with summaries")
    parser.add_argument(
        "--verify", action="store_true", help="read every output, and compare its checksum"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the summary as one JSON object instead of text"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")
