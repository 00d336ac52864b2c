"""Score files of any size, one shard at a time, on whatever runs the calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import easiness_core as ec
from easiness_cli._parameters import gather
from easiness_cli._shard_run import (
    ShardError,
    check_format,
    finished,
    run_shard,
    told,
    told_to_callers,
)
from easiness_cli._shard_set import ShardsError
from easiness_cli._stream import Rows

__all__ = ["ShardError", "ShardsError", "score_shard"]


def score_shard(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    labels: str | os.PathLike[str] | None = None,
    estimator: ec.ClosedForm | ec.MonteCarlo = ec.ClosedForm(),  # noqa: B008 - frozen
    n_bins: int = 5,
    classes: Sequence[str] | None = None,
    logits: bool = False,
    normalize: bool = False,
    probs_key: str | None = None,
    labels_key: str | None = None,
    ids_key: str | None = None,
    escape_formulas: bool = False,
    max_bytes: int = 8 << 30,
    overwrite: bool = False,
    n_threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> ec.Summary:
    """Score one file into another, in memory that does not grow with them, once.

    Depends on no executor: a call is a task for Dask, Ray, Spark, a job array or a shell loop.
    Calls are idempotent. The output appears whole or not at all (temporary file, fsync, rename),
    with a note `<output>.json` beside it: checksums of inputs, parameters and output, version,
    rows, and the summary. A call whose output is there, as its note says, reads the summary from
    the note; one whose output is missing or damaged scores the shard again, into the same bytes.

    Parameters
    ----------
    input : path
        Probabilities of shape (n_samples, n_classes): npy, npz, csv, parquet, or a zarr array or
        group.
    output : path
        The file to write: .parquet (with page checksums), .csv or .npz; one row a sample: index
        (its row in `input`), id (where `input` or `labels` names the samples), label, predicted,
        easiness, log_easiness, level, loss. An npz file takes 41 bytes of memory a row, and
        the id (8, or 4 a character), until it is written.
    labels : path, optional
        The labels, in the same formats; found in `input` by default.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        As in `easiness_core.score`.
    n_bins : int, default 5
        As in `easiness_core.score`.
    classes : sequence of str, optional
        Class names in column order, where labels are names.
    logits : bool, default False
        Whether `input` holds logits: their softmax is taken.
    normalize : bool, default False
        Divide each row by its sum.
    probs_key, labels_key, ids_key : str, optional
        Names of arrays or columns, where they are not the usual ones. Ids are those of `id`,
        `ids` or `sample_id` by default, in `input` or else in `labels`; where both have them they
        must be the same. An empty `ids_key` leaves them out; one that neither has is an error.
    escape_formulas : bool, default False
        In csv, put an apostrophe where a spreadsheet would begin a formula, whatever its separator.
    max_bytes : int, default 8 GiB
        Refuse to load or decompress more than this at once.
    overwrite : bool, default False
        Replace an output that was made from other inputs, in another way, or by somebody else.
    n_threads : int, optional
        As in `easiness_core.score`; 1 where the executor fills the cores by itself.
    progress : callable, optional
        Called after each block with the number of rows done so far.

    Returns
    -------
    Summary
        Merge those of all shards: it is exact, in any order. Of no rows, it is empty, and so is
        the output.

    Raises
    ------
    ShardError
        A ValueError: the input cannot be read or is not valid, or the output cannot be written.
        Nothing is left behind then.
    TypeError, ValueError
        If an option is not what it should be; nothing is read then.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from easiness_cli.shards import score_shard
    >>> folder = tempfile.TemporaryDirectory()
    >>> probs = np.random.default_rng(0).dirichlet([0.2, 0.2, 0.2], size=1000)
    >>> shard = os.path.join(folder.name, "part-0.npz")
    >>> np.savez(shard, probs=probs, labels=probs.argmax(axis=1))
    >>> summary = score_shard(shard, os.path.join(folder.name, "scores-0.csv"))
    >>> summary.level_counts
    {'hard': 0, 'medium': 32, 'easy': 968}
    >>> sorted(os.listdir(folder.name))
    ['part-0.npz', 'scores-0.csv', 'scores-0.csv.json']
    >>> folder.cleanup()
    """
    source, target = os.fspath(input), os.fspath(output)
    given = None if labels is None else os.fspath(labels)
    inputs = [source] if given is None else [source, given]
    parameters = gather(
        estimator, n_bins=n_bins, classes=classes, logits=logits, normalize=normalize,
        probs_key=probs_key, labels_key=labels_key, ids_key=ids_key,
        escape_formulas=escape_formulas, max_bytes=max_bytes,
    )  # fmt: skip
    with told_to_callers(), told(source):
        check_format(target)
        parameters = parameters.for_output(target)
        done = finished(inputs, target, parameters, overwrite=overwrite)
        if done is None:
            rows = Rows(source, given, parameters.reading)
            done = run_shard(rows, target, parameters, n_threads=n_threads, progress=progress)
        return done.summary
