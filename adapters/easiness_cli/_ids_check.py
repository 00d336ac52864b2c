"""Whether any sample is in two places: ids compared within and across shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError

_STEP = 1 << 16


class Ids(Protocol):
    """What gives the ids of one shard, as often as it is asked."""

    @property
    def n_rows(self) -> int | None:
        """How many there are, where that is known."""

    def ids(self) -> Iterator[NDArray[Any]]:
        """Give them in blocks."""


def check_unique(names: Sequence[str], shards: Sequence[Ids], max_bytes: int) -> None:
    """Refuse ids that occur twice.

    Where the ranges of shards do not overlap, one shard's ids are in memory at a time; where they
    do, those of all shards of such a group: 8 bytes a row, or 4 a character of the longest text.

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
    counts: list[int] = []
    kinds: dict[str, str] = {}
    for at, (name, shard) in enumerate(zip(names, shards, strict=True)):
        ids = _load([(name, shard)], shard.n_rows or 0, max_bytes)
        counts.append(ids.size)
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
        del ids
    ranges.sort()
    group: list[int] = []
    highest: Any = None
    for low, high, at in ranges:
        if group and low > highest:
            _check_group(names, shards, group, counts, max_bytes)
            group = []
        highest = high if not group else max(highest, high)
        group.append(at)
    _check_group(names, shards, group, counts, max_bytes)


def _check_group(
    names: Sequence[str],
    shards: Sequence[Ids],
    group: list[int],
    counts: list[int],
    max_bytes: int,
) -> None:
    if len(group) < 2:
        return
    n_ids = sum(counts[at] for at in group)
    ids = _load([(names[at], shards[at]) for at in group], n_ids, max_bytes)
    ids.sort()
    twice = _repeated(ids)
    if twice is None:
        return
    del ids
    found = [
        names[at]
        for at in sorted(group)
        if any((block == twice).any() for block in shards[at].ids())
    ]
    raise CommandError(f"the id {twice!r} is in {found[0]!r} and in {found[1]!r}")


def _load(shards: Sequence[tuple[str, Ids]], n_ids: int, max_bytes: int) -> NDArray[Any]:
    gathered = _Gathered(n_ids, max_bytes)
    for name, shard in shards:
        for block in shard.ids():
            if block.dtype.kind == "S":
                block = np.char.decode(block, "utf-8", "replace")
            gathered.add(block, name)
    return gathered.all()


class _Gathered:
    """Blocks joined as they come, such that never more than all of them is in memory."""

    def __init__(self, n_ids: int, max_bytes: int) -> None:
        self._capacity, self._max_bytes = n_ids, max_bytes
        self._ids: NDArray[Any] = np.empty(0, np.int64)
        self._n = 0

    def add(self, block: NDArray[Any], name: str) -> None:
        """Take one more, as int64 or as text of the width of the widest so far.

        Raises
        ------
        CommandError
            If all together take more than is allowed.
        """
        stop = self._n + block.size
        if stop > self._capacity:
            # By an eighth: most systems then move pages, and copy nothing.
            self._capacity = max(stop, self._capacity + self._capacity // 8)
        kind = block.dtype if block.dtype.kind == "U" else np.dtype(np.int64)
        if self._n:
            kind = np.result_type(kind, self._ids.dtype)
        # While texts are made wider, those so far are in memory twice.
        held = 0 if kind == self._ids.dtype else self._n * self._ids.dtype.itemsize
        n_bytes = max(self._capacity * kind.itemsize, held + self._n * kind.itemsize)
        if n_bytes > self._max_bytes:
            raise CommandError(
                f"{name!r}: to look for ids that occur twice takes {n_bytes:,} bytes of memory, "
                f"more than --max-bytes {self._max_bytes:,}; raise it, or pass --no-check-ids"
            )
        if not self._ids.size or kind != self._ids.dtype:
            self._ids.resize(self._n, refcheck=False)  # what is not used yet
            ids = np.empty(self._capacity, kind)
            ids[: self._n] = self._ids
            self._ids = ids
        elif self._capacity > self._ids.size:
            self._ids.resize(self._capacity, refcheck=False)
        self._ids[self._n : stop] = block
        self._n = stop

    def all(self) -> NDArray[Any]:
        """Give them, in the order in which they came."""
        return self._ids[: self._n]


def _repeated(ids: NDArray[Any]) -> Any:
    """Give one of the values that occur twice in a sorted array, or None."""
    for start in range(0, ids.size - 1, _STEP):
        some = ids[start : start + _STEP + 1]
        same = np.flatnonzero(some[1:] == some[:-1])
        if same.size:
            return some[same[0]].item()
    return None
