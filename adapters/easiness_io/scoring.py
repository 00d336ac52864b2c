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

    `add` takes the scores and samples of each block, `progress` the number of rows done so far.
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
