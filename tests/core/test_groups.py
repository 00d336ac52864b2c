"""`group_table`: counts, exact tests against the rest, and merges."""

from __future__ import annotations

from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

RNG = np.random.default_rng(11)
N = 120
LABELS = RNG.integers(0, 3, N)
PROBS = ec.softmax(RNG.normal(size=(N, 3)) + 1.5 * np.eye(3)[LABELS])
SCORES = ec.score(PROBS, LABELS)
CORRECT = SCORES.predicted == LABELS
GROUPS = RNG.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1])


def naive_fisher(k: int, n: int, hits: int, total: int) -> float:
    """Sum over all tables with these margins that are no more likely than this one."""
    mass = [comb(hits, j) * comb(total - hits, n - j) for j in range(n + 1)]
    return sum(m for m in mass if m <= mass[k]) / comb(total, n)


def naive_holm(p_values: list[float]) -> list[float]:
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found, highest = [0.0] * len(p_values), 0.0
    for done, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[at]))
        found[at] = highest
    return found


def test_counts_are_those_of_the_rows():
    table = ec.group_table(SCORES, GROUPS)
    assert table.groups == ("a", "b", "c")
    for at, name in enumerate(table.groups):
        rows = name == GROUPS
        assert table.count[at] == rows.sum()
        assert table.correct[at] == CORRECT[rows].sum()
        assert table.hard[at] == (SCORES.level[rows] == ec.Level.HARD).sum()
        assert table.easy[at] == (SCORES.level[rows] == ec.Level.EASY).sum()
        assert table.mean_easiness[at] == pytest.approx(SCORES.easiness[rows].mean(), abs=1e-12)
        assert table.accuracy[at] == pytest.approx(CORRECT[rows].mean())
    expected = ec.binomial_interval(table.correct, table.count)
    np.testing.assert_array_equal(table.accuracy_interval, expected)
    frame = table.to_pandas()
    assert frame["group"].tolist() == ["a", "b", "c"]
    assert frame["accuracy_p"].tolist() == table.p_values()["accuracy"].tolist()


def test_tests_are_fisher_and_holm():
    table = ec.group_table(SCORES, GROUPS)
    plain = [
        naive_fisher(int(k), int(n), int(hits.sum()), N)
        for hits in (table.correct, table.hard)
        for k, n in zip(hits, table.count, strict=True)
    ]
    found = table.p_values()
    np.testing.assert_allclose(
        np.concatenate([found["accuracy"], found["hard"]]), naive_holm(plain), rtol=1e-9
    )


def test_a_bad_group_among_good_ones_is_found():
    groups = np.where(np.arange(N) < 30, "bad", "good")
    labels = np.where(np.arange(N) < 28, (SCORES.predicted + 1) % 3, SCORES.predicted)
    found = ec.group_table(ec.score(PROBS, labels), groups).p_values()["accuracy"]
    assert found[0] < 1e-20


@given(st.lists(st.integers(0, N), min_size=1, max_size=4))
def test_any_split_merges_to_the_whole(cuts):
    whole = ec.group_table(SCORES, GROUPS)
    edges = [0, *sorted(cuts), N]
    merged = ec.group_table(ec.score(PROBS[:0], LABELS[:0]), GROUPS[:0])
    for start, stop in pairwise(edges):
        rows = slice(start, stop)
        part = ec.score(PROBS[rows], LABELS[rows])
        merged = ec.group_table(part, GROUPS[rows]).merge(merged)
    assert merged.groups == whole.groups
    assert merged.easiness_sum == whole.easiness_sum
    for name in ("count", "correct", "hard", "medium", "easy"):
        assert getattr(merged, name).tolist() == getattr(whole, name).tolist()


def test_one_group_has_no_rest():
    table = ec.group_table(SCORES, np.zeros(N, dtype=int))
    assert table.groups == ("0",)
    assert np.isnan(table.p_values()["accuracy"]).all()


def test_mistakes_are_told():
    with pytest.raises(ValueError, match=r"groups: expected shape \(120,\), one per row of scores"):
        ec.group_table(SCORES, GROUPS[1:])
    with pytest.raises(ValueError, match="groups: 1 of 120"):
        ec.group_table(SCORES, [None, *GROUPS[1:]])
    with pytest.raises(TypeError, match="scores: expected Scores, got int"):
        ec.group_table(3, GROUPS)


def test_only_tables_merge():
    with pytest.raises(TypeError, match="expected a GroupTable, got dict"):
        ec.group_table(SCORES, GROUPS).merge({})


@pytest.mark.parametrize(
    "groups",
    [["a", float("nan"), "b"], [1.0, float("nan"), 2.0], np.array([1.0, np.nan, 2.0]),
     ["a", None, "b"], np.array(["a", np.nan, "b"], dtype=object)],
)  # fmt: skip
def test_missing_groups_are_refused_in_every_form(groups):
    scores = ec.score([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [0, 0, 0])
    with pytest.raises(ValueError, match="groups: 1 of 3 values are missing; the first is row 1"):
        ec.group_table(scores, groups)


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        (np.array([10.0, 2.0, 10.0]), ("10", "2")),
        (np.array([10, 2, 10], dtype=object), ("10", "2")),
        (np.array([b"b", b"a", b"b"]), ("a", "b")),
        ([b"b", b"a", b"b"], ("a", "b")),
        (np.array([0.5, 0.25, 0.5]), ("0.25", "0.5")),
    ],
)
def test_groups_have_one_name_whatever_their_type(groups, names):
    scores = ec.score([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [0, 0, 0])
    assert ec.group_table(scores, groups).groups == names
