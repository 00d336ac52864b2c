"""Run shards as tasks on a Dask cluster."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from easiness_io import DataError, SampleReader
from easiness_io.parameters import Parameters
from easiness_io.shards.compare import shared_traits
from easiness_io.shards.discover import Shard
from easiness_io.shards.manifest import load_if_complete
from easiness_io.shards.run import Report, complete_shard

import easiness_core as ec

# How long a lost scheduler may go unnoticed without other signs.
_POLL_S = 1.0
# How long a run waits in total for outputs that workers have written but that are not visible.
_PATIENCE_S = 10.0
# How many shards that kill their workers are confirmed, one at a time.
_CONFIRMED = 3
_LOST = "the connection to the scheduler was lost"
_CANCELLED = "the cluster was restarted, or somebody cancelled the tasks"


def score_task(
    shard: Shard, parameters: Parameters, expected: dict[str, tuple[Any, str]], overwrite: bool
) -> tuple[ec.Summary, bool] | DataError:
    """Score one shard on a worker.

    A shard that has changed since the driver saw it is refused. A task may run twice, even at the
    same time: both write the same bytes under separate temporary names, so the file that is renamed
    last equals the one it replaces.

    Returns
    -------
    tuple of Summary and bool, or DataError
        The summary, and whether the shard was complete before; or the reason why it cannot be
        scored, if another try would not help.
    """
    try:
        # One thread: the worker runs one task for each of its cores.
        return complete_shard(
            shard, parameters, overwrite=overwrite, expected=expected, n_threads=1
        )
    except DataError as error:
        return error


def run_on_cluster(
    shards: Sequence[Shard],
    readers: Sequence[SampleReader],
    parameters: Parameters,
    *,
    client: Any,
    overwrite: bool,
    progress: Callable[[int, int], object],
) -> Report:
    """Score shards on a cluster; a runner of `easiness_io.score_shards`.

    Parameters
    ----------
    shards : sequence of Shard
        The shards to score, with absolute paths.
    readers : sequence of SampleReader
        The shards as opened by the driver.
    parameters : Parameters
        How to read and score them.
    client : distributed.Client
        The cluster.
    overwrite : bool
        Whether to replace outputs that were made in another way.
    progress : callable
        Called after each shard with the number of rows done, and how many an earlier run did.

    Returns
    -------
    Report
        Report of all shards; `stopped` is set if the scheduler was lost.
    """
    report = Report(ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins))
    arguments = {
        "parameters": parameters, "expected": shared_traits(readers), "overwrite": overwrite
    }  # fmt: skip
    run = _Run(client, arguments, report, progress)
    lost = run.score(shards)
    confirmed = 0
    while run.suspects and not lost and confirmed < _CONFIRMED:
        # Dask blames all tasks assigned to a dead worker; run alone, most of them succeed.
        shard, why = run.suspects.popitem()
        lost = run.score([shard])
        if run.suspects.pop(shard, None) is not None:
            report.failed[shard.input] = DataError(why, path=shard.input)
            confirmed += 1
    blamed = "; it was not tried alone: another shard on the same worker may be the cause"
    for shard, why in run.suspects.items():
        report.failed[shard.input] = DataError(why + blamed, path=shard.input)
    if lost:
        report.stopped = lost
        _look_at_the_rest(shards, parameters, report)
    return report


class _Run:
    """Tasks on a cluster, and their results.

    Attributes
    ----------
    suspects : dict of Shard to str
        Shards whose workers died, and the message about each.
    """

    def __init__(
        self,
        client: Any,
        arguments: dict[str, Any],
        report: Report,
        progress: Callable[[int, int], object],
    ) -> None:
        self._client, self._arguments = client, arguments
        self._report, self._progress = report, progress
        self._skipped = 0
        self._patience_s = _PATIENCE_S
        self.suspects: dict[Shard, str] = {}

    def score(self, shards: Sequence[Shard]) -> str:
        """Score shards; return why the cluster stopped, or an empty string."""
        futures = self._client.map(
            score_task, shards, pure=False, key="easiness-shard", **self._arguments
        )
        try:
            return self._collect(dict(zip(futures, shards, strict=True)))
        finally:
            if self._client.status == "running":
                self._client.cancel(futures)

    def _collect(self, waiting: dict[Any, Shard]) -> str:
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for future in waiting:
            future.add_done_callback(done.put)
        while waiting:
            try:
                future = done.get(timeout=_POLL_S)
            except queue.Empty:
                if self._client.status != "running":
                    return _LOST
                continue
            shard = waiting.pop(future, None)
            lost = "" if shard is None else self._take(shard, future)
            if lost:
                return lost
        return ""

    def _take(self, shard: Shard, future: Any) -> str:
        """Count a result; return why no more will come, or an empty string."""
        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        try:
            found = future.result()
        except KilledWorker as error:
            self.suspects[shard] = (
                f"{error.allowed_failures + 1} workers died while they scored it, perhaps out of "
                f"memory: give workers more, or split the shard"
            )
        except CommClosedError:
            # The client may not yet know that it has lost its scheduler.
            return _LOST
        except Exception as error:  # a cluster may fail a task in any way
            if self._client.status != "running":
                return _LOST
            if future.status in ("cancelled", "lost"):
                return _CANCELLED
            self._fail(shard, f"{type(error).__name__}: {error}")
        else:
            if isinstance(found, DataError):
                self._report.failed[shard.input] = found
                return ""
            summary, before = found
            if not self._is_here(shard.output):
                self._fail(
                    shard,
                    f"a worker wrote {shard.output!r}, but it is not visible here: workers must "
                    f"see this folder under this name; use a shared file system",
                )
                return ""
            self._skipped += summary.n_samples if before else 0
            self._report.add(shard.output, summary)
            self._progress(self._report.summary.n_samples, self._skipped)
        return ""

    def _fail(self, shard: Shard, why: str) -> None:
        self._report.failed[shard.input] = DataError(why, path=shard.input)

    def _is_here(self, output: str) -> bool:
        """Return whether an output is visible here; a network file system may take a while."""
        if os.path.lexists(output):
            return True
        folder, name = os.path.split(output)
        # The system may cache for a while that a name is missing; listing the folder refreshes it.
        while not (found := name in os.listdir(folder)) and self._patience_s > 0:
            time.sleep(_POLL_S)
            self._patience_s -= _POLL_S
        return found


def _look_at_the_rest(shards: Sequence[Shard], parameters: Parameters, report: Report) -> None:
    """Count shards that were finished but not reported."""
    known = set(report.finished)
    for shard in shards:
        if shard.output in known or shard.input in report.failed:
            continue
        with suppress(OSError, ValueError):
            done = load_if_complete(shard, parameters, overwrite=True)
            if done is not None:
                report.add(shard.output, done.summary)
