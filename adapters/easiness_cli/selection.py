"""Samples chosen by a rule from files of scores, for `easiness select`."""

from __future__ import annotations

import argparse
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from easiness_io.writers.tables import write_csv
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli.score_files import read_scores

# The columns that each rule needs.
_NEEDS = {"levels": ["level"], "interval": ["easiness"], "hardest": ["log_easiness"],
          "easiest": ["log_easiness"], "loss_rank": ["level", "loss"], "random": []}  # fmt: skip


def select_rows(args: argparse.Namespace) -> tuple[pa.Table, int]:
    """Give file (of several), index, id where there is one, of the samples chosen; count all."""
    rule = next(name for name in _NEEDS if getattr(args, name) is not None)
    table = read_scores(args.path, _NEEDS[rule], args.max_bytes)
    chosen = _choose(args, rule, table)
    if rule not in ("hardest", "easiest"):
        chosen = chosen[np.argsort(table.column("index").to_numpy()[chosen], kind="stable")]
    shown = [name for name in table.column_names if name in ("file", "index", "id")]
    return table.select(shown).take(chosen), table.num_rows


def _choose(args: argparse.Namespace, rule: str, table: pa.Table) -> NDArray[np.int64]:
    """Give the positions in the table that the rule selects."""
    columns: dict[str, Any] = {name: table.column(name).to_numpy() for name in _NEEDS[rule]}
    if rule == "levels":
        return ec.select(columns["level"], args.levels)
    if rule == "interval":
        return ec.select_interval(columns["easiness"], *args.interval)
    if rule == "loss_rank":
        n_hard, n_medium = (
            ec.select(columns["level"], level).size if given is None else given
            for given, level in ((args.n_hard, ec.HO), (args.n_medium, ec.MO))
        )
        return ec.loss_rank_selection(columns["loss"], n_hard=n_hard, n_medium=n_medium)
    if rule == "random":
        return ec.random_selection(table.num_rows, args.random, seed=args.seed or 0)
    sign = 1 if rule == "hardest" else -1
    order: NDArray[np.int64] = np.argsort(sign * columns["log_easiness"], kind="stable")
    return order[: getattr(args, rule)]


def write_rows(table: pa.Table, file: BinaryIO, suffix: str) -> None:
    """Write the samples as csv, or their indices alone."""
    index = table.column("index").to_numpy()
    if suffix == ".npy":
        np.save(file, index)
    elif suffix == ".txt":
        np.savetxt(file, index, fmt="%d")
    else:
        write_csv(table, file)
