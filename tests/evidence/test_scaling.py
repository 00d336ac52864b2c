"""scaling/measure.py times workers whose scores are equal to the core's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scaling import measure, workers

import easiness_core as ec


def test_shards_are_different_rows_of_the_size_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shards that are longer than the piece that they are cut from.
    monkeypatch.setattr(measure, "PIECE", 10_000)
    probs, labels, summary = workers.write_shards(tmp_path, measure.piece, 96_000)
    parts = [np.load(path) for path in probs]
    assert [part.shape for part in parts] == [(120, 100)] * 8
    assert len({part.tobytes() for part in parts}) == 8
    given = np.concatenate([np.load(path) for path in labels])
    assert ec.score(np.concatenate(parts), given).summary == summary


def test_workers_are_compared_on_equal_scores(tmp_path: Path) -> None:
    forgotten: list[str] = []
    found = workers.measure_workers(
        tmp_path, [1, 2], measure.piece, 80_000, forgotten.extend, repeats=1
    )
    assert [(row["workers"], row["rows"]) for row in found] == [(1, 800), (2, 800)]
    assert len(forgotten) == 2 * 16
    assert all(row["wall_s"] > 0 for row in found)
    assert not (tmp_path / "out").exists()


def test_scores_that_are_not_equal_end_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = workers.write_shards

    def other(*args: Any) -> Any:
        probs, labels, summary = original(*args)
        np.save(labels[3], (np.load(labels[3]) + 1) % 100)
        return probs, labels, summary

    monkeypatch.setattr(workers, "write_shards", other)
    with pytest.raises(AssertionError):
        workers.measure_workers(tmp_path, [1], measure.piece, 80_000, lambda _: None, repeats=1)


def test_the_page_has_both_tables() -> None:
    row = dict.fromkeys(measure.FIELDS, "1") | {"what": "shard", "format": "npy"}
    rows = [{**row, "classes": n, "elements": "1000000"} for n in ("10", "100", "1000")]
    compared = [{"workers": count, "rows": 10, "wall_s": 1.0} for count in (1, 2)]
    text = measure.tables(rows, 0.01, compared, "The driver checks much.")
    assert "a fixed cost of 10.0 ms. The driver checks much. easiness_core" in text
    assert "| 1000 | 1,024 |" in text
    assert "| 2 | 10 | 1 | 1e-05 | 1.00 |" in text
    assert "Dask" not in measure.tables(rows, 0.01, [], "")


def test_the_driver_is_timed(tmp_path: Path) -> None:
    told = workers.measure_driver(tmp_path, 1000)
    numbers = re.findall(r"[\d.]+(?= (?:million|within))", told)
    assert len(numbers) == 3
    assert all(float(number) >= 0 for number in numbers)


def test_rates_are_multiples_of_the_first() -> None:
    rows = [{"workers": 1, "rows": 1000, "wall_s": 2.0}, {"workers": 2, "rows": 1000, "wall_s": 1}]
    lines = workers.workers_table(rows)
    assert lines[-2:] == [
        "| 1 | 1,000 | 2 | 0.0005 | 1.00 |",
        "| 2 | 1,000 | 1 | 0.001 | 2.00 |",
    ]
