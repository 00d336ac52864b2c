"""Compare two sets of scores of the same samples: what changed, and whether by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._change_table import ChangeTable, changes_by
from easiness_core._exact_tests import sign_test
from easiness_core._frames import LEVELS, Table, Words, level_words
from easiness_core._joined_scores import (
    check_groups,
    check_same_kind,
    check_sides,
    join_rows,
    score_columns,
)
from easiness_core._level import Level


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Table):
    """Result of `compare`, about the samples in both sets of scores.

    As a frame (`to_pandas` and others): one row per sample, the columns of `samples`.

    Attributes
    ----------
    joined_by : str
        "id", or "row" where neither set has ids.
    n_samples, n_only_old, n_only_new, n_relabeled : int
        Samples in both sets; in only one of them; in both, with different labels.
    old, new : dict of str to number
        accuracy, mean_easiness, msr (shares), hard, medium, easy (counts) of the joint samples.
    transitions : ndarray of shape (3, 3), int64
        Samples by old level (row) and new level (column): hard, medium, easy.
    n_gained, n_lost : int
        Wrong predictions that became right, and right ones that became wrong.
    mcnemar_p : float
        Exact two-sided McNemar test of these two.
    n_easier, n_harder : int
        Samples whose log easiness rose, and fell; equal ones are left out.
    sign_p : float
        Two-sided sign test of these two.
    by_class, by_group : ChangeTable, by_group None without groups
        Changes of each class and of each group.
    samples : dict of str to ndarray of shape (n_samples,)
        In the order of the old scores: id (if there are ids), old_row, new_row, label (the new
        one), and, with _old and _new appended, predicted, easiness, log_easiness, level, correct.
    moved : ndarray of int64
        Positions in `samples` of the samples whose level changed: first those that are hard now,
        then medium, then easy; within a level, lowest log easiness first.
    newly_hard : ndarray of int64
        The part of `moved` that is hard now and was not before.

    Examples
    --------
    >>> import easiness_core as ec
    >>> old = ec.score([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8]], [0, 0, 1])
    >>> new = ec.score([[0.51, 0.49], [0.8, 0.2], [0.2, 0.8]], [0, 0, 1])
    >>> found = ec.compare(old, new)
    >>> found
    Comparison(3 samples joined by row, accuracy 0.6667 -> 1.0000, 0 newly hard)
    >>> found.transitions  # easy to medium, hard to easy, easy to easy
    array([[0, 0, 1],
           [0, 0, 0],
           [0, 1, 1]])
    >>> round(found.changes["msr"], 4), found.to_dict()["moved"]["new_row"]
    (0.3333, [0, 1])
    """

    joined_by: str
    n_samples: int
    n_only_old: int
    n_only_new: int
    n_relabeled: int
    old: dict[str, float]
    new: dict[str, float]
    transitions: NDArray[np.int64]
    n_gained: int
    n_lost: int
    mcnemar_p: float
    n_easier: int
    n_harder: int
    sign_p: float
    by_class: ChangeTable
    by_group: ChangeTable | None
    samples: dict[str, NDArray[Any]]
    moved: NDArray[np.int64]
    newly_hard: NDArray[np.int64]

    def __repr__(self) -> str:
        old, new = self.old["accuracy"], self.new["accuracy"]
        return (
            f"Comparison({self.n_samples} samples joined by {self.joined_by}, accuracy "
            f"{old:.4f} -> {new:.4f}, {len(self.newly_hard)} newly hard)"
        )

    def __len__(self) -> int:
        return self.n_samples

    def _columns(self) -> dict[str, Any]:
        return {
            name: level_words(values) if name.startswith("level_") else values
            for name, values in self.samples.items()
        }

    @property
    def changes(self) -> dict[str, float]:
        """New minus old value of each statistic of `new`, and three more.

        These are the counts newly_hard and newly_wrong, and worst_class, the lowest change of
        accuracy over all classes.
        """
        table = self.by_class
        changes = {name: self.new[name] - self.old[name] for name in self.old}
        # From counts: a difference of two rounded shares may miss a round bound.
        return changes | {
            "accuracy": (self.n_gained - self.n_lost) / self.n_samples,
            "msr": changes["medium"] / self.n_samples,
            "newly_hard": len(self.newly_hard),
            "newly_wrong": self.n_lost,
            "worst_class": float(((table.gained - table.lost) / table.count).min()),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all statistics and tables, and the samples that changed level, ready for JSON.

        Returns
        -------
        dict
            The attributes except `samples` and `newly_hard`; `changes`; and, as `moved`, the
            columns of the samples that changed level, with None in place of minus infinity.
        """
        skipped = ("transitions", "by_class", "by_group", "samples", "moved", "newly_hard")
        samples = {
            name: values.values() if isinstance(values, Words) else values
            for name, values in self._columns().items()
        }
        return {
            **{name: value for name, value in vars(self).items() if name not in skipped},
            "changes": self.changes,
            "transitions": self.transitions.tolist(),
            "by_class": self.by_class.to_dict(),
            "by_group": None if self.by_group is None else self.by_group.to_dict(),
            "moved": {
                # JSON has no infinity: Monte Carlo's minus infinity is None.
                name: [
                    None if isinstance(value, float) and not np.isfinite(value) else value
                    for value in values[self.moved].tolist()
                ]
                for name, values in samples.items()
            },
        }


