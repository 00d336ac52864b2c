"""A second file of probabilities where labels were expected: what an unquoted glob leads to."""

from __future__ import annotations

import os

from easiness_cli._errors import CommandError
from easiness_cli._source import Request
from easiness_cli._stream_parts import Stream


def refuse_second_of_two(
    probs_path: str,
    labels_path: str,
    labels_key: str | None,
    *,
    probs_key: str | None,
    logits: bool,
    max_bytes: int,
) -> None:
    """Refuse labels from a file that could as well be scored itself, where PROBS has its own.

    Parameters
    ----------
    probs_path, labels_path : str
        As given; only files and folders on disk are looked at.
    labels_key : str or None
        Whoever names the labels means them.
    probs_key : str or None
        The array or column of probabilities.
    logits : bool
        Whether they are logits.
    max_bytes : int
        What takes more to open is refused later, by its own reader.

    Raises
    ------
    CommandError
        If both hold labels and probabilities of the same classes.
    """
    if labels_key is not None or not all(map(_is_stored, (probs_path, labels_path))):
        return
    if os.path.samefile(probs_path, labels_path):
        return
    wanted = Request("probs", probs_key, True, None, logits, ids_key="")
    first = _both(probs_path, wanted, max_bytes)
    second = None if first is None else _both(labels_path, wanted, max_bytes)
    if first is None or second is None:
        return
    if (first.n_classes, first.columns) != (second.n_classes, second.columns):
        return
    raise CommandError(
        f"{labels_path!r} was given for LABELS, and holds {second.n_classes} columns of "
        f"probabilities as well, as {probs_path!r} holds labels of its own: to score both, quote "
        f"the glob or name their folder; to take labels from the second, name them by --labels-key"
    )


def _is_stored(path: str) -> bool:
    return os.path.isfile(path) or os.path.isdir(path)


def _both(path: str, wanted: Request, max_bytes: int) -> Stream | None:
    """Open a file that holds both; only its header, or first lines, are read."""
    from easiness_cli._stream import open_stream

    try:
        open_stream(path, Request("labels", None, True, None, False, ids_key=""), max_bytes)
        found = open_stream(path, wanted, max_bytes)
    except (CommandError, ModuleNotFoundError):
        return None
    return found if found.n_classes >= 2 else None
