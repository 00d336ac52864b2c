"""Two files of scores read and compared, for `easiness compare`."""

from __future__ import annotations

import argparse

from easiness_io import DataError

import easiness_core as ec
from easiness_cli.inputs import group_names
from easiness_cli.score_files import read_scores
from easiness_core.errors import InputError

_NEEDED = ("label", "predicted", "easiness", "log_easiness", "level")


def compare_files(args: argparse.Namespace) -> ec.Comparison:
    """Read both, and compare them; groups are those of NEW."""
    more = [args.group_by] if args.group_by and args.group_by not in _NEEDED else []
    old = read_scores(args.old, _NEEDED, args.max_bytes)
    new = read_scores(args.path, (*_NEEDED, *more), args.max_bytes)
    groups = group_names(new.column(args.group_by), args.group_by) if args.group_by else None
    try:
        return ec.compare(old, new, groups=groups)
    except InputError as error:
        path = args.old if (error.argument or "").startswith("old") else args.path
        raise DataError(error.problem, path=path, hint=error.hint) from error


def summary_text(found: ec.Comparison) -> str:
    """Give the comparison as aligned lines."""
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
    return "\n".join(f"{name:<15}{value}" for name, value in rows.items())
