"""Find the columns of probabilities by name and content."""

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from easiness_core.class_names import affixes, key_of
from easiness_core.validation import ROW_SUM_TOLERANCE, ROW_SUM_TOLERANCE_HALF
from easiness_io.errors import DataError
from easiness_io.parameters import Parameters
from easiness_io.readers.base import LOGITS_NAMES, PROBS_NAMES, Reader, show


def find_class_columns(
    reader: Reader, options: Parameters, others: Sequence[str]
) -> tuple[str, ...]:
    """Find the probabilities among the columns that are neither label nor id."""
    if options.probs is not None:
        return _given(reader, options.probs, others)
    numbers = tuple(name for name in others if reader.fields[name].is_number)
    if reader.layout == "unnamed" and len(numbers) > 1:
        _check_unnamed(reader, options, numbers)
        return numbers
    matrices = [name for name in others if reader.fields[name].kind == "matrix"]
    if len(matrices) == 1 and len(reader.fields) == 1:
        return (matrices[0],)
    if len(numbers) == 1 and not matrices:
        raise one_column(reader, numbers[0])
    is_table = reader.layout == "table" and len(numbers) > 1
    groups = _groups(reader, options, numbers) if is_table else []
    found = _matrices(reader, options, matrices, bool(groups))
    usual = LOGITS_NAMES if options.logits else PROBS_NAMES
    if len(found) != 1 or found[0][0].lower() not in usual:
        found = [*found, *groups]
    if len(found) == 1:
        return found[0]
    if found:
        found.sort(key=lambda names: others.index(names[0]))
        readings = "; ".join(map(_brief, found[:5]))
        raise _ambiguous(reader, f"more than one reading of its columns: {readings}")
    raise _nothing(reader, options, numbers, matrices)


def one_column(reader: Reader, name: str) -> DataError:
    """Build the error about a single column of probabilities."""
    return reader.source.error(
        f"one column of probabilities, {name!r}; expected one for each class, at least 2",
        hint="for the probability p of class 1 write two columns, 1 - p and p",
    )


def _given(reader: Reader, wanted: str, usable: Sequence[str]) -> tuple[str, ...]:
    """Return the columns given by a name, a pattern, or a list of them."""
    names, found = list(reader.fields), dict[str, None]()
    for part in [wanted] if wanted in names else map(str.strip, wanted.split(",")):
        # A pattern matches only columns that have no other role; a name is taken literally.
        matches = [part] if part in names else [n for n in usable if fnmatch.fnmatchcase(n, part)]
        if not matches:
            raise reader.no_column(part, "probs")
        found |= dict.fromkeys(matches)
    kinds = [reader.fields[name].kind for name in found]
    if kinds != ["matrix"]:
        for name in found:
            if not reader.fields[name].is_number:
                raise reader.source.error(
                    f"column {name!r}: expected numbers, one column for each class",
                    hint="name the class columns with {probs}",
                )
        if len(found) == 1:
            raise one_column(reader, *found)
    return tuple(found)


def _check_unnamed(reader: Reader, options: Parameters, numbers: Sequence[str]) -> None:
    """Refuse a csv file without names whose columns may not all be classes, if sums do not tell."""
    data = reader.head_values(numbers)
    is_whole = (np.isfinite(data) & (data % 1 == 0)).all(axis=0) & (len(data) > 0)
    whole = [name for name, yes in zip(numbers, is_whole, strict=True) if yes]
    if (options.logits or options.normalize) and 0 < len(whole) < len(numbers):
        problem = f"it has no names, and columns {', '.join(whole[:5])} hold whole numbers"
        raise _ambiguous(reader, f"{problem}: classes, or labels or ids?", ", from 0 on")


def _ambiguous(reader: Reader, problem: str, more: str = "") -> DataError:
    hint = "name the class columns with {probs}" + more
    if {"easiness", "log_easiness", "level"} <= set(reader.fields):
        problem = "it holds scores; pass the predictions that were scored"
        hint = f"or, if it holds probabilities too, {hint}"
    return reader.source.error(problem, hint=hint)


