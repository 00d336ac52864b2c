"""Class names: the common parts of column names, and the classes that labels stand for.

The same rules hold for data frames in Python and for files that the command reads;
`easiness_core.validation.LabelEncoder` uses them to match labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

__all__ = ["affixes", "is_numbered", "is_truth", "key_of", "order_of", "own_parts"]

# Separators, where names are split into a shared part and a part of their own. At the start, and
# after a separator that is no sign, the sign of a number belongs to the number.
_CUTS = re.compile(
    r"(?!(?<![^\W_])(?<![+-])[+-](?:\d+\.?\d*|\.\d+)(?:[\W_]|$))[\W_]"
    r"|(?<=[^\W\d_])(?=\d)|(?<=[a-z\d])(?=[A-Z])"
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
# Longer names are not split: their parts would take much more memory than the names.
_LONGEST = 500
# Names that stand for numbers.
_TRUTH = {"true": 1, "false": 0}


def key_of(value: Any) -> Any:
    """Return what a name or a label stands for: a number if it is written as one, or else its text.

    Parameters
    ----------
    value : object
        A name, or a label.

    Returns
    -------
    object
        A number for numbers, for text that is written as a number, and for true and false; other
        text without surrounding spaces; anything else unchanged.

    Examples
    --------
    >>> from easiness_core.class_names import key_of
    >>> [key_of(value) for value in (True, "true", "01", "1.0", 1.0, " cat ")]
    [True, 1, 1, 1, 1, 'cat']
    """
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        if not _NUMBER.fullmatch(text):
            return text
        if text.lstrip("+-").isdigit():
            return int(text) if len(text) < 4000 else text
        value = float(text)
    if isinstance(value, float) and value % 1 == 0:
        return int(value)
    return value


def is_numbered(names: Iterable[Any]) -> bool:
    """Check whether all names are numbers, without duplicates.

    Parameters
    ----------
    names : iterable
        Names of classes: strings or numbers.

    Returns
    -------
    bool
        True if each name is a number, or text for one, and no number occurs twice.

    Examples
    --------
    >>> from easiness_core.class_names import is_numbered
    >>> is_numbered(["2", "0.5", 7]), is_numbered(["1", "01"]), is_numbered(["1", "x"])
    (True, False, False)
    """
    keys = [key_of(name) for name in names]
    return all(isinstance(key, Real) for key in keys) and len(set(keys)) == len(keys)


def is_truth(name: Any) -> bool:
    """Check whether a name is true or false.

    Parameters
    ----------
    name : Any
        Name of a class.

    Returns
    -------
    bool
        True for booleans and for the words "true" and "false" in any case.

    Examples
    --------
    >>> from easiness_core.class_names import is_truth
    >>> is_truth("True"), is_truth(False), is_truth("1")
    (True, True, False)
    """
    return str(name).strip().lower() in _TRUTH


def _cuts(name: str) -> list[re.Match[str]]:
    return list(_CUTS.finditer(name)) if len(name) <= _LONGEST else []


def _prefixes(name: str) -> set[str]:
    """Return the prefixes of a name that end at a separator or before a number."""
    return {name[: cut.end()] for cut in _cuts(name)} - {"", name}


def _suffixes(name: str) -> set[str]:
    """Return the suffixes of a name that start at a separator or a number."""
    return {name[cut.start() :] for cut in _cuts(name)} - {"", name}


def affixes(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Group names by their prefixes and suffixes.

    Parameters
    ----------
    names : iterable of str
        Names of columns.

    Returns
    -------
    dict
        Names keyed by a prefix and `*`, or by `*` and a suffix; names that are numbers have the key
        `""`. Groups of one name are left out.

    Examples
    --------
    >>> from easiness_core.class_names import affixes
    >>> affixes(["prob_cat", "prob_dog", "id", "0", "1"])
    {'prob_*': ('prob_cat', 'prob_dog'), '': ('0', '1')}
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        found = {f"{prefix}*" for prefix in _prefixes(name)}
        found |= {f"*{suffix}" for suffix in _suffixes(name)}
        for affix in sorted(found | ({""} if is_numbered([name]) else set()), reverse=True):
            groups.setdefault(affix, []).append(name)
    return {affix: tuple(members) for affix, members in groups.items() if len(members) > 1}


def order_of(columns: Sequence[Any]) -> list[int]:
    """Return the positions of class columns in the order of the classes.

    Parameters
    ----------
    columns : sequence
        Names of the columns.

    Returns
    -------
    list of int
        Sorted by the columns' numbers if all have one; or else 0, 1, 2, ...

    Examples
    --------
    >>> from easiness_core.class_names import order_of
    >>> order_of(["p_10", "p_9", "p_8"]), order_of(["b", "a"])
    ([2, 1, 0], [0, 1])
    """
    keys = [key_of(name) for name in own_parts(columns)[0]]
    at = list(range(len(keys)))
    return sorted(at, key=keys.__getitem__) if is_numbered(keys) else at


def own_parts(columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the class names that column names may stand for, from the shortest to the full names.

    A shared prefix may or may not be part of the class names: `sport_ski, sport_golf` may be `ski,
    golf`, or not.

    Parameters
    ----------
    columns : sequence
        Names of the columns; only text is cut.

    Returns
    -------
    list of tuple
        Names of the classes, the shortest first.

    Examples
    --------
    >>> from easiness_core.class_names import own_parts
    >>> own_parts(["p_sport_ski", "p_sport_golf"])
    [('ski', 'golf'), ('sport_ski', 'sport_golf'), ('p_sport_ski', 'p_sport_golf')]
    """
    whole = tuple(columns)
    if is_numbered(columns) or not all(isinstance(name, str) for name in columns):
        return [whole]
    found = []
    for prefix in _shared(columns, _prefixes):
        rest = [name[len(prefix) :] for name in columns]
        # The suffix that 0.5 and 1.5 share is part of the numbers.
        for suffix in [""] if is_numbered(rest) else _shared(rest, _suffixes):
            found += [tuple(name[: len(name) - len(suffix)] for name in rest)]
    return found


def _shared(names: Sequence[str], ends: Callable[[str], set[str]]) -> list[str]:
    """Return the affixes that all names share, longest first, and the empty one."""
    return [*sorted(set.intersection(*map(ends, names)), key=len, reverse=True), ""]
