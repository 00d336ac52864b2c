"""Reading ahead changes nothing but the time; memory is used again only once nobody holds it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_io import DataError, SampleReader, open_samples, sample_reader
from easiness_io.readers import arrays
from easiness_io.readers.ahead import Buffers, ahead
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.one_of(st.none(), st.integers(), st.just(()))), st.booleans())
def test_the_same_items_and_the_same_error(items: list[Any], fails: bool) -> None:
    def made() -> Generator[Any, None, None]:
        yield from items
        if fails:
            raise DataError("made no more")

    if fails:
        with pytest.raises(DataError, match="made no more"):
            list(ahead(made()))
        found = [item for _, item in zip(items, ahead(made()), strict=False)]
    else:
        found = list(ahead(made()))
    assert found == items


def test_the_next_item_is_made_while_one_is_used() -> None:
    second = threading.Event()

    def made() -> Generator[int, None, None]:
        yield 1
        second.set()
        yield 2

    items = ahead(made())
    assert next(items) == 1
    assert second.wait(10)
    assert list(items) == [2]


def test_one_that_is_left_closes_the_generator_and_ends_the_thread() -> None:
    closed: list[str] = []

    def made() -> Generator[int, None, None]:
        try:
            yield from range(100)
        finally:
            closed.append(threading.current_thread().name)

    items = ahead(made())
    next(items)
    threads = [each for each in threading.enumerate() if each.name == "easiness-read"]
    items.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert closed == ["easiness-read"]


def test_one_that_is_collected_by_its_own_thread_ends() -> None:
    """Garbage is collected in whatever thread makes some."""
    made: dict[str, Any] = {}

    def items() -> Generator[int, None, None]:
        yield 1
        made.clear()
        yield 2

    made["ahead"] = ahead(items())
    assert next(made["ahead"]) == 1
    threads = [each for each in threading.enumerate() if each.name == "easiness-read"]
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_process_ends_with_one_left_unfinished() -> None:
    code = (
        "from easiness_io.readers.ahead import ahead\n"
        "items = ahead(x for x in range(9))\n"
        "assert next(items) == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""


@given(st.lists(st.tuples(st.integers(1, 16), st.booleans()), max_size=30))
def test_what_is_held_is_never_written_over(lends: list[tuple[int, bool]]) -> None:
    buffers = Buffers(16)
    held: list[tuple[Any, int]] = []
    for number, (size, hold) in enumerate(lends):
        lent = buffers.lend(size)
        assert len(lent) == size
        lent[:] = number
        # A view of a view, as blocks are cut.
        view = lent.view(np.int8)[: size // 2 + 1].reshape(-1, 1)[:, 0]
        del lent
        if hold:
            held.append((view, number))
        del view
    for view, number in held:
        assert (view == number).all()


def test_what_nobody_holds_is_lent_again() -> None:
    buffers = Buffers(16)
    for _ in range(10):
        first, second = buffers.lend(16), buffers.lend(5)
        places = {first.ctypes.data, second.ctypes.data}
        del first, second
        gc.collect()
        assert {each.ctypes.data for each in buffers._free} == places
        assert len(buffers._free) == 2


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleReader:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample_reader, "_ELEMENTS", 3 * 10)
    monkeypatch.setattr(arrays, "_AHEAD_BYTES", 1)
    probs = np.random.default_rng(0).dirichlet(np.ones(3), size=205)
    np.save("p.npy", probs)
    np.save("y.npy", probs.argmax(axis=1))
    return open_samples("p.npy", "y.npy")


def test_blocks_that_are_kept_are_those_of_the_file(rows: SampleReader) -> None:
    blocks = list(rows.blocks())
    assert len(blocks) == 21
    probs = np.load("p.npy")
    assert (np.concatenate([each.probs for each in blocks]) == probs).all()
    assert (np.concatenate([each.labels for each in blocks]) == probs.argmax(axis=1)).all()


def test_a_file_that_shrinks_is_told_where_it_ends(rows: SampleReader) -> None:
    blocks = rows.blocks()
    next(blocks)
    os.truncate("p.npy", 128 + 24 * 155)
    with pytest.raises(DataError, match=r"'p.npy': cut short at row 1[5-9]"):
        list(blocks)
