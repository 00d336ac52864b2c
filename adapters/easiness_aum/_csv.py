"""Read and write the two files of the package `aum`, byte for byte."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_aum._input import Id, ids_as_array
from easiness_aum._table import Log

VALUES = ["sample_id", "aum"]
RECORDS = ["sample_id", "num_measurements", "target_logit", "target_val", "other_logit",
           "other_val", "margin", "aum"]  # fmt: skip
LINES_AT_ONCE = 4096
WHOLE = ("num_measurements", "target_logit", "other_logit")


def write_values(folder: str | os.PathLike[str], ids: list[Id], aum: NDArray[np.float64]) -> None:
    """Write samples and their AUM, highest first."""
    # pandas sorts descending by reversing the column twice; this gives ties the same order.
    order = (len(ids) - 1 - np.argsort(aum[::-1]))[::-1]
    rows = ((ids[k], value) for k, value in zip(order.tolist(), aum[order].tolist(), strict=True))
    _write(Path(folder) / "aum_values.csv", VALUES, rows)


def write_records(folder: str | os.PathLike[str], ids: list[Id], log: Log) -> None:
    """Write every measurement, sorted by sample and number."""
    number, mean = log.running()
    names = ids_as_array(ids)
    _, rank = np.unique(names, return_inverse=True)
    order = np.lexsort([number, rank[log.row]])
    columns = (number, log.target, log.target_value, log.other, log.other_value, log.margin, mean)
    lists = [column[order].tolist() for column in columns]
    samples = [ids[row] for row in log.row[order].tolist()]
    _write(Path(folder) / "full_aum_records.csv", RECORDS, zip(samples, *lists, strict=True))


def _write(path: Path, header: list[str], rows: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        # pandas uses the line ends of the system.
        with open(new, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator=os.linesep)
            writer.writerow(header)
            writer.writerows(rows)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> tuple[str, list[Id], list[NDArray[Any]]]:
    """Return the kind of file, its ids and its other columns.

    A byte order mark and empty last lines are ignored: spreadsheets and editors write them.
    """
    name = os.fspath(path)
    with open(path, newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.reader(file)
            header = next(reader, [])
            if header not in (VALUES, RECORDS):
                raise ValueError(
                    f"{name}: expected the header of aum_values.csv or full_aum_records.csv, got "
                    f"{','.join(header)[:80]!r}"
                )
            ids, columns = _read_lines(name, reader, header)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(
                f"{name}: expected a csv file in UTF-8, got one that cannot be read as such: "
                f"{error}"
            ) from error
    for column, numbers in zip(header[1:], columns, strict=True):
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            raise ValueError(
                f"{name}: column {column}: expected finite numbers, got "
                f"{str(numbers[bad[0]])!r} in line {int(bad[0]) + 2} (a NaN logit reached the "
                f"package aum); drop those lines"
            )
    return "values" if header == VALUES else "records", ids, columns


def _read_lines(
    name: str, reader: Iterator[list[str]], header: list[str]
) -> tuple[list[Id], list[NDArray[Any]]]:
    """Read ids and columns a few thousand lines at a time, so that the text stays in cache."""
    ids = _Ids()
    types = [np.int64 if column in WHOLE else np.float64 for column in header[1:]]
    parts: list[list[NDArray[Any]]] = [[np.empty(0, dtype=each)] for each in types]
    n_lines, n_empty = 1, 0
    while lines := list(islice(reader, LINES_AT_ONCE)):
        full = len(lines)
        while full and not "".join(lines[full - 1]).strip():
            full -= 1
        # Empty lines are skipped only at the end.
        wrong = n_empty and full
        if wrong or not set(map(len, lines[:full])) <= {len(header)}:
            at = 0 if wrong else next(k for k, r in enumerate(lines) if len(r) != len(header))
            raise ValueError(
                f"{name}: expected {len(header)} fields, got {0 if wrong else len(lines[at])} in "
                f"line {n_lines + at + 1 - n_empty * bool(wrong)}; the file is incomplete"
            )
        n_empty += len(lines) - full
        n_lines += len(lines)
        for texts, column, kind, part in zip(
            list(zip(*lines[:full], strict=True))[1:], header[1:], types, parts, strict=False
        ):
            part.append(_numbers(name, texts, column, kind))
        ids.add([line[0] for line in lines[:full]])
    return ids.found, [np.concatenate(part) for part in parts]


class _Ids:
    """Collects ids: 64-bit integers if all are written as such, or else text."""

    def __init__(self) -> None:
        self.found: list[Id] = []
        self._whole = True

    def add(self, texts: list[str]) -> None:
        if self._whole:
            numbers = _whole_numbers(texts)
            if numbers is not None:
                self.found += numbers
                return
            self._whole = False
            # The numbers so far were written in exactly this form.
            self.found = list(map(str, self.found))
        self.found += texts


def _whole_numbers(texts: list[str]) -> list[int] | None:
    try:
        numbers = list(map(int, texts))
    except ValueError:
        return None
    # Larger ones stay text: an array would round them, and different ids would become equal.
    held = not numbers or (min(numbers) >= -(2**63) and max(numbers) < 2**63)
    return numbers if held and list(map(str, numbers)) == texts else None


def _numbers(name: str, texts: tuple[str, ...], column: str, dtype: Any) -> NDArray[Any]:
    try:
        # Python numbers: creating NumPy numbers is five times as slow.
        return np.fromiter(map(int if dtype is np.int64 else float, texts), dtype, len(texts))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: column {column}: {error}") from error
