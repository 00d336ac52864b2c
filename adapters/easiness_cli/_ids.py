"""What names the samples: found, made whole numbers or text, compared, or left out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError, Notice
from easiness_cli._source import Request, Source

if TYPE_CHECKING:
    from easiness_cli._stream_parts import Stream

# Not `index`, which pandas begins at 0 in every file.
ID_NAMES = ("id", "ids", "sample_id")
NO_IDS = "leave them out by --ids-key ''"


class UnusableIds(CommandError):
    """Ids that are neither whole numbers nor text, nor can be turned into either."""

    def __init__(self, source: Source, why: str) -> None:
        super().__init__(f"{source}: ids: {why}; {NO_IDS}")
        self.why = why


class MissingIds(CommandError):
    """Ids that are asked for by a name which the file does not have; another may have it."""

    def __init__(self, source: Source, key: str, names: list[str]) -> None:
        self.source = source
        self.told = f"no ids {key!r} in it"
        held = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
        self.held = f"it has {held}" if names else "it has no names that could be meant"
        super().__init__(f"{source}: {self.told} ({self.held}); {NO_IDS}")


def pick_ids(names: list[str], request: Request, source: Source) -> str | None:
    """Find the column or array that names the samples, if there is one.

    Raises
    ------
    MissingIds
        If it is asked for by its name, and is not there.
    """
    key = request.ids_key
    if key == "":
        return None
    if key is not None:
        if key not in names:
            raise MissingIds(source, key, names)
        return key
    for wanted in ID_NAMES:
        for name in names:
            if name.lower() == wanted:
                return name
    return None


def leave_out(name: str, error: UnusableIds, request: Request) -> None:
    """Say that ids found by their name alone are left out; raise where they were asked for.

    Raises
    ------
    UnusableIds
        The error, where `--ids-key` names them.
    """
    if request.ids_key is not None:
        raise error
    # Without the file: one notice, not one for each of the files that are alike.
    warnings.warn(
        f"{name!r} is left out, not carried as ids: {error.why}; name others by --ids-key "
        f"(ids_key=), or none by --ids-key ''",
        Notice,
        stacklevel=2,
    )


def settle_ids(stream: Stream, request: Request) -> None:
    """Read ids beforehand where their type does not tell whether all can be carried."""
    if not stream.has_ids or not stream.ids_in_doubt:
        return
    try:
        stream.survey_ids()
    except UnusableIds as error:
        leave_out(stream.ids_name, error, request)
        stream.forget_ids()


def check_ids(ids: NDArray[Any], source: Source) -> NDArray[Any]:
    """Give whole numbers and text; what can be made one of them, as that.

    Whole numbers of all types and floats that are whole become int64; bytes, dates and uint64
    become text, whatever the values are: int64 does not hold all of uint64, and files of one set
    have to agree.

    Parameters
    ----------
    ids : ndarray of shape (n_rows,)
        What the file holds.
    source : Source
        The file, for messages.

    Returns
    -------
    ndarray of shape (n_rows,)
        Whole numbers or text.

    Raises
    ------
    UnusableIds
        If they are something else.
    """
    kind = ids.dtype.kind
    if kind == "f" and (ids % 1 == 0).all() and (abs(ids) < 2.0**53).all():
        return ids.astype(np.int64)
    if kind == "M" and not np.isnat(ids).any():
        return np.datetime_as_string(ids)
    if kind not in "iuUS":
        found = "NaT" if kind == "M" else f"{ids.dtype}"
        if kind == "f":
            found += " that are not all whole"
        raise UnusableIds(source, f"expected whole numbers or text, got {found}")
    if kind == "u" and ids.dtype.itemsize == 8:
        return ids.astype(f"U{len(str(ids.max(initial=0)))}")
    if kind == "S":
        try:
            return np.char.decode(ids, "utf-8")
        except UnicodeDecodeError as error:
            raise UnusableIds(source, f"bytes that are no text in UTF-8 ({error})") from error
    return ids if kind == "U" else ids.astype(np.int64, copy=False)


def check_same_ids(
    ids: NDArray[Any], others: NDArray[Any], first_row: int, source: Source, other: Source
) -> None:
    """Refuse labels whose ids are not, row for row, those of the probabilities.

    Raises
    ------
    CommandError
        If any differs; whole numbers and their decimal texts do not.
    """
    left, right = ids, others
    # As texts, whole numbers take ten times as much memory.
    if ids.dtype.kind not in "iu" or others.dtype.kind not in "iu":
        left, right = (
            np.char.decode(each, "utf-8", "replace")
            if each.dtype.kind == "S"
            else each.astype(np.str_)
            for each in (ids, others)
        )
    differ = np.flatnonzero(left != right)
    if differ.size:
        at = differ[0]
        raise CommandError(
            f"{other}: its ids are not those of {source}, row for row: row {first_row + at} is "
            f"{str(right[at])!r} and {str(left[at])!r} there; sort both alike, or pair the rows "
            f"as they are by --ids-key ''"
        )
