import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

# Few distinct values, so that ties are common; infinities; both zeros.
LOSSES = st.lists(
    st.sampled_from([0.0, -0.0, 0.1, 0.7, 2.0, np.inf]) | st.floats(-5, 5), max_size=30
)


@given(LOSSES, st.integers(0, 2) | st.integers(0, 35), st.integers(0, 35))
def test_loss_rank_equals_a_stable_descending_sort(losses, n_hard, n_medium):
    loss = np.array(losses, dtype=np.float64)
    found = ec.loss_rank_selection(loss, n_hard=n_hard, n_medium=n_medium)
    np.testing.assert_array_equal(found, naive.loss_rank(losses, n_hard, n_medium))
    assert found.dtype == np.int64


def test_selections_take_scores(make_rows):
    probs, labels = make_rows(500, 5, spread=1.0)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.1))[::-2]
    hard, medium, _ = scores.summary.level_counts.values()
    for found, expected in (
        (ec.select(scores, "hard|medium"), np.flatnonzero(scores.level <= 2)),
        (ec.select_interval(scores, 0.2, 0.9), ec.select_interval(scores.easiness, 0.2, 0.9)),
        (ec.loss_rank_selection(scores), naive.loss_rank(scores.loss, hard, medium)),
        (ec.loss_rank_selection(scores, n_hard=3), naive.loss_rank(scores.loss, 3, medium)),
        (ec.loss_rank_selection(scores, n_medium=3), naive.loss_rank(scores.loss, hard, 3)),
    ):
        np.testing.assert_array_equal(found, expected)
        assert 0 < found.size < len(scores)


def test_select_interval_includes_both_ends():
    easiness = [0.0, 0.2, 0.5, 0.8, 1.0]
    assert ec.select_interval(easiness, 0.2, 0.8).tolist() == [1, 2, 3]
    assert ec.select_interval(easiness, 0.0, 1.0).tolist() == [0, 1, 2, 3, 4]
    assert ec.select_interval(easiness, 0.3, 0.3).tolist() == []
    assert ec.select_interval([], 0, 1).tolist() == []


def test_random_selection_is_seeded_sorted_and_without_replacement():
    rows = ec.random_selection(1000, 300, seed=1)
    assert len(set(rows.tolist())) == 300
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows.min() <= rows.max() < 1000
    np.testing.assert_array_equal(rows, ec.random_selection(1000, 300, seed=1))
    assert (rows != ec.random_selection(1000, 300, seed=2)).any()
    assert ec.random_selection(5, 0, seed=0).size == 0


def test_random_selection_is_uniform():
    taken = np.zeros(20)
    for seed in range(2000):
        taken[ec.random_selection(20, 5, seed=seed)] += 1
    # 2000 draws of 5 in 20: mean 500, standard deviation 19.4; five of them.
    assert abs(taken - 500).max() < 97
