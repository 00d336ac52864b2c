import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

# Few distinct values, so that ties are common; infinities; both zeros.
LOSSES = st.lists(
    st.sampled_from([0.0, -0.0, 0.1, 0.7, 2.0, np.inf]) | st.floats(-5, 5), max_size=30
)


@given(LOSSES, st.integers(0, 35), st.integers(0, 35))
def test_loss_rank_equals_a_stable_descending_sort(losses, n_hard, n_medium):
    loss = np.array(losses, dtype=np.float64)
    found = ec.loss_rank_selection(loss, n_hard=n_hard, n_medium=n_medium)
    np.testing.assert_array_equal(found, naive.loss_rank(losses, n_hard, n_medium))
    order = np.argsort(-loss, kind="stable")[n_hard : n_hard + n_medium]
    np.testing.assert_array_equal(found, np.sort(order))
    assert found.dtype == np.int64


def test_loss_rank_refuses_what_cannot_be_ranked():
    with pytest.raises(ValueError, match="loss: 1 of 2 values are NaN; the first is row 1"):
        ec.loss_rank_selection([0.0, np.nan], n_hard=0, n_medium=1)
    with pytest.raises(ValueError, match="n_hard: expected 0 or more, got -1"):
        ec.loss_rank_selection([0.0], n_hard=-1, n_medium=1)
    with pytest.raises(TypeError, match=r"n_medium: expected a whole number, got float 1.5"):
        ec.loss_rank_selection([0.0], n_hard=0, n_medium=1.5)


@given(st.lists(st.sampled_from(list(ec.Level)), max_size=30))
def test_select_takes_the_rows_of_a_union(levels):
    level = np.array(levels, dtype=np.uint8)
    for union in (ec.EO, ec.MO, ec.HO, ec.EMO, ec.MHO, ec.EMHO):
        expected = [k for k, value in enumerate(levels) if value in union]
        found = ec.select(level, union)
        assert found.tolist() == expected
        assert found.dtype == np.int64


def test_selections_take_scores(make_rows):
    probs, labels = make_rows(500, 5, spread=1.0)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.1))[::-2]
    counts = scores.summary.level_counts
    assert min(counts.values()) > 0
    for found, expected in (
        (ec.select(scores, "hard|medium"), np.flatnonzero(scores.level <= 2)),
        (ec.select_interval(scores, 0.2, 0.9), ec.select_interval(scores.easiness, 0.2, 0.9)),
        (
            ec.loss_rank_selection(scores),
            naive.loss_rank(scores.loss, counts["hard"], counts["medium"]),
        ),
        (
            ec.loss_rank_selection(scores, n_hard=3),
            naive.loss_rank(scores.loss, 3, counts["medium"]),
        ),
        (
            ec.loss_rank_selection(scores, n_medium=3),
            naive.loss_rank(scores.loss, counts["hard"], 3),
        ),
    ):
        np.testing.assert_array_equal(found, expected)
        assert 0 < found.size < len(scores)
    with pytest.raises(TypeError, match="n_hard: expected a number of samples; it may be omitted"):
        ec.loss_rank_selection(scores.loss, n_medium=1)


def test_select_interval_includes_both_ends():
    easiness = [0.0, 0.2, 0.5, 0.8, 1.0]
    assert ec.select_interval(easiness, 0.2, 0.8).tolist() == [1, 2, 3]
    assert ec.select_interval(easiness, 0.0, 1.0).tolist() == [0, 1, 2, 3, 4]
    assert ec.select_interval(easiness, 0.3, 0.3).tolist() == []
    for low, high in ((0.8, 0.2), (np.nan, 1.0), (0.0, np.nan)):
        with pytest.raises(ValueError, match="expected low <= high"):
            ec.select_interval(easiness, low, high)


def test_no_samples_and_no_numbers():
    assert ec.select([], ec.MO).tolist() == []
    assert ec.select_interval([], 0, 1).tolist() == []
    assert ec.loss_rank_selection([], n_hard=0, n_medium=5).tolist() == []
    for low, high in (("a", 1), (0, None)):
        with pytest.raises(TypeError, match=r"(low|high): expected a number, got"):
            ec.select_interval([0.5], low, high)


def test_random_selection_is_seeded_sorted_and_without_replacement():
    rows = ec.random_selection(1000, 300, seed=1)
    assert len(set(rows.tolist())) == 300
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows.min() <= rows.max() < 1000
    np.testing.assert_array_equal(rows, ec.random_selection(1000, 300, seed=1))
    assert (rows != ec.random_selection(1000, 300, seed=2)).any()
    assert ec.random_selection(5, 0, seed=0).size == 0
    with pytest.raises(ValueError, match="size: expected at most n_samples = 5, got 6"):
        ec.random_selection(5, 6, seed=0)


def test_random_selection_is_uniform():
    taken = np.zeros(20)
    for seed in range(2000):
        taken[ec.random_selection(20, 5, seed=seed)] += 1
    # 2000 draws of 5 in 20: mean 500, standard deviation 19.4; five of them.
    assert abs(taken - 500).max() < 97
