"""Sums of each sample, found by its id, and the log of all measurements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import count, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_aum._input import Id, ids_as_array
from easiness_aum.values import AUMValues

# Easiness is added up as whole numbers of this unit, so that merging is exact; 2^63 of them hold
# two million measurements of easiness 1.
UNIT = 2.0**-42


@dataclass(eq=False)
class Sums:
    """One row per sample: its label, number of measurements, and sums over them.

    `probs` has a column for each class, or no columns if probabilities are not kept.
    """

    label: NDArray[np.int64]
    count: NDArray[np.int64]
    margin: NDArray[np.float64]
    easiness: NDArray[np.int64]
    rival: NDArray[np.int64]
    probs: NDArray[np.int64]

    @classmethod
    def zeros(cls, size: int, n_classes: int = 0) -> Sums:
        whole = [np.zeros(size, dtype=np.int64) for _ in range(4)]
        probs = np.zeros((size, n_classes), dtype=np.int64)
        return cls(whole[0], whole[1], np.zeros(size), whole[2], whole[3], probs)

    def columns(self) -> Iterable[tuple[str, NDArray[Any]]]:
        return ((field.name, getattr(self, field.name)) for field in fields(self))

    def first(self, size: int) -> Sums:
        """View the first rows."""
        return Sums(**{name: column[:size] for name, column in self.columns()})


@dataclass(eq=False)
class Log:
    """Measurements in the order in which they were added; `row` is the sample's."""

    row: NDArray[np.int64]
    target: NDArray[np.int64]
    target_value: NDArray[np.float64]
    other: NDArray[np.int64]
    other_value: NDArray[np.float64]
    margin: NDArray[np.float64]

    @classmethod
    def join(cls, parts: list[Log]) -> Log:
        if not parts:
            whole, real = np.empty(0, dtype=np.int64), np.empty(0)
            return cls(whole, whole, real, whole, real, real)
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def moved(self, row: NDArray[np.int64]) -> Log:
        """Return the same measurements for samples in other rows."""
        return replace(self, row=row[self.row])

    def running(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Count the measurements of each sample, and return the mean margin up to each."""
        order = np.argsort(self.row, kind="stable")
        row = self.row[order]
        starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if row.size else row
        lengths = np.diff(np.r_[starts, row.size])
        number = np.empty(row.size, dtype=np.int64)
        mean = np.empty(row.size)
        number[order] = np.arange(row.size) - np.repeat(starts, lengths)
        total = np.zeros(int(row.max()) + 1 if row.size else 0)
        # In the order of the measurements, like the sums of the table: bit-identical.
        for nth in range(int(lengths.max()) if lengths.size else 0):
            now = order[(starts + nth)[lengths > nth]]
            total[self.row[now]] += self.margin[now]
            mean[now] = total[self.row[now]] / (nth + 1)
        return number + 1, mean


class Table:
    """Growing arrays of sums, in the order of the first measurement of each id."""

    def __init__(self) -> None:
        self.index: dict[Id, int] = {}
        self._sums = Sums.zeros(0)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def ids(self) -> list[Id]:
        return list(self.index)

    @property
    def sums(self) -> Sums:
        return self._sums.first(len(self))

    def find(self, ids: list[Id]) -> NDArray[np.int64]:
        """Return the row of each id; new ids get the rows that `enter` will give them."""
        index = self.index
        row = np.fromiter(map(index.get, ids, repeat(-1)), np.int64, len(ids))
        new = np.flatnonzero(row < 0)
        if new.size:
            names = [ids[position] for position in new.tolist()]
            fresh = dict(zip(dict.fromkeys(names), count(len(index)), strict=False))
            row[new] = np.fromiter(map(fresh.__getitem__, names), np.int64, new.size)
        return row

    def enter(self, ids: list[Id], row: NDArray[np.int64], label: NDArray[np.int64]) -> None:
        """Add rows for new ids, with their labels."""
        known = len(self)
        new = np.flatnonzero(row >= known)
        if not new.size:
            return
        names = (ids[position] for position in new.tolist())
        self.index.update(zip(names, row[new].tolist(), strict=True))
        if len(self) > len(self._sums.label):
            grown = Sums.zeros(max(1024, 2 * len(self)), self.n_classes)
            for name, column in self._sums.columns():
                getattr(grown, name)[:known] = column[:known]
            self._sums = grown
        self._sums.label[row[new]] = label[new]

    @property
    def n_classes(self) -> int:
        """Number of classes whose probabilities are kept; 0 if none are, or none so far."""
        return int(self._sums.probs.shape[1])

    def keep_probs(self, n_classes: int) -> None:
        """Make room for the probabilities of this number of classes.

        Raises
        ------
        ValueError
            If earlier probabilities had another number of classes.
        """
        if self.n_classes not in (0, n_classes):
            raise ValueError(
                f"logits: expected {self.n_classes} columns as before, got {n_classes}"
            )
        if not self.n_classes:
            self._sums.probs = np.zeros((len(self._sums.label), n_classes), dtype=np.int64)

    def add(self, other: Table, row: NDArray[np.int64]) -> None:
        """Add the sums of another table, whose samples are in `row` of this one."""
        self.enter(other.ids, row, other.sums.label)
        for name, column in other.sums.columns():
            # A table without measurements has no columns of probabilities.
            if name != "label" and len(other):
                getattr(self._sums, name)[row] += column

    def means(
        self, ids: list[Id], *, aum: NDArray[np.float64] | None, easiness: bool, probs: bool
    ) -> AUMValues:
        """Means of some samples; `aum`, if given, holds that of all samples as read from a file."""
        unknown = [each for each in ids if each not in self.index]
        if unknown:
            raise ValueError(
                f"ids: {len(unknown)} of {len(ids)} have no measurements; the first is "
                f"{unknown[0]!r}; pass ids that were passed to update"
            )
        row = self.find(ids)
        sums = self.sums
        measured = sums.count[row]
        return AUMValues(
            ids=ids_as_array(ids),
            labels=sums.label[row],
            count=measured,
            aum=sums.margin[row] / measured if aum is None else aum[row],
            easiness=sums.easiness[row] * UNIT / measured if easiness else None,
            rival_easiness=sums.rival[row] * UNIT / measured if easiness else None,
            probs=sums.probs[row] * UNIT / measured[:, None] if probs else None,
        )

    def changed_label(
        self, ids: list[Id], row: NDArray[np.int64], label: NDArray[np.int64]
    ) -> tuple[int, Id, int, int] | None:
        """Count rows whose label has changed; return the first one's id, old and new label."""
        old = label.copy()
        known = row < len(self)
        old[known] = self._sums.label[row[known]]
        if not known.all():
            # The first label of a new id in this batch.
            _, first, which = np.unique(row[~known], return_index=True, return_inverse=True)
            old[~known] = label[~known][first][which]
        changed = np.flatnonzero(old != label)
        if not changed.size:
            return None
        first_row = int(changed[0])
        return changed.size, ids[first_row], int(old[first_row]), int(label[first_row])
