"""Explain what is wrong with rows that a kernel refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import ROW_SUM_TOLERANCE, ROW_SUM_TOLERANCE_HALF
from easiness_core._input.frames import Names
from easiness_core._input.probs import Probs
from easiness_core.errors import InputValueError


def explain_bad_rows(probs: Probs, *, first_row: int = 0) -> InputValueError:
    """Read `probs` again and report the rows that are bad in the same way as the first bad row."""
    kinds = (
        ("contain NaN", "drop or impute these rows"),
        ("contain infinity", "drop or impute these rows"),
        ("contain values below 0", "if these are logits, pass {softmax}"),
        ("contain values above 1", ""),
        (f"do not sum to 1 within {probs.row_sum_tolerance:g}", ""),
    )  # fmt: skip
    counts = np.zeros(len(kinds), dtype=np.int64)
    first: tuple[int, int, float] | None = None
    advice = ""
    for start, rows in probs.blocks():
        kind, shown = _kind_of_bad(rows, probs)
        counts += np.bincount(kind[kind >= 0], minlength=len(kinds))
        if first is None and (kind >= 0).any():
            row = int(np.flatnonzero(kind >= 0)[0])
            first = (int(kind[row]), start + row, float(shown[row]))
            advice = _advice(rows, kind, probs.names)
    if first is None:
        return InputValueError("changed while being scored", argument="probs", hint="pass a copy")
    which, row, value = first
    what, hint = kinds[which] if which < 3 else (kinds[which][0], advice)
    row += first_row
    evidence = f" ({'sum' if which == 4 else 'value'} {value:.9g})"
    if which == 4 and probs.normalize:
        what, hint, evidence = "sum to 0 or overflow, and cannot be normalized", "", ""
    return InputValueError(
        f"{counts[which]} of {probs.n_rows} rows {what}; the first is row {row}{evidence}",
        argument="probs",
        hint=hint or None,
        row=row,
    )


def _advice(rows: NDArray[Any], kind: NDArray[np.int64], names: Names) -> str:
    """Advise on rows that have no negative values but do not sum to 1."""
    wide = rows.astype(np.float64)
    sound = wide[(np.abs(wide) < 1e300).all(axis=1)]
    total, n_classes = sound.sum(axis=1), sound.shape[1]
    for decimals in (1, 2, 3, 4) if len(sound) else ():
        off = np.abs(total - 1.0) <= 0.51 * n_classes * 10.0**-decimals
        if np.allclose(sound, sound.round(decimals), rtol=0, atol=1e-9) and off.all():
            return f"they look rounded to {decimals} decimals: pass {{normalize}}"
    if (np.abs(wide[kind >= 3].sum(axis=1) - 1.0) <= ROW_SUM_TOLERANCE_HALF).all():
        return "their sums are off by rounding: pass {normalize}"
    if not sound.any() or np.mean(kind >= 3) <= 0.5:
        return "check these rows"
    middle = float(np.median(total))
    is_constant = (np.abs(total - middle) <= 0.005 * n_classes * middle).all()
    if middle > 0 and (sound >= 0).all() and (is_constant or (sound % 1 == 0).all()):
        return "if they are counts, votes or percentages, pass {normalize}"
    rest = np.abs(total[:, None] - sound - 1.0) <= ROW_SUM_TOLERANCE
    alone = np.flatnonzero(rest.all(axis=0))
    if n_classes > 2 and alone.size:
        column = alone[0] if names is None else repr(names[alone[0]])
        return f"column {column} is not a class: without it, rows sum to 1; leave it out"
    if ((sound >= 0) & (sound <= 1)).all():  # these cannot be logits
        return "if they are one-vs-rest scores, pass {normalize} to divide each row by its sum"
    return "if these are logits, pass {softmax}"


def _kind_of_bad(rows: NDArray[Any], probs: Probs) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Kind of fault of each row, in the order above (-1: none), and the value that shows it."""
    wide = rows.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        total = wide.sum(axis=1)
        low = wide.min(axis=1)
        high = wide.max(axis=1)
    conditions = [
        np.isnan(wide).any(axis=1),
        np.isinf(wide).any(axis=1),
        low < -probs.negative_tolerance,
        (high > 1.0 + probs.row_sum_tolerance) & (not probs.normalize),
        # Slightly stricter than the kernels, which add in another order: no bad row is missed.
        ~(np.abs(total - 1.0) <= probs.row_sum_tolerance - 1e-13),
    ]
    kind = np.select(conditions, list(range(5)), default=-1)
    infinite = np.where(np.isinf(high), high, low)
    shown = np.select(conditions, [low, infinite, low, high, total], default=0.0)
    return kind.astype(np.int64), shown
