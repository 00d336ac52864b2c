"""The list of labels to review, as tables; `pages` has the page."""

import argparse
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
from easiness_aum import AreaUnderMargin
from easiness_io.writers.tables import named
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.errors import CommandError
from easiness_cli.inputs import Dataset
from easiness_cli.output import note


def list_suspects(args: argparse.Namespace, data: Dataset) -> tuple[dict[str, Any], int]:
    """Rank the samples; return the columns of the requested ones, and the number of flags.

    The columns are rank, those of `Dataset.columns`, suspicion, flagged, and aum where known.
    """
    with warnings.catch_warnings(record=True, action="always", category=UserWarning) as told:
        found = ec.find_label_errors(
            data.probs, data.labels, method=args.method.replace("-", "_"), normalize=args.normalize
        )
    for each in told:
        note(str(each.message), kind="warning")
    aum = _read_aum(args.aum, data.labels.size) if args.aum else None
    order = found.order
    if aum is not None and args.sort_by == "aum":
        order = np.argsort(aum, kind="stable")
    if args.flagged:
        order = order[found.flags[order]]
    order = order[: args.top]
    listed = data.columns(
        order, found.suggested, normalize=args.normalize, text=args.text,
        suspicion=found.suspicion,
    )  # fmt: skip
    columns = {
        "rank": np.arange(1, len(order) + 1),
        **listed,
        "p_label": found.p_given[order],
        "p_suggested": found.p_suggested[order],
        "flagged": found.flags[order],
        **({} if aum is None else {"aum": aum[order]}),
    }
    return columns, int(found.flags.sum())


def _read_aum(path: str, n_samples: int) -> NDArray[np.float64]:
    """Read the AUM of each row, from a file that names samples by their row."""
    values = AreaUnderMargin.read_csv(path).values()
    ids = values.ids
    if ids.dtype.kind != "i" or not np.array_equal(np.sort(ids), np.arange(n_samples)):
        raise CommandError(
            f"{path}: expected each of the sample_ids 0 to {n_samples - 1}, the rows of PROBS, "
            f"once; got {ids.size} ids" + (f", such as {ids[0].item()!r}" if ids.size else "")
        )
    aum = np.empty(n_samples)
    aum[ids] = values.aum
    return aum


def as_table(columns: dict[str, Any], classes: list[str] | None, suffix: str) -> pa.Table:
    """Return the list with class names; columns keep their types even without rows."""
    columns = columns | {name: named(columns[name], classes) for name in ("label", "suggested")}
    if suffix == ".csv":
        columns["flagged"] = columns["flagged"].astype("uint8")
    return pa.table(columns)
