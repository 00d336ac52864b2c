"""Whether any sample is in two places: ids compared within and across shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError


class Ids(Protocol):
    """What gives the ids of one shard, as often as it is asked."""

    def ids(self) -> Iterator[NDArray[Any]]:
        """Give them in blocks."""


def check_unique(names: Sequence[str], shards: Sequence[Ids], max_bytes: int) -> None:
    """Refuse ids that occur twice.

    Where the ranges of shards do not overlap, one shard's ids are in memory at a time; where they
    do, those of all shards of such a group.

    Parameters
    ----------
    names : sequence of str
        The shards, for messages.
    shards : sequence
        As many, each with a method `ids`.
    max_bytes : int
        How much the ids may take in memory.

    Raises
    ------
    CommandError
        If an id occurs twice, ids are numbers in some shards and text in others, or they take too
        much memory.
    """
    ranges: list[tuple[Any, Any, int]] = []
    kinds: dict[str, str] = {}
    for at, (name, shard) in enumerate(zip(names, shards, strict=True)):
        ids = _load([(name, shard)], max_bytes)
        if not ids.size:
            continue
        kinds.setdefault("text" if ids.dtype.kind == "U" else "numbers", name)
        if len(kinds) > 1:
            raise CommandError(
                f"ids are numbers in {kinds['numbers']!r} and text in {kinds['text']!r} (uint64 is "
                f"carried as text); write all in one way, or leave them out by --ids-key ''"
            )
        ids.sort()
        twice = _repeated(ids)
        if twice is not None:
            raise CommandError(f"{name!r}: the id {twice!r} occurs twice in it")
        ranges.append((ids[0], ids[-1], at))
    ranges.sort()
    group: list[int] = []
    highest: Any = None
    for low, high, at in ranges:
        if group and low > highest:
            _check_group(names, shards, group, max_bytes)
            group = []
        highest = high if not group else max(highest, high)
        group.append(at)
    _check_group(names, shards, group, max_bytes)


def _check_group(
    names: Sequence[str], shards: Sequence[Ids], group: list[int], max_bytes: int
) -> None:
    if len(group) < 2:
        return
    ids = _load([(names[at], shards[at]) for at in group], max_bytes)
    ids.sort()
    twice = _repeated(ids)
    if twice is None:
        return
    found = [
        names[at]
        for at in sorted(group)
        if any((block == twice).any() for block in shards[at].ids())
    ]
    raise CommandError(f"the id {twice!r} is in {found[0]!r} and in {found[1]!r}")


def _load(shards: Sequence[tuple[str, Ids]], max_bytes: int) -> NDArray[Any]:
    parts: list[NDArray[Any]] = []
    n_ids = widest = 0
    for name, shard in shards:
        for block in shard.ids():
            if block.dtype.kind == "S":
                block = np.char.decode(block, "utf-8", "replace")
            n_ids += block.size
            # Texts are compared at the width of the longest.
            widest = max(widest, block.dtype.itemsize)
            if n_ids * widest > max_bytes:
                raise CommandError(
                    f"{name!r}: to look for ids that occur twice takes more than --max-bytes "
                    f"{max_bytes:,}; raise it, or pass --no-check-ids"
                )
            parts.append(block)
    ids = np.concatenate(parts or [np.empty(0, np.int64)])
    return ids if ids.dtype.kind == "U" else ids.astype(np.int64)


def _repeated(ids: NDArray[Any]) -> Any:
    """Give one of the values that occur twice in a sorted array, or None."""
    same = np.flatnonzero(ids[1:] == ids[:-1])
    return ids[same[0]].item() if same.size else None
