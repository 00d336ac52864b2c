"""The page of a comparison."""

import argparse
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_cli.pages import words
from easiness_cli.pages.render import render, rows_of
from easiness_cli.pages.words import SPACE, amount, p_value, percent, points


def comparison_page(
    found: ec.Comparison, args: argparse.Namespace, estimators: Sequence[str]
) -> str:
    """Build the page, one self-contained HTML document; equal comparisons give equal text."""
    old, new = (os.path.basename(os.path.normpath(path)) for path in (args.old, args.path))
    n_hard = len(found.newly_hard)
    moves = {"Newly hard samples": found.newly_hard, "Other moves": found.moved[n_hard:]}
    tables = {"Classes": found.by_class}
    if found.by_group is not None:
        tables["Groups"] = found.by_group
    changes = found.changes, found.n_samples
    return render(
        "compare.html.j2",
        title=args.title,
        source=f"{old} → {new}",
        files=(old, new),
        estimators=[each or "not recorded" for each in estimators],
        found=found,
        first_look=_first_look(found),
        tables=tables,
        group_name=args.group_by or "",
        moves={
            heading: rows_of(
                {name: each[which[: args.top]] for name, each in found.samples.items()}
            )
            for heading, which in moves.items()
        },
        n_moved={heading: len(which) for heading, which in moves.items()},
        conditions=[
            (each.text, each.holds(*changes) and each.outcome(*changes)) for each in args.fail_if
        ],
    )


def _first_look(found: ec.Comparison) -> list[str]:
    """Say in three sentences what to look at first."""
    old, new = found.old["accuracy"], found.new["accuracy"]
    chance = ", so it may be chance" if found.mcnemar_p > 0.05 else ""
    sentences = [
        f"Accuracy went from {percent(old)} to {percent(new)} ({points(new - old)} points): "
        f"{amount(found.n_gained, 'sample')} became right and {found.n_lost:,} became wrong "
        f"(p {_p(found.mcnemar_p)}{chance})."
    ]
    n_hard = len(found.newly_hard)
    eased = int(found.transitions[0, 1:].sum())
    sentences.append(
        f"{amount(n_hard, 'sample')} {'is' if n_hard == 1 else 'are'} newly hard, and {eased:,} "
        f"no longer {'is' if eased == 1 else 'are'}: the newly hard ones are listed below, the "
        "clearest losses first."
        if n_hard
        else f"No sample is newly hard, and {eased:,} no longer {'is' if eased == 1 else 'are'}."
    )
    kind = "class" if found.by_group is None else "group"
    sentences.append(_worst(found.by_group or found.by_class, kind))
    return sentences


def _worst(table: Any, kind: str) -> str:
    change = table.accuracy_new - table.accuracy_old
    at = int(np.argmin(change))
    if change[at] >= 0:
        return f"No {kind} got worse in accuracy."
    chance = ", so it may be chance" if table.p_value[at] > 0.05 else ""
    return (
        f"{kind.capitalize()} {words.cut(table.names[at])} got worse the most: "
        f"{points(change[at])} points of accuracy over {amount(int(table.count[at]), 'sample')} "
        f"(adjusted p {_p(table.p_value[at])}{chance})."
    )


def _p(value: float) -> str:
    shown = p_value(value)
    return shown if shown.startswith("<") else f"={SPACE}{shown}"
