"""An interrupt or a signal handler at any moment of a call on threads: none is left behind."""

import signal
import sys
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import stress_interrupts
from conftest import interpreted, run_script

from easiness_core import _blocks
from easiness_core._blocks import run_apart, run_blocks

signals = pytest.mark.skipif(
    sys.platform == "win32", reason="no signal can be sent to a thread there"
)
compiled = pytest.mark.skipif(interpreted, reason="millions of elements in interpreted kernels")

# Runs in a process of its own, which must end: where a thread is lost it does not.
EVERY_BYTECODE = """
import faulthandler, sys, threading, time
from easiness_core._blocks import run_apart, run_blocks

faulthandler.dump_traceback_later(90, exit=True)
main = threading.get_ident()

class Attempt:
    '''A call that does something at the k-th bytecode, in all Python code that it runs.'''

    def __init__(self, k, action):
        self.k, self.action, self.count = k, action, 0
        self.running, self.begun = set(), []

    def work(self, start, stop):
        self.begun.append(start)
        self.running.add(start)
        time.sleep(0 if threading.get_ident() == main else 0.001)
        self.running.discard(start)
        return start

    def trace(self, frame, event, _):
        if frame.f_code is Attempt.work.__code__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.count += 1
            if self.k in (None, self.count):
                self.action()
        return self.trace

    def run(self):
        sys._getframe().f_trace_opcodes = True  # Python 3.12 asks the frame that sets the trace
        sys.settrace(self.trace)
        try:
            return self.call()
        finally:
            sys.settrace(None)

    def call(self):
        return run_blocks(8, 1, self.work, n_threads=4)

class Apart(Attempt):
    def call(self):
        assert run_apart(lambda: self.work(0, 8)) is None
        assert self.begun == [0]
        return list(range(8))
"""

INTERRUPTED = """
def interrupt():
    raise KeyboardInterrupt

kind = Apart if sys.argv[1:] else Attempt
for k in range(1, 20_000):
    attempt = kind(k, interrupt)
    try:
        got = attempt.run()
    except KeyboardInterrupt:
        assert attempt.count == k, "another interrupt than ours"
    else:
        assert got == list(range(8))
        assert attempt.count < k, f"the interrupt at bytecode {k} was lost"
        break
    finally:
        running, n_begun = set(attempt.running), len(attempt.begun)
    assert not running, f"after an interrupt at bytecode {k} blocks {running} are being worked on"
    time.sleep(0.002)
    assert len(attempt.begun) == n_begun, f"after one at bytecode {k} a thread went on"
assert k > 50
print("interrupted at every bytecode")
"""

HANDLED = """
nested = []
attempt = Attempt(None, lambda: nested.append(run_blocks(3, 1, lambda a, b: a, n_threads=3)))
assert attempt.run() == list(range(8))
assert len(nested) > 100
assert nested == [[0, 1, 2]] * len(nested)
print("called at every bytecode")
"""


@pytest.mark.parametrize("kind", [[], ["apart"]])
def test_an_interrupt_at_any_bytecode_leaves_no_thread_working(kind):
    assert run_script(EVERY_BYTECODE + INTERRUPTED, *kind) == "interrupted at every bytecode\n"


def test_a_call_at_any_bytecode_of_another_returns():
    assert run_script(EVERY_BYTECODE + HANDLED) == "called at every bytecode\n"


# A kernel that takes a lock while it is compiled, as Numba does, and a signal at that moment.
COMPILING = """
import faulthandler, os, signal, threading, time
import numpy as np
import easiness_core as ec

faulthandler.dump_traceback_later(30, exit=True)
compiler, compiled, signaled = threading.RLock(), threading.Event(), threading.Event()
probs = np.broadcast_to(np.float64(0.125), (300_000, 8))
labels = np.zeros(len(probs), dtype=np.int64)
handled = []

def kernel(probs, labels, tolerance, parameters, ends, out):
    with compiler:
        if not signaled.is_set():
            signaled.set()
            os.kill(os.getpid(), signal.SIGALRM)
            time.sleep(0.3)
    for column in out:
        column[:] = 1
    return 0

def score(*_):
    handled.append(len(ec.score(probs, labels, n_threads=3)))

ec.ClosedForm.kernel = lambda self: (kernel, ())
signal.signal(signal.SIGALRM, score)
print(len(ec.score(probs, labels, n_threads=3)), handled)
"""


