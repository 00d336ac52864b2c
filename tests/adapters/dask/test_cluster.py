"""`score_shards` on real processes, some of which are killed: every row once, the same bytes."""

import glob
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from easiness_dask import score_shards
from easiness_io import DataError, ShardsError
from shard_cases import contents

import easiness_core as ec

PROCESSES = Path(__file__).parents[2] / "dask_processes.py"
RNG = np.random.default_rng(4)
SIZES = range(100, 108)
SHARDS = [RNG.dirichlet(np.full(4, 0.2), size=size) for size in SIZES]
STARTS = np.cumsum([0, *SIZES])
LABELS = [RNG.integers(0, 4, size) for size in SIZES]


@pytest.fixture(autouse=True)
def _shards(in_folder, monkeypatch):
    monkeypatch.setenv("EASINESS_TEST_FOLDER", str(in_folder / "orders"))
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    Path("shards").mkdir()
    Path("orders").mkdir()
    for at, (probs, labels, start) in enumerate(zip(SHARDS, LABELS, STARTS, strict=False)):
        ids = np.arange(start, start + len(labels))
        np.savez(f"shards/part-{at}.npz", probs=probs, labels=labels, id=ids)


def until(what, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return found


def started(n_rows):
    """Who scores the shard of so many rows."""
    found = glob.glob(f"orders/started-{n_rows}-*")
    return int(found[0].rpartition("-")[2]) if found else None


def check_whole(output):
    """The bytes of an undisturbed run, which scores every row once."""
    expected = ec.score(np.concatenate(SHARDS), np.concatenate(LABELS))
    assert score_shards("shards", "undisturbed") == expected.summary
    for ending in ("", ".easiness"):
        found, whole = contents(output + ending), contents("undisturbed" + ending)
        assert list(map(os.path.basename, found)) == list(map(os.path.basename, whole))
        assert list(found.values()) == list(whole.values())


@contextmanager
def processes(n_workers=2):
    """Start a scheduler and workers with nannies, as on a real cluster; kill them all after."""
    running = []

    def start(*argv):
        log = open(f"log-{len(running)}", "wb")  # noqa: SIM115 - the child has it
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli." + argv[0], *argv[1:]],
                stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        )  # fmt: skip
        log.close()

    try:
        start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0", "--scheduler-file", "scheduler.json",
        )  # fmt: skip

        def address():
            try:
                return json.loads(Path("scheduler.json").read_text())["address"]
            except (OSError, ValueError):
                return None

        where = until(address)
        for _ in range(n_workers):
            start(
                "dask_worker", where, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
                "--preload", str(PROCESSES), "--local-directory", "scratch", "--memory-limit", "0",
            )  # fmt: skip
        yield where, running
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def connected(where):
    from distributed import Client

    client = Client(where, timeout=60)
    try:
        yield client
    finally:
        client.close(timeout=1)


def in_thread(call):
    """Start a call in a thread; give what waits for its result."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return lambda: future.result(timeout=90)


def test_a_worker_is_killed_in_mid_run():
    Path("orders/hold-103").touch()
    with processes() as (where, _), connected(where) as client:
        wait = in_thread(lambda: score_shards("shards", "out", client=client))
        first = until(lambda: started(103))
        os.kill(first, signal.SIGKILL)
        Path("orders/hold-103").unlink()
        summary = wait()
    # Somebody else, or its successor, began anew.
    assert len(glob.glob("orders/started-103-*")) == 2
    assert glob.glob("orders/threads-*") == ["orders/threads-1"]
    assert summary.n_samples == STARTS[-1]
    check_whole("out")


def test_a_shard_that_kills_its_workers_is_named_and_the_others_are_done():
    Path("orders/poison-105").touch()
    with processes() as (where, _), connected(where) as client:
        with pytest.raises(ShardsError, match="7 of 8 shards are finished") as caught:
            score_shards("shards", "out", client=client)
        error = caught.value
        blamed = os.path.abspath("shards/part-5.npz")
        assert list(error.failed) == [blamed]
        assert "2 workers died while they scored it" in str(error.failed[blamed])
        assert len(error.finished) == 7
        assert error.summary.n_samples == STARTS[-1] - 105
        Path("orders/poison-105").unlink()
        score_shards("shards", "out", client=client)
    assert len(glob.glob("orders/started-104-*")) == 1  # skipped by the second run
    check_whole("out")


@pytest.mark.parametrize("what", ["the connection to the scheduler", "the cluster was restarted"])
def test_the_scheduler_is_lost_or_restarted(what):
    Path("orders/hold-107").touch()
    with processes(n_workers=1) as (where, running), connected(where) as client:
        wait = in_thread(lambda: score_shards("shards", "out", client=client))
        until(lambda: started(107) and len(glob.glob("out/*.parquet")) == 7)
        if "restarted" in what:
            client.restart()
        else:
            os.killpg(running[0].pid, signal.SIGKILL)
        with pytest.raises(ShardsError, match=rf"7 of 8 .*{what}") as caught:
            wait()
        assert len(caught.value.finished) == 7
        assert caught.value.summary.n_samples == STARTS[-1] - 107
    Path("orders/hold-107").unlink()
    score_shards("shards", "out")
    check_whole("out")


def drive(address):
    """Score on a cluster from a process of its own."""
    argv = [sys.executable, str(PROCESSES), "shards", "out", address]
    return subprocess.Popen(argv, stderr=subprocess.PIPE)


def finish(driver):
    _, errors = driver.communicate(timeout=90)
    assert driver.returncode == 0, errors.decode()


def test_the_driver_is_killed_in_mid_run():
    Path("orders/hold-104").touch()
    with processes() as (address, _):
        driver = drive(address)
        until(lambda: started(104) and len(glob.glob("out/*.parquet")) >= 3)
        # Two runs on one output are refused while the first one lives.
        with pytest.raises(DataError, match="another run is writing there"):
            score_shards("shards", "out")
        driver.kill()
        driver.communicate()
        Path("orders/hold-104").unlink()
        finish(drive(address))
    check_whole("out")


def test_a_result_is_lost_with_its_worker_before_it_is_fetched():
    Path("orders/hold-106").touch()
    with processes(n_workers=1) as (address, _):
        driver = drive(address)
        worker = until(lambda: started(106))
        driver.send_signal(signal.SIGSTOP)  # so that nothing is fetched
        Path("orders/hold-106").unlink()
        until(lambda: len(glob.glob("out/*.parquet")) == 8)
        os.kill(worker, signal.SIGKILL)
        driver.send_signal(signal.SIGCONT)
        finish(driver)
    # The task ran again, and found its shard done.
    assert len(glob.glob("orders/started-106-*")) == 1
    check_whole("out")
