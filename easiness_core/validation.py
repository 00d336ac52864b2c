"""The checks of all public functions, for packages that build on this one.

Each function returns its argument in the form that the core uses, or raises
`easiness_core.errors.InputError` with the name of the argument.
"""

from easiness_core._config import (
    NEGATIVE_TOLERANCE,
    NEGATIVE_TOLERANCE_HALF,
    ROW_SUM_TOLERANCE,
    ROW_SUM_TOLERANCE_HALF,
)
from easiness_core._input.convert import is_torch, to_array
from easiness_core._input.encoder import LabelEncoder
from easiness_core._input.labels import check_labels
from easiness_core._input.numbers import check_count, check_number, check_vector
from easiness_core._input.probs import Probs, check_logits, check_probs

__all__ = [
    "NEGATIVE_TOLERANCE",
    "NEGATIVE_TOLERANCE_HALF",
    "ROW_SUM_TOLERANCE",
    "ROW_SUM_TOLERANCE_HALF",
    "LabelEncoder",
    "Probs",
    "check_count",
    "check_labels",
    "check_logits",
    "check_number",
    "check_probs",
    "check_vector",
    "is_torch",
    "to_array",
]