@signals
def test_a_signal_handler_may_score_while_the_main_thread_compiles():
    assert run_script(COMPILING) == "300000 [300000]\n"


@signals
@compiled
def test_every_interrupted_process_ends():
    # More by `make stress`.
    outcomes = stress_interrupts.stress(processes=4, seed=int(time.time()))
    assert outcomes["failed"] == outcomes["hung"] == 0


@pytest.fixture
def interruptible():
    # A process started in the background by a shell is started deaf to interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@signals
def test_interrupts_while_waiting_for_a_helper_leave_none_running(interruptible):
    meeting = threading.Barrier(2, timeout=30)
    main, finished = threading.get_ident(), threading.Event()

    def work(*_):
        meeting.wait()
        if threading.get_ident() != main:
            for _ in range(5):
                time.sleep(0.1)  # By now the calling thread waits for this one.
                signal.pthread_kill(main, signal.SIGINT)
            time.sleep(0.3)
            finished.set()

    with pytest.raises(KeyboardInterrupt):
        run_blocks(2, 1, work, n_threads=2)
    assert finished.is_set()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_of_work_apart_is_raised(monkeypatch, error):
    def work():
        threads.append(threading.get_ident())
        raise error

    threads = []
    with pytest.raises(error):
        run_apart(work)
    refuse = Mock(side_effect=RuntimeError("can't start new thread"))
    monkeypatch.setattr(_blocks._thread, "start_new_thread", refuse)
    with pytest.raises(error):
        run_apart(work)
    assert (threads[0] == threading.get_ident(), threads[1]) == (False, threading.get_ident())


class Late:
    """Holds threads back until they may start."""

    def __init__(self, monkeypatch):
        self.waiting = []
        self.start = _blocks._thread.start_new_thread
        monkeypatch.setattr(
            _blocks._thread, "start_new_thread", lambda *call: self.waiting.append(call)
        )

    def let_go(self):
        for function, arguments in self.waiting:
            function(*arguments)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_thread_that_comes_too_late_does_nothing_and_holds_no_array(monkeypatch, error):
    late, begun, held = Late(monkeypatch), [], np.zeros(6)
    count = sys.getrefcount(held)

    def call():
        def work(start, _):
            begun.append(start)
            if error:
                raise error
            return held[start]

        return run_blocks(6, 1, work, n_threads=3)

    if error:
        with pytest.raises(error):
            call()
    else:
        assert call() == [0.0] * 6
    assert len(late.waiting) == 2
    assert sys.getrefcount(held) == count  # not even as garbage
    before = list(begun)
    late.let_go()
    assert begun == before


@pytest.mark.parametrize("n_started", [0, 1])
def test_without_a_further_thread_the_work_is_done_all_the_same(monkeypatch, n_started):
    start, started = _blocks._thread.start_new_thread, []

    def refuse(*call):
        if len(started) == n_started:
            raise RuntimeError("can't start new thread")
        started.append(call)
        return start(*call)

    monkeypatch.setattr(_blocks._thread, "start_new_thread", refuse)
    assert run_blocks(30, 10, lambda *block: block, n_threads=9) == [(0, 10), (10, 20), (20, 30)]
    assert len(started) == n_started


def test_the_number_of_threads_a_call_is_bounded(monkeypatch):
    late = Late(monkeypatch)
    run_blocks(100_000, 1, lambda *_: None, n_threads=100_000)
    assert len(late.waiting) == max(64, _blocks.available_cpus()) - 1


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_threads_end_with_their_call():
    def count():
        return len(list(Path("/proc/self/task").iterdir()))

    before = count()
    for _ in range(20):
        run_blocks(12, 1, lambda *_: time.sleep(0.001), n_threads=6)
    for _ in range(100):
        if count() <= before:
            break
        time.sleep(0.01)
    assert count() <= before