def compare(old: Any, new: Any, *, groups: ArrayLike | None = None) -> Comparison:
    """Compare two sets of scores of the same samples, such as those of two models.

    Parameters
    ----------
    old, new : Scores, or table
        What `score` returned; or a data frame, Arrow table or mapping of arrays with the columns
        that `easiness score` writes: label, predicted, easiness, log_easiness, level, and id.
    groups : array of shape (n_new,), optional
        Group of each row of `new`, such as the camera, for a table of changes by group.

    Returns
    -------
    Comparison
        Of the samples in both, joined by id, or by row if neither has ids.

    Raises
    ------
    TypeError, ValueError
        If a column is missing or has the wrong type; ids occur twice, or only one of the two has
        ids; no sample is in both; labels are names in one and numbers in the other; or, without
        ids, the numbers of rows or the columns `index` differ (without these too, the indices of
        pandas data frames).

    Notes
    -----
    Another estimator or sigma alone changes the scores: score both sets in the same way.

    McNemar's exact test: under the null hypothesis, a prediction that changed is as likely to have
    become right as wrong. The sign test does the same for log easiness. Neither says how large a
    change is. P-values of several classes are adjusted by Holm's method (1979).

    Examples
    --------
    >>> import easiness_core as ec
    >>> old = {"id": ["a", "b", "c"], "label": [0, 0, 1], "predicted": [0, 1, 1],
    ...        "easiness": [1.0, 0.0, 1.0], "log_easiness": [0.0, -9.0, 0.0],
    ...        "level": ["easy", "hard", "easy"]}
    >>> new = old | {"predicted": [1, 1, 1], "easiness": [0.0, 0.0, 1.0],
    ...              "log_easiness": [-20.0, -9.0, 0.0], "level": ["hard", "hard", "easy"]}
    >>> found = ec.compare(old, new)
    >>> found
    Comparison(3 samples joined by id, accuracy 0.6667 -> 0.3333, 1 newly hard)
    >>> found.samples["id"][found.newly_hard]
    array(['a'], dtype='<U1')
    """
    before, after = score_columns(old, "old"), score_columns(new, "new")
    check_sides(old, new)
    joined_by, first, second = join_rows(before, after)
    sides = {"old": (before, first), "new": (after, second)}
    check_same_kind(before["label"], after["label"], "the labels of old and new", "new",
                    "score both with the same class names")  # fmt: skip
    samples: dict[str, NDArray[Any]] = {"old_row": first, "new_row": second}
    if joined_by == "id":
        samples = {"id": before["id"][first]} | samples
    samples["label"] = after["label"][second]
    for name in ("predicted", "easiness", "log_easiness", "level", "correct"):
        for side, (columns, rows) in sides.items():
            samples[f"{name}_{side}"] = columns[name][rows]
    gained = ~samples["correct_old"] & samples["correct_new"]
    lost = samples["correct_old"] & ~samples["correct_new"]
    change = np.sign(_difference(samples["log_easiness_new"], samples["log_easiness_old"]))
    by_level = [np.searchsorted(list(Level), samples[f"level_{side}"]) for side in sides]
    moved = np.flatnonzero(by_level[0] != by_level[1])
    moved = moved[np.lexsort((samples["log_easiness_new"][moved], by_level[1][moved]))]
    table = None
    if groups is not None:
        names = check_groups(groups, len(after["level"]), "new")
        table = changes_by(samples, names[second], gained, lost)
    return Comparison(
        joined_by=joined_by,
        n_samples=len(first),
        n_only_old=len(before["level"]) - len(first),
        n_only_new=len(after["level"]) - len(second),
        n_relabeled=int(np.count_nonzero(before["label"][first] != samples["label"])),
        old=_figures(samples, "old"),
        new=_figures(samples, "new"),
        transitions=np.bincount(by_level[0] * 3 + by_level[1], minlength=9).reshape(3, 3),
        n_gained=int(gained.sum()),
        n_lost=int(lost.sum()),
        mcnemar_p=sign_test(int(gained.sum()), int(lost.sum())),
        n_easier=int((change > 0).sum()),
        n_harder=int((change < 0).sum()),
        sign_p=sign_test(int((change > 0).sum()), int((change < 0).sum())),
        by_class=changes_by(samples, samples["label"], gained, lost),
        by_group=table,
        samples=samples,
        moved=moved,
        newly_hard=moved[by_level[1][moved] == 0],
    )


def _difference(new: NDArray[np.float64], old: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where(new == old, 0.0, new - old)  # two minus infinities are equal


def _figures(samples: dict[str, NDArray[Any]], side: str) -> dict[str, float]:
    level = samples[f"level_{side}"]
    counts = {name: int((level == Level[name.upper()]).sum()) for name in LEVELS}
    return {
        "accuracy": float(samples[f"correct_{side}"].mean()),
        "mean_easiness": float(samples[f"easiness_{side}"].mean()),
        "msr": counts["medium"] / len(level),
        **counts,
    }
