"""The state of an `AreaUnderMargin` in plain numbers, strings and lists, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from easiness_aum._input import to_ids
from easiness_aum._table import Log, Sums, Table

FORMAT = 1


def pack(
    table: Table, logs: list[Log], options: dict[str, Any], counters: list[int | None]
) -> dict[str, Any]:
    """Everything as plain values: for json, or torch.load with weights_only=True."""
    log = Log.join(logs)
    return {
        "format": FORMAT,
        "options": options,
        "counters": counters,
        "ids": table.ids,
        "sums": {name: column.tolist() for name, column in table.sums.columns()},
        "log": {name: column.tolist() for name, column in vars(log).items()},
    }


def unpack(
    state: Mapping[str, Any], options: dict[str, Any]
) -> tuple[Table, list[Log], tuple[int | None, int, int]]:
    """Unpack what `pack` packed; all checks come before anything is changed."""
    if not isinstance(state, Mapping) or state.get("format") != FORMAT:
        raise ValueError(
            f"state: expected what AreaUnderMargin.state_dict() gives, of format {FORMAT}, got "
            f"{state!r:.80}"
        )
    parts = {"options": Mapping, "counters": list | tuple, "ids": list, "sums": Mapping,
             "log": Mapping}  # fmt: skip
    bad = [name for name, kind in parts.items() if not isinstance(state.get(name), kind)]
    if bad or len(state["counters"]) != 3:
        raise ValueError(f"state: it is not whole: {', '.join(bad or ['counters'])} is damaged")
    for name, mine in options.items():
        theirs = state["options"].get(name)
        if theirs != mine:
            raise ValueError(
                f"state: saved with {name}={theirs}, this one has {name}={mine}; make it with "
                f"{name}={theirs} to go on"
            )
    try:
        ids = to_ids(state["ids"])
    except TypeError as error:
        raise ValueError(f"state: {error}") from error
    sums = {name: np.array(state["sums"].get(name, []), dtype=column.dtype)
            for name, column in Sums.zeros(0).columns()}  # fmt: skip
    log = Log(**{name: np.array(state["log"].get(name, []), dtype=column.dtype)
                 for name, column in vars(Log.join([])).items()})  # fmt: skip
    lengths = {column.size for column in sums.values()} | {len(ids), len(set(ids))}
    log_lengths = {column.size for column in vars(log).values()}
    if (
        len(lengths) > 1
        or len(log_lengths) > 1
        or (log.row >= len(ids)).any()
        or (sums["count"] < 1).any()
    ):
        raise ValueError(f"state: expected {len(ids)} samples in each column; it is not whole")
    table = Table()
    table.enter(ids, table.find(ids), sums["label"])
    for name, column in sums.items():
        getattr(table.sums, name)[:] = column
    epoch, n_skipped, n_not_finite = state["counters"]
    return table, [log] if log.row.size else [], (epoch, n_skipped, n_not_finite)
