"""Files of predictions on a Dask cluster, or in this process, by the same line."""

from __future__ import annotations

from functools import partial
from typing import Any

import easiness_io

import easiness_core as ec
from easiness_dask._cluster import run_on_cluster


def score_shards(inputs: Any, output: Any, *, client: Any = None, **options: Any) -> ec.Summary:
    """Score many files into a folder, each once; if a worker dies, only its shard is redone.

    Each file is one task. A rerun skips what is complete and scores the rest, into the bytes that
    an undisturbed run would have written. Zarr arrays are no files: score them as
    `easiness_dask.score(dask.array.from_zarr(path), labels)`.

    Parameters
    ----------
    inputs, output
        As in `easiness_io.score_shards`. Every worker must see the files, and `output`, under
        these names.
    client : distributed.Client, optional
        The cluster; without one, the files are scored in this process, one after the other.
    **options
        `labels_path`, `format`, `check_ids`, `overwrite`, `progress` and all others of
        `easiness_io.score_shards`.

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
