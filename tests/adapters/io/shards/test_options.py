"""Options of `score_shard` and `score_shards`: checked before any work, of any like type."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from easiness_io import score_shard, score_shards
from shard_cases import LABELS, PROBS, save

import easiness_core as ec

LIKE: list[dict[str, Any]] = [
    {"n_bins": np.int64(5)},
    {"normalize": np.bool_(False), "logits": np.bool_(False)},
    {"estimator": ec.ClosedForm(sigma=float(np.float32(0.01)), resolution=np.float64(1e-3))},
    {"estimator": ec.MonteCarlo(seed=np.int64(1), draws=np.int32(100))},
    {"classes": np.array(["a", "b", "c", "d"])},
    {"classes": [0, 1, 2, 3]},
    {"max_bytes": np.int64(1 << 30)},
]


@pytest.mark.parametrize("options", LIKE)
def test_types_that_are_alike_are_understood(options: dict[str, Any]) -> None:
    save("p.npz")
    first = score_shard("p.npz", "s.csv", **options)
    assert score_shard("p.npz", "s.csv", **options) == first
    assert score_shards(["p.npz"], "out", **options) == first


def test_numbers_as_classes_are_the_names_that_labels_are_looked_up_by() -> None:
    save("q.npz", slice(0, 400), labels=np.array([30, 10, 20, 0])[LABELS])
    expected = ec.score(PROBS, LABELS).summary
    assert score_shard("q.npz", "s.csv", classes=[30, 10, 20, 0]) == expected


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"classes": "abc"}, TypeError, "classes: expected a sequence of names, got 'abc'"),
        ({"classes": 3}, TypeError, "classes: expected a sequence of names, got 3"),
        ({"classes": ["a", 1.5, "c"]}, TypeError, "classes: expected names, got 1.5"),
        ({"classes": ["a", None, "c"]}, TypeError, "classes: expected names, got None"),
        ({"n_bins": 2.5}, TypeError, "n_bins"),
        ({"n_bins": 0}, ValueError, "n_bins"),
        ({"normalize": "no"}, TypeError, "normalize: expected True or False, got 'no'"),
        ({"ids": 3}, TypeError, "ids: expected a string, got int"),
        ({"delimiter": "::"}, ValueError, "delimiter: expected one character"),
        ({"max_bytes": "8 GB"}, TypeError, "max_bytes: expected a whole number, got str"),
        ({"estimator": "closed"}, TypeError, "estimator: expected ClosedForm or MonteCarlo"),
        ({"label": "y"}, TypeError, "unknown option 'label'; expected probs, labels, ids, classes"),
        ({"sigma": 0.1}, TypeError, "unknown option 'sigma'; pass estimator=.*in place of sigma="),
    ],
)
def test_others_are_refused_before_any_work(
    options: dict[str, Any], error: Any, said: str, forbid_scoring: Callable[[], None]
) -> None:
    save("p.npz")
    forbid_scoring()
    for call in (
        lambda: score_shard("p.npz", "s.csv", **options),
        lambda: score_shards(["p.npz"], "out", **options),
    ):
        with pytest.raises(error, match=said):
            call()
    assert os.listdir() == ["p.npz"]
    assert not os.path.exists("../work.easiness")
    assert not os.path.exists("out.easiness")


@pytest.mark.parametrize("format", [".parquet", "CSV", "json", ""])
def test_a_format_that_is_none_is_refused(format: str) -> None:
    save("in/p.npz")
    with pytest.raises(ValueError, match=r"format: expected one of parquet, csv, npz, got"):
        score_shards("in", "out", format=format)
    assert os.listdir() == ["in"]
