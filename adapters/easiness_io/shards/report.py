"""How far a run over many shards has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import easiness_core as ec
from easiness_io.errors import ShardError

# Of the failed shards, so many are quoted, and so many more are named; `failed` has all.
_QUOTED, _NAMED = 3, 20


@dataclass
class Report:
    """How far a run has come.

    Attributes
    ----------
    summary : Summary
        Of all finished shards.
    finished : list of str
        Outputs that are complete, in the order in which they were finished.
    failed : dict of str to ShardError
        Why an input could not be scored.
    stopped : str
        Why the run ended before all shards were begun; empty if it did not.
    """

    summary: ec.Summary = field(default_factory=ec.Summary)
    finished: list[str] = field(default_factory=list)
    failed: dict[str, ShardError] = field(default_factory=dict)
    stopped: str = ""

    def add(self, output: str, summary: ec.Summary) -> None:
        """Count a finished shard."""
        self.summary = self.summary.merge(summary)
        self.finished.append(output)


class ShardsError(ShardError):
    """Some shards could not be scored; the others are complete, and a rerun skips them.

    Parameters
    ----------
    report : Report
        How far the run came.
    n_shards : int
        How many there are.

    Attributes
    ----------
    finished : list of str
        The outputs that are complete.
    failed : dict of str to ShardError
        Why an input could not be scored; those neither here nor finished were not begun.
    summary : Summary
        Of the finished shards.
    """

    def __init__(self, report: Report, n_shards: int) -> None:
        done, left = len(report.finished), n_shards - len(report.finished)
        skipped = " and will be skipped by a rerun" if done else ""
        super().__init__(
            f"{done} of {n_shards} shards {'is' if done == 1 else 'are'} finished{skipped}; {left} "
            f"{'is' if left == 1 else 'are'} not"
        )
        self.report = report
        self.finished, self.failed = report.finished, report.failed
        self.summary = report.summary

    def worded(self, words: Mapping[str, str]) -> str:
        """Give the message and the first reasons, with options called as `words` says."""
        parts = [self.report.stopped] if self.report.stopped else []
        parts += [error.worded(words) for error in list(self.failed.values())[:_QUOTED]]
        more = list(self.failed)[_QUOTED:]
        if more:
            names = ", ".join(map(repr, more[:_NAMED]))
            parts.append(f"and {len(more)} more: {names}{', ...' if len(more) > _NAMED else ''}")
        return f"{super().worded(words)}: {'; '.join(parts)}"
