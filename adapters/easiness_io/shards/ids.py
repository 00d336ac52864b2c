"""Whether any sample is in two places: ids compared within and across shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.errors import DataError
from easiness_io.sample_reader import SampleReader


def check_unique(readers: Sequence[SampleReader], max_bytes: int) -> None:
    """Refuse ids that occur twice; missing ones are not compared.

    Where the ranges of shards do not overlap, one shard's ids are in memory at a time; where they
    do, those of all shards of such a group.

    Raises
    ------
    DataError
        If an id occurs twice, ids are numbers in some shards and text in others, or they take too
        much memory.
    """
    ranges: list[tuple[Any, Any, int]] = []
    first: tuple[Any, str] | None = None
    for at, reader in enumerate(readers):
        ids = _sorted([reader], max_bytes)
        if not len(ids):
            continue
        first = first or (ids.type, reader.paths[0])
        if ids.type != first[0]:
            raise DataError(
                f"ids are {ids.type} here, and {first[0]} in {first[1]!r}", path=reader.paths[0],
                hint="write all in one way, or leave them out by {no_ids}",
            )  # fmt: skip
        twice = _repeated(ids)
        if twice is not None:
            raise DataError(
                f"the id {twice!r} occurs twice in it", path=reader.paths[0],
                hint="leave ids out by {no_ids}, or the check by {no_check_ids}",
            )  # fmt: skip
        ranges.append((ids[0].as_py(), ids[len(ids) - 1].as_py(), at))
        del ids
    ranges.sort()
    group: list[int] = []
    highest: Any = None
    for low, high, at in ranges:
        if group and low > highest:
            _check_group([readers[each] for each in group], max_bytes)
            group = []
        highest = high if not group else max(highest, high)
        group.append(at)
    _check_group([readers[each] for each in group], max_bytes)


def _check_group(readers: list[SampleReader], max_bytes: int) -> None:
    if len(readers) < 2:
        return
    twice = _repeated(_sorted(readers, max_bytes))
    if twice is None:
        return
    found = sorted(
        reader.paths[0]
        for reader in readers
        if any(pc.any(pc.equal(block, twice)).as_py() for block in reader.ids())
    )
    raise DataError(
        f"the id {twice!r} is in {found[0]!r} and in {found[1]!r}",
        hint="leave ids out by {no_ids}, or the check by {no_check_ids}",
    )


def _sorted(readers: Sequence[SampleReader], max_bytes: int) -> Any:
    blocks: list[Any] = []
    n_bytes = 0
    for reader in readers:
        for block in reader.ids():
            block = block.drop_null()
            if pa.types.is_string(block.type):
                block = block.cast(pa.large_string())  # together they may pass 2 GiB
            blocks.append(block)
            n_bytes += block.nbytes
            if n_bytes > max_bytes:
                raise DataError(
                    f"to look for ids that occur twice takes more than the limit of "
                    f"{max_bytes:,} bytes",
                    path=reader.paths[0], hint="raise {max_bytes}, or pass {no_check_ids}",
                )  # fmt: skip
    if not blocks:
        return pa.array([], pa.int64())
    if pa.types.is_integer(blocks[0].type):
        values = np.concatenate([block.to_numpy() for block in blocks])
        blocks.clear()
        values.sort()
        return pa.array(values)
    joined = pa.concat_arrays(blocks)
    blocks.clear()
    return joined.take(pc.sort_indices(joined))


def _repeated(ids: Any) -> Any:
    """Give one of the values that occur twice in a sorted array, or None."""
    row = pc.index(pc.equal(ids[1:], ids[:-1]), True).as_py()
    return ids[row].as_py() if row >= 0 else None
