"""What the shards of one set must have in common, and what they must not: ids."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.errors import DataError
from easiness_io.sample_reader import SampleReader

_STEP = 1 << 16
_CALLED = {
    "n_classes": "their number of classes",
    "classes": "their class names",
    "columns": "their class columns",
    "has_ids": "having ids",
    "ids_type": "the type of their ids",
}


def traits(reader: SampleReader) -> dict[str, Any]:
    """Give what tells shards apart; None where this one, of no rows perhaps, does not tell."""
    kind = None
    if reader.ids_name is not None:
        with closing(cast(Generator[Any], reader.ids())) as blocks:
            kind = next((str(block.type) for block in blocks if len(block)), None)
    return {
        "n_classes": reader.n_classes or None,
        "classes": (reader.classes or []) if reader.n_classes else None,
        "columns": reader.class_columns if len(reader.class_columns) > 1 else None,
        "has_ids": reader.ids_name is not None,
        "ids_type": kind,
        "are_named": reader.are_named,
    }


def difference(shared: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, str] | None:
    """Compare the traits of a shard with those of others."""
    for name, called in _CALLED.items():
        before, now = shared.get(name), found[name]
        if before is None or now is None or before == now:
            continue
        # Class names that the user gives go with any columns, but not with another order of them.
        if name == "columns" and found["are_named"] and sorted(before) != sorted(now):
            continue
        return name, f"{called}: {_brief(now)}, but {_brief(before)}"
    return None


def shared_traits(readers: Sequence[SampleReader]) -> dict[str, Any]:
    """Give the traits that all shards of a set share."""
    shared: dict[str, Any] = {}
    told_by: dict[str, str] = {}
    for reader in readers:
        found = traits(reader)
        other = difference(shared, found)
        if other is not None:
            raise DataError(
                f"shards differ in {other[1]} in {told_by[other[0]]!r}", path=reader.paths[0]
            )
        for name, each in found.items():
            if each is not None and name not in shared:
                shared[name], told_by[name] = each, reader.paths[0]
    return shared


def _brief(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return (", ".join(map(str, value[:8])) + (", ..." if len(value) > 8 else "")) or "none"


def check_unique(readers: Sequence[SampleReader], max_bytes: int, *, across: bool = True) -> None:
    """Refuse ids that occur twice; missing ones are not compared.

    One shard's ids are in memory at a time, and those of shards whose ranges overlap together.
    """
    ranges: list[tuple[Any, Any, int]] = []
    for at, reader in enumerate(readers):
        low, high, twice = _look([reader], max_bytes)
        if twice is not None:
            raise DataError(
                f"the id {twice!r} occurs twice in it", path=reader.paths[0],
                hint="drop one row of each pair, or pass {no_check_ids}",
            )  # fmt: skip
        if low is not None:
            ranges.append((low, high, at))
    group: list[SampleReader] = []
    highest: Any = None
    for low, high, at in sorted(ranges) if across else ():
        if group and low > highest:
            _check_group(group, max_bytes)
            group = []
        highest = max(highest, high) if group else high
        group.append(readers[at])
    _check_group(group, max_bytes)


def _check_group(readers: list[SampleReader], max_bytes: int) -> None:
    twice = _look(readers, max_bytes)[2] if len(readers) > 1 else None
    if twice is None:
        return
    found = sorted(
        reader.paths[0]
        for reader in readers
        if any(
            pc.any(pc.equal(block, pa.scalar(twice, block.type))).as_py() for block in reader.ids()
        )
    )
    raise DataError(
        f"the id {twice!r} is in {found[0]!r} as well", path=found[1],
        hint="drop one of the rows, or pass {no_check_ids}",
    )  # fmt: skip


def _look(readers: Sequence[SampleReader], max_bytes: int) -> tuple[Any, Any, Any]:
    """Give the least id, the greatest, and one that occurs twice; None where there is none."""
    blocks: list[Any] = []
    n_bytes = 0
    for reader in readers:
        for block in reader.ids():
            block = block.drop_null()
            if pa.types.is_string(block.type):
                block = block.cast(pa.large_string())  # together they may pass 2 GiB
            blocks.append(block)
            n_bytes += 2 * block.nbytes  # in blocks, and joined or sorted
            if n_bytes > max_bytes:
                raise DataError(
                    f"comparing ids takes more than the limit of {max_bytes:,} bytes",
                    path=reader.paths[0], hint="raise {max_bytes}, or pass {no_check_ids}",
                )  # fmt: skip
    if not sum(map(len, blocks)):
        return None, None, None
    ids: Any
    if pa.types.is_integer(blocks[0].type):
        ids, order = np.concatenate(blocks), None
        blocks.clear()
        ids.sort()
    else:
        ids = pa.concat_arrays(blocks)
        blocks.clear()
        order = pc.sort_indices(ids)
    for start in range(0, len(ids), _STEP):
        # One more than a step: the last of it is compared with the first of the next.
        part = _part(ids, order, slice(start, start + _STEP + 1))
        row = pc.index(pc.equal(part[1:], part[:-1]), True).as_py()
        if row >= 0:
            return None, None, part[row].as_py()
    ends = [_part(ids, order, slice(at, at + 1))[0].as_py() for at in (0, len(ids) - 1)]
    return ends[0], ends[1], None


def _part(ids: Any, order: Any, rows: slice) -> Any:
    return pa.array(ids[rows]) if order is None else ids.take(order[rows])
