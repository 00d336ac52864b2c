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
from easiness_io.row_sums import is_constant, no_class, sums_to_one, without_one

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
    data = _Head(reader, [each.name for each in numbers]).data
    is_whole = (np.isfinite(data) & (data % 1 == 0)).all(axis=0) & (len(data) > 0)
    whole = [each.name for each, yes in zip(numbers, is_whole, strict=True) if yes]
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

    def are_counts(self, kinds: Sequence[str], members: Sequence[str]) -> bool:
        """Whether all are of one kind, and none is below 0."""
        return len(set(kinds)) == 1 and bool((self.part(members) >= 0).all())

    def is_constant(self, members: Sequence[str]) -> bool:
        """Whether all rows sum to one number."""
        return is_constant(self.part(members))


def _groups(
    reader: Reader, options: ReadOptions, columns: Sequence[Field]
) -> list[tuple[str, ...]]:
    """Give every group of columns that may be the probabilities, of the surest kind that any is."""
    names = [each.name for each in columns]
    by_affix = affixes(names)
    named = list(by_affix.values())
    if options.logits:
        found = _distinct(m for a, m in by_affix.items() if _is_called_logits(a, m, columns))
        return _checked(reader, found, found, _Head(reader, [n for m in found for n in m]))
    head = _Head(reader, names)
    kinds = {each.name: each.kind for each in columns}
    floats = [name for name in names if kinds[name] == "float"]
    if not len(head.data):
        return _distinct([m for m in named if set(m) <= set(floats)] or [floats])
    unnamed = [m for m in (floats, names) if len(m) > 1]
    found = _first(head.is_probs, named)
    if found:
        # A group with some bad rows is one all the same.
        others = _distinct(m for m in named if head.is_probs(m, 0.5))
        found += [m for m in others if not any(set(m) & set(each) for each in found)]
        return _checked(reader, found, named, head)
    rounded = partial(head.is_probs, share=0.5, slack=0.05)
    found = _first(head.is_probs, unnamed[:1], unnamed[1:])
    found = found or _without_one(head, [*_distinct(named), *unnamed], head.is_probs)
    if not found and options.normalize:
        found = _first(head.is_constant, named) or _first(rounded, named)
        found = found or _without_one(head, _distinct(named), head.is_constant)
        found = found or _without_one(head, _distinct(named), rounded)
        found = found or _first(lambda m: head.are_counts([kinds[n] for n in m], m), named)
        found = found or _first(head.is_constant, unnamed[:1], unnamed[1:])
        found = found or _first(rounded, unnamed)
    if not found and not options.normalize:
        found = _first(partial(head.is_probs, share=0.5), named, unnamed[:1], unnamed[1:])
    if found or options.normalize:
        return _checked(reader, found, named, head)
    # Not probabilities yet: the core refuses them, and says what to do.
    return _first(rounded, named, unnamed) or _first(head.is_constant, named, unnamed[:1])


def _without_one(
    head: _Head, groups: Sequence[Sequence[str]], check: Callable[..., bool]
) -> list[tuple[str, ...]]:
    """Give the readings of the first group in which one column is no class."""
    found = ([rest for rest in without_one(head.part(m), m) if check(rest)] for m in groups)
    return next(filter(None, found), [])


def _checked(
    reader: Reader, found: list[tuple[str, ...]], named: Sequence[Sequence[str]], head: _Head
) -> list[tuple[str, ...]]:
    """Refuse readings with a column that may be something else, such as a total or a fold."""
    for members in found:
        data = head.part(members)
        at = no_class(data)
        if at is not None:
            problem = f"column {members[at]!r} depends on the others, or adds little to their sums"
            raise _ambiguous(reader, f"{problem}: a class, or something else?")
        is_named = any(set(members) <= set(each) for each in named)
        idle = (data == (0 if sums_to_one(data, 1.0) else data[:1])).all(axis=0)
        for at in np.flatnonzero(idle & (not is_named))[:1]:
            problem = f"column {members[at]!r} is {data[0, at]:g} in the first {len(data)} rows"
            raise _ambiguous(reader, f"{problem}: a class, or something else?")
    return found


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


def _brief(names: Sequence[str]) -> str:
    if len(names) < 4:
        return ", ".join(map(repr, map(str, names)))
    return f"{str(names[0])!r}, ..., {str(names[-1])!r} ({len(names)} columns)"


def _nothing(
    reader: Reader, options: ReadOptions, names: Sequence[str], matrices: Sequence[str]
) -> DataError:
    texts = [each.name for each in reader.fields if each.kind == "text"]
    if texts and not names and not matrices:
        return reader.source.error(f"no columns of numbers; it has text in {show(texts)}")
    groups = _distinct(affixes(names).values())
    if options.logits:
        problem = "no columns are called logits"
    elif options.normalize:
        problem = "it is not clear which columns are the classes"
    else:
        problem = "no group of columns holds probabilities: their rows do not sum to 1"
    candidates = "; ".join(_brief(each) for each in groups[:5]) or show([*matrices, *names])
    return _ambiguous(reader, f"{problem}; it has {candidates}")
