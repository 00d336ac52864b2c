"""Blocks of rows on the library's own threads.

Numba's threading layers are not used: measured, `parallel=True` kernels abort the process when
two Python threads call them under `workqueue`, and kill forked DataLoader workers under OpenMP
once the parent has called one. Kernels release the GIL, so plain threads are as fast.
Guarded by tests/core/test_blocks.py (fork, nested calls, many callers).
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from numbers import Integral
from typing import TypeVar

from easiness_core.errors import InputTypeError, InputValueError

T = TypeVar("T")

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    """In a forked child the pool's threads are gone and its locks may be held."""
    global _pool, _lock
    _pool = None
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _get_pool() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            # Threads are made one by one as they are needed, up to this many.
            _pool = ThreadPoolExecutor(max(64, available_cpus()), thread_name_prefix="easiness")
        return _pool


def available_cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_n_threads(n_threads: int | None) -> int:
    """Check `n_threads`; None means one thread for each CPU that the process may use."""
    if n_threads is None:
        return available_cpus()
    if not isinstance(n_threads, Integral) or isinstance(n_threads, bool):
        got = type(n_threads).__name__
        raise InputTypeError(f"expected a whole number or None, got {got}", argument="n_threads")
    if n_threads < 1:
        raise InputValueError(f"expected 1 or more, got {n_threads}", argument="n_threads")
    return int(n_threads)


def run_blocks(
    n_rows: int, block_rows: int, work: Callable[[int, int], T], *, n_threads: int
) -> list[T]:
    """Call `work(start, stop)` on consecutive blocks of rows; results in the blocks' order.

    The calling thread works too, so that a saturated or closed pool slows the work down but
    never stops it. The first exception, in the blocks' order, is raised once all threads have
    let go of the arrays.
    """
    if 0 < n_rows <= block_rows:
        return [work(0, n_rows)]
    starts = range(0, n_rows, block_rows)
    results: list[T | None] = [None] * len(starts)
    errors: list[tuple[int, BaseException]] = []
    tickets = itertools.count()

    def drain() -> None:
        # next() on a count is atomic: each block is taken once.
        while not errors and (ticket := next(tickets)) < len(starts):
            start = starts[ticket]
            try:
                results[ticket] = work(start, min(start + block_rows, n_rows))
            except BaseException as error:
                errors.append((ticket, error))

    helpers = _start_helpers(drain, min(n_threads, len(starts)) - 1)
    try:
        drain()
    except BaseException as error:
        # An interrupt between two blocks: the helpers must stop as well.
        errors.append((-1, error))
    for helper in helpers:
        # One that has not started yet has nothing left to do.
        while not (helper.cancel() or helper.done()):
            try:
                helper.result()
            except BaseException as error:
                # An interrupt while waiting: wait on, then raise it.
                errors.append((-1, error))
    if errors:
        raise min(errors, key=lambda pair: pair[0])[1]
    return results  # type: ignore[return-value]


def _start_helpers(drain: Callable[[], None], n_helpers: int) -> list[Future[None]]:
    helpers: list[Future[None]] = []
    for _ in range(n_helpers):
        try:
            helpers.append(_get_pool().submit(drain))
        except RuntimeError:
            # The interpreter is shutting down and starts no more threads.
            break
    return helpers
