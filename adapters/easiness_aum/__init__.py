"""Mislabeled data: the area under the margin, threshold samples, and easiness beside them."""

from easiness_aum.area import AreaUnderMargin
from easiness_aum.values import AUMValues

__all__ = ["AUMValues", "AreaUnderMargin"]
