"""Tables of results for pandas, polars and Arrow, each imported only when asked for."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._input.frames import is_missing

LEVELS = ("hard", "medium", "easy")
# Types that Arrow and polars have too.
_KINDS = (str, bytes, bool, int, float, Decimal, datetime, date, time, timedelta)


@dataclass(frozen=True)
class Words:
    """A column of words, stored as numbers."""

    codes: NDArray[np.integer[Any]]
    names: tuple[Any, ...]
    ordered: bool = False

    @property
    def are_numbers(self) -> bool:
        """Whether the names are numbers, which fit in a plain column."""
        return np.asarray(self.names).dtype.kind in "iufb"

    def values(self) -> NDArray[Any]:
        """Return the name for each row."""
        values: NDArray[Any] = np.asarray(self.names)[self.codes]
        return values

    def texts(self) -> list[str]:
        """Return the names as text."""
        return [str(name) for name in self.names]


def level_words(level: NDArray[np.uint8]) -> Words:
    """Levels as ordered words."""
    return Words((level >> 1).astype(np.int8), LEVELS, ordered=True)


def class_words(codes: NDArray[np.int64], classes: tuple[Any, ...] | None) -> Any:
    """Classes by name, or by number if they have no names."""
    return codes if classes is None else Words(codes, classes)


class Table(ABC):
    """Columns that can be returned as a pandas or polars data frame, or as an Arrow table."""

    @abstractmethod
    def _columns(self) -> Mapping[str, Any]:
        """Columns by name: arrays, or `Words`."""

    def _take_index(self, columns: dict[str, Any]) -> Any:
        """Remove the columns that become the pandas index; return this index, or None."""
        return None

    def to_pandas(self) -> Any:
        """Return the columns as a pandas DataFrame, with levels and classes as categories.

        Returns
        -------
        pandas.DataFrame
            Levels are ordered: hard < medium < easy. With one row per sample, the index is that of
            the pandas data given (unnamed if a column has its name), or else the row numbers.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49]], [0, 0], ids=["a", "b"])
        >>> scores.to_pandas()[["id", "level"]]
          id   level
        0  a    easy
        1  b  medium
        """
        pd = _imported("pandas", "to_pandas")
        columns = dict(self._columns())
        index = self._take_index(columns)
        for name, each in columns.items():
            if isinstance(each, Words):
                names = list(each.names)
                columns[name] = pd.Categorical.from_codes(each.codes, names, ordered=each.ordered)
        frame = pd.DataFrame(columns, index=index)
        # With a name that a column has too, reset_index, groupby and sort_values fail.
        names = [None if name in columns else name for name in frame.index.names]
        frame.index = frame.index.set_names(names)
        return frame

    def to_polars(self) -> Any:
        """Return the columns as a polars DataFrame, with levels and classes as an Enum.

        Returns
        -------
        polars.DataFrame
            Levels are ordered: hard < medium < easy.

        Raises
        ------
        ImportError
            If polars is not installed.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49]], [0, 0])
        >>> scores.to_polars()["level"].to_list()
        ['easy', 'medium']
        """
        pl = _imported("polars", "to_polars")

        def column(each: Any) -> Any:
            if not isinstance(each, Words):
                values, is_text = _plain(each)
                return pl.Series(values, dtype=pl.String if is_text else None)
            if each.are_numbers:
                return pl.Series(each.values())
            texts = each.texts()
            return pl.Series(texts).gather(each.codes).cast(pl.Enum(texts))

        return pl.DataFrame({name: column(each) for name, each in self._columns().items()})

    def to_arrow(self) -> Any:
        """Return the columns as a pyarrow Table, with levels and classes as dictionaries.

        Returns
        -------
        pyarrow.Table
            Levels are ordered: hard < medium < easy.

        Raises
        ------
        ImportError
            If pyarrow is not installed.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.51, 0.49]], [0, 0])
        >>> scores.to_arrow()["level"].to_pylist()
        ['easy', 'medium']
        """
        pa = _imported("pyarrow", "to_arrow")

        def column(each: Any) -> Any:
            if not isinstance(each, Words):
                values, is_text = _plain(each)
                return pa.array(values, pa.string() if is_text else None)
            if each.are_numbers:
                return pa.array(each.values())
            names = pa.array(each.texts(), pa.string())
            codes = pa.array(each.codes.astype(np.int32))
            return pa.DictionaryArray.from_arrays(codes, names, ordered=each.ordered)

        return pa.table({name: column(each) for name, each in self._columns().items()})


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SampleTable(Table):
    """A table with one row per sample, and the names of samples and classes.

    Attributes
    ----------
    labels : ndarray of int64
        Given class of each sample, as a column number.
    classes : tuple or None
        Class names in column order; None if classes are numbers from 0.
    """

    labels: NDArray[np.int64]
    classes: tuple[Any, ...] | None = None
    _ids: NDArray[Any] | None = None
    _index: Any = None  # of pandas
    _rows: range | NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return int(self.labels.size)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each sample in the data that was scored, counted from `first_row`."""
        rows = range(len(self)) if self._rows is None else self._rows
        if isinstance(rows, range):
            return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
        return rows

    @property
    def ids(self) -> NDArray[Any] | None:
        """Sample ids: those given, or else the pandas index, or else None."""
        return self._ids_of(slice(None))

    @property
    def _has_ids(self) -> bool:
        return self._ids is not None or self._index is not None

    def _ids_of(self, which: Any) -> NDArray[Any] | None:
        """As `ids`, for some samples."""
        values: NDArray[Any]
        if self._ids is not None:
            values = self._ids[which]
            return values
        if self._index is None:
            return None
        index = self._index[which]
        # With missing values among them, whole numbers would become floats and lose digits.
        whole = index.dtype.kind in "iu" and index.hasnans
        values = index.to_numpy(dtype=object) if whole else index.to_numpy()
        return values

    def _names_of(self, which: Any) -> Any:
        """Return the ids of some samples, or their rows if they have none."""
        ids = self._ids_of(which)
        return self.rows[which] if ids is None else ids

    def _named(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Columns that say which samples these are, and the others after them."""
        ids = self.ids
        return {"index": self.rows, **({} if ids is None else {"id": ids}), **columns}

    def _take_index(self, columns: dict[str, Any]) -> Any:
        del columns["index"]
        if self._index is None:
            return range(len(self)) if self._rows is None else self._rows
        if self._ids is None:
            del columns["id"]
        return self._index


def _plain(values: NDArray[Any]) -> tuple[Any, bool]:
    """Values of a type that Arrow and polars have, and whether they are text.

    Mixed objects become text, and so do types that these lack: the tuples of a MultiIndex,
    periods, paths, UUIDs.
    """
    if values.dtype != object:
        return values, False
    plain = [None if is_missing(value) else value for value in values.tolist()]
    plain = [value.item() if isinstance(value, np.generic) else value for value in plain]
    kinds = {
        next((kind for kind in _KINDS if isinstance(value, kind)), object)
        for value in plain if value is not None
    }  # fmt: skip
    if len(kinds) == 1 and not kinds & {str, object}:
        return plain, False
    return [None if value is None else str(value) for value in plain], True


def _imported(name: str, method: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{method} needs {name}: pip install {name}") from error