def _matrices(
    reader: Reader, options: Parameters, names: Sequence[str], has_groups: bool
) -> list[tuple[str, ...]]:
    """Return the matrix columns that may be the probabilities, by name or by rows that sum to 1."""
    usual = LOGITS_NAMES if options.logits else PROBS_NAMES
    known = [name for name in reader.called(usual) if name in names]
    if known or options.logits or options.normalize:
        return [(name,) for name in known or names]
    logits = [name for name in reader.called(LOGITS_NAMES) if name in names]
    if logits and len(logits) == len(names) and not has_groups:
        raise reader.source.error(
            f"it holds {logits[0]!r} and no probabilities",
            hint="pass {softmax} to take their softmax",
        )
    if len(names) == 1 and not has_groups:
        return [(names[0],)]  # the core explains what is wrong
    found: list[tuple[str, ...]] = []
    for name in names:
        with suppress(DataError):  # lists of any length, such as tokens
            head = reader.head_values([name])
            if not len(head) or _sums_to_one(head, 0.5):
                found.append((name,))
    return found


Group = tuple[str, ...]
Head = Callable[[Group], NDArray[np.float64]]
Check = Callable[[NDArray[np.float64]], bool]


def _first_rows(reader: Reader, names: Sequence[str]) -> Head:
    """Return a function that reads the first rows of a group of columns."""
    data, at = reader.head_values(names), {name: at for at, name in enumerate(names)}
    return lambda group: data[:, [at[name] for name in group]]


def _groups(reader: Reader, options: Parameters, names: Group) -> list[Group]:
    """Return all groups of columns that may be the probabilities, by the most certain criterion."""
    head = _first_rows(reader, names)
    by_affix = affixes(names)
    named = list(by_affix.values())
    if options.logits:
        found = _distinct(m for a, m in by_affix.items() if _is_called_logits(a, m, names))
        return _checked(reader, found, found, head)
    kinds = {name: reader.fields[name].kind for name in names}
    floats = tuple(name for name in names if kinds[name] in ("float", "any"))
    if not len(head(names)):
        return _distinct([group for group in named if set(group) <= set(floats)] or [floats])
    half, rounded = partial(_sums_to_one, share=0.5), partial(_sums_to_one, share=0.5, slack=0.05)
    found = _first([(_sums_to_one, named)], head)
    if found:
        # A group with a few bad rows still counts.
        others = _first([(half, named)], head)
        found += [m for m in others if not any(set(m) & set(each) for each in found)]
        return _checked(reader, found, named, head)
    unnamed = [group for group in (floats, names) if len(group) > 1]
    less_named = [_without_one(head(group), group) for group in _distinct(named)]
    less = [*less_named, *(_without_one(head(group), group) for group in unnamed)]
    attempts: list[tuple[Check, list[Group]]] = [
        (_sums_to_one, groups) for groups in [*([group] for group in unnamed), *less]
    ]
    if options.normalize:
        alike = [group for group in named if len({kinds[name] for name in group}) == 1]
        attempts += [
            (_is_constant, named), (rounded, named),
            *((_is_constant, groups) for groups in less_named),
            *((rounded, groups) for groups in less_named),
            (lambda data: bool((data >= 0).all()), alike),
            *((_is_constant, [group]) for group in unnamed),
            (rounded, unnamed),
        ]  # fmt: skip
    else:
        attempts += [(half, named), *((half, [group]) for group in unnamed)]
    found = _first(attempts, head)
    if found or options.normalize:
        return _checked(reader, found, named, head)
    # Not probabilities yet: the core refuses them and gives advice.
    return _first(
        [(rounded, named), (rounded, unnamed), (_is_constant, named), (_is_constant, unnamed[:1])],
        head,
    )


def _first(attempts: Iterable[tuple[Check, list[Group]]], head: Head) -> list[Group]:
    """Return the groups that pass a check, from the first attempt that has any."""
    found = (_distinct(m for m in groups if check(head(m))) for check, groups in attempts)
    return next(filter(None, found), [])


def _checked(reader: Reader, found: list[Group], named: Sequence[Group], head: Head) -> list[Group]:
    """Refuse groups with a column that may be something else, such as a total or a fold."""
    for group in found:
        data = head(group)
        at, what = _no_class(data), "depends on the others, or adds little to their sums"
        if at is None and not any(set(group) <= set(each) for each in named):
            idle = (data == (0 if _sums_to_one(data) else data[:1])).all(axis=0)
            if idle.any():
                at = int(idle.argmax())
                what = f"is {data[0, at]:g} in the first {len(data)} rows"
        if at is not None:
            raise _ambiguous(reader, f"column {group[at]!r} {what}: a class, or something else?")
    return found


