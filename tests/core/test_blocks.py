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
def test_blocks_run_at_the_same_time_and_may_have_blocks_of_their_own(n_threads):
    meeting = threading.Barrier(n_threads, timeout=30)

    def outer(*_):
        meeting.wait()  # the caller and all of its helpers are here
        inner = sum(run_blocks(50, 1, lambda start, _: start, n_threads=4))
        return threading.get_ident(), inner

    threads, sums = zip(*run_blocks(n_threads, 1, outer, n_threads=n_threads), strict=True)
    assert len(set(threads)) == n_threads
    assert threading.get_ident() in threads
    assert set(sums) == {sum(range(50))}


@pytest.mark.parametrize("first", [ValueError, KeyboardInterrupt])
def test_the_error_of_the_earliest_block_is_raised_but_interrupts_come_before(first):
    other_has_failed, calling = threading.Event(), threading.get_ident()
    meeting = threading.Barrier(2, timeout=30)

    def work(start, _):
        meeting.wait()
        mine = start == 0 if first is ValueError else threading.get_ident() == calling
        if mine:
            assert other_has_failed.wait(30)
            time.sleep(0.05)
            raise first("block 0")
        other_has_failed.set()
        raise ValueError("another block")

    with pytest.raises(first, match="block 0"):
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


def test_blocks_run_while_the_interpreter_shuts_down():
    script = """
import atexit
from easiness_core._blocks import run_blocks
atexit.register(lambda: print(run_blocks(3, 1, lambda a, b: a, n_threads=3)))
"""
    assert run_script(script) == "[0, 1, 2]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux restricts a process to CPUs")
def test_n_threads_defaults_to_the_cpus_of_the_process():
    assert resolve_n_threads(None) == available_cpus() >= 1
    assert resolve_n_threads(np.int64(10_000)) == 10_000
    script = """
import os
from easiness_core._blocks import available_cpus
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(available_cpus())
"""
    assert run_script(script) == "1\n"


@slow
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_up_to_two_million_elements_stay_on_the_calling_thread(monkeypatch, dtype):
    used = []

    def record(*call, n_threads):
        used.append(n_threads)
        return run_blocks(*call, n_threads=n_threads)

    probs = np.broadcast_to(dtype(0.125), (LARGE // 8, 8))
    labels = np.zeros(len(probs), dtype=np.int64)
    ec.score(probs[:1], labels[:1])  # compiles
    monkeypatch.setattr(_scoring, "run_blocks", record)
    ec.score(probs[:-1], labels[:-1], n_threads=4)
    ec.score(probs, labels, n_threads=4)
    ec.score(probs, labels)
    assert used == [1, 4, available_cpus()]


@slow
def test_sixteen_callers_at_once_get_what_one_gets():
    probs, labels = softmax_rows(np.random.default_rng(1), LARGE // 8, 8)
    want = ec.score(probs, labels, n_threads=1)
    meeting = threading.Barrier(16, timeout=60)

    def call(n_threads):
        meeting.wait()
        return ec.score(probs, labels, n_threads=n_threads)

    with ThreadPoolExecutor(16) as callers:
        for got in callers.map(call, 2 * [1, 2, 7, None, 2, 3, 2, 100]):
            assert got.log_easiness.tobytes() == want.log_easiness.tobytes()
            assert got.summary == want.summary


FORK = """
import os, signal, threading, warnings
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

children = []
for busy in (False, True, True):
    if busy:
        threading.Thread(target=keep_scoring).start()
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
def test_a_forked_child_scores_with_threads_of_its_own():
    assert run_script(FORK) == "[0, 0, 0]\n"
