"""Pandas in and out: the index of rows given, and scores on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec


def index_of(X: Any, y: Any) -> Any:
    """Index of rows that come from pandas, or None."""
    for values in (X, y):
        if hasattr(values, "iloc"):
            return values.index
    return None


def scores_frame(scores: ec.Scores, predicted: NDArray[Any], index: Any) -> Any:
    """Scores as a data frame, levels by name."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("to_frame needs pandas: pip install pandas") from error
    names = [str(level.name).lower() for level in ec.Level]
    codes = np.searchsorted([int(level) for level in ec.Level], scores.level)
    levels: Any = pd.CategoricalDtype(names, ordered=True)
    return pd.DataFrame(
        {
            "easiness": scores.easiness,
            "log_easiness": scores.log_easiness,
            "level": pd.Categorical.from_codes(codes, dtype=levels),
            "loss": scores.loss,
            "predicted": predicted,
        },
        index=index,
    )
