"""A checked matrix of probabilities, read block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import BLOCK_ELEMENTS, CONVERTED_BLOCK_ELEMENTS
from easiness_core._convert import widen


@dataclass(slots=True)
class Probs:
    """A checked (n_samples, n_classes) array that is read block by block.

    `dtype` is what kernels see: float32 or float64. Blocks are views where the array has that
    dtype already and its rows are contiguous, converted copies where not.
    """

    array: NDArray[Any]
    dtype: np.dtype[Any]
    row_sum_tolerance: float
    negative_tolerance: float
    normalize: bool

    @property
    def n_rows(self) -> int:
        return int(self.array.shape[0])

    @property
    def n_classes(self) -> int:
        return int(self.array.shape[1])

    @property
    def is_view(self) -> bool:
        flags = self.array.flags
        return (
            flags.c_contiguous
            and flags.aligned
            and not self.normalize
            and self.array.dtype == self.dtype
        )

    @property
    def block_rows(self) -> int:
        elements = BLOCK_ELEMENTS if self.is_view else CONVERTED_BLOCK_ELEMENTS
        return max(1, elements // self.n_classes)

    def block(self, start: int, stop: int) -> NDArray[Any]:
        rows = self.array[start:stop]
        if not self.is_view:
            rows = self._converted(rows)
        # Kernels are compiled for read-only arrays alone: one version serves memory maps too.
        rows.flags.writeable = False
        return rows

    def _converted(self, rows: NDArray[Any]) -> NDArray[Any]:
        rows = widen(rows, self.dtype).copy()
        if self.normalize:
            with np.errstate(invalid="ignore", over="ignore"):
                total = rows.sum(axis=1, keepdims=True)
            # Rows that no division can mend stay as they are: their sums tell them as bad.
            np.divide(rows, total, out=rows, where=np.isfinite(total) & (total > 0.0))
        return rows

    def columns(self) -> Iterator[NDArray[np.float64]]:
        """Columns as float64, one at a time."""
        wide = np.dtype(np.float64)
        total = np.ones(self.n_rows)
        if self.normalize:
            for start in range(0, self.n_rows, self.block_rows):
                rows = widen(self.array[start : start + self.block_rows], wide)
                total[start : start + self.block_rows] = rows.sum(axis=1)
            # No division mends these; a negative sum would turn the order around.
            total[~(total > 0.0)] = np.nan
        for index in range(self.n_classes):
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                yield widen(self.array[:, index], wide) / total

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        for start in range(0, self.n_rows, self.block_rows):
            yield start, self.block(start, start + self.block_rows)
