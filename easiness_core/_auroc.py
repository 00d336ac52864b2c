"""Area under the ROC curve, by ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from easiness_core._input.probs import check_probs
from easiness_core._input.samples import check_samples
from easiness_core._logits import log_odds_columns
from easiness_core.errors import InputValueError


def auroc(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
    logits: bool = False,
) -> float:
    """Compute the area under the ROC curve of each class against the rest, averaged over classes.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Class probabilities, or any scores: rows need not sum to 1.
    labels : array of shape (n_samples,)
        Class indices, or names with `classes`.
    classes : sequence of length n_classes, optional
        Class names in the order of the columns.
    normalize : bool, default False
        Divide each row by its sum first, as in `score`.
    logits : bool, default False
        Whether `probs` holds logits: rows are ranked by the log-odds `z_k - log sum exp z_j over j
        != k`. These have the order of the softmax, which ties values that it rounds to 0 or 1.
        Log-odds that differ only by rounding may be in either order.

    Returns
    -------
    float
        In [0, 1]; the unweighted mean over the classes that have both samples and
        non-samples, ties counted half; nan if there is no such class.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or shape, or `probs` holds NaN; if both `normalize` and
        `logits` are set.

    Notes
    -----
    The rank form of Mann and Whitney; it sorts n_samples values for each class.

    Examples
    --------
    >>> import numpy as np
    >>> import easiness_core as ec
    >>> ec.auroc([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], [0, 0, 1])
    1.0
    >>> logits = np.array([[90.0, 0.0, 0.0], [80.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    >>> ec.auroc(logits, [0, 1, 2], logits=True) > ec.auroc(ec.softmax(logits), [0, 1, 2])
    True
    """
    from scipy.stats import rankdata

    if logits and normalize:
        problem = "expected False with logits=True: logits are not normalized"
        raise InputValueError(problem, argument="normalize")
    rows = check_probs(probs, normalize=normalize)
    given = check_samples(rows, probs, labels, classes=classes)[0]
    columns = log_odds_columns(rows.array) if logits else rows.columns()
    areas = []
    for column, values in enumerate(columns):
        nan = np.flatnonzero(np.isnan(values))
        if nan.size:
            why = ", or cannot be divided by their sum" if normalize else ""
            raise InputValueError(
                f"{nan.size} of {values.size} rows contain NaN{why}; the first is row {nan[0]}",
                argument="probs",
                hint="drop or impute these rows",
                row=int(nan[0]),
            )
        own = given == column
        n_own = int(own.sum())
        if 0 < n_own < given.size:
            above = float(rankdata(values)[own].sum()) - n_own * (n_own + 1) / 2
            areas.append(above / (n_own * (given.size - n_own)))
    return float(np.mean(areas)) if areas else np.nan