def _distinct(groups: Iterable[Group]) -> list[Group]:
    """Drop groups that are part of another group, and duplicates."""
    sets = {frozenset(group): group for group in groups}
    return [group for key, group in sets.items() if not any(key < other for other in sets)]


def _is_called_logits(affix: str, members: Group, names: Group) -> bool:
    if affix == "":  # the columns 0, 1, 2, ..., and no others
        keys = {key_of(name) for name in members}
        return len(members) == len(names) and keys == set(range(len(members)))
    return affix.lower().strip("*").strip("_-. ([])") in LOGITS_NAMES


def _brief(names: Sequence[str]) -> str:
    if len(names) < 4:
        return ", ".join(map(repr, names))
    return f"{names[0]!r}, ..., {names[-1]!r} ({len(names)} columns)"


def _nothing(
    reader: Reader, options: Parameters, names: Sequence[str], matrices: Sequence[str]
) -> DataError:
    texts = [name for name, each in reader.fields.items() if each.kind == "text"]
    if not names and not matrices:
        problem = "no columns of numbers besides labels and ids; it has "
        others = [name for name, each in reader.fields.items() if each.kind == "other"]
        if others:
            hint = "save plain numbers, as with probs.astype(float)"
            return reader.source.error(
                f"{problem}neither real numbers nor text in {show(others)}", hint=hint
            )
        found = f"text in {show(texts)}" if texts else f"only {show(reader.fields)}"
        return reader.source.error(problem + found)
    groups = _distinct(affixes(names).values())
    if options.logits:
        problem = "no columns are named like logits"
    elif options.normalize:
        problem = "cannot tell which columns are the classes"
    else:
        problem = "no group of columns holds probabilities: their rows do not sum to 1"
    candidates = "; ".join(_brief(each) for each in groups[:5]) or show([*matrices, *names])
    return _ambiguous(reader, f"{problem}; it has {candidates}")


@np.errstate(all="ignore")
def _sums_to_one(data: NDArray[np.float64], share: float = 1.0, slack: float = 0.0) -> bool:
    """Whether at least this share of the rows are probabilities, within the core's tolerance."""
    if data.shape[1] < 2:
        return False
    # Numbers stored in half precision have few digits.
    is_half = (data == data.astype(np.float16)).all()
    tolerance = max(slack, ROW_SUM_TOLERANCE_HALF if is_half else ROW_SUM_TOLERANCE)
    close = np.abs(data.sum(axis=1) - 1.0) <= tolerance
    inside = ((data >= -1e-3) & (data <= 1.0 + 1e-3)).all(axis=1)
    return bool(np.mean(close & inside) >= share)


@np.errstate(all="ignore")
def _is_constant(data: NDArray[np.float64]) -> bool:
    """Whether all rows have the same sum, up to rounding, like percentages and votes."""
    if data.shape[1] < 2 or not np.isfinite(data).all() or (data < 0).any():
        return False
    total = data.sum(axis=1)
    off = np.abs(total / np.median(total) - 1)
    return bool(np.median(total) > 0 and (off <= min(0.1, 0.005 * data.shape[1])).all())


@np.errstate(all="ignore")
def _without_one(data: NDArray[np.float64], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the groups without one column whose rows have nearly the same sum."""
    if len(names) < 3:
        return []
    rest = data.sum(axis=1, keepdims=True) - data
    close = (np.abs(rest / np.median(rest, axis=0) - 1.0) <= 0.2).all(axis=0)
    return [(*names[:at], *names[at + 1 :]) for at in np.flatnonzero(close).tolist()]


@np.errstate(all="ignore")
def _no_class(data: NDArray[np.float64]) -> int | None:
    """Find a column that depends on the others, or without which the sums vary much less."""
    if data.shape[1] < 3 or len(data) < 2:
        return None
    total = data.sum(axis=1, keepdims=True)
    rest = total - data
    first, second = np.sort(data, axis=1)[:, [-1, -2]].T[:, :, None]
    is_largest = data == np.where(data == first, second, first)
    varying, varying_rest = (
        np.abs(sums / np.median(sums, axis=0) - 1).max(axis=0) for sums in (total, rest)
    )
    odd = np.isclose(rest, data).all(axis=0) & (abs(np.median(total) - 1) > 0.2)
    odd |= is_largest.all(axis=0) & (varying > 0.2)
    odd |= (varying_rest * 10 < varying) & (varying > 1e-5)
    found = np.flatnonzero(odd)
    return int(found[-1]) if found.size else None
