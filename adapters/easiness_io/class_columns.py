"""Which columns hold the probabilities, told by their names and by what they hold."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from easiness_io.errors import AmbiguousError, DataError
from easiness_io.names import affixes, key_of
from easiness_io.readers.base import Field, Reader, ReadOptions, Values
from easiness_io.row_sums import is_constant, sums_to_one, without_one

PROBS_NAMES = ("probs", "pred_probs", "probabilities", "predictions")
LOGITS_NAMES = ("logits", "logit")
_SHOWN = 20


def find_class_columns(
    reader: Reader, options: ReadOptions, others: Sequence[Field]
) -> tuple[str, ...]:
    """Find the probabilities among the columns that are no label and no id."""
    if options.probs is not None:
        return _named(reader, options.probs, {each.name for each in others})
    numbers = [each for each in others if each.is_number]
    if reader.layout == "unnamed" and len(numbers) > 1:
        return _unnamed(reader, options, numbers)
    matrices = [each.name for each in others if each.kind == "matrix"]
    if len(matrices) == 1 and len(reader.fields) == 1:
        return (matrices[0],)
    groups: list[tuple[str, ...]] = []
    if len(numbers) == 1 and not matrices:
        raise one_column(reader, numbers[0].name)
    if reader.layout == "table":
        groups = _groups(reader, options, numbers) if len(numbers) > 1 else []
    found = _matrices(reader, options, matrices, bool(groups))
    found = [*found, *groups] if not _has_usual_name(found, options) else found
    if len(found) == 1:
        return found[0]
    if found:
        order = [each.name for each in others]
        found.sort(key=lambda names: order.index(names[0]))
        readings = "; ".join(map(_brief, found[:5]))
        raise _ambiguous(reader, f"more than one reading of its columns: {readings}")
    raise _nothing(reader, options, [each.name for each in numbers], matrices)


def one_column(reader: Reader, name: str) -> DataError:
    """Build the error about a single column of probabilities."""
    return reader.source.error(
        f"one column of probabilities, {name!r}; expected one for each class, at least 2",
        hint="for the probability p of class 1 write two columns, 1 - p and p",
    )


def show(names: Iterable[str]) -> str:
    """List the first names for a message."""
    shown = [repr(name) for name in names]
    return ", ".join(shown[:_SHOWN]) + (", ..." if len(shown) > _SHOWN else "") or "none"


def called(reader: Reader, wanted: Sequence[str]) -> list[Field]:
    """Give the columns with a usual name, the most usual first."""
    by_name: dict[str, list[Field]] = {}
    for each in reader.fields:
        by_name.setdefault(each.name.lower(), []).append(each)
    return [each for name in wanted for each in by_name.get(name, ())]


def head_values(columns: Sequence[Values]) -> NDArray[np.float64]:
    """Join columns of the first rows as float64; nulls as NaN."""
    parts = []
    for values in columns:
        array = values if isinstance(values, np.ndarray) else values.to_numpy(zero_copy_only=False)
        parts.append(array.astype(np.float64).reshape(len(array), -1 if array.size else 1))
    return np.concatenate(parts, axis=1) if parts else np.empty((0, 0))


def _named(reader: Reader, wanted: str, usable: set[str]) -> tuple[str, ...]:
    """Give the columns of a name, of a pattern, or of a list of them."""
    names = [each.name for each in reader.fields]
    found: list[str] = []
    for part in [wanted] if wanted in names else map(str.strip, wanted.split(",")):
        # A pattern means columns that are nothing else; a name means what it says.
        match = [part] if part in names else [
            name for name in names if fnmatch.fnmatchcase(name, part) and name in usable
        ]  # fmt: skip
        if not match:
            raise reader.source.error(f"no column {part!r}; it has {show(names)}", argument="probs")
        found += [name for name in match if name not in found]
    fields = [reader.field(name) for name in found]
    if len(fields) == 1 and fields[0].kind == "matrix":
        return (found[0],)
    other = next((each for each in fields if not each.is_number), None)
    if other is not None:
        raise reader.source.error(
            f"column {other.name!r}: expected numbers, one column for each class",
            hint="name the class columns by {probs}",
        )
    if len(found) == 1:
        raise one_column(reader, found[0])
    return tuple(found)


def _unnamed(reader: Reader, options: ReadOptions, numbers: Sequence[Field]) -> tuple[str, ...]:
    """Take all numbers of a csv file without names; their sums tell what is no class."""
    whole = [each.name for each in numbers if each.kind == "integer"]
    if (options.logits or options.normalize) and 0 < len(whole) < len(numbers):
        problem = f"it has no names, and columns {', '.join(whole[:5])} hold whole numbers"
        raise _ambiguous(reader, f"{problem}: classes, or labels or ids?", ", from 0 on")
    return tuple(each.name for each in numbers)


def _ambiguous(reader: Reader, problem: str, more: str = "") -> DataError:
    hint = "name the class columns by {probs}" + more
    return AmbiguousError(problem, path=reader.source.path, hint=hint)


def _has_usual_name(found: Sequence[tuple[str, ...]], options: ReadOptions) -> bool:
    usual = LOGITS_NAMES if options.logits else PROBS_NAMES
    return len(found) == 1 and found[0][0].lower() in usual


def _matrices(
    reader: Reader, options: ReadOptions, names: Sequence[str], has_groups: bool
) -> list[tuple[str, ...]]:
    """Give the matrix columns that may be the probabilities: by name, or because rows sum to 1."""
    usual = LOGITS_NAMES if options.logits else PROBS_NAMES
    known = [each.name for each in called(reader, usual) if each.name in names]
    if known or options.logits or options.normalize:
        return [(name,) for name in known or names]
    logits = [each.name for each in called(reader, LOGITS_NAMES) if each.name in names]
    if logits and len(logits) == len(names) and not has_groups:
        raise reader.source.error(
            f"it holds {logits[0]!r} and no probabilities",
            hint="pass {softmax} to take their softmax",
        )
    found: list[tuple[str, ...]] = []
    for name in names:
        try:
            head = head_values([reader.head([name])[name]])
        except DataError:  # lists of any length, such as tokens
            if len(names) == 1 and not has_groups:
                raise
            continue
        if not len(head) or sums_to_one(head, 0.5):
            found.append((name,))
    if not found and len(names) == 1 and not has_groups:
        return [(names[0],)]  # the core says what is wrong with it
    return found


class _Head:
    """The numbers of the first rows."""

    def __init__(self, reader: Reader, names: Sequence[str]) -> None:
        head = reader.head(names)
        self.data = head_values([head[name] for name in names])
        self._at = {name: position for position, name in enumerate(names)}

    def part(self, members: Sequence[str]) -> NDArray[np.float64]:
        """Give the columns of these names."""
        return self.data[:, [self._at[name] for name in members]]

    def is_probs(self, members: Sequence[str], share: float = 1.0, slack: float = 0.0) -> bool:
        """Whether so large a share of the rows sum to 1."""
        return sums_to_one(self.part(members), share, slack)

    def is_constant(self, members: Sequence[str]) -> bool:
        """Whether all rows sum to one number."""
        return is_constant(self.part(members))

    def total(self, members: Sequence[str]) -> str | None:
        """Name the column that is the sum of the others."""
        data = self.part(members)
        rest = data.sum(axis=1, keepdims=True) - data
        found = np.flatnonzero(np.isclose(rest, data).all(axis=0) & (data > 0).any(axis=0))
        return members[found[0]] if len(members) > 2 and found.size else None


def _groups(
    reader: Reader, options: ReadOptions, columns: Sequence[Field]
) -> list[tuple[str, ...]]:
    """Give every group of columns that may be the probabilities, of the surest kind that any is."""
    names = [each.name for each in columns]
    floats = [each.name for each in columns if each.kind == "float"]
    by_affix = affixes(names)
    if options.logits:
        return _distinct(m for affix, m in by_affix.items() if _is_called_logits(affix, m, columns))
    head, named = _Head(reader, names), list(by_affix.values())
    if not len(head.data):
        return _distinct([m for m in named if set(m) <= set(floats)] or [floats])
    unnamed = [m for m in (floats, names) if len(m) > 1]
    if options.normalize:
        found = _first(head.is_constant, named)
        found = found or _first(lambda m: bool((head.part(m) >= 0).all()), named)
        for total in filter(None, map(head.total, found)):
            problem = f"column {total!r} is the sum of the others with its prefix or suffix"
            raise _ambiguous(reader, problem)
        found = found or _first(head.is_constant, unnamed[:1], unnamed[1:])
        return _without_idle(reader, found, named, head, constant=True)
    for share in (1.0, 0.5):
        passes = partial(head.is_probs, share=share)
        found = _first(passes, named)
        if found:
            # A group with some bad rows is one all the same.
            others = _distinct(m for m in named if head.is_probs(m, 0.5))
            return found + [m for m in others if not any(set(m) & set(each) for each in found)]
        found = _first(passes, unnamed[:1], unnamed[1:])
        for group in [] if found or share < 1.0 else [*_distinct(named), *unnamed]:
            found = found or without_one(head.part(group), group)
        if found:
            return _without_idle(reader, found, named, head, constant=False)
    # Not probabilities yet: the core refuses them, and says what to do.
    rounded = _first(partial(head.is_probs, share=0.5, slack=0.05), named, unnamed)
    return rounded or _first(head.is_constant, named, unnamed[:1])


def _first(
    check: Callable[[Sequence[str]], bool], *kinds: Sequence[Sequence[str]]
) -> list[tuple[str, ...]]:
    """Give the groups that pass a check, of the first kind of which any does."""
    found = (_distinct(filter(check, groups)) for groups in kinds)
    return next(filter(None, found), [])


def _distinct(groups: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Drop groups that are part of another, and those that stand there twice."""
    sets = {frozenset(each): tuple(each) for each in groups}
    return [names for key, names in sets.items() if not any(key < other for other in sets)]


