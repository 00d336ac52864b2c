"""Score files of predictions on a Dask cluster, or in this process."""

from __future__ import annotations

from functools import partial
from typing import Any

import easiness_io

import easiness_core as ec
from easiness_dask._cluster import run_on_cluster


def score_shards(inputs: Any, output: Any, *, client: Any = None, **options: Any) -> ec.Summary:
    """Score many files into a folder; if a worker dies, only its shard is redone.

    Each file is one task. A rerun skips complete shards and scores the rest; the output is
    byte-identical to that of an uninterrupted run. Zarr arrays are not files: score them with
    `easiness_dask.score(dask.array.from_zarr(path), labels)`.

    Parameters
    ----------
    inputs : path, or iterable of paths
        A folder, a glob, or a list of files. All workers must see them under the same paths.
    output : path
        The output folder, which gets one file per input. All workers must see it under this path.
    client : distributed.Client, optional
        The cluster. By default, the files are scored in this process, one after the other.
    **options : dict
        All options of `easiness_io.score_shards`: `labels_path`, `format`, `check_ids`,
        `overwrite`, `progress`; `probs`, `labels`, `ids`, `classes` and others that say how to read
        the files; `estimator`.

    Returns
    -------
    Summary
        Summary of all shards; it does not depend on the number of workers or the order.

    Raises
    ------
    DataError
        Before anything is scored: if shards differ in classes, lack labels or share ids, or the
        folder is in use or holds other outputs.
    ShardsError
        A DataError, if shards failed or killed their workers, or the scheduler was lost. It has
        `finished`, `failed` and `summary`. Finished shards stay, and a rerun skips them.
    TypeError, ValueError
        If `client` is not a synchronous Client, or an option is invalid; nothing is read then.

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
    if client is None:
        return easiness_io.score_shards(inputs, output, **options)
    _check_client(client)
    runner = partial(run_on_cluster, client=client)
    return easiness_io.score_shards(inputs, output, runner=runner, **options)


def _check_client(client: Any) -> None:
    from distributed import Client

    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(
            f"client: expected a distributed.Client that is not asynchronous, got {client!r}"
        )
