"""All shards of a run: checked before the first is scored, reported when the last is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import easiness_core as ec
from easiness_cli._errors import CommandError
from easiness_cli._ids_check import check_unique
from easiness_cli._parameters import Parameters
from easiness_cli._shard_names import Shard
from easiness_cli._shard_run import (
    ShardError,
    finished,
    run_shard,
    told,
)
from easiness_cli._stream import Rows

_ALIKE = {
    "n_classes": "their number of classes",
    "classes": "their class names",
    "columns": "the names of their columns",
    "has_ids": "having ids",
}

# How many failed shards are named; `ShardsError.failed` has all.
_NAMED = 20


def check_shards(shards: list[Shard], parameters: Parameters, *, check_ids: bool) -> list[Rows]:
    """Open every shard, and refuse a set that does not belong together.

    Returns
    -------
    list of Rows
        One a shard.

    Raises
    ------
    CommandError
        If a shard cannot be opened or has no labels, or wrong ones that can be read alone (not
        those within csv), or they differ in classes, or in having ids, or share an id.
    """
    _refuse_one_twice([shard.input for shard in shards])
    opened = [Rows(shard.input, shard.labels, parameters.reading) for shard in shards]
    first, expected = _first(opened), shared(opened)
    for shard, rows in zip(shards, opened, strict=True):
        other = difference(expected, rows)
        if other is not None:
            said, mine, theirs = other
            raise CommandError(
                f"shards differ in {said}: {mine} in {first.paths[0]!r}, "
                f"{theirs} in {shard.input!r}"
            )
    for rows in opened:
        rows.check_labels()
    if check_ids and first.has_ids:
        names = [shard.input for shard in shards]
        check_unique(names, opened, parameters.reading.max_bytes)
    return opened


def _first(opened: list[Rows]) -> Rows:
    # Lists of no rows do not tell the number of classes.
    return next((rows for rows in opened if rows.n_classes), opened[0])


def shared(opened: list[Rows]) -> dict[str, Any]:
    """Give what all shards of a set have alike."""
    return {what: getattr(_first(opened), what) for what in _ALIKE}


def difference(expected: dict[str, Any], rows: Rows) -> tuple[str, Any, Any] | None:
    """Say in what a shard is not as expected, if it is not: what, expected, and got."""
    for what, said in _ALIKE.items():
        if not rows.n_classes and what != "has_ids":
            continue
        before, now = expected[what], getattr(rows, what)
        # Classes that were named may have any columns; the same in another order are a mistake.
        if what == "columns" and rows.are_named and sorted(before or []) != sorted(now or []):
            continue
        if before != now:
            return said, before, now
    return None


def _refuse_one_twice(inputs: list[str]) -> None:
    """Refuse one file under two names: a link, hard or symbolic, or one path twice."""
    seen: dict[tuple[int, int], str] = {}
    for path in inputs:
        try:
            found = os.stat(path)
        except OSError:
            continue  # told when it is opened
        key = (found.st_dev, found.st_ino)
        if key in seen:
            raise CommandError(
                f"{seen[key]!r} and {path!r} are one file; its rows would count twice"
            )
        seen[key] = path


@dataclass
class Report:
    """How far a run has come.

    Attributes
    ----------
    summary : Summary
        Of all finished shards.
    finished : list of str
        Outputs that are whole, in the order in which they were finished.
    failed : dict of str to str
        Why an input could not be scored.
    """

    summary: ec.Summary = field(default_factory=ec.Summary)
    finished: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, shard: Shard, summary: ec.Summary) -> None:
        """Count a finished shard."""
        self.summary = self.summary.merge(summary)
        self.finished.append(shard.output)


class ShardsError(ShardError):
    """Some shards could not be scored; the others are whole, and a rerun skips them.

    Attributes
    ----------
    finished : list of str
        The outputs that are whole.
    failed : dict of str to str
        Why an input could not be scored; those neither here nor finished were not begun.
    summary : Summary
        Of the finished shards.
    """

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report
        self.finished, self.failed = report.finished, report.failed
        self.summary = report.summary

    def __reduce__(self) -> tuple[type[ShardsError], tuple[str, Report]]:
        return type(self), (str(self), self.report)


def incomplete(report: Report, n_shards: int, why: str = "") -> ShardsError:
    """Build the error that tells what is finished, and what is not and why."""
    told_of = [why] if why else []
    told_of += list(report.failed.values())[:3]
    more = list(report.failed)[3:]
    if more:
        names = ", ".join(map(repr, more[:_NAMED]))
        told_of.append(f"and {len(more)} more: {names}{', ...' if len(more) > _NAMED else ''}")
    done, left = len(report.finished), n_shards - len(report.finished)
    are = "is" if left == 1 else "are"
    skipped = " and will be skipped by a rerun" if done else ""
    return ShardsError(
        f"{done} of {n_shards} shards {'is' if done == 1 else 'are'} finished{skipped}; {left} "
        f"{are} not: {'; '.join(told_of)}",
        report,
    )


def run_serially(
    shards: list[Shard],
    opened: list[Rows],
    parameters: Parameters,
    *,
    overwrite: bool,
    n_threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Score one shard after the other; one that fails does not keep the others from being done.

    Raises
    ------
    ShardsError
        If any failed.
    """
    report = Report(ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins))
    skipped = 0
    for shard, rows in zip(shards, opened, strict=True):
        before = report.summary.n_samples

        def moved(done: int, before: int = before, skipped: int = skipped) -> None:
            if progress is not None:
                progress(before + done, skipped)

        try:
            with told(shard.input):
                done = finished(shard.inputs, shard.output, parameters, overwrite=overwrite)
                if done is None:
                    done = run_shard(
                        rows, shard.output, parameters, n_threads=n_threads, progress=moved
                    )
                else:
                    skipped += done.n_rows
        except ShardError as error:
            report.failed[shard.input] = str(error)
        else:
            report.add(shard, done.summary)
    if report.failed:
        raise incomplete(report, len(shards))
    return report
