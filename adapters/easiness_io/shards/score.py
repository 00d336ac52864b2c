"""Score one file or many into files; a rerun skips complete files."""

import glob
import os
from collections.abc import Callable, Iterable
from typing import Any

import easiness_core as ec
from easiness_io.errors import DataError, located
from easiness_io.parameters import make_parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.shards.compare import check_shards
from easiness_io.shards.discover import Shard, pair_shards
from easiness_io.shards.folder import check_folder, output_folder
from easiness_io.shards.run import Report, ShardsError, complete_shard, run_serially
from easiness_io.writers.tables import SINKS

Path = str | os.PathLike[str]


def score_shard(
    input: Path,
    output: Path,
    *,
    labels_path: Path | None = None,
    overwrite: bool = False,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
    **options: Any,
) -> ec.Summary:
    """Score one file into another, in memory that does not grow with the file.

    Call it from any executor: Dask, Ray, Spark, a job array or a shell loop. The output appears
    complete or not at all. Next to its folder, a manifest keeps the summary, the parameters and
    checksums: `scores.easiness/a.csv.json` for `scores/a.csv`. If it matches the files, the call
    only returns the summary; if not, the file is scored again, with byte-identical output.

    Parameters
    ----------
    input : path
        A file of predictions.
    output : path
        The file to write: .parquet (with page checksums), .csv, or .npz (kept in memory until
        it is written). It has one row per sample: index (the row in `input`), id, label, predicted,
        easiness, log_easiness, level, loss.
    labels_path : path, optional
        A file of labels, if they are not in `input`.
    overwrite : bool, default False
        Replace an output that has other inputs or parameters, or is from another program.
    n_threads : int, optional
        As in `easiness_core.score`; pass 1 if the executor already uses all cores.
    progress : callable, optional
        Called after each block with the number of rows done so far.
    **options : dict
        Options of `open_samples`; `estimator` and `n_bins`, as in `easiness_core.score`; and
        `escape_formulas=True`, to escape names in csv that a spreadsheet would run as formulas.

    Returns
    -------
    Summary
        The summaries of all shards can be merged exactly, in any order.

    Raises
    ------
    DataError
        A ValueError, if the input cannot be read or is invalid, or the output cannot be written.
        No output is left behind.
    TypeError, ValueError
        If an option is invalid; nothing is read then.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from easiness_io import score_shard
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/part.npz", probs=[[0.9, 0.1], [0.2, 0.8]], labels=[0, 0])
    ...     os.mkdir(f"{folder}/scores")
    ...     score_shard(f"{folder}/part.npz", f"{folder}/scores/part.csv").level_counts
    ...     sorted(os.listdir(folder))
    {'hard': 1, 'medium': 0, 'easy': 1}
    ['part.npz', 'scores', 'scores.easiness']
    """
    given = None if labels_path is None else os.fspath(labels_path)
    shard, parameters = Shard(os.fspath(input), given, os.fspath(output)), make_parameters(options)
    if os.path.splitext(shard.output)[1].lower() not in SINKS:
        raise DataError(f"expected a name ending in {', '.join(SINKS)}", path=shard.output)
    return complete_shard(
        shard, parameters, overwrite=overwrite, n_threads=n_threads, progress=progress
    )[0]


def score_shards(
    inputs: Path | Iterable[Path],
    output: Path,
    *,
    labels_path: Path | Iterable[Path] | None = None,
    format: str = "parquet",
    check_ids: bool = True,
    overwrite: bool = False,
    runner: Callable[..., Report] = run_serially,
    opened: Callable[[list[SampleReader]], object] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> ec.Summary:
    """Score many files into a folder; a rerun skips complete files.

    Parameters
    ----------
    inputs : path, or iterable of paths
        A folder, a glob, or a list of files.
    output : path
        The output folder, which gets one file per input. Manifests go to `<output>.easiness`. Only
        one run at a time may write to it.
    labels_path : path, or iterable of paths, optional
        Labels, if they are not in the inputs: a folder or a glob, paired with the inputs by name,
        or a list with one file per input.
    format : {"parquet", "csv", "npz"}, default "parquet"
        Output format.
    check_ids : bool, default True
        Whether to look for ids that occur twice before scoring; this reads all ids.
    overwrite : bool, default False
        Replace outputs that have other inputs or parameters, or are from another program.
    runner : callable, default run_serially
        Function that scores the checked shards, with the signature of `run_serially`.
    opened : callable, optional
        Called with the readers of all shards before any is scored.
    progress : callable, optional
        Called with the number of rows done so far, and how many of them an earlier run did.
    **options : dict
        As in `score_shard`.

    Returns
    -------
    Summary
        Summary of all shards; it does not depend on their order.

    Raises
    ------
    DataError
        Before anything is scored: if shards differ in classes, lack labels or share ids, or the
        folder is in use or holds other outputs. After scoring, as a ShardsError: if some shards
        failed. Finished shards stay, and a rerun skips them.
    TypeError, ValueError
        If an option is invalid; nothing is read then.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from easiness_io import score_shards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in range(2):
    ...         np.savez(f"{folder}/{part}.npz", probs=[[0.9, 0.1]], labels=[part])
    ...     score_shards(f"{folder}/*.npz", f"{folder}/scores").n_samples
    ...     sorted(os.listdir(f"{folder}/scores"))
    2
    ['0.parquet', '1.parquet']
    """
    suffix = f".{format}"
    if suffix not in SINKS:
        formats = ", ".join(SINKS).replace(".", "")
        raise ValueError(f"format: expected one of {formats}, got {format!r}")
    parameters = make_parameters(options)
    folder = _absolute(output)
    found, given = _paths(inputs), None if labels_path is None else _paths(labels_path)
    with located(found if isinstance(found, str) else folder, every=True):
        shards = pair_shards(found, given, folder, suffix)
    with located(folder, every=True):
        check_folder(folder, shards, parameters, overwrite=overwrite)
        readers = check_shards(shards, parameters, check_ids=check_ids)
        if opened is not None:
            opened(readers)
        with output_folder(folder, shards, parameters, overwrite=overwrite):
            moved = progress or (lambda done, skipped: None)
            report = runner(shards, readers, parameters, overwrite=overwrite, progress=moved)
    if report.failed or report.stopped:
        raise ShardsError(report, len(shards))
    return report.summary


def _paths(given: Path | Iterable[Path]) -> str | list[str]:
    # Absolute: workers may have been started in another folder, with files of the same names.
    if not isinstance(given, str | bytes | os.PathLike):
        return [_absolute(path) for path in given]
    name = os.fsdecode(given)
    if glob.has_magic(name) and not os.path.lexists(name):
        # The name of the current folder is not a pattern.
        return os.path.normpath(os.path.join(glob.escape(os.getcwd()), name))
    return _absolute(name)


def _absolute(path: Path | bytes) -> str:
    name = os.fsdecode(path)
    return os.path.abspath(name) if name else name
