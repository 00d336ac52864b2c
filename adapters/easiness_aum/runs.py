"""Combine the flags of several training runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_aum._input import to_ids
from easiness_aum.filter import AUMFlags
from easiness_aum.threshold import threshold_mask
from easiness_core.validation import to_array


def combine_runs(
    flags: Sequence[AUMFlags] | Sequence[ArrayLike], threshold_samples: Sequence[ArrayLike]
) -> NDArray[np.bool_]:
    """Combine the flags of several runs.

    A sample is flagged if it is flagged in every run where it was not a threshold sample.

    Parameters
    ----------
    flags : sequence of AUMFlags, or of arrays of shape (n_samples,), bool
        The results of `AUMFilter.flag`, one per run, whose samples are matched by id; or plain
        flags, all in the order of the data set.
    threshold_samples : sequence of arrays
        Ids of each run's threshold samples; their rows if `flags` are plain arrays.

    Returns
    -------
    ndarray of shape (n_samples,), bool
        In the order of the ids if they are the numbers 0 to n_samples - 1, or else in the order of
        the first run. False for a sample that was a threshold sample in every run.

    Raises
    ------
    TypeError, ValueError
        If the runs differ in number, size or ids, if flags are not boolean, or if the threshold
        samples are not those of the flags.

    Examples
    --------
    >>> from easiness_aum import combine_runs
    >>> combine_runs([[True, True, False], [False, True, True]], [[2], [0]])
    array([ True,  True,  True])
    """
    if len(flags) != len(threshold_samples) or not len(flags):
        raise ValueError(
            f"threshold_samples: expected one array per run, got {len(threshold_samples)} for "
            f"{len(flags)} runs of flags"
        )
    found = [each for each in flags if isinstance(each, AUMFlags)]
    if found:
        if len(found) != len(flags):
            raise TypeError("flags: expected AUMFlags of all runs or plain flags of all, got both")
        return _combine_by_id(found, threshold_samples)
    arrays = [to_array(each, "flags") for each in flags]
    size = arrays[0].size
    everywhere, judged = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    for array, rows in zip(arrays, threshold_samples, strict=True):
        if array.dtype != np.bool_:
            raise TypeError(f"flags: expected booleans, got dtype {array.dtype}")
        if array.shape != (size,):
            raise ValueError(f"flags: expected shape ({size},) in every run, got {array.shape}")
        mask = threshold_mask(rows, size)
        everywhere &= array | mask
        judged |= ~mask
    return everywhere & judged


def _combine_by_id(
    found: list[AUMFlags], threshold_samples: Sequence[ArrayLike]
) -> NDArray[np.bool_]:
    ids = found[0].ids
    if ids.dtype.kind == "i" and np.array_equal(np.sort(ids), np.arange(ids.size)):
        ids = np.arange(ids.size)
    flags: list[NDArray[np.bool_]] = []
    rows: list[list[int]] = []
    row_of = dict(zip(ids.tolist(), range(ids.size), strict=True))
    for each, samples in zip(found, threshold_samples, strict=True):
        where = [row_of.get(name, -1) for name in each.ids.tolist()]
        if sorted(where) != list(range(ids.size)):
            raise ValueError(
                f"flags: expected the same ids in every run, got {each.ids.size} ids of which "
                f"{sum(row >= 0 for row in where)} are among the {ids.size} of the first run"
            )
        aligned = np.empty(ids.size, dtype=bool)
        aligned[where] = each.flags
        flags.append(aligned)
        names = to_ids(samples)
        absent = [name for name in names if name not in row_of]
        if absent:
            raise ValueError(
                f"threshold_samples: expected ids of samples in flags, got {absent[0]!r}"
            )
        if set(names) != set(each.threshold_samples.tolist()):
            raise ValueError(
                f"threshold_samples: those of run {len(rows)} are not those that its flags were "
                f"found with; give them in the order of the runs"
            )
        rows.append([row_of[name] for name in names])
    return combine_runs(flags, rows)
