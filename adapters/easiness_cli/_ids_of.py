"""Which of two files names the samples: that of the probabilities, else that of the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError
from easiness_cli._ids import NO_IDS, MissingIds, check_same_ids
from easiness_cli._source import Request, Source
from easiness_cli._stream_parts import Room, Stream


def open_named(
    open_stream: Callable[[Request], Stream], request: Request, missing: list[MissingIds]
) -> Stream:
    """Open a file that need not have the ids which are asked for, where another has them.

    Parameters
    ----------
    open_stream : callable
        Opens it as a request says.
    request : Request
        What to look for.
    missing : list of MissingIds
        Gets one more where the ids are not in this file.

    Returns
    -------
    Stream
        Without ids then.
    """
    try:
        return open_stream(request)
    except MissingIds as error:
        missing.append(error)
        return open_stream(replace(request, ids_key=""))


def refuse_missing(missing: list[MissingIds], n_files: int) -> None:
    """Refuse ids that are asked for and in none of the files.

    Raises
    ------
    CommandError
        If there are as many errors as files.
    """
    if not missing or len(missing) < n_files:
        return
    first, *others = missing
    nor = "".join(f", nor in {other.source} ({other.held})" for other in others)
    raise CommandError(f"{first.source}: {first.told} ({first.held}){nor}; {NO_IDS}")


def read_ids(
    source: Source, label_source: Source | None, request: Request, wanted: Request
) -> NDArray[Any] | None:
    """Read the ids of files that are read at once.

    Parameters
    ----------
    source, label_source : Source
        The probabilities, and the file of labels if there is one.
    request, wanted : Request
        What to look for in either.

    Returns
    -------
    ndarray of shape (n_samples,) or None
        Whole numbers or text; None where neither has any.

    Raises
    ------
    CommandError
        If neither has the ids that are asked for, or both have and they differ.
    """
    from easiness_cli._stream import stream_of

    files = [(source, request)] + ([] if label_source is None else [(label_source, wanted)])
    missing: list[MissingIds] = []
    streams = [open_named(partial(stream_of, file), asked, missing) for file, asked in files]
    refuse_missing(missing, len(files))
    found = [(stream.source, _all_ids(stream)) for stream in streams if stream.has_ids]
    if len(found) == 2:
        (one, ids), (other, others) = found
        check_same_ids(ids, others, 0, one, other)
    return found[0][1] if found else None


def _all_ids(stream: Stream) -> NDArray[Any]:
    parts, room = [], Room(stream.source, "ids")
    for part in stream.only_ids():
        assert part.ids is not None
        room.add(part.ids)
        parts.append(part.ids)
    return np.concatenate(parts)
