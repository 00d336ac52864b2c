"""Blocks of rows on threads: order, errors, nesting, many callers, fork."""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import interpreted, run_script, softmax_rows

import easiness_core as ec
from easiness_core import _scoring
from easiness_core._blocks import available_cpus, resolve_n_threads, run_blocks

# One more than what stays on the calling thread.
LARGE = (1 << 21) + 8
slow = pytest.mark.skipif(interpreted, reason="millions of elements in interpreted kernels")


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_results_come_in_the_order_of_the_blocks(n_threads):
    def work(start, stop):
        time.sleep(0.003 * (start % 3 == 0))
        return start, stop

    for n_rows in (0, 1, 9, 10, 11, 97):
        got = run_blocks(n_rows, 10, work, n_threads=n_threads)
        assert got == [(start, min(start + 10, n_rows)) for start in range(0, n_rows, 10)]


@pytest.mark.parametrize("n_threads", [2, 7])
def test_blocks_do_run_at_the_same_time(n_threads):
    meeting = threading.Barrier(n_threads, timeout=30)
    threads = run_blocks(
        n_threads, 1, lambda *_: (meeting.wait(), threading.get_ident())[1], n_threads=n_threads
    )
    assert len(set(threads)) == n_threads
    assert threading.get_ident() in threads


def test_the_first_error_in_the_order_of_the_blocks_is_raised():
    second_has_failed = threading.Event()

    def work(start, _):
        if start == 0:
            assert second_has_failed.wait(30)
            time.sleep(0.05)
        else:
            second_has_failed.set()
        raise ValueError(f"block {start}")

    with pytest.raises(ValueError, match="block 0"):
        run_blocks(2, 1, work, n_threads=2)


@pytest.mark.parametrize("n_threads", [1, 2, 7])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_stops_the_remaining_blocks_and_all_threads(error, n_threads):
    begun, running = [], set()

    def work(start, _):
        begun.append(start)
        running.add(start)
        try:
            if start == 3:
                raise error("stop")
            time.sleep(0.002)
        finally:
            running.discard(start)

    with pytest.raises(error, match="stop"):
        run_blocks(2000, 1, work, n_threads=n_threads)
    assert not running
    n_begun = len(begun)
    assert sorted(begun) == list(range(n_begun))
    assert n_begun == 4 if n_threads == 1 else n_begun < 1000
    time.sleep(0.02)
    assert len(begun) == n_begun


def test_a_block_may_have_blocks_of_its_own():
    meeting = threading.Barrier(3, timeout=30)

    def outer(*_):
        meeting.wait()  # the caller and both of its helpers are here
        return sum(run_blocks(50, 1, lambda start, _: start, n_threads=4))

    assert run_blocks(3, 1, outer, n_threads=3) == [sum(range(50))] * 3


def test_blocks_run_while_the_interpreter_shuts_down():
    script = """
import atexit
from easiness_core._blocks import run_blocks
atexit.register(lambda: print(run_blocks(3, 1, lambda a, b: a, n_threads=3)))
"""
    assert run_script(script) == "[0, 1, 2]\n"


def test_n_threads_defaults_to_the_cpus_of_the_process():
    assert resolve_n_threads(None) == available_cpus() >= 1
    assert resolve_n_threads(np.int64(3)) == 3
    assert type(resolve_n_threads(np.int64(3))) is int
    assert resolve_n_threads(10_000) == 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux restricts a process to CPUs")
def test_the_cpus_of_the_process_are_those_it_may_use():
    script = """
import os
from easiness_core._blocks import available_cpus
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(available_cpus())
"""
    assert run_script(script) == "1\n"


@pytest.mark.parametrize("n_threads", [1.0, True, "2", 0, -1, [2]])
def test_a_bad_number_of_threads(n_threads):
    right_type = type(n_threads) is int
    message = f"1 or more, got {n_threads}" if right_type else "a whole number or None, got "
    for call in (ec.score, ec.easiness, ec.log_easiness, ec.fit_sigma):
        with pytest.raises(ValueError if right_type else TypeError) as caught:
            call([[0.5, 0.5]], [0], n_threads=n_threads)
        assert str(caught.value).startswith("n_threads: expected " + message)


