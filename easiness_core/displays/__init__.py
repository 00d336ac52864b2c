"""Figures with scikit-learn's display interface, which keep their data, axes and artists.

Needs matplotlib, which is imported on the first `plot`. `Scores.plot()`, `LabelErrors.plot()` and
`SigmaFit.plot()` draw these displays; easiness_sklearn adds `from_estimator` and
`from_predictions`.
"""

from easiness_core.displays.curve import EasinessCurveDisplay
from easiness_core.displays.easiness import EasinessDisplay
from easiness_core.displays.label_errors import LabelErrorsDisplay
from easiness_core.displays.sigma import SigmaDisplay

__all__ = ["EasinessCurveDisplay", "EasinessDisplay", "LabelErrorsDisplay", "SigmaDisplay"]
