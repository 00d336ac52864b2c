"""The two files of the package `aum`, byte for byte."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_aum._csv_check import check_records
from easiness_aum._input import Id, ids_as_array
from easiness_aum._table import Log

VALUES = ["sample_id", "aum"]
RECORDS = ["sample_id", "num_measurements", "target_logit", "target_val", "other_logit",
           "other_val", "margin", "aum"]  # fmt: skip
WHOLE = ("num_measurements", "target_logit", "other_logit")


def write_values(folder: str | os.PathLike[str], ids: list[Id], aum: NDArray[np.float64]) -> None:
    """Write samples and AUM, highest first."""
    # pandas sorts descending by turning the column around twice; so ties come out as there.
    order = (len(ids) - 1 - np.argsort(aum[::-1]))[::-1]
    rows = ((ids[k], value) for k, value in zip(order.tolist(), aum[order].tolist(), strict=True))
    _write(Path(folder) / "aum_values.csv", VALUES, rows)


def write_records(folder: str | os.PathLike[str], ids: list[Id], log: Log) -> None:
    """Write every measurement, by sample and number."""
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
        # pandas ends lines as the system does.
        with open(new, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator=os.linesep)
            writer.writerow(header)
            writer.writerows(rows)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> tuple[str, list[Id], list[NDArray[Any]]]:
    """Which of the two files it is, its ids, and its columns (of records those of `Log`).

    A byte order mark and empty last lines, as spreadsheets and editors leave them, are passed over.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        try:
            lines = list(csv.reader(file))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(
                f"{os.fspath(path)}: expected a csv file in UTF-8, got one that cannot be read as "
                f"such: {error}"
            ) from error
    while lines and not "".join(lines[-1]).strip():
        lines.pop()
    header = lines[0] if lines else []
    if header not in (VALUES, RECORDS):
        raise ValueError(
            f"{os.fspath(path)}: expected the header of aum_values.csv or full_aum_records.csv, "
            f"got {','.join(header)[:80]!r}"
        )
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise ValueError(
                f"{os.fspath(path)}: expected {len(header)} fields, got {len(line)} in line "
                f"{number}; the file is not whole"
            )
    fields = list(zip(*lines[1:], strict=True)) or [()] * len(header)
    ids = _ids(list(fields[0]))
    if header == VALUES:
        return "values", ids, [_numbers(path, fields[1], "aum", np.float64)]
    columns = [
        _numbers(path, texts, name, np.int64 if name in WHOLE else np.float64)
        for name, texts in zip(RECORDS[1:], fields[1:], strict=True)
    ]
    check_records(os.fspath(path), ids, dict(zip(RECORDS[1:], columns, strict=True)))
    return "records", ids, columns[1:6]


def _ids(texts: list[str]) -> list[Id]:
    """Whole numbers of 64 bits where all of them are written as such."""
    try:
        numbers = [int(text) for text in texts]
    except ValueError:
        return list(texts)
    # Larger ones stay text: an array would round them, and different ids would become equal.
    held = all(-(2**63) <= each < 2**63 for each in numbers)
    return list(numbers) if held and [str(each) for each in numbers] == texts else list(texts)


def _numbers(
    path: str | os.PathLike[str], texts: tuple[str, ...], name: str, dtype: Any
) -> NDArray[Any]:
    try:
        numbers = np.array([dtype(text) for text in texts], dtype=dtype)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: column {name}: {error}") from error
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise ValueError(
            f"{os.fspath(path)}: column {name}: expected finite numbers, got "
            f"{texts[int(bad[0])]!r} in line {int(bad[0]) + 2} (a NaN logit reached the package "
            f"aum); drop those lines"
        )
    return numbers
