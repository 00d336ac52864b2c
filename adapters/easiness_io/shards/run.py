"""Score shards, each into a file and its manifest, except complete ones."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import easiness_core as ec
from easiness_io.errors import DataError, located
from easiness_io.fingerprint import content_sha256, file_sha256, fingerprint
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.samples import score_blocks
from easiness_io.shards.compare import Traits, check_traits, open_shard
from easiness_io.shards.discover import Shard
from easiness_io.shards.manifest import Manifest, load_if_complete, make_folder, manifest_path
from easiness_io.writers.atomic import atomic_write
from easiness_io.writers.tables import SINKS

# How many failed shards a message quotes, and how many more it names; `failed` has all.
_QUOTED, _NAMED = 3, 20


@dataclass
class Report:
    """Progress of a run."""

    summary: ec.Summary = field(default_factory=ec.Summary)
    finished: list[str] = field(default_factory=list)  # outputs
    failed: dict[str, DataError] = field(default_factory=dict)  # by input
    stopped: str = ""  # why it ended before all shards were started

    def add(self, output: str, summary: ec.Summary) -> None:
        """Count a finished shard."""
        self.summary = self.summary.merge(summary)
        self.finished.append(output)


class ShardsError(DataError):
    """Some shards could not be scored; the others are complete, and a rerun skips them.

    Attributes
    ----------
    finished : list of str
        Complete outputs, in order of completion.
    failed : dict of str to DataError
        Inputs that could not be scored, and why. Those in neither were not started.
    summary : Summary
        Summary of the finished shards.
    stopped : str
        Why the run ended before all shards were started; empty if it did not.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from easiness_io import ShardsError, score_shards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/a.npz", probs=[[0.9, 0.1]], labels=[0])
    ...     np.savez(f"{folder}/b.npz", probs=[[9.0, 1.0]], labels=[0])
    ...     try:
    ...         score_shards(f"{folder}/*.npz", f"{folder}/scores")
    ...     except ShardsError as error:
    ...         len(error.finished), error.summary.n_samples
    ...         [each.problem for each in error.failed.values()]
    ...         error.worded({"normalize": "--normalize"})[-16:]
    (1, 1)
    ['1 of 1 rows contain values above 1; the first is row 0 (value 9)']
    'pass --normalize'
    """

    def __init__(self, report: Report, n_shards: int) -> None:
        done, left = len(report.finished), n_shards - len(report.finished)
        skipped = " and will be skipped by a rerun" if done else ""
        are, rest = ("is" if n == 1 else "are" for n in (done, left))
        super().__init__(f"{done} of {n_shards} shards {are} finished{skipped}; {left} {rest} not")
        self.finished, self.failed = report.finished, report.failed
        self.summary, self.stopped = report.summary, report.stopped

    def worded(self, words: Mapping[str, str]) -> str:
        """Return the message and the first reasons, with your own names for the options.

        Parameters
        ----------
        words : mapping of str to str
            As for `InputError.worded`.

        Returns
        -------
        str
            One line, with at most three of the reasons.
        """
        failed = list(self.failed.values())[:_QUOTED]
        parts = [self.stopped, *(error.worded(words) for error in failed)]
        more = list(self.failed)[_QUOTED:]
        if more:
            names = ", ".join(map(repr, more[:_NAMED]))
            parts.append(f"and {len(more)} more: {names}{', ...' if len(more) > _NAMED else ''}")
        return f"{super().worded(words)}: {'; '.join(filter(None, parts))}"


def run_serially(
    shards: Sequence[Shard],
    readers: Sequence[SampleReader],
    parameters: Parameters,
    *,
    overwrite: bool,
    progress: Callable[[int, int], object],
    n_threads: int | None = None,
) -> Report:
    """Score one shard after the other: the default runner of `score_shards`.

    `progress` takes the number of rows done so far, and how many of them an earlier run did.
    """
    report = Report(ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins))
    skipped = 0

    def moved(done: int) -> None:
        progress(report.summary.n_samples + done, skipped)

    for shard, reader in zip(shards, readers, strict=True):
        try:
            summary, was_complete = complete_shard(
                shard, parameters, overwrite=overwrite, reader=reader, n_threads=n_threads,
                progress=moved,
            )  # fmt: skip
        except DataError as error:
            report.failed[shard.input] = error
            continue
        skipped += summary.n_samples if was_complete else 0
        report.add(shard.output, summary)
        moved(0)
    return report


def complete_shard(
    shard: Shard,
    parameters: Parameters,
    *,
    overwrite: bool,
    reader: SampleReader | None = None,
    expected: Traits | None = None,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> tuple[ec.Summary, bool]:
    """Score one shard unless it is complete; return its summary, and whether it was complete.

    `reader` is the shard if it is open. `expected` is what `shared_traits` returned for all shards;
    a shard that no longer has these traits is refused. Failures are `DataError`.
    """
    with located(shard.input, every=True):
        done = load_if_complete(shard, parameters, overwrite=overwrite)
        if done is not None:
            return done.summary, True
        reader = reader or open_shard(shard, parameters)
        if expected is not None:
            check_traits(reader, dict(expected), "it changed since it was checked:", "try again")
        before = reader.fingerprints
        if list(map(fingerprint, reader.paths)) != before:
            raise DataError("it changed since it was checked", path=shard.input, hint="try again")
        output, manifest_file = shard.output, manifest_path(shard.output)
        make_folder(os.path.dirname(manifest_file))
        with atomic_write(output, True) as file:
            kind = SINKS[os.path.splitext(output)[1].lower()]
            sink = kind(file, reader.classes, escape_formulas=parameters.escape_formulas)
            summary = score_blocks(
                reader, parameters, add=sink.add, n_threads=n_threads, progress=progress
            )
            sink.close()
            file.flush()
            contents = list(map(content_sha256, reader.paths))
            if list(map(fingerprint, reader.paths)) != before:
                raise DataError("it changed while it was read", path=shard.input, hint="try again")
            if not os.fstat(file.fileno()).st_nlink:
                raise DataError("another run took over its folder", path=output, hint="run again")
            manifest = Manifest(
                ec.__version__, parameters.to_dict(output),
                [{**each, "sha256": sha} for each, sha in zip(before, contents, strict=True)],
                summary.n_samples, reader.n_classes, file.seek(0, os.SEEK_END), file_sha256(file),
                summary,
            )  # fmt: skip
            # The manifest first: a crash between the two leaves one that the file does not match,
            # so that the shard is scored again, and never a file without a manifest.
            with atomic_write(manifest_file, True) as beside:
                beside.write(manifest.to_bytes())
        return summary, False
