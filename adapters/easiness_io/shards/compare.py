"""Checks that shards belong together: the same classes, different files and ids."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.errors import DataError
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.shards.discover import Shard

# What all shards share, and the first file that tells it, by what an error calls it.
Traits = Mapping[str, tuple[Any, str]]
_STEP = 1 << 16


def open_shard(shard: Shard, parameters: Parameters) -> SampleReader:
    """Open the files of a shard, which cannot be pipes: a rerun reads them again."""
    for path in shard.inputs:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise DataError("it is a pipe or device", path=path, hint="save it to a file")
    return SampleReader(shard.input, shard.labels_path, parameters)


def check_shards(
    shards: Sequence[Shard], parameters: Parameters, *, check_ids: bool = True
) -> list[SampleReader]:
    """Open all shards and check that they belong together.

    Parameters
    ----------
    shards : sequence of Shard
        The files.
    parameters : Parameters
        How to read them.
    check_ids : bool, default True
        Whether to look for ids that occur twice. Ids in a column called `index` may occur in two
        files: pandas counts from 0 in each.

    Returns
    -------
    list of SampleReader
        The open shards, in the same order.

    Raises
    ------
    DataError
        If a shard cannot be opened, lacks labels, or has wrong labels (checked only if they can be
        read alone, so not in csv); or if shards are the same file, differ in their classes or in
        having ids, or share an id.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from easiness_io import Parameters, check_shards, pair_shards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in range(2):
    ...         np.savez(Path(folder, f"{part}.npz"), probs=[[0.9, 0.1]], labels=[0], id=[part])
    ...     readers = check_shards(pair_shards(folder), Parameters())
    >>> [reader.n_rows for reader in readers]
    [1, 1]
    """
    readers = [open_shard(shard, parameters) for shard in shards]
    seen: dict[tuple[int, int], str] = {}
    for path in [shard.input for shard in shards]:
        found = os.stat(path)
        other = seen.setdefault((found.st_dev, found.st_ino), path)
        if other is not path:
            why = f"it is the same file as {other!r}: its rows would count twice"
            raise DataError(why, path=path)
    shared_traits(readers)
    for reader in readers:
        reader.check_labels()
    if check_ids:
        counted = "index" in [(reader.ids_name or "").lower() for reader in readers]
        across = not counted or parameters.ids is not None
        check_unique(readers, parameters.max_bytes, across=across)
    return readers


def shared_traits(readers: Sequence[SampleReader]) -> Traits:
    """Collect what all shards have in common, to check each of them again before it is scored.

    Parameters
    ----------
    readers : sequence of SampleReader
        The open shards, as `check_shards` returns them.

    Returns
    -------
    mapping of str to tuple
        Each trait, such as the number of classes, and the first file that has it.

    Raises
    ------
    DataError
        If shards differ.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from easiness_io import open_samples, shared_traits
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "part.npz")
    ...     np.savez(path, probs=[[0.9, 0.1]], labels=[0])
    ...     traits = shared_traits([open_samples(path)])
    >>> traits["their number of classes"][0]
    2
    """
    shared: dict[str, tuple[Any, str]] = {}
    for reader in readers:
        for name, value in check_traits(reader, shared, "shards differ in").items():
            if value is not None:
                shared.setdefault(name, (value, reader.paths[0]))
    return shared


def check_traits(
    reader: SampleReader, shared: Traits, problem: str, hint: str | None = None
) -> dict[str, Any]:
    """Return the traits of a shard, None if unknown; refuse one that differs from the others."""
    columns = reader.class_columns
    found: dict[str, Any] = {
        "their number of classes": reader.n_classes or None,
        "their class names": (reader.classes or []) if reader.n_classes else None,
        "their class columns": columns if len(columns) > 1 else None,
        "having ids": reader.ids_name is not None,
        "the type of their ids": next((str(b.type) for b in reader.ids() if len(b)), None),
    }
    for name, now in found.items():
        before, path = shared.get(name, (None, ""))
        if before is None or now is None or before == now:
            continue
        # Class names that the user gives go with any columns, but not with another order of them.
        if now is columns and reader.are_named and sorted(before) != sorted(now):
            continue
        if isinstance(now, list) and sorted(before) == sorted(now):
            name = f"the order of {name}"
        why = f"{problem} {name}: {_brief(now)}, but {_brief(before)} in {path!r}"
        raise DataError(why, path=reader.paths[0], hint=hint)
    return found


def _brief(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return (", ".join(map(str, value[:8])) + (", ..." if len(value) > 8 else "")) or "none"


def check_unique(readers: Sequence[SampleReader], max_bytes: int, *, across: bool = True) -> None:
    """Refuse ids that occur twice; missing ids are not compared.

    Only one shard's ids are in memory at a time, or those of shards whose ranges overlap.
    """
    ends = [_ends([reader], max_bytes) for reader in readers]
    ranges = sorted((*each, at) for at, each in enumerate(ends) if each is not None)
    groups: list[list[SampleReader]] = []
    highest: Any = None
    for low, high, at in ranges if across else ():
        if not groups or low > highest:
            groups.append([])
            highest = high
        groups[-1].append(readers[at])
        highest = max(highest, high)
    for group in groups:
        if len(group) > 1:
            _ends(group, max_bytes)


def _ends(readers: Sequence[SampleReader], max_bytes: int) -> tuple[Any, Any] | None:
    """Return the least and the greatest id, if there are ids; refuse one that occurs twice."""
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
                why = f"comparing ids exceeds the limit of {max_bytes:,} bytes"
                hint = "raise {max_bytes}, or pass {no_check_ids}"
                raise DataError(why, path=reader.paths[0], hint=hint)
    ends = None
    for part in _in_order(blocks):
        row = pc.index(pc.equal(part[1:], part[:-1]), True).as_py()
        if row >= 0:
            found = sorted(reader.paths[0] for reader in readers if _has(reader, part[row]))
            where = "occurs twice in it" if len(found) == 1 else f"is in {found[0]!r} as well"
            hint = "drop one of the rows, or pass {no_check_ids}"
            raise DataError(f"the id {part[row].as_py()!r} {where}", path=found[:2][-1], hint=hint)
        ends = (ends[0] if ends else part[0].as_py(), part[-1].as_py())
    return ends


def _has(reader: SampleReader, name: Any) -> bool:
    return any(pc.index(block, name.cast(block.type)).as_py() >= 0 for block in reader.ids())


def _in_order(blocks: list[Any]) -> Iterator[Any]:
    """Sort ids and yield them in steps; each begins with the last one of the step before."""
    if not sum(map(len, blocks)):
        return
    order = None
    if pa.types.is_integer(blocks[0].type):
        numbers = np.concatenate(blocks)
        blocks.clear()
        numbers.sort()
        ids = pa.array(numbers)
    else:
        ids = pa.concat_arrays(blocks)
        blocks.clear()
        order = pc.sort_indices(ids)
    for start in range(0, len(ids), _STEP):
        rows = slice(start, start + _STEP + 1)
        yield ids[rows] if order is None else ids.take(order[rows])
