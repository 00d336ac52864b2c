"""Options of `score_shard` and `score_shards`: checked before any work, of any like type."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import _shard_run
from easiness_cli.shards import ShardError, score_shard
from easiness_dask import score_shards

import easiness_core as ec

RNG = np.random.default_rng(12)
PROBS = RNG.dirichlet(np.ones(3), size=50)
LABELS = RNG.integers(0, 3, size=50)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", probs=PROBS, labels=LABELS)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("scored")

    monkeypatch.setattr(_shard_run, "score_blocks", never)


LIKE: list[dict[str, Any]] = [
    {"n_bins": np.int64(5)},
    {"normalize": np.bool_(False), "logits": np.bool_(False)},
    {"estimator": ec.ClosedForm(sigma=float(np.float32(0.01)), resolution=np.float64(1e-3))},
    {"estimator": ec.MonteCarlo(seed=np.int64(1), draws=np.int32(100))},
    {"classes": np.array(["a", "b", "c"])},
    {"classes": [0, 1, 2]},
    {"classes": np.arange(3)},
    {"max_bytes": np.int64(1 << 30)},
]


@pytest.mark.parametrize("options", LIKE)
def test_types_that_are_alike_are_understood(options: dict[str, Any]) -> None:
    first = score_shard("p.npz", "s.csv", **options)
    assert score_shard("p.npz", "s.csv", **options) == first
    assert score_shards(["p.npz"], "out", **options) == first


def test_numbers_as_classes_are_the_names_that_labels_are_looked_up_by() -> None:
    np.savez("q.npz", probs=PROBS, labels=np.array([30, 10, 20])[LABELS])
    expected = ec.score(PROBS, LABELS).summary
    assert score_shard("q.npz", "s.csv", classes=[30, 10, 20]) == expected


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"classes": "abc"}, TypeError, "classes: expected a sequence of names, got 'abc'"),
        ({"classes": 3}, TypeError, "classes: expected a sequence of names, got 3"),
        ({"classes": ["a", 1.5, "c"]}, TypeError, "classes: expected names, got 1.5"),
        ({"classes": ["a", None, "c"]}, TypeError, "classes: expected names, got None"),
        ({"n_bins": 2.5}, TypeError, "n_bins"),
        ({"n_bins": 0}, ValueError, "n_bins"),
        ({"normalize": "no"}, TypeError, "normalize: expected True or False, got 'no'"),
        ({"ids_key": 3}, TypeError, "ids_key: expected a name, got int"),
        ({"max_bytes": "8 GB"}, TypeError, "max_bytes: expected a whole number, got str"),
        ({"estimator": "closed"}, TypeError, "estimator: expected ClosedForm or MonteCarlo"),
    ],
)
def test_others_are_refused_before_any_work(
    options: dict[str, Any], error: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch)
    for call in (lambda: score_shard("p.npz", "s.csv", **options),
                 lambda: score_shards(["p.npz"], "out", **options)):  # fmt: skip
        with pytest.raises(error, match=told):
            call()
    assert os.listdir() == ["p.npz"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"estimator": ec.ClosedForm(sigma=0.02)}, "with estimator sigma 0.01, not 0.02:"),
        ({"estimator": ec.MonteCarlo()}, "with estimator kind 'closed_form', not 'monte_carlo':"),
        ({"classes": ["a", "b", "c"]}, r"with classes None, not \['a', 'b', 'c'\]:"),
    ],
)
def test_what_is_not_as_it_was_is_named(options: dict[str, Any], told: str) -> None:
    score_shard("p.npz", "s.csv")
    with pytest.raises(ShardError, match=told):
        score_shard("p.npz", "s.csv", **options)


def test_a_name_that_leaves_no_room_for_the_note_is_refused_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forbid(monkeypatch)
    for length in (252, 255, 300):
        name = "x" * (length - 4) + ".csv"
        with pytest.raises(ShardError, match=r"the note beside it.*'x.*csv\.json'.*shorter name"):
            score_shard("p.npz", name)
    os.rename("p.npz", "x" * 245 + ".npz")
    for overwrite in (False, True):
        with pytest.raises(ShardError, match=r"^'/.*/out/x*.parquet': the note beside it"):
            score_shards("*.npz", "out", overwrite=overwrite)
    assert sorted(os.listdir()) == ["out", "x" * 245 + ".npz"]
    assert os.listdir("out") == [".easiness.lock"]
