"""Run blocks of rows on threads that live for one call.

Numba's threading layers are not used. In our measurements, `parallel=True` kernels abort the
process when two Python threads call them under `workqueue`, and kill forked DataLoader workers
under OpenMP once the parent has called one. Kernels release the GIL, so plain threads are as fast.

No executor is used either: an interrupt inside `submit` loses a thread that has started, and its
lock is not reentrant, so a signal handler that scores would wait for itself. Here nothing outlives
a call, and calls share nothing, so a fork or a signal handler finds no lock held. A thread takes 13
microseconds to start, a block of a large call 200 or more. Guarded by tests/core/test_blocks.py and
tests/core/test_interrupts.py.
"""

from __future__ import annotations

import _thread
import itertools
import os
from collections.abc import Callable
from numbers import Integral
from typing import Generic, TypeVar

from easiness_core.errors import InputTypeError, InputValueError

T = TypeVar("T")

# Upper limit of threads per call, unless there are more CPUs.
_MOST_THREADS = 64


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
    """Call `work(start, stop)` on consecutive blocks of rows; return the results in order.

    The calling thread works too, so the work is done even if no thread can be started. Once all
    threads have released the arrays, an interrupt is raised, or else the first exception in the
    order of the blocks.
    """
    if 0 < n_rows <= block_rows:
        return [work(0, n_rows)]
    call = _Call(n_rows, block_rows, work)
    try:
        try:
            call.start_helpers(n_threads - 1)
            call.drain()
        finally:
            call.wait_for_helpers()
    finally:
        # A second interrupt may have come between the first one and the wait.
        call.wait_for_helpers()
    return call.outcome()


def run_apart(work: Callable[[], object]) -> None:
    """Run on another thread a call that a signal handler must neither interrupt nor reenter.

    Handlers run on the calling thread while it waits. An interrupt is raised once the work
    has ended, or prevents it from starting.
    """
    call: _Call[object] = _Call(1, 1, lambda *_: work())
    ended = _thread.allocate_lock()
    ended.acquire()

    def run() -> None:
        try:
            call.help()
        finally:
            ended.release()

    try:
        try:
            _thread.start_new_thread(run, ())
            ended.acquire()
        except RuntimeError:
            call.drain()
        finally:
            call.wait_for_helpers()
    finally:
        call.wait_for_helpers()
    call.outcome()


class _Call(Generic[T]):
    """The blocks of one call, shared by the threads that work on them."""

    def __init__(self, n_rows: int, block_rows: int, work: Callable[[int, int], T]) -> None:
        self.work = work
        self.n_rows = n_rows
        self.block_rows = block_rows
        self.starts = range(0, n_rows, block_rows)
        self.results: list[T | None] = [None] * len(self.starts)
        # next() on a count is atomic: each block is taken once.
        self.tickets = itertools.count()
        self.errors: list[tuple[int, BaseException]] = []
        self.interrupt: BaseException | None = None
        self.closed = False
        # A lock for each helper, held while it works.
        self.helpers: list[_thread.LockType] = []

    def start_helpers(self, n_helpers: int) -> None:
        most = max(_MOST_THREADS, available_cpus())
        for _ in range(min(n_helpers, len(self.starts) - 1, most - 1)):
            try:
                _thread.start_new_thread(self.help, ())
            except RuntimeError:
                # No more threads: a limit is reached, or the interpreter is shutting down.
                break

    def help(self) -> None:
        # The helper registers itself, so that an interrupt of the caller cannot prevent it. Either
        # the caller finds its lock and waits, or it has closed and the helper does nothing.
        working = _thread.allocate_lock()
        with working:
            self.helpers.append(working)
            self.drain()
            # So that a caller interrupted while it holds this lock does not wait for itself.
            self.helpers.remove(working)

    def drain(self) -> None:
        """Work on blocks until all are taken, a thread has failed, or the caller has closed."""
        ticket = -1
        try:
            while not self.closed and not self.errors:
                ticket = next(self.tickets)
                if ticket >= len(self.starts):
                    break
                start = self.starts[ticket]
                stop = min(start + self.block_rows, self.n_rows)
                self.results[ticket] = self.work(start, stop)
        except BaseException as error:
            self.errors.append((ticket, error))

    def wait_for_helpers(self) -> None:
        """Stop handing out blocks and wait for each helper to end. Safe to repeat."""
        self.closed = True
        while True:
            try:
                for working in self.helpers.copy():
                    with working:
                        pass
                # A helper about to end still refers to this call, but no longer to the arrays.
                self.__dict__.pop("work", None)
                return
            except BaseException as error:
                # Keep waiting, then raise it. A function call here could be interrupted too.
                self.interrupt = error

    def outcome(self) -> list[T]:
        """Return the results, or raise the error that stopped them."""
        error = self.interrupt
        if error is None and self.errors:
            error = min(self.errors, key=_rank)[1]
        if error is None:
            return self.results  # type: ignore[return-value]
        try:
            raise error
        finally:
            # The traceback refers to this frame: no reference cycle may keep the arrays alive.
            self.errors.clear()
            self.interrupt = error = None


def _rank(failed: tuple[int, BaseException]) -> tuple[bool, int]:
    """Interrupts first, then errors in the order of their blocks."""
    return isinstance(failed[1], Exception), failed[0]
