"""What it takes to compare ids, and to write npz files: what is said, and what is counted."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import _ids_check
from easiness_cli._errors import CommandError
from easiness_cli._ids import check_same_ids
from easiness_cli._ids_check import check_unique
from easiness_cli._read import Inputs
from easiness_cli._source import Source
from easiness_cli._write_scores import WRITERS
from easiness_cli._write_stream import SINKS
from numpy.typing import NDArray

import easiness_core as ec

N, STEP = 100_000, 1024
ROOM = 1.1


class Made:
    """Every so many ids, from `at` on; their number is known or not."""

    def __init__(self, at: int, n_shards: int, write: Callable[[Any], Any], known: bool) -> None:
        every = np.arange(at, N, n_shards)
        self._blocks = [write(every[at : at + STEP]) for at in range(0, every.size, STEP)]
        self.n_rows = every.size if known else None

    def ids(self) -> Iterator[NDArray[Any]]:
        return iter(self._blocks)


def narrow(ids: NDArray[Any]) -> NDArray[Any]:
    return ids.astype(np.int32)


def text(ids: NDArray[Any]) -> NDArray[Any]:
    return np.char.mod("%010d", ids)


def growing(ids: NDArray[Any]) -> NDArray[Any]:
    return np.char.mod("%d", ids)


def encoded(ids: NDArray[Any]) -> NDArray[Any]:
    return np.char.mod(b"%010d", ids)


def peak_of(work: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("n_shards", [1, 4])
@pytest.mark.parametrize("known", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize(
    ("write", "n_bytes"),
    [(np.asarray, 8), (narrow, 8), (text, 40), (encoded, 40), (growing, 20)],
    ids=["int64", "int32", "text", "bytes", "text that grows wider"],
)
def test_memory_to_compare_ids(
    write: Callable[[Any], Any], n_bytes: int, known: bool, n_shards: int
) -> None:
    """Ranges overlap: the ids of all shards are in memory together."""
    shards = [Made(at, n_shards, write, known) for at in range(n_shards)]
    names = [str(at) for at in range(n_shards)]
    # Of what nobody has counted, an eighth more is taken at most.
    wanted = N * n_bytes * (1 if known or n_shards > 1 else 1.125)
    if write is growing:
        wanted *= 1.1  # one in ten has four digits or fewer, and is held until it is copied
    peak = peak_of(lambda: check_unique(names, shards, 1 << 40))
    assert 0.9 * N * n_bytes < peak < ROOM * wanted
    with pytest.raises(CommandError, match="bytes of memory, more than --max-bytes") as caught:
        check_unique(names, shards, N * n_bytes - 1)
    assert "raise it, or pass --no-check-ids" in str(caught.value)
    limit = int(wanted) + 1
    check_unique(names, shards, limit)
    # What is counted is what is held: no more is taken than is allowed.
    assert peak < ROOM * limit


def test_memory_to_compare_the_ids_of_two_files() -> None:
    source = Source("'p.npz'", "npz", 1 << 30)
    ids, others = np.arange(N), np.arange(N, dtype=np.int32)
    assert peak_of(lambda: check_same_ids(ids, others, 0, source, source)) < 8 * N
    others[9] = 3
    for given in (others, others.astype(str), others.astype("S")):
        with pytest.raises(CommandError, match="row 9 is '3' and '9' there"):
            check_same_ids(ids, given, 0, source, source)


@pytest.mark.parametrize("at", [0, _ids_check._STEP - 1, _ids_check._STEP, 2 * _ids_check._STEP])
def test_ids_that_are_alike_are_found_wherever_they_are(at: int) -> None:
    ids = np.arange(2 * _ids_check._STEP + 2)
    assert _ids_check._repeated(ids) is None
    ids[at + 1] = at
    assert _ids_check._repeated(ids) == at


def test_more_than_is_allowed_is_refused_before_it_is_taken() -> None:
    """A small file may say that it has very many rows."""

    class Absurd(Made):
        def __init__(self) -> None:
            super().__init__(0, 1, np.asarray, True)
            self.n_rows = 10**15

    def refused() -> None:
        with pytest.raises(CommandError, match=re.escape("takes 8,000,000,000,000,000 bytes")):
            check_unique(["a"], [Absurd()], 8 << 30)

    assert peak_of(refused) < 1 << 20


def scored(start: int, stop: int, write: Callable[[Any], Any] | None) -> tuple[ec.Scores, Inputs]:
    rows = np.arange(start, stop)
    scores = ec.Scores(
        easiness=rows / N,
        log_easiness=rows - 0.5,
        level=(1 << rows % 3).astype(np.uint8),
        loss=-1.0 * rows,
        predicted=rows % 2,
        summary=ec.Summary(),
    )
    ids = None if write is None else write(rows)
    probs, labels = np.full((rows.size, 2), 0.5), (rows % 2).astype(np.int8)
    return scores, Inputs(probs, labels, ["a", "bc"], ids=ids, first_row=start)


@pytest.mark.parametrize(
    ("write", "n_bytes"), [(None, 0), (np.asarray, 8), (narrow, 4), (growing, 20)]
)
def test_memory_to_write_npz(
    write: Callable[[Any], Any] | None, n_bytes: int, tmp_path: Path
) -> None:
    """As much as the columns take; and the file is that of NumPy, to the byte."""
    path = tmp_path / "parts.npz"

    def in_parts() -> None:
        with path.open("wb") as file:
            sink = SINKS[".npz"](file, False)
            for start in range(0, N, STEP):
                sink.add(*scored(start, min(N, start + STEP), write))
            sink.close()

    in_parts()  # what is imported and cached is not counted
    assert peak_of(in_parts) < ROOM * (41 + n_bytes) * N
    whole = io.BytesIO()
    WRITERS[".npz"](whole, *scored(0, N, write))
    assert path.read_bytes() == whole.getvalue()


@pytest.mark.parametrize("write", [None, np.asarray, growing])
def test_npz_of_no_rows(write: Callable[[Any], Any] | None) -> None:
    files = [io.BytesIO(), io.BytesIO()]
    sink = SINKS[".npz"](files[0], False)
    sink.add(*scored(0, 0, write))
    sink.close()
    WRITERS[".npz"](files[1], *scored(0, 0, write))
    assert files[0].getvalue() == files[1].getvalue()
