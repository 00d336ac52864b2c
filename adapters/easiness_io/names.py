"""Names of classes: what columns are called, without what all share, as numbers where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

# Where a name is cut into what a group shares and what each member has of its own.
_CUTS = re.compile(r"[\W_]+|(?<=[^\W\d_])(?=\d)|(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
# Names that stand for numbers.
TRUTH = {"true": 1, "false": 0}

Key = int | float | str


def key_of(value: Any) -> Key:
    """Give what a name or a label stands for: a number if it is written as one, else its text.

    Parameters
    ----------
    value : str, bool, int or float
        A name or a label.

    Returns
    -------
    int, float or str
        `True` and `"true"` are 1, `"01"`, `"1.0"` and `1.0` are 1, `"cat"` is itself.

    Examples
    --------
    >>> from easiness_io.names import key_of
    >>> [key_of(value) for value in ("10", "1.0", "01", "False", "0.5", "cat")]
    [10, 1, 1, 0, 0.5, 'cat']
    """
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in TRUTH:
            return TRUTH[text.lower()]
        if not _NUMBER.fullmatch(text):
            return text
        if text.lstrip("+-").isdigit():
            return int(text) if len(text) < 4000 else text
        value = float(text)
    if isinstance(value, float) and value % 1 == 0:
        return int(value)
    return value  # type: ignore[no-any-return]


def is_numbered(names: Sequence[str]) -> bool:
    """Whether all names are numbers, all different."""
    keys = [key_of(name) for name in names]
    return not any(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)


def affixes(names: Iterable[str]) -> dict[str, list[str]]:
    """Group names by what they begin or end with, up to a separator or a number.

    Names that are numbers are a group too, under the empty text; groups of one are left out.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        cuts = [found.span() for found in _CUTS.finditer(name)]
        ends = {name[:end] + "*" for _, end in cuts if 0 < end < len(name)}
        starts = {"*" + name[start:] for start, _ in cuts if 0 < start < len(name)}
        for affix in [*ends, *starts, *([""] if is_numbered([name]) else [])]:
            groups.setdefault(affix, []).append(name)
    return {affix: members for affix, members in groups.items() if len(members) > 1}


def in_order(columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give class columns in the order of the classes, and the names of these."""
    names = own_parts(columns)[0]
    if is_numbered(names):
        pairs = sorted(zip(columns, names, strict=True), key=lambda pair: key_of(pair[1]))
        columns, names = zip(*pairs, strict=True)
    return columns, tuple(names)


def own_parts(columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Give what is left of names without what all share, from the least to all of them.

    What all share may belong to the classes: `sport_ski, sport_golf` may be `ski, golf`, or not.
    """
    whole = tuple(columns)
    if is_numbered(columns):
        return [whole]
    found = []
    for start in _shared_ends(columns):
        rest = [name[start:] for name in columns]
        ends = _shared_ends([name[::-1] for name in rest])
        found += [tuple(name[: len(name) - end] for name in rest) for end in ends]
    return found


def _shared_ends(names: Sequence[str]) -> list[int]:
    """Count the characters that all names begin with, up to separators or numbers, most first."""
    least = min(names, key=len)
    shared = next((k for k in range(len(least)) if len({n[k] for n in names}) > 1), len(least))
    found = []
    for at in range(shared, 0, -1):
        before, after = least[at - 1], [name[at:] for name in names]
        is_cut = not before.isalnum() or (
            before.isalpha()
            and (all(r[:1].isdigit() for r in after)
                 or (before.islower() and all(r[:1].isupper() for r in after)))
        )  # fmt: skip
        if is_cut and all(after):
            found.append(at)
    return [*found, 0]


def matching_names(columns: Sequence[str], labels: Iterable[str]) -> tuple[str, ...]:
    """Give the names of classes, cut such that labels that are text are among them."""
    parts, wanted = own_parts(columns), {label.strip() for label in labels}
    return next((names for names in parts if wanted <= set(names)), parts[0])
