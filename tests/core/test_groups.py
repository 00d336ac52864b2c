"""`class_table` and `group_table`: counts, exact tests against the rest, and merges."""

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
GROUPS = RNG.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1])


def naive_fisher(k, n, hits, total):
    """Sum over all tables with these margins that are no more likely than this one."""
    mass = [comb(hits, j) * comb(total - hits, n - j) for j in range(n + 1)]
    return sum(m for m in mass if m <= mass[k]) / comb(total, n)


def naive_holm(p_values):
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found, highest = [0.0] * len(p_values), 0.0
    for done, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[at]))
        found[at] = highest
    return found


@pytest.mark.parametrize(
    ("table", "key"),
    [(ec.class_table(SCORES), LABELS), (ec.group_table(SCORES, GROUPS), GROUPS)],
    ids=["classes", "groups"],
)
def test_each_row_of_a_table_is_what_scoring_its_samples_alone_gives(table, key):
    for at, name in enumerate(np.unique(key)):
        alone = ec.score(PROBS[key == name], LABELS[key == name])
        assert table.count[at] == len(alone)
        assert table.accuracy[at] == alone.summary.accuracy
        counts = {"hard": table.hard[at], "medium": table.medium[at], "easy": table.easy[at]}
        assert counts == alone.summary.level_counts
        assert table.mean_easiness[at] == pytest.approx(alone.summary.mean_easiness)
        assert table.accuracy_interval[at] == pytest.approx(alone.summary.accuracy_interval)
        if key is LABELS:
            assert table.msr[at] == alone.summary.msr
            assert table.mean_log_easiness[at] == pytest.approx(alone.log_easiness.mean())
        else:
            assert table.groups[at] == name
            assert table.correct[at] == round(alone.summary.accuracy * len(alone))


def test_a_class_without_rows_is_nan_and_an_impossible_row_is_minus_infinity():
    table = ec.class_table(ec.score([[1.0, 0.0, 0.0]], [1], estimator=ec.MonteCarlo()))
    assert table.count.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(table.accuracy, [np.nan, 0.0, np.nan])
    np.testing.assert_array_equal(table.mean_log_easiness, [np.nan, -np.inf, np.nan])


def test_confused_pairs_are_counted():
    scores = ec.score(np.eye(3)[[0, 1, 1, 1, 2, 2]], [0, 0, 0, 2, 0, 2])
    assert ec.confusion_pairs(scores).tolist() == [[0, 1, 2], [0, 2, 1], [2, 1, 1]]


def test_tests_are_fisher_and_holm():
    table = ec.group_table(SCORES, GROUPS)
    plain = [
        naive_fisher(int(k), int(n), int(hits.sum()), N)
        for hits in (table.correct, table.hard)
        for k, n in zip(hits, table.count, strict=True)
    ]
    found = table.p_values()
    together = np.concatenate([found["accuracy"], found["hard"]])
    np.testing.assert_allclose(together, naive_holm(plain), rtol=1e-9)
    assert table.to_pandas()["accuracy_p"].tolist() == found["accuracy"].tolist()


def test_a_bad_group_is_found_and_one_group_has_no_rest():
    groups = np.where(np.arange(N) < 30, "bad", "good")
    labels = np.where(np.arange(N) < 28, (SCORES.predicted + 1) % 3, SCORES.predicted)
    assert ec.group_table(ec.score(PROBS, labels), groups).p_values()["accuracy"][0] < 1e-20
    assert np.isnan(ec.group_table(SCORES, np.zeros(N)).p_values()["accuracy"]).all()


@given(st.lists(st.integers(0, N), min_size=1, max_size=4))
def test_any_split_merges_to_the_whole(cuts):
    whole = ec.group_table(SCORES, GROUPS)
    merged = ec.group_table(SCORES[:0], GROUPS[:0])
    for start, stop in pairwise([0, *sorted(cuts), N]):
        rows = slice(start, stop)
        merged = ec.group_table(SCORES[rows], GROUPS[rows]).merge(merged)
    assert merged.groups == whole.groups
    assert merged.easiness_sum == whole.easiness_sum
    for name in ("count", "correct", "hard", "medium", "easy"):
        assert getattr(merged, name).tolist() == getattr(whole, name).tolist()


@pytest.mark.parametrize(
    "groups",
    [["a", float("nan"), "b"], np.array([1.0, np.nan, 2.0]), ["a", None, "b"],
     np.array(["a", np.nan, "b"], dtype=object)],
)  # fmt: skip
def test_missing_groups_are_refused_in_every_form(groups):
    with pytest.raises(ValueError, match="groups: 1 of 3 values are missing; the first is row 1"):
        ec.group_table(SCORES[:3], groups)


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        (np.array([10.0, 2.0, 10.0]), ("10", "2")),
        (np.array([10, 2, 10], dtype=object), ("10", "2")),
        ([b"b", b"a", b"b"], ("a", "b")),
        (np.array([0.5, 0.25, 0.5]), ("0.25", "0.5")),
    ],
)
def test_groups_have_one_name_whatever_their_type(groups, names):
    assert ec.group_table(SCORES[:3], groups).groups == names
