"""Scores of what a reader gives, block by block."""

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
    """Score block after block, in memory that does not grow with the input.

    Parameters
    ----------
    reader, parameters
        What to score, as `open_samples` gives it, and how.
    add : callable, optional
        Called with the scores and the samples of each block, in order.
    n_threads : int, optional
        As in `easiness_core.score`.
    progress : callable, optional
        Called after each block with the number of rows done so far.

    Returns
    -------
    Summary
        Of all rows.

    Raises
    ------
    DataError
        If the input cannot be read, or a row of it is not valid.
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