@pytest.fixture
def kernel_threads(monkeypatch):
    """Threads on which the closed form's kernel is called; where told to, each block waits until
    the calling thread and another have come."""
    for dtype in (np.float64, np.float32):
        ec.score(np.full((1, 2), dtype(0.5)), [0])  # The first call compiles on another thread.
    seen, met, calling = [], threading.Event(), threading.get_ident()

    def kernel(self):
        def blank(probs, labels, tolerance, parameters, ends, out):
            seen.append(threading.get_ident())
            if calling in seen and len(set(seen)) > 1:
                met.set()
            if self.sigma == 2.0:
                assert met.wait(30)
            for column in out:
                column[:] = 1
            return 0

        return blank, ()

    monkeypatch.setattr(ec.ClosedForm, "kernel", kernel)
    monkeypatch.setattr(_scoring, "_plan", _scoring._plan.__wrapped__)
    return seen


@slow
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_up_to_two_million_elements_stay_on_the_calling_thread(kernel_threads, dtype):
    probs = np.broadcast_to(dtype(0.125), (LARGE // 8, 8))
    labels = np.zeros(len(probs), dtype=np.int64)
    ec.score(probs[:-1], labels[:-1], n_threads=4)
    assert len(kernel_threads) > 1
    assert set(kernel_threads) == {threading.get_ident()}
    kernel_threads.clear()
    ec.score(probs, labels, n_threads=1)
    assert set(kernel_threads) == {threading.get_ident()}
    kernel_threads.clear()
    ec.score(probs, labels, n_threads=4, estimator=ec.ClosedForm(sigma=2.0))
    assert len(set(kernel_threads)) > 1
    assert threading.get_ident() in kernel_threads


@slow
@pytest.mark.parametrize("estimator", [ec.ClosedForm(0.1), ec.MonteCarlo(0.1, draws=99)])
def test_sixteen_callers_at_once_get_what_one_gets(estimator):
    probs, labels = softmax_rows(np.random.default_rng(1), LARGE // 8, 8)
    want = ec.score(probs, labels, estimator=estimator, n_threads=1)
    meeting = threading.Barrier(16, timeout=60)

    def call(n_threads):
        meeting.wait()
        return ec.score(probs, labels, estimator=estimator, n_threads=n_threads)

    with ThreadPoolExecutor(16) as callers:
        for got in callers.map(call, 2 * [1, 2, 7, None, 2, 3, 2, 100]):
            for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
                np.testing.assert_array_equal(getattr(got, name), getattr(want, name))
            assert got.summary == want.summary


FORK = """
import os, signal, sys, threading, warnings
import numpy as np
import easiness_core as ec

# From Python 3.12 on a fork beside threads is warned of. It is what DataLoader workers do.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
rng = np.random.default_rng(0)
probs = rng.dirichlet(np.ones(10), 250_000)
labels = rng.integers(0, 10, len(probs))
want = ec.log_easiness(probs, labels, n_threads=3)
stop = threading.Event()

def keep_scoring():
    while not stop.is_set():
        ec.score(probs, labels, n_threads=3)

if sys.argv[1] == "busy":
    busy = threading.Thread(target=keep_scoring)
    busy.start()
children = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)  # A child that hangs dies, and the parent reports it.
        got = ec.log_easiness(probs, labels, n_threads=3)
        os._exit(0 if np.array_equal(got, want) else 1)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
stop.set()
assert np.array_equal(ec.log_easiness(probs, labels, n_threads=3), want)
print(codes)
"""


@slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("threads", ["idle", "busy"])
def test_a_forked_child_scores_with_threads_of_its_own(threads):
    assert run_script(FORK, threads) == "[0, 0, 0]\n"