def _is_called_logits(affix: str, members: Sequence[str], columns: Sequence[Field]) -> bool:
    if affix == "":  # the columns 0, 1, 2, ..., and no others
        keys = {key_of(name) for name in members}
        return len(members) == len(columns) and keys == set(range(len(members)))
    return affix.lower().strip("*").strip("_-. ([])") in LOGITS_NAMES


def _without_idle(
    reader: Reader, found: list[tuple[str, ...]], named: Sequence[Sequence[str]], head: _Head,
    *, constant: bool,
) -> list[tuple[str, ...]]:  # fmt: skip
    """Refuse readings without a common name where one column changes nothing, such as a fold."""
    for members in found:
        if any(set(members) <= set(each) for each in named):
            continue
        data = head.part(members)
        idle = (data == data[0]).all(axis=0) if constant else (data == 0).all(axis=0)
        for at in np.flatnonzero(idle)[:1]:
            problem = f"column {members[at]!r} is {data[0, at]:g} in the first {len(data)} rows"
            raise _ambiguous(reader, f"{problem}: a class, or something else?")
    return found


def _brief(names: Sequence[str]) -> str:
    if len(names) < 4:
        return ", ".join(map(repr, map(str, names)))
    return f"{str(names[0])!r}, ..., {str(names[-1])!r} ({len(names)} columns)"


def _nothing(
    reader: Reader, options: ReadOptions, names: Sequence[str], matrices: Sequence[str]
) -> DataError:
    groups = _distinct(affixes(names).values())
    if options.logits:
        problem = "no columns are called logits"
    elif options.normalize:
        problem = "it is not clear which columns are the classes"
    else:
        problem = "no group of columns holds probabilities: their rows do not sum to 1"
    candidates = "; ".join(_brief(each) for each in groups[:5]) or show([*matrices, *names])
    return _ambiguous(reader, f"{problem}; it has {candidates}")
