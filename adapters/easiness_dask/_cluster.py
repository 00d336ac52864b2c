"""Shards as tasks of a Dask cluster: sent out, collected, and accounted for."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import easiness_core as ec

if TYPE_CHECKING:
    from easiness_cli._parameters import Parameters
    from easiness_cli._shard_names import Shard
    from easiness_cli._shard_set import Report

# How long a lost scheduler may go unnoticed where nothing else tells.
_POLL_S = 1.0
# How long a run waits, in all, for outputs that workers have written and are not to be seen.
_PATIENCE_S = 10.0
# How many shards that kill their workers are made sure of, one at a time.
_CONFIRMED = 3
_LOST = "the connection to the scheduler was lost"
_CANCELLED = "the cluster was restarted, or somebody cancelled the tasks"


def score_task(
    shard: Shard, parameters: Parameters, expected: dict[str, Any], overwrite: bool
) -> tuple[ec.Summary, bool] | str:
    """Score one shard on a worker.

    What the driver has seen may be long past: a shard that is not as `expected` now is refused.
    A task may run twice, at once or in turn: both write the same bytes under names of their own,
    and what takes the final name last is what was there.

    Returns
    -------
    tuple of Summary and bool, or str
        The summary, and whether the shard had been scored before; or why it cannot be scored,
        which another try would not change.
    """
    from easiness_cli._shard_run import ShardError, finished, run_shard, told
    from easiness_cli._shard_set import difference
    from easiness_cli._stream import Rows

    try:
        with told(shard.input):
            done = finished(shard.inputs, shard.output, parameters, overwrite=overwrite)
            if done is not None:
                return done.summary, True
            rows = Rows(shard.input, shard.labels, parameters.reading)
            other = difference(expected, rows)
            if other is not None:
                return (
                    f"{shard.input!r} changed since it was checked: {other[0]} was {other[1]} as "
                    f"in the other shards, and is {other[2]}; try again"
                )
            # One thread: the worker has one for each of its cores, and runs as many tasks.
            done = run_shard(rows, shard.output, parameters, n_threads=1, progress=None)
            return done.summary, False
    except ShardError as error:
        return str(error)


def run_on_cluster(
    client: Any,
    shards: list[Shard],
    parameters: Parameters,
    expected: dict[str, Any],
    *,
    overwrite: bool,
    progress: Callable[[int, int], None],
) -> Report:
    """Score shards on a cluster.

    Parameters
    ----------
    client : distributed.Client
        The cluster.
    shards : list of Shard
        What is to be scored; the paths absolute.
    parameters : Parameters
        How.
    expected : dict
        What `_shard_set.shared` gives of them.
    overwrite : bool
        Whether outputs that were made otherwise are replaced.
    progress : callable
        Called after each shard with the rows that are done, and those of them that were before.

    Returns
    -------
    Report
        Of all shards.

    Raises
    ------
    ShardsError
        If any could not be scored, or the scheduler was lost.
    """
    from easiness_cli._shard_set import Report, incomplete

    report = Report(ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins))
    arguments = {"parameters": parameters, "expected": expected, "overwrite": overwrite}
    run = _Run(client, arguments, report, progress)
    lost = run.score(shards)
    confirmed = 0
    while run.suspects and not lost and confirmed < _CONFIRMED:
        # Dask blames all tasks that were assigned to a dead worker: alone, the innocent are done.
        shard, why = run.suspects.popitem()
        lost = run.score([shard])
        if run.suspects.pop(shard, None) is not None:
            report.failed[shard.input] = why
            confirmed += 1
    blamed = "; it was not tried alone: another shard on the same worker may be the cause"
    report.failed.update({shard.input: why + blamed for shard, why in run.suspects.items()})
    if lost:
        _look_at_the_rest(shards, parameters, report)
    if lost or report.failed:
        raise incomplete(report, len(shards), lost)
    return report


class _Run:
    """What is sent to a cluster and comes back.

    Attributes
    ----------
    suspects : dict of Shard to str
        Shards whose workers died, and what to say of them.
    """

    def __init__(
        self,
        client: Any,
        arguments: dict[str, Any],
        report: Report,
        progress: Callable[[int, int], None],
    ) -> None:
        self._client, self._arguments = client, arguments
        self._report, self._progress = report, progress
        self._skipped = 0
        self._patience_s = _PATIENCE_S
        self.suspects: dict[Shard, str] = {}

    def score(self, shards: list[Shard]) -> str:
        """Score shards; give why the cluster does no more of them, if so."""
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
        """Count a result; give why there will be no more, if so."""
        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        try:
            found = future.result()
        except KilledWorker as error:
            self.suspects[shard] = (
                f"{shard.input!r}: {error.allowed_failures + 1} workers died while they scored "
                f"it; out of memory, perhaps: give workers more, or cut the shard"
            )
        except CommClosedError:
            # The client may not yet know that it has lost its scheduler.
            return _LOST
        except Exception as error:  # whatever a cluster may do to a task
            if self._client.status != "running":
                return _LOST
            if future.status in ("cancelled", "lost"):
                return _CANCELLED
            self._report.failed[shard.input] = f"{shard.input!r}: {type(error).__name__}: {error}"
        else:
            if isinstance(found, str):
                self._report.failed[shard.input] = found
                return ""
            summary, before = found
            if not self._is_here(shard.output):
                self._report.failed[shard.input] = (
                    f"{shard.output!r}: a worker wrote it, and it is not here: workers must see "
                    f"this folder under this name; put it on a file system that all share"
                )
                return ""
            self._skipped += summary.n_samples if before else 0
            self._report.add(shard, summary)
            self._progress(self._report.summary.n_samples, self._skipped)
        return ""

    def _is_here(self, output: str) -> bool:
        """Whether an output is to be seen here; of network file systems it may be so later."""
        if os.path.lexists(output):
            return True
        folder, name = os.path.split(output)
        # That a name was not there is remembered for a while; a folder's list is asked for anew.
        while not (found := name in os.listdir(folder)) and self._patience_s > 0:
            time.sleep(_POLL_S)
            self._patience_s -= _POLL_S
        return found


def _look_at_the_rest(shards: list[Shard], parameters: Parameters, report: Report) -> None:
    """Count what was finished and could not be reported any more."""
    from easiness_cli._shard_run import ShardError, finished, told

    known = set(report.finished)
    for shard in shards:
        if shard.output in known or shard.input in report.failed:
            continue
        try:
            with told(shard.input):
                done = finished(shard.inputs, shard.output, parameters, overwrite=True)
        except ShardError:
            continue
        if done is not None:
            report.add(shard, done.summary)
