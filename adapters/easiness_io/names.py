"""Names: what columns are usually called, and what class columns are called for themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

PROBS_NAMES = ("probs", "pred_probs", "probabilities", "predictions")
LOGITS_NAMES = ("logits", "logit")
LABEL_NAMES = ("label", "labels", "y", "y_true", "true_label", "given_label", "target", "class")
ID_NAMES = ("id", "sample_id", "index")
# Where a name is cut into what a group shares and what each member has of its own.
_CUTS = re.compile(r"[\W_]|(?<=[^\W\d_])(?=\d)|(?<=[a-z\d])(?=[A-Z])")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
# Longer names are not cut: their parts would take much more than they do.
_LONGEST = 500
# Names that stand for numbers.
TRUTH = {"true": 1, "false": 0}

Key = int | float | str


def key_of(value: Any) -> Key:
    """Give what a name or a label stands for: a number if it is written as one, else its text.

    `True` and `"true"` are 1, `"01"`, `"1.0"` and `1.0` are 1, `"cat"` is itself.
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


def _cuts(name: str) -> list[re.Match[str]]:
    return list(_CUTS.finditer(name)) if len(name) <= _LONGEST else []


def _prefixes(name: str) -> set[str]:
    """Give what a name begins with, up to each separator or number."""
    return {name[: cut.end()] for cut in _cuts(name)} - {"", name}


def _suffixes(name: str) -> set[str]:
    """Give what a name ends with, from each separator or number on."""
    return {name[cut.start() :] for cut in _cuts(name)} - {"", name}


def affixes(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Group names by what they begin or end with.

    Names that are numbers are a group too, under the empty text; groups of one are left out.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        found = {f"{prefix}*" for prefix in _prefixes(name)}
        found |= {f"*{suffix}" for suffix in _suffixes(name)}
        for affix in sorted(found | ({""} if is_numbered([name]) else set()), reverse=True):
            groups.setdefault(affix, []).append(name)
    return {affix: tuple(members) for affix, members in groups.items() if len(members) > 1}


def in_order(columns: Sequence[str]) -> tuple[str, ...]:
    """Give class columns in the order of the classes."""
    names = own_parts(columns)[0]
    if not is_numbered(names):
        return tuple(columns)
    return tuple(column for _, column in sorted(zip(map(key_of, names), columns, strict=True)))


def own_parts(columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Give what is left of names without what all share, from the least to all of them.

    What all share may belong to the classes: `sport_ski, sport_golf` may be `ski, golf`, or not.
    """
    whole = tuple(columns)
    if is_numbered(columns):
        return [whole]
    found = []
    for prefix in _shared(columns, _prefixes):
        rest = [name[len(prefix) :] for name in columns]
        # The end that 0.5 and 1.5 share belongs to them.
        for suffix in [""] if is_numbered(rest) else _shared(rest, _suffixes):
            found += [tuple(name[: len(name) - len(suffix)] for name in rest)]
    return found


def _shared(names: Sequence[str], ends: Callable[[str], set[str]]) -> list[str]:
    """Give the ends that all names have, the longest first, and none."""
    return [*sorted(set.intersection(*map(ends, names)), key=len, reverse=True), ""]


def matching_names(columns: Sequence[str], labels: Iterable[str]) -> tuple[str, ...]:
    """Give the names of classes, cut such that labels that are no numbers are among them."""
    wanted = {label.strip() for label in labels if isinstance(key_of(label), str)}
    parts = own_parts(columns)
    return next((names for names in parts if wanted <= set(names)), parts[0])
