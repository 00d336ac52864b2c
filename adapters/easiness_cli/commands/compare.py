"""`easiness compare`: what changed between two sets of scores of the same samples."""

import argparse
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import checked, option
from easiness_cli.output import (
    aligned,
    note,
    open_output,
    require,
    resolve_output,
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
SHARES = ("accuracy", "mean_easiness", "msr", "worst_class")
COUNTS = ("hard", "medium", "easy", "newly_hard", "newly_wrong")
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}
_NUMBER = r"[+-]?\s*(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_CONDITION = re.compile(rf"\s*([a-z_]+)\s*(<=|>=|<|>)\s*({_NUMBER})\s*(%?)\s*", re.ASCII)
# A bound this large on a share more likely lacks a %.
_LIKELY_PERCENT = 0.05
_NEEDED = ("label", "predicted", "easiness", "log_easiness", "level")


@dataclass(frozen=True)
class Condition:
    """Bound on the change of a statistic, new minus old; with `percent`, in percentage points."""

    text: str
    name: str
    sign: str
    bound: float
    percent: bool

    def change(self, changes: Mapping[str, float], n_samples: int) -> float:
        """Return the change in the unit of the bound; counts in percent are of all samples."""
        value = changes[self.name]
        if self.percent:
            value = 100 * value if self.name in SHARES else 100 * value / n_samples
        return round(value, 12)

    def holds(self, changes: Mapping[str, float], n_samples: int) -> bool:
        """Whether the change is beyond the bound."""
        return bool(_COMPARE[self.sign](self.change(changes, n_samples), self.bound))

    def outcome(self, changes: Mapping[str, float], n_samples: int) -> str:
        """Describe how much the statistic changed."""
        change = self.change(changes, n_samples)
        return f"{self.name} changed by {change:+.4g}{' %' if self.percent else ''}"


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or match[1] not in SHARES + COUNTS:
        raise ValueError(text)
    name, number, percent = match[1], "".join(match[3].split()), bool(match[4])
    bound = float(number)
    problem = None
    if percent and abs(bound) > 100:
        whole = "a share" if name in SHARES else "the samples"
        problem = f"no change is beyond 100 % of {whole}"
    elif not percent and name in SHARES and abs(bound) >= _LIKELY_PERCENT:
        problem = (f"a bound of {number} means {abs(100 * bound):g} percentage points; "
                   f"write {number}% for percentage points, or {100 * bound:g}%")  # fmt: skip
    if problem:
        raise argparse.ArgumentTypeError(f"{text.strip()}: {problem}")
    return Condition(text.strip(), name, match[2], bound, percent)


condition = checked(
    _parse,
    f"NAME, one of <, <=, >, >=, and a change such as -0.5% or +10, with NAME one of "
    f"{', '.join(SHARES + COUNTS)}",
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
    """Read both, compare, write the outputs, and check the conditions."""
    from easiness_io.writers.atomic import check_output
    from easiness_io.writers.tables import SCORE_COLUMNS

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
    found = _compare(args)
    if found.joined_by == "row" and found.n_relabeled:
        note(f"joined by row, but the label differs in {found.n_relabeled:,} of "
             f"{found.n_samples:,} rows: are these the same samples in the same order?",
             kind="warning")  # fmt: skip
    used = [" and ".join(sorted(estimators(path))) for path in (args.old, args.path)]
    if all(used) and used[0] != used[1]:
        note(f"OLD was scored by {used[0]}, NEW by {used[1]}: this alone changes easiness",
             kind="warning")  # fmt: skip
    changes = found.changes, found.n_samples
    broken = [each for each in args.fail_if if each.holds(*changes)]
    if args.output is not None:
        from easiness_cli.pages.comparison import comparison_page

        with open_output(args) as file:
            file.write(comparison_page(found, args, used).encode("utf-8"))
    if args.json is not None:
        state = found.to_dict() | {"failed": [each.text for each in broken]}
        with open_output(args, args.json) as file:
            file.write((json.dumps(state, indent=2, allow_nan=False) + "\n").encode())
    if not args.quiet:
        tell(args, _as_text(found), is_data="-" in (args.output, args.json))
    for each in broken:
        note(f"{each.outcome(*changes)}; condition {each.text}", kind="failed")
    return 1 if broken else 0


def _compare(args: argparse.Namespace) -> Any:
    """Read both, and compare them; groups are those of NEW."""
    from easiness_io import DataError

    import easiness_core as ec
    from easiness_cli.inputs import group_names
    from easiness_cli.score_files import read_scores
    from easiness_core.errors import InputError

    more = [args.group_by] if args.group_by and args.group_by not in _NEEDED else []
    old = read_scores(args.old, _NEEDED, args.max_bytes)
    new = read_scores(args.path, (*_NEEDED, *more), args.max_bytes)
    groups = group_names(new.column(args.group_by), args.group_by) if args.group_by else None
    try:
        return ec.compare(old, new, groups=groups)
    except InputError as error:
        path = args.old if (error.argument or "").startswith("old") else args.path
        raise DataError(error.problem, path=path, hint=error.hint) from error


def _as_text(found: Any) -> str:
    """Return the comparison as aligned lines."""
    rows = {"samples": f"{found.n_samples:,}, joined by {found.joined_by}"}
    for name, count in (("only in OLD", found.n_only_old), ("only in NEW", found.n_only_new)):
        if count:
            rows[name] = f"{count:,}, left out"
    if found.n_relabeled:
        rows["relabeled"] = f"{found.n_relabeled:,}"
    old, new = found.old, found.new
    rows["accuracy"] = (
        f"{100 * old['accuracy']:.2f} % -> {100 * new['accuracy']:.2f} % "
        f"({found.n_gained:,} became right, {found.n_lost:,} wrong; McNemar p = "
        f"{found.mcnemar_p:.3g})"
    )
    rows["mean easiness"] = (
        f"{old['mean_easiness']:.4f} -> {new['mean_easiness']:.4f} ({found.n_easier:,} became "
        f"easier, {found.n_harder:,} harder; sign test p = {found.sign_p:.3g})"
    )
    for name in ("hard", "medium", "easy"):
        rows[name] = f"{old[name]:,} -> {new[name]:,} ({new[name] - old[name]:+,})"
    rows["newly hard"] = f"{len(found.newly_hard):,}"
    return aligned(rows)
