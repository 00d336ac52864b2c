"""Blocks that are read while the one before is used, into memory that is used again."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Buffers:
    """Memory of one size, lent again once no array holds any of it.

    New memory for each block costs as much as reading it: the system clears every page first.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._free: list[NDArray[np.uint8]] = []

    def lend(self, n_bytes: int) -> NDArray[np.uint8]:
        """Give an array of so many bytes, no more than were agreed on; its contents are any."""
        memory = self._free.pop() if self._free else np.empty(self._n_bytes, np.uint8)
        # Views are based on this array, not on what it is made of: it lives as long as they do.
        view: Any = memory
        lent = np.frombuffer(memoryview(view)[:n_bytes], np.uint8)
        weakref.finalize(lent, self._free.append, memory).atexit = False
        return lent


def ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Give what a generator gives; a thread has it make each item while the one before is used.

    It ends, and what it raises is raised, where it would be without the thread. Of use where the
    items are made without the interpreter's lock, as by reading.
    """
    made: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    wanted, left = Semaphore(1), Event()
    # A daemon: one that is left unfinished must not keep the process from ending.
    Thread(
        target=_make, args=(items, made, wanted, left), name="easiness-read", daemon=True
    ).start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            wanted.release()
            yield item[0]
    finally:
        # Without waiting for the thread: garbage is collected in any, and so in that one.
        left.set()
        wanted.release()


def _make(
    items: Generator[T, None, None],
    made: SimpleQueue[tuple[T] | BaseException | None],
    wanted: Semaphore,
    left: Event,
) -> None:
    try:
        wanted.acquire()
        for item in items:
            made.put((item,))
            del item
            wanted.acquire()
            if left.is_set():
                items.close()
                return
        made.put(None)
    except BaseException as error:  # to be raised where the items are used
        made.put(error)
