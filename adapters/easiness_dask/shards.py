"""Files of probabilities on a Dask cluster, or in this process, by the same line."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from typing import Any

import easiness_core as ec

_FORMATS = ("parquet", "csv", "npz")


def score_shards(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    client: Any = None,
    labels: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
    format: str = "parquet",
    estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
    n_bins: int = 5,
    classes: Sequence[str] | None = None,
    logits: bool = False,
    normalize: bool = False,
    probs_key: str | None = None,
    labels_key: str | None = None,
    ids_key: str | None = None,
    check_ids: bool = True,
    escape_formulas: bool = False,
    max_bytes: int = 8 << 30,
    overwrite: bool = False,
    progress: bool = False,
) -> ec.Summary:
    """Score many files into a folder, each once, whatever dies in between.

    Each shard is one task, `easiness_cli.shards.score_shard`: its output appears whole or not at
    all, with a note that vouches for it. A rerun skips what is whole and scores the rest, into
    the bytes that an undisturbed run would have written.

    Parameters
    ----------
    inputs : path, or iterable of paths
        A folder, a glob, or the files: npy, npz, csv, parquet or zarr, as for `score_shard`.
        Every worker must see them, and `output`, under these names.
    output : path
        The folder to fill: one file and one note, `<file>.json`, a shard. Only one run at a time
        writes to it.
    client : distributed.Client, optional
        The cluster; without one, the shards are scored in this process, one after the other.
    labels : path, or iterable of paths, optional
        The labels: a folder or a glob, paired with the inputs by name, or as many files; found
        in the inputs by default.
    format : {"parquet", "csv", "npz"}, default "parquet"
        What to write.
    estimator : ClosedForm or MonteCarlo, optional
        As in `easiness_core.score`; `ClosedForm()` by default.
    n_bins, classes, logits, normalize, probs_key, labels_key, ids_key, escape_formulas, max_bytes
        As in `score_shard`.
    check_ids : bool, default True
        Whether to look for ids that occur twice before scoring; this reads all ids here.
    overwrite : bool, default False
        Replace outputs that were made from other inputs or in another way.
    progress : bool, default False
        Tell rows done, rate and time left on standard error.

    Returns
    -------
    Summary
        Of all shards; the same for any number of workers and any order.

    Raises
    ------
    ShardError
        Before anything is scored: the shards differ in classes, lack labels or share ids, the
        folder is in use or holds other outputs.
    ShardsError
        A ShardError: shards failed, killed their workers, or the scheduler was lost. It has
        `finished`, `failed` and `summary`; the finished ones stay, and a rerun skips them.
    TypeError, ValueError
        Before anything is read: if `client` is no synchronous Client, or an option is not what it
        should be.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from easiness_dask import score_shards
    >>> folder = tempfile.TemporaryDirectory()
    >>> rng = np.random.default_rng(0)
    >>> for part in range(3):
    ...     probs = rng.dirichlet([0.2, 0.2, 0.2], size=1000)
    ...     file = os.path.join(folder.name, f"part-{part}.npz")
    ...     np.savez(file, probs=probs, labels=probs.argmax(axis=1))
    >>> shards = os.path.join(folder.name, "part-*.npz")
    >>> score_shards(shards, os.path.join(folder.name, "scores")).n_samples
    3000
    >>> folder.cleanup()
    """
    # Here, not above: adapters do not import one another when they are imported.
    from easiness_cli._parameters import gather
    from easiness_cli._progress import Progress
    from easiness_cli._shard_folder import look_beforehand, output_folder
    from easiness_cli._shard_names import pair
    from easiness_cli._shard_run import told, told_to_callers
    from easiness_cli._shard_set import check_shards, run_serially, shared

    if client is not None:
        _check_client(client)
    parameters = gather(
        ec.ClosedForm() if estimator is None else estimator,
        n_bins=n_bins, classes=classes, logits=logits, normalize=normalize,
        probs_key=probs_key, labels_key=labels_key, ids_key=ids_key,
        escape_formulas=escape_formulas, max_bytes=max_bytes,
    )  # fmt: skip
    if format not in _FORMATS:
        raise ValueError(f"format: expected one of {', '.join(_FORMATS)}, got {format!r}")
    parameters = parameters.for_output("." + format)
    folder = _absolute(output)
    with told_to_callers(), told(folder):
        shards = pair(
            _paths(inputs), None if labels is None else _paths(labels), folder, "." + format
        )
        look_beforehand(folder, shards, parameters, overwrite=overwrite)
        opened = check_shards(shards, parameters, check_ids=check_ids)
        counts = [rows.n_rows for rows in opened]
        total = None if None in counts else sum(count or 0 for count in counts)
        held = output_folder(folder, shards, parameters, overwrite=overwrite)
        about = sum(rows.about_rows for rows in opened) if progress else 0
        with held, Progress(total, quiet=not progress, about=about) as shown:
            if client is None:
                report = run_serially(
                    shards, opened, parameters,
                    overwrite=overwrite, n_threads=None, progress=shown.show,
                )  # fmt: skip
            else:
                from easiness_dask._cluster import run_on_cluster

                report = run_on_cluster(
                    client, shards, parameters, shared(opened),
                    overwrite=overwrite, progress=shown.show,
                )  # fmt: skip
    return report.summary


def _paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> str | list[str]:
    # Absolute: workers may have been started in another folder, with files of the same names.
    if isinstance(given, str | bytes | os.PathLike):
        name = os.fsdecode(given)
        if glob.has_magic(name) and not os.path.lexists(name):
            # This folder's own name is no pattern.
            return os.path.normpath(os.path.join(glob.escape(os.getcwd()), name))
        return _absolute(given)
    return [_absolute(path) for path in given]


def _absolute(path: str | bytes | os.PathLike[Any]) -> str:
    name = os.fsdecode(path)
    return os.path.abspath(name) if name else name


def _check_client(client: Any) -> None:
    from distributed import Client

    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(
            f"client: expected a distributed.Client that is not asynchronous, got {client!r}"
        )
