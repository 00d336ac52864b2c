"""Score files of predictions on a Dask cluster, or in this process."""

from __future__ import annotations

from functools import partial
from typing import Any

import easiness_io

import easiness_core as ec
from easiness_dask._cluster import run_on_cluster


def score_shards(inputs: Any, output: Any, *, client: Any = None, **options: Any) -> ec.Summary:
    """Score many files into a folder; if a worker dies, only its shard is redone.

    Each file is one task. A rerun skips what is complete and scores the rest, into the same bytes
    that an undisturbed run would have written. Zarr arrays are not files: score them with
    `easiness_dask.score(dask.array.from_zarr(path), labels)`.

    Parameters
    ----------
    inputs : path, or iterable of paths
        A folder, a glob, or a list of files. All workers must see them under the same names.
    output : path
        The folder to fill, with one file per input. All workers must see it under this name.
    client : distributed.Client, optional
        The cluster. Without one, the files are scored in this process, one after the other.
    **options : dict
        `labels_path`, `format`, `check_ids`, `overwrite`, `progress` and all others of
        `easiness_io.score_shards`.

    Returns
    -------
    Summary
        Of all shards; the same for any number of workers, in any order.

    Raises
    ------
    ShardError
        Before anything is scored: if shards differ in classes, lack labels or share ids, or the
        folder is in use or has other outputs in it.
    ShardsError
        A ShardError, if shards failed or killed their workers, or the scheduler was lost. It has
        `finished`, `failed` and `summary`. The finished ones stay, and a rerun skips them.
    TypeError, ValueError
        If `client` is not a synchronous Client, or an option is invalid; nothing has been read
        then.

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
