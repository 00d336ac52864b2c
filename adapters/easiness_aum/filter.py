"""Flags of AUM, filtered by easiness (AUM-SE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import easiness_core as ec
from easiness_aum.threshold import aum_threshold, check_percentile, threshold_mask_by_id
from easiness_aum.values import AUMValues
from easiness_core.validation import check_number, check_probs, check_vector

AUM_PERCENTILE, WIDE_PERCENTILE = 99.0, 99.9
RULES = ("drop_easy", "flagged_easy", "flagged_hard", "confident_disagreement", "aum")
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False, repr=False)
class AUMFlags:
    """Samples flagged as mislabeled, and the thresholds used.

    Attributes
    ----------
    flags : ndarray of bool, shape (n_samples,)
        The filter's flags; False for threshold samples.
    aum_flags : ndarray of bool, shape (n_samples,)
        Flags of AUM at the filter's `percentile`, before the easiness rule; False for threshold
        samples. `AUMFilter("aum")` gives the flags of AUM as published.
    aum_threshold : float
        AUM strictly below which `aum_flags` are set.
    easiness_cut : float or None
        Threshold of easiness that the rule used; None for the rule "aum".
    ids : ndarray of int64 or str, shape (n_samples,)
        The samples, in the order of the flags.
    threshold_samples : ndarray of int64 or str, shape (n_threshold,)
        Ids of the threshold samples.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_aum import AUMFilter, AUMValues
    >>> aum, labels = np.array([-4.0, 6.0, 5.0, -3.0]), np.array([0, 0, 1, 2])
    >>> ids, count, easiness = np.array(["a", "b", "c", "d"]), np.full(4, 9), np.zeros(4)
    >>> values = AUMValues(ids, labels, count, aum, easiness, None)
    >>> found = AUMFilter("aum").flag(values, ["d"])
    >>> found, found.aum_threshold
    (AUMFlags(1 of 4 samples flagged), -3.0)
    >>> found.ids[found.flags]
    array(['a'], dtype='<U1')
    """

    flags: NDArray[np.bool_]
    aum_flags: NDArray[np.bool_]
    aum_threshold: float
    easiness_cut: float | None
    ids: NDArray[Any]
    threshold_samples: NDArray[Any]

    def __repr__(self) -> str:
        return f"AUMFlags({int(self.flags.sum())} of {self.flags.size} samples flagged)"


class AUMFilter:
    """Filter AUM's flags by easiness.

    Parameters
    ----------
    rule : str, default "drop_easy"
        - "drop_easy": flagged by AUM, unless easy.
        - "flagged_easy": flagged by AUM and easy, as the paper says literally. In our measurements
          it keeps the wrong flags.
        - "flagged_hard": flagged by AUM and hard.
        - "confident_disagreement": flagged by AUM, and the predicted class differs from the label
          and is easy.
        - "aum": AUM's flags as they are.
    cut : {"threshold", "level"} or float, default "threshold"
        What counts as easy. "threshold": easier than the threshold samples' `easiness_percentile`
        (for the predicted class: at least 100 minus it). Threshold samples are mislabeled by
        construction, so about 100 - `easiness_percentile` % of the wrong labels are missed.
        "level": easiness of at least 1 - resolution. A number: easiness of at least that. The rule
        "flagged_hard" always uses easiness of at most the resolution, and "aum" uses no easiness:
        both refuse a number.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        Estimates easiness if `flag` is given probabilities, and sets the resolution.
    percentile : float, optional
        Percentile of the threshold samples' AUMs strictly below which AUM flags a sample. 99 for
        the rule "aum", as published; 99.9 for the others, so that AUM itself misses few wrong
        labels. A fraction such as 0.99 is refused.
    easiness_percentile : float, default 99.5
        Percentile of the threshold samples' easiness, for `cut="threshold"`.

    Notes
    -----
    Source: Section 4.3 of the paper ("flagged by AUM and easy: denote as mislabeled"), which aims
    at fewer false positives for the same true positives. docs/mislabels_measured.md compares rules
    and percentiles, with a stricter AUM and easiness alone as controls; the defaults follow that
    evidence. Filtering helps once the network has begun to memorize wrong labels; after only a few
    epochs, AUM alone flags fewer right labels.

    Examples
    --------
    Two wrong labels, an ambiguous sample, two right ones, and three threshold samples:

    >>> import numpy as np
    >>> from easiness_aum import AUMFilter, AUMValues
    >>> aum = np.array([-4.0, -3.0, -2.0, 6.0, 7.0, -5.0, -4.0, -1.0])
    >>> easiness = np.array([0.0, 0.1, 0.8, 1.0, 1.0, 0.0, 0.0, 0.3])
    >>> ids, labels, count = np.arange(8), np.array([0, 1, 1, 0, 1, 2, 2, 2]), np.full(8, 9)
    >>> values = AUMValues(ids, labels, count, aum, easiness, 1 - easiness)
    >>> found = AUMFilter().flag(values, [5, 6, 7])
    >>> found.aum_flags.nonzero()[0], found.flags.nonzero()[0]
    (array([0, 1, 2]), array([0, 1]))
    """

    def __init__(
        self,
        rule: str = "drop_easy",
        *,
        cut: str | float = "threshold",
        estimator: ec.ClosedForm | ec.MonteCarlo = ec.ClosedForm(),  # noqa: B008
        percentile: float | None = None,
        easiness_percentile: float = 99.5,
    ) -> None:
        if rule not in RULES:
            raise ValueError(f"rule: expected one of {', '.join(RULES)}, got {rule!r}")
        if isinstance(cut, str):
            if cut not in ("threshold", "level"):
                raise ValueError(
                    f'cut: expected "threshold", "level" or a number in (0, 1], got {cut!r}'
                )
        else:
            cut = check_number(cut, "cut", low=0.0, high=1.0, open_low=True, closed_high=True)
            if rule in ("flagged_hard", "aum"):
                raise ValueError(
                    f"cut: the rule {rule!r} does not use it, got {cut!r}; leave it out"
                )
        if not isinstance(estimator, (ec.ClosedForm, ec.MonteCarlo)):
            raise TypeError(
                f"estimator: expected ClosedForm(...) or MonteCarlo(...), got {estimator!r}"
            )
        self.rule = rule
        self.cut = cut
        self.estimator = estimator
        if percentile is None:
            percentile = AUM_PERCENTILE if rule == "aum" else WIDE_PERCENTILE
        self.percentile = check_percentile(percentile, "percentile")
        self.easiness_percentile = check_percentile(easiness_percentile, "easiness_percentile")

    def __repr__(self) -> str:
        return f"AUMFilter(rule={self.rule!r}, cut={self.cut!r}, estimator={self.estimator!r})"

    def flag(
        self,
        values: AUMValues,
        threshold_samples: ArrayLike,
        *,
        probs: ArrayLike | None = None,
        labels: ArrayLike | None = None,
    ) -> AUMFlags:
        """Flag samples, by their mean easiness or by the easiness of one epoch.

        Parameters
        ----------
        values : AUMValues
            The result of `AreaUnderMargin.values()`. The flags are in its order.
        threshold_samples : array of shape (n_threshold,)
            Ids of the threshold samples, in any order. Their label is the separate class.
        probs : array of shape (n_samples, n_classes), optional
            Probabilities of one epoch, to use instead of the mean easiness.
        labels : array of shape (n_samples,), optional
            Labels for `probs` if `values` has none; threshold samples have the separate class.

        Returns
        -------
        AUMFlags
            The flags and the thresholds.

        Raises
        ------
        TypeError, ValueError
            If an argument has the wrong type or shape; if an id is not in `values`, or the
            threshold samples are not exactly the samples of one label; or if `values` has no
            easiness and `probs` is not given.
        """
        if not isinstance(values, AUMValues):
            raise TypeError(
                f"values: expected AUMValues, such as AreaUnderMargin.values(), got "
                f"{type(values).__name__}"
            )
        mask = threshold_mask_by_id(values, threshold_samples)
        threshold = aum_threshold(values.aum, np.flatnonzero(mask), percentile=self.percentile)
        aum_flags = (values.aum < threshold) & ~mask
        names = values.ids, values.ids[mask]
        if self.rule == "aum":
            return AUMFlags(aum_flags.copy(), aum_flags, threshold, None, *names)
        easiness, rival = self._easiness(values, probs, labels)
        confirmed, cut = self._confirmed(easiness, rival, mask)
        return AUMFlags(aum_flags & confirmed, aum_flags, threshold, cut, *names)

    def _confirmed(
        self, easiness: NDArray[np.float64], rival: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], float]:
        resolution = float(self.estimator.resolution)
        if self.rule == "flagged_hard":
            return easiness <= resolution, resolution
        disagrees = self.rule == "confident_disagreement"
        if self.cut == "threshold":
            share = 100.0 - self.easiness_percentile if disagrees else self.easiness_percentile
            cut = float(np.percentile((rival if disagrees else easiness)[mask], share))
            # Threshold samples at the cut count as wrong: early on nearly all have easiness 0.
            easy = easiness > cut
        else:
            cut = 1.0 - resolution if self.cut == "level" else float(self.cut)
            easy = easiness >= cut
        if disagrees:
            return (rival >= cut) & (rival > 0.0), cut
        return (easy if self.rule == "flagged_easy" else ~easy), cut

    def _easiness(self, values: AUMValues, probs: Any, labels: Any) -> Pair:
        """Return the easiness of the label, and of the predicted class if it differs."""
        if probs is None:
            if values.easiness is None or values.rival_easiness is None:
                raise ValueError(
                    "values: measured without easiness; pass probs=, the probabilities at one "
                    "epoch, or measure with AreaUnderMargin(estimator=ClosedForm())"
                )
            # NaN is neither above nor below a cut, so such samples would be flagged unnoticed.
            return (
                check_vector(values.easiness, "values.easiness"),
                check_vector(values.rival_easiness, "values.rival_easiness"),
            )
        given = values.labels if labels is None else labels
        if labels is None and (values.labels < 0).any():
            raise ValueError("labels: values were read from a file without labels; pass labels=")
        n_classes, largest = check_probs(probs).n_classes, int(np.max(given, initial=0))
        if largest >= n_classes:
            raise ValueError(
                f"probs: expected a column for each label from 0 to {largest}, including that "
                f"of the threshold samples, got {n_classes} columns; pass all outputs of the "
                f"network that was trained on the relabeled samples"
            )
        scores = ec.score(probs, given, estimator=self.estimator)
        if len(scores) != values.aum.size:
            raise ValueError(
                f"probs: expected {values.aum.size} rows, one per sample of values, got "
                f"{len(scores)}"
            )
        rival = ec.easiness(probs, scores.predicted, estimator=self.estimator)
        rival[scores.predicted == np.asarray(given)] = 0.0
        return scores.easiness, rival
