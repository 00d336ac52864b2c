"""Find mislabeled samples during training: the area under the margin, filtered by easiness."""

from easiness_aum.area import AreaUnderMargin
from easiness_aum.filter import AUMFilter, AUMFlags
from easiness_aum.runs import combine_runs
from easiness_aum.threshold import (
    aum_threshold,
    choose_threshold_samples,
    relabel_threshold_samples,
)
from easiness_aum.values import AUMValues

__all__ = [
    "AUMFilter",
    "AUMFlags",
    "AUMValues",
    "AreaUnderMargin",
    "aum_threshold",
    "choose_threshold_samples",
    "combine_runs",
    "relabel_threshold_samples",
]
