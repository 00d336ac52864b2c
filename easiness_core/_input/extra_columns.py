"""Find columns of a data frame that are not classes: an id, a fold, a label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core.class_names import affixes, own_parts
from easiness_core.errors import InputValueError

# Sums of rows count as equal if their relative difference is smaller: values may be rounded.
_SAME = 0.005


def refuse_whole_among_fractions(columns: Sequence[NDArray[Any]], names: Sequence[Any]) -> None:
    """Refuse a column of integers if the other columns, floats, have the same sum in all rows."""
    whole = [each.dtype.kind in "iub" for each in columns]
    floats = [each for each, is_whole in zip(columns, whole, strict=True) if not is_whole]
    if not any(whole) or len(floats) < 2 or len(floats[0]) < 2 or _share_an_affix(names):
        return
    if _are_constant(np.sum(floats, axis=0, dtype=np.float64), len(floats)):
        raise _error(names[whole.index(True)], "it holds whole numbers, and without it all rows "
                     "have the same sum", "float")  # fmt: skip


def refuse_extra_count(array: NDArray[Any], names: Sequence[Any]) -> None:
    """Refuse a column among counts or percentages that stands out by its name or values.

    Without it all rows have the same sum; or all the others share a prefix or suffix, and it
    numbers the rows.
    """
    n_rows, n_classes = array.shape
    if n_rows < 3 or n_classes < 3 or _share_an_affix(names):
        return
    wide = array.astype(np.float64)
    with np.errstate(all="ignore"):
        total = wide.sum(axis=1)
        for at, name in enumerate(names):
            rest = total - wide[:, at]
            if _are_constant(rest, n_classes - 1) and not _are_constant(total, n_classes):
                raise _error(name, "without it, all rows have the same sum", "names")
            others = [other for other in names if other is not name]
            if _share_an_affix(others) and _are_ids(wide[:, at]):
                raise _error(name, "the others share a part of their names, and it holds another "
                             "whole number in each row", "names")  # fmt: skip


def only_classes(names: Sequence[Any], kinds: Sequence[str]) -> str:
    """Return a hint on how to leave out a column that is not a class."""
    numbers = [name for name, kind in zip(names, kinds, strict=True) if kind in "fiub"]
    groups = affixes([name for name in numbers if isinstance(name, str)])
    affix, members = max(groups.items(), key=lambda each: len(each[1]), default=("", ()))
    if affix and 1 < len(members) < len(names):
        pattern = re.escape(affix.strip("*"))
        pattern = f"^{pattern}" if affix.endswith("*") else f"{pattern}$"
        how = f"{{argument}}.filter(regex={quoted(pattern)})"
    else:
        floats = [name for name, kind in zip(names, kinds, strict=True) if kind == "f"]
        shown = [quoted(name) for name in (floats if len(floats) > 1 else numbers)]
        more = ", ..." if len(shown) > 5 else ""
        how = f"{{argument}}[[{', '.join(shown[:5])}{more}]]"
    return f"pass only the columns of the classes, such as {how}"


def quoted(name: Any) -> str:
    """Return a name as code for a hint, where braces are placeholders."""
    return repr(name).replace("{", "{{").replace("}", "}}")


def _share_an_affix(names: Sequence[Any]) -> bool:
    return len(own_parts(names)) > 1


def _are_ids(values: NDArray[np.float64]) -> bool:
    """Whether whole numbers are all distinct, and too many for chance, or in order."""
    whole, n_rows = bool((values % 1 == 0).all()), len(values)
    in_order = n_rows > 3 and bool((np.diff(values) > 0).all())
    return whole and (in_order or (n_rows > 9 and len(np.unique(values)) == n_rows))


def _are_constant(total: NDArray[np.float64], n_columns: int) -> bool:
    middle = float(np.median(total))
    off = np.abs(total - middle) <= _SAME * max(1, n_columns) * middle
    return middle > 0 and bool(off.all())


def _error(name: Any, why: str, mend: str) -> InputValueError:
    hint = "if it is a class, make all columns floats" if mend == "float" else (
        "if it is a class, give all class columns one prefix, such as prob_"
    )  # fmt: skip
    return InputValueError(
        f"column {name!r} is not a class: {why}", argument="probs", hint=f"leave it out; {hint}"
    )
