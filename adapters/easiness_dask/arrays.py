"""Score Dask arrays lazily, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

import easiness_core as ec

_COLUMNS = {
    "easiness": np.float64,
    "log_easiness": np.float64,
    "level": np.uint8,
    "loss": np.float64,
    "predicted": np.int64,
}
# How many summaries one task merges.
_FAN_IN = 16


@dataclass(frozen=True, eq=False, repr=False)
class DaskScores:
    """The columns of `easiness_core.Scores`, not yet computed.

    Attributes
    ----------
    easiness, log_easiness, loss : dask array of shape (n_samples,), float64
        As in `easiness_core.Scores`.
    level : dask array of shape (n_samples,), uint8
        Values of `easiness_core.Level`.
    predicted : dask array of shape (n_samples,), int64
        Most probable class; the first one in a tie.
    summary : dask Delayed of Summary
        Counts and exact sums over all samples.

    Notes
    -----
    Compute several of them in one call, as in `dask.compute(scores.level, scores.summary)`, so that
    each block is read and scored only once.

    Examples
    --------
    >>> import dask, dask.array as da
    >>> from easiness_dask import score
    >>> probs = da.from_array([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]], chunks=(2, 2))
    >>> scores = score(probs, [0, 0, 0])
    >>> scores
    DaskScores(3 samples in 2 blocks)
    >>> level, summary = dask.compute(scores.level, scores.summary)
    >>> level, summary.n_samples
    (array([4, 2, 1], dtype=uint8), 3)
    """

    easiness: Any
    log_easiness: Any
    level: Any
    loss: Any
    predicted: Any
    summary: Any

    def __repr__(self) -> str:
        return f"DaskScores({self.level.size} samples in {self.level.npartitions} blocks)"


def score(
    probs: Any,
    labels: Any,
    *,
    estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
    n_bins: int = 5,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
) -> DaskScores:
    """Score a Dask array lazily, with the same results as `easiness_core.score`.

    Parameters
    ----------
    probs : dask array of shape (n_samples, n_classes)
        Class probabilities, as in `easiness_core.score`. Blocks of rows stay as they are; blocks
        of columns are joined.
    labels : dask array or array of shape (n_samples,)
        Given classes; rechunked to match the rows of `probs`. If block lengths are unknown, the
        blocks must already match those of `probs`.
    estimator : ClosedForm or MonteCarlo, optional
        As in `easiness_core.score`; `ClosedForm()` by default.
    n_bins : int, default 5
        As in `easiness_core.score`.
    classes : sequence, optional
        As in `easiness_core.score`.
    normalize : bool, default False
        As in `easiness_core.score`.

    Returns
    -------
    DaskScores
        Lazy arrays with the blocks of `probs`, and a lazy summary. Each block is scored on one
        thread, since Dask runs blocks in parallel.

    Raises
    ------
    TypeError
        If `probs` is not a Dask array.
    ValueError
        If shapes do not match. Values are checked when blocks are computed, with the errors of
        `easiness_core.score`.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> from easiness_dask import score
    >>> probs = np.random.default_rng(0).dirichlet([0.2, 0.2, 0.2], size=1000)
    >>> scores = score(da.from_array(probs, chunks=(300, 3)), probs.argmax(axis=1))
    >>> scores.level.chunks
    ((300, 300, 300, 100),)
    >>> scores.level.compute()[:3]
    array([4, 4, 4], dtype=uint8)
    >>> scores.summary.compute().level_counts
    {'hard': 0, 'medium': 32, 'easy': 968}
    """
    import dask.array as da

    if not isinstance(probs, da.Array):
        mend = "pass dask.array.from_array(probs), or use easiness_core.score"
        if hasattr(probs, "to_dask_array"):
            mend = "pass probs.to_dask_array(lengths=True)"
        raise TypeError(f"probs: expected a dask array, got {type(probs).__name__}; {mend}")
    if probs.ndim != 2:
        raise ValueError(f"probs: expected shape (n_samples, n_classes), got {probs.shape}")
    probs = probs.rechunk({1: -1})
    given = _aligned(labels, probs.chunks[0], probs.shape[0])
    work = partial(
        _score_block,
        estimator=ec.ClosedForm() if estimator is None else estimator,
        n_bins=n_bins, classes=classes, normalize=normalize,
    )  # fmt: skip
    return _lazy(work, probs, given)


def _lazy(work: Callable[..., ec.Scores], probs: Any, labels: Any) -> DaskScores:
    """Write the graph as a dict: building one Delayed per block takes milliseconds each."""
    import dask.array as da
    from dask.base import tokenize
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    rows = probs.chunks[0]
    token = tokenize(work, probs, labels)
    name = f"easiness-{token}"
    scored: dict[Any, Any] = {}
    first_row, known = 0, True
    for at, n_rows in enumerate(rows):
        scored[name, at] = (work, (probs.name, at, 0), (labels.name, at), first_row)
        # If lengths are unknown, messages count rows within their block.
        known = known and not math.isnan(n_rows)
        first_row = first_row + int(n_rows) if known else 0
    base = HighLevelGraph.from_collections(name, scored, dependencies=[probs, labels])

    def graph(layer: str, tasks: dict[Any, Any]) -> HighLevelGraph:
        return HighLevelGraph({**base.layers, layer: tasks}, {**base.dependencies, layer: {name}})

    columns = {}
    for column, dtype in _COLUMNS.items():
        layer = f"easiness-{column}-{token}"
        # The attribute is a separate task, so that each block of the column depends on two: Dask
        # would otherwise fuse it with the scoring, and `summary` would score again.
        tasks: dict[Any, Any] = {f"{layer}-of": attrgetter(column)}
        for at in range(len(rows)):
            tasks[layer, at] = (_get, f"{layer}-of", (name, at))
        columns[column] = da.Array(graph(layer, tasks), layer, (rows,), dtype)
    layer = f"easiness-summary-{token}"
    tasks = _merging(layer, [(name, at) for at in range(len(rows))])
    return DaskScores(**columns, summary=Delayed(layer, graph(layer, tasks), layer=layer))


def _merging(last: str, scored: list[Any]) -> dict[Any, Any]:
    """Merge the summaries of blocks in a tree whose root is called `last`."""
    of = attrgetter("summary")
    tasks: dict[Any, Any] = {(last, 0, at): (_get, of, key) for at, key in enumerate(scored)}
    waiting, depth = list(tasks), 0
    while len(waiting) > _FAN_IN:
        depth += 1
        merged = {
            (last, depth, at): (_merge, waiting[at : at + _FAN_IN])
            for at in range(0, len(waiting), _FAN_IN)
        }
        tasks.update(merged)
        waiting = list(merged)
    tasks[last] = (_merge, waiting)
    return tasks


def _get(of: Callable[[ec.Scores], Any], scores: ec.Scores) -> Any:
    return of(scores)


def _aligned(labels: Any, rows: tuple[float, ...], n_rows: float) -> Any:
    """Rechunk labels to match the rows, or refuse them."""
    import dask.array as da
    from dask.base import is_dask_collection

    if not is_dask_collection(labels):
        labels = np.asanyarray(labels)
        if labels.shape == (n_rows,):
            return da.from_array(labels, chunks=(rows,))
    labels = da.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels: expected shape (n_samples,), got {labels.shape}")
    unknown = any(map(math.isnan, rows)) or any(map(math.isnan, labels.chunks[0]))
    if not unknown:
        if labels.shape[0] != n_rows:
            raise ValueError(
                f"labels: expected {n_rows} labels, one per row, got {labels.shape[0]}"
            )
        return labels.rechunk((rows,))
    if len(labels.chunks[0]) != len(rows):
        raise ValueError(
            f"labels: {len(labels.chunks[0])} blocks, probs have {len(rows)}, and the lengths of "
            f"blocks are not known: call compute_chunk_sizes() on both"
        )
    return labels


def _score_block(
    probs: Any,
    labels: Any,
    first_row: int,
    *,
    estimator: ec.ClosedForm | ec.MonteCarlo,
    n_bins: int,
    classes: Sequence[Any] | None,
    normalize: bool,
) -> ec.Scores:
    return ec.score(
        probs,
        labels,
        estimator=estimator,
        n_bins=n_bins,
        classes=classes,
        normalize=normalize,
        n_threads=1,
        first_row=first_row,
    )


def _merge(summaries: list[ec.Summary]) -> ec.Summary:
    merged = ec.Summary()
    for summary in summaries:
        merged = merged.merge(summary)
    return merged
