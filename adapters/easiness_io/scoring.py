"""Score a file block by block."""

from __future__ import annotations

from collections.abc import Callable

import easiness_core as ec
from easiness_io.errors import located
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader, Samples


def score_blocks(
    reader: SampleReader,
    parameters: Parameters,
    *,
    add: Callable[[ec.Scores, Samples], object] | None = None,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> ec.Summary:
    """Score a file block by block, in memory that does not grow with the file.

    Parameters
    ----------
    reader : SampleReader
        The file, as `open_samples` returns it.
    parameters : Parameters
        How to score it.
    add : callable, optional
        Called with the scores and the samples of each block, in order.
    n_threads : int, optional
        Number of threads, as in `easiness_core.score`.
    progress : callable, optional
        Called after each block with the number of rows done so far.

    Returns
    -------
    Summary
        The summary of all rows.

    Raises
    ------
    DataError
        If the file cannot be read, or has an invalid row.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from easiness_io import Parameters, open_samples, score_blocks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "part.npz")
    ...     np.savez(path, probs=[[0.9, 0.1], [0.2, 0.8]], labels=[0, 0])
    ...     score_blocks(open_samples(path), Parameters()).level_counts
    {'hard': 1, 'medium': 0, 'easy': 1}
    """
    summary = ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins)
    for block in reader.blocks():
        with located(reader.paths[0]):
            scores = ec.score(
                block.probs,
                block.labels,
                estimator=parameters.estimator,
                n_bins=parameters.n_bins,
                normalize=parameters.normalize,
                n_threads=n_threads,
                first_row=block.first_row,
            )
        summary.update(scores)
        if add is not None:
            add(scores, block)
        if progress is not None:
            progress(summary.n_samples)
    return summary
