"""Convert an `AreaUnderMargin` to plain numbers, strings and lists, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_aum._input import to_ids
from easiness_aum._table import UNIT, Log, Sums, Table

FORMAT = 2


def pack(
    table: Table, logs: list[Log], options: dict[str, Any], counters: list[int | None]
) -> dict[str, Any]:
    """Return everything as plain values, for json or torch.load(..., weights_only=True)."""
    log = Log.join(logs)
    return {
        "format": FORMAT,
        "options": options,
        "counters": counters,
        "ids": table.ids,
        "sums": {name: column.ravel().tolist() for name, column in table.sums.columns()},
        "log": {name: column.tolist() for name, column in vars(log).items()},
    }


def unpack(
    state: Mapping[str, Any], options: dict[str, Any]
) -> tuple[Table, list[Log], tuple[int | None, int, int]]:
    """Read what `pack` returned; everything is checked before anything is changed."""
    if not isinstance(state, Mapping) or repr(state.get("format")) != repr(FORMAT):
        raise ValueError(
            f"state: expected what AreaUnderMargin.state_dict() gives, of format {FORMAT}, got "
            f"{state!r:.80}"
        )
    parts = {"options": Mapping, "counters": list | tuple, "ids": list, "sums": Mapping,
             "log": Mapping}  # fmt: skip
    bad = [name for name, kind in parts.items() if not isinstance(state.get(name), kind)]
    if bad or len(state["counters"]) != 3:
        raise ValueError(f"state: it is incomplete: {', '.join(bad or ['counters'])} is damaged")
    for name, mine in options.items():
        theirs = state["options"].get(name)
        if theirs != mine:
            raise ValueError(
                f"state: saved with {name}={theirs}, this one has {name}={mine}; make it with "
                f"{name}={theirs} to resume"
            )
    epoch, n_skipped, n_not_finite = state["counters"]
    _hold(all(map(_is_count, (0 if epoch is None else epoch, n_skipped, n_not_finite))), "counters")
    try:
        ids = to_ids(state["ids"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"state: {error}") from error
    sums = Sums(**_columns(state["sums"], Sums.zeros(0)))
    n_classes = sums.probs.size // max(1, len(ids))
    _hold(sums.probs.size == n_classes * len(ids), "probs")
    _hold(not ids or options["keep_probs"] == (n_classes > 1), "probs")
    sums.probs = sums.probs.reshape(len(ids), n_classes)
    log = Log(**_columns(state["log"], Log.join([])))
    lengths = {len(column) for _, column in sums.columns()} | {len(ids), len(set(ids))}
    if len(lengths) > 1:
        raise ValueError(f"state: expected {len(ids)} samples in each column; it is incomplete")
    _check_sums(sums)
    _check_log(log, sums, options["keep_records"])
    table = Table()
    table.keep_probs(n_classes)
    table.enter(ids, table.find(ids), sums.label)
    for name, column in sums.columns():
        getattr(table.sums, name)[:] = column
    return table, [log] if log.row.size else [], (epoch, n_skipped, n_not_finite)


def _hold(sound: bool | np.bool_, name: str) -> None:
    if not sound:
        raise ValueError(f"state: it is incomplete: {name} is damaged")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _columns(given: Mapping[str, Any], like: Sums | Log) -> dict[str, NDArray[Any]]:
    """Convert lists of numbers to arrays with the dtypes of `like`; nothing is rounded."""
    columns = {}
    for name, empty in vars(like).items():
        values = given.get(name)
        kinds = (int,) if empty.dtype.kind == "i" else (int, float)
        _hold(isinstance(values, list) and all(type(each) in kinds for each in values), name)
        try:
            columns[name] = np.array(values, dtype=empty.dtype)
        except OverflowError as error:
            raise ValueError(f"state: it is incomplete: {name} is damaged: {error}") from error
        _hold(np.isfinite(columns[name]).all(), name)
    return columns


def _check_sums(sums: Sums) -> None:
    _hold((sums.label >= 0).all(), "label")
    _hold((sums.count >= 1).all(), "count")
    for name in ("easiness", "rival"):
        mean = getattr(sums, name) * UNIT / sums.count
        _hold(((mean >= 0.0) & (mean <= 1.0)).all(), name)
    total = sums.probs.sum(axis=1) * UNIT / sums.count
    _hold(
        (sums.probs >= 0).all() and (not sums.probs.size or (abs(total - 1) < 1e-6).all()), "probs"
    )


def _check_log(log: Log, sums: Sums, keep_records: bool) -> None:
    """Check that records, if kept, match the sums."""
    size = sums.label.size
    _hold(len({column.size for column in vars(log).values()}) == 1, "log")
    _hold(((log.row >= 0) & (log.row < size)).all(), "row")
    counted = np.bincount(log.row, minlength=size)
    _hold(np.array_equal(counted, sums.count) if keep_records else not log.row.size, "log")
    _hold((log.target == sums.label[log.row]).all(), "target")
    _hold(((log.other >= 0) & (log.other != log.target)).all(), "other")
