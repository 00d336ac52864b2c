import json
import math
import pickle

import numpy as np
import pytest

import easiness_core as ec


@pytest.fixture
def summary(make_rows):
    return ec.score(*make_rows(50, 4, spread=1.0)).summary


def test_state_survives_json_and_pickle(summary):
    restored = ec.Summary.from_dict(json.loads(json.dumps(summary.to_dict())))
    assert restored == summary
    assert pickle.loads(pickle.dumps(summary)) == summary
    assert restored.estimator == ec.ClosedForm()
    monte = ec.Summary(estimator=ec.MonteCarlo(draws=7, seed=2), n_bins=3)
    assert ec.Summary.from_dict(monte.to_dict()).estimator == ec.MonteCarlo(draws=7, seed=2)


def test_infinite_losses_are_counted_apart():
    probs = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    summary = ec.score(probs, [1, 0, 1]).summary
    assert summary.n_infinite_losses == 1
    assert summary.mean_loss == np.inf
    assert summary.mean_finite_loss == pytest.approx(math.log(2) / 2, abs=2**-42)
    only_infinite = ec.score(probs[:1], [1]).summary
    assert only_infinite.mean_loss == np.inf
    assert math.isnan(only_infinite.mean_finite_loss)


def test_the_empty_summary_is_neutral_and_its_metrics_are_nan(summary):
    empty = ec.Summary()
    assert empty.merge(summary) == summary == summary.merge(empty) != empty
    assert empty.merge(ec.Summary()) == empty == ec.Summary.from_dict(empty.to_dict())
    assert empty.level_counts == {"hard": 0, "medium": 0, "easy": 0}
    metrics = (empty.accuracy, empty.msr, empty.ese, empty.mean_easiness, empty.mean_loss)
    assert all(math.isnan(value) for value in metrics)
    with pytest.raises(TypeError):
        hash(summary)


def test_merge_leaves_both_alone_and_update_works_in_place(make_rows):
    scores = ec.score(*make_rows(20, 3))
    first, second = ec.score(*make_rows(30, 3)).summary, scores.summary
    states = first.to_dict(), second.to_dict()
    merged = first.merge(second)
    assert (first.to_dict(), second.to_dict()) == states
    assert (merged.n_samples, repr(merged)[:21]) == (50, "Summary(n_samples=50,")
    first.update(scores)
    assert first == merged
    assert second.to_dict() == states[1]


@pytest.mark.parametrize(
    ("n_samples", "accuracy", "is_below"),
    [(99, 0, False), (100, 0, True), (100, 0.12, False), (2000, 0.12, True), (2000, 0.2, False)],
)
def test_far_below_chance_is_half_of_it_on_a_hundred_samples(n_samples, accuracy, is_below):
    labels = (np.arange(n_samples) >= round(accuracy * n_samples)).astype(int)
    summary = ec.score(np.eye(4)[np.zeros(n_samples, int)], labels).summary
    assert summary.accuracy == pytest.approx(accuracy)
    assert summary.is_below_chance(4) == is_below
