"""Check that shards belong together: the same classes, different files and ids."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from easiness_io.errors import DataError
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.shards.discover import Shard

# Traits that all shards share and the first file with each, by the words used in errors.
Traits = dict[str, tuple[Any, str]]


def open_shard(shard: Shard, parameters: Parameters) -> SampleReader:
    """Open the files of a shard; pipes are refused, because a rerun reads the files again."""
    for path in shard.inputs:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise DataError("it is a pipe or device", path=path, hint="save it to a file")
    return SampleReader(shard.input, shard.labels_path, parameters)


def check_shards(
    shards: Sequence[Shard], parameters: Parameters, *, check_ids: bool = True
) -> list[SampleReader]:
    """Open all shards and check that they belong together; return the open shards, in order.

    Labels are checked where they can be read alone (not in csv). Ids in a column called `index`
    may occur in two files: pandas counts from 0 in each.
    """
    readers = [open_shard(shard, parameters) for shard in shards]
    seen: dict[tuple[int, int], str] = {}
    for shard in shards:
        found = os.stat(shard.input)
        other = seen.setdefault((found.st_dev, found.st_ino), shard.input)
        if other is not shard.input:
            why = f"it is the same file as {other!r}: its rows would count twice"
            raise DataError(why, path=shard.input)
    shared_traits(readers)
    for reader in readers:
        reader.check_labels()
    if check_ids:
        counted = "index" in [(reader.ids_name or "").lower() for reader in readers]
        across = not counted or parameters.ids is not None
        check_unique(readers, parameters.max_bytes, across=across)
    return readers


def shared_traits(readers: Sequence[SampleReader]) -> Traits:
    """Collect what all shards have in common: each trait, and the first file that has it.

    It serves to check each shard again before it is scored. Shards that differ are refused.
    """
    shared: Traits = {}
    for reader in readers:
        check_traits(reader, shared, "shards differ in")
    return shared


def check_traits(
    reader: SampleReader, shared: Traits, problem: str, hint: str | None = None
) -> None:
    """Refuse a shard that differs from the previous ones, and add its traits to those known."""
    columns = reader.class_columns
    found: dict[str, Any] = {
        "their number of classes": reader.n_classes or None,
        "their class names": (reader.classes or []) if reader.n_classes else None,
        "their class columns": columns if len(columns) > 1 else None,
        "having ids": reader.ids_name is not None,
        "the type of their ids": next((str(b.type) for b in reader.ids() if len(b)), None),
    }
    for name, now in found.items():
        if now is None:  # not known
            continue
        before, path = shared.setdefault(name, (now, reader.paths[0]))
        if before == now:
            continue
        # Class names that the user passes fit any columns, but not another order of them.
        if now is columns and reader.are_named and sorted(before) != sorted(now):
            continue
        if isinstance(now, list) and sorted(before) == sorted(now):
            name = f"the order of {name}"
        why = f"{problem} {name}: {_brief(now)}, but {_brief(before)} in {path!r}"
        raise DataError(why, path=reader.paths[0], hint=hint)


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
    """Return the smallest and the largest id, if there are ids; refuse duplicates."""
    blocks: list[Any] = []
    n_bytes = 0
    for reader in readers:
        for block in reader.ids():
            block = block.drop_null()
            if pa.types.is_string(block.type):
                block = block.cast(pa.large_string())  # together they may pass 2 GiB
            blocks.append(block)
            n_bytes += 2 * block.nbytes  # once in blocks, once joined or sorted
            if n_bytes > max_bytes:
                why = f"comparing ids exceeds the limit of {max_bytes:,} bytes"
                hint = "raise {max_bytes}, or pass {no_check_ids}"
                raise DataError(why, path=reader.paths[0], hint=hint)
    if not sum(map(len, blocks)):
        return None
    if pa.types.is_integer(blocks[0].type):
        ids = np.concatenate(blocks)
        blocks.clear()
        ids.sort()
        ids = pa.array(ids)
    else:
        ids = pa.concat_arrays(blocks)
        blocks.clear()
        ids = ids.take(pc.sort_indices(ids))
    row = pc.index(pc.equal(ids[1:], ids[:-1]), True).as_py()
    if row >= 0:
        found = sorted(reader.paths[0] for reader in readers if _has(reader, ids[row]))
        where = "occurs twice in it" if len(found) == 1 else f"is in {found[0]!r} as well"
        hint = "drop one of the rows, or pass {no_check_ids}"
        raise DataError(f"the id {ids[row].as_py()!r} {where}", path=found[:2][-1], hint=hint)
    return ids[0].as_py(), ids[-1].as_py()


def _has(reader: SampleReader, name: Any) -> bool:
    return any(pc.index(block, name.cast(block.type)).as_py() >= 0 for block in reader.ids())
