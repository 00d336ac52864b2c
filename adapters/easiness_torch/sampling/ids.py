"""Ids of a stream's samples, and their hashes in [0, 1)."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Mapping
from typing import Any

# Keys under which samples that are mappings have their ids; the second is webdataset's.
_KEYS = ("id", "__key__")


def first_id(sample: Any) -> Any:
    """Return the id of a sample: the value of a key of a mapping, or the first item of a tuple."""
    if isinstance(sample, Mapping):
        for key in _KEYS:
            if key in sample:
                return sample[key]
        raise ValueError(
            f"dataset: expected an id under the key 'id' or '__key__', got "
            f"{', '.join(map(repr, sample))}; pass id_of=, a function of the sample"
        )
    if isinstance(sample, (tuple, list)) and sample:
        return sample[0]
    raise ValueError(
        f"dataset: expected samples that begin with their id, got {type(sample).__name__}; pass "
        f"id_of=, a function of the sample"
    )


def plain_id(name: Any) -> int | str | bytes:
    """Return an id as a Python type; integers of NumPy and torch become int."""
    if isinstance(name, (str, bytes)):
        return name
    try:
        if not isinstance(name, bool):
            return operator.index(name)
    except TypeError:
        pass
    raise TypeError(f"ids: expected int, str or bytes, got {name!r:.80}; pass id_of=")


def hash_of(seed: int, epoch: int) -> Any:
    """Start the hash of an epoch's ids."""
    return hashlib.blake2b(f"{seed} {epoch} ".encode(), digest_size=8)


def uniform(prefix: Any, name: int | str | bytes) -> float:
    """Return the hash of an id in an epoch as a number in [0, 1), the same on every machine."""
    if isinstance(name, int):
        data = b"i%d" % name
    else:
        data = b"s" + name.encode() if isinstance(name, str) else b"b" + name
    digest = prefix.copy()
    digest.update(data)
    # 53 bits, which a float holds.
    return (int.from_bytes(digest.digest(), "big") >> 11) * 2.0**-53
