"""Labels as column numbers, whatever they were written as."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError


def encode(
    labels: NDArray[Any],
    n_classes: int,
    classes: list[str] | None,
    columns: list[str] | None,
) -> tuple[NDArray[Any], list[str] | None]:
    """Look names up, and leave column numbers as they are.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Whole numbers or text.
    n_classes : int
        Columns of the probabilities.
    classes : list of str or None
        Class names the user gave.
    columns : list of str or None
        Names of the file's class columns: used where the labels need them, and to call the
        classes by where none is a number.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        Column numbers; numbers out of range are left for the core to refuse.
    classes : list of str or None
        The class names in column order, where they are known.

    Raises
    ------
    CommandError
        If a name is unknown, or the number of names is not that of the columns.
    """
    if classes is not None and len(classes) != n_classes:
        raise CommandError(
            f"--classes: {len(classes)} names, but the probabilities have {n_classes} columns"
        )
    if classes is not None and columns not in (None, classes):
        _refuse_another_order(classes, columns or [])
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    _refuse_huge(labels, n_classes)
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels % 1 == 0).all():
        labels = labels.astype(np.int64)
    names = classes or columns
    if labels.dtype.kind in "US":
        return _look_up(labels, classes, columns)
    if labels.dtype.kind in "iu" and names is not None and _are_other_numbers(names):
        return _look_up(labels.astype(str), classes, columns)
    if labels.dtype.kind in "iuf" and labels.size and names is not None:
        _refuse_two_meanings(names)
    if names is not None and not any(map(_is_number, names)) and len(set(names)) == len(names):
        return labels, names
    return labels, classes


def _refuse_another_order(classes: list[str], columns: list[str]) -> None:
    """Refuse the names of the columns in another order: one class would be taken for another."""
    if sorted(classes) == sorted(columns):
        raise CommandError(
            f"--classes: {', '.join(classes)} are the names of the columns in another order than "
            f"theirs ({', '.join(columns)}); leave --classes out, or give names in that order"
        )


def _refuse_huge(labels: NDArray[Any], n_classes: int) -> None:
    """Refuse what int64 cannot hold: as a column number it would be another one, or a warning."""
    if labels.dtype.kind not in "fu":
        return
    huge = np.flatnonzero(np.isfinite(labels) & (abs(labels) >= 2.0**63))
    if huge.size:
        raise CommandError(
            f"labels: {huge.size} of {labels.size} labels are outside 0 to {n_classes - 1}; the "
            f"first is row {huge[0]}, label {labels[huge[0]]}"
        )


def _are_other_numbers(names: list[str]) -> bool:
    """Whether all names are whole numbers, but not simply the column numbers."""
    if not all(name.removeprefix("-").isdecimal() for name in names):
        return False
    return names != [str(column) for column in range(len(names))]


def _refuse_two_meanings(names: list[str]) -> None:
    """Refuse labels that are numbers where one may be a name as well as a column number."""
    columns = {str(at): at for at in range(len(names))}
    number = next((n for at, n in enumerate(names) if columns.get(n, at) != at), None)
    # Where all names are numbers they have been looked up.
    if number is not None and not all(name.removeprefix("-").isdecimal() for name in names):
        raise CommandError(
            f"labels: they are numbers, and {number!r} is the name of a class and also the number "
            f"of a column; name the classes by --classes such that none is a number, or write all "
            f"labels as names"
        )


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _look_up(
    labels: NDArray[Any], classes: list[str] | None, columns: list[str] | None
) -> tuple[NDArray[Any], list[str]]:
    names = columns if classes is None else classes
    given, inverse = np.unique(labels, return_inverse=True)
    position = {name: column for column, name in enumerate(names or [])}
    codes = np.array([position.get(str(label), -1) for label in given], dtype=np.int64)[inverse]
    unknown = np.flatnonzero(codes < 0)
    if names is None or unknown.size or len(position) < len(names):
        raise CommandError(_advice(labels, unknown, classes, columns))
    return codes, names


def _advice(
    labels: NDArray[Any],
    unknown: NDArray[np.int64],
    classes: list[str] | None,
    columns: list[str] | None,
) -> str:
    if classes is None and columns is None:
        return (
            f"labels: they are text (the first is {str(labels[0])!r}): pass --classes, the class "
            f"names in the order of the columns"
        )
    names, source = (classes, "--classes") if classes else (columns or [], "the column names")
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    if not unknown.size:
        return f"labels: {source} ({shown}) are not all different: pass --classes"
    advice = "" if classes else "; pass --classes, the class names in the order of the columns"
    return (
        f"labels: {unknown.size} of {labels.size} are not among {source} ({shown}); the first is "
        f"row {unknown[0]}, label {str(labels[unknown[0]])!r}{advice}"
    )
