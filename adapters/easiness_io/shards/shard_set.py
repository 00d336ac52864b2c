"""All shards of a run: checked before the first is scored, then scored one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

import easiness_core as ec
from easiness_io.errors import DataError, ShardError
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.shards.compare import check_unique, shared_traits
from easiness_io.shards.discover import Shard
from easiness_io.shards.report import Report
from easiness_io.shards.run import complete_shard, open_shard

Progress = Callable[[int, int], object]


def check_shards(
    shards: Sequence[Shard], parameters: Parameters, *, check_ids: bool = True
) -> list[SampleReader]:
    """Open every shard, and refuse a set that does not belong together.

    Parameters
    ----------
    shards : sequence of Shard
        The files.
    parameters : Parameters
        How they are read.
    check_ids : bool, default True
        Whether to read all ids, and look for those that occur twice. Ids found by the usual name
        `index` may be the same in two files: pandas counts from 0 in each.

    Returns
    -------
    list of SampleReader
        One for each shard.

    Raises
    ------
    DataError
        If a shard cannot be opened or lacks labels, or has wrong ones that can be read alone (not
        in csv), or the shards differ in classes or in having ids, or share an id.
    """
    _refuse_same_file([shard.input for shard in shards])
    readers = [open_shard(shard, parameters) for shard in shards]
    shared = shared_traits(readers)
    for reader in readers:
        reader.check_labels()
    if check_ids and shared["has_ids"]:
        counted = any((reader.ids_name or "").lower() == "index" for reader in readers)
        across = not counted or parameters.reading.ids is not None
        check_unique(readers, parameters.reading.max_bytes, across=across)
    return readers


def _refuse_same_file(inputs: list[str]) -> None:
    """Refuse one file under two names: a link, hard or symbolic, or one path twice."""
    seen: dict[tuple[int, int], str] = {}
    for path in inputs:
        try:
            found = os.stat(path)
        except OSError:
            continue  # refused when it is opened
        key = (found.st_dev, found.st_ino)
        if key in seen:
            raise DataError(
                f"it is the same file as {seen[key]!r}: its rows would count twice", path=path
            )
        seen[key] = path


class Runner(Protocol):
    """What scores checked shards: in this process, or on a cluster."""

    def __call__(
        self,
        shards: Sequence[Shard],
        readers: Sequence[SampleReader],
        parameters: Parameters,
        *,
        overwrite: bool,
        progress: Progress,
    ) -> Report:
        """Score all; `progress` is called with rows done, and how many of these were done before.

        Shards that cannot be scored are reported, not raised.
        """


def run_serially(
    shards: Sequence[Shard],
    readers: Sequence[SampleReader],
    parameters: Parameters,
    *,
    overwrite: bool,
    progress: Progress,
    n_threads: int | None = None,
) -> Report:
    """Score one shard after the other; the runner of `score_shards` by default."""
    report = Report(ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins))
    skipped = 0
    for shard, reader in zip(shards, readers, strict=True):
        before = report.summary.n_samples

        def moved(done: int, before: int = before, skipped: int = skipped) -> None:
            progress(before + done, skipped)

        try:
            summary, was_complete = complete_shard(
                shard, parameters, overwrite=overwrite, reader=reader, n_threads=n_threads,
                progress=moved,
            )  # fmt: skip
        except ShardError as error:
            report.failed[shard.input] = error
            continue
        skipped += summary.n_samples if was_complete else 0
        report.add(shard.output, summary)
        progress(report.summary.n_samples, skipped)
    return report
