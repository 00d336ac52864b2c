"""Measure how easy each sample is, using only a classifier's predicted probabilities.

It takes and returns arrays, and imports no framework. Start with `score`.
"""

from easiness_core._auroc import auroc
from easiness_core._change_table import ChangeTable
from easiness_core._classes import ClassTable, class_table, confusion_pairs
from easiness_core._comparison import Comparison, compare
from easiness_core._estimators import ClosedForm, MonteCarlo
from easiness_core._groups import GroupTable, group_table
from easiness_core._intervals import binomial_interval
from easiness_core._label_errors import LabelErrors, find_label_errors
from easiness_core._level import EMHO, EMO, EO, HO, MHO, MO, Level, levels
from easiness_core._logits import softmax
from easiness_core._margin import Margins, margins
from easiness_core._metrics import (
    EasinessBins,
    easiness_bins,
    expected_sample_easiness_error,
    medium_sample_rate,
)
from easiness_core._scores import Scores
from easiness_core._scoring import easiness, log_easiness, score
from easiness_core._selection import (
    loss_rank_selection,
    random_selection,
    select,
    select_interval,
)
from easiness_core._sigma import SIGMA_GRID, SigmaFit, fit_sigma
from easiness_core._summary import Summary
from easiness_core._version import __version__

__all__ = [
    "EMHO",
    "EMO",
    "EO",
    "HO",
    "MHO",
    "MO",
    "SIGMA_GRID",
    "ChangeTable",
    "ClassTable",
    "ClosedForm",
    "Comparison",
    "EasinessBins",
    "GroupTable",
    "LabelErrors",
    "Level",
    "Margins",
    "MonteCarlo",
    "Scores",
    "SigmaFit",
    "Summary",
    "__version__",
    "auroc",
    "binomial_interval",
    "class_table",
    "compare",
    "confusion_pairs",
    "easiness",
    "easiness_bins",
    "expected_sample_easiness_error",
    "find_label_errors",
    "fit_sigma",
    "group_table",
    "levels",
    "log_easiness",
    "loss_rank_selection",
    "margins",
    "medium_sample_rate",
    "random_selection",
    "score",
    "select",
    "select_interval",
    "softmax",
]


def __dir__() -> list[str]:
    return __all__
