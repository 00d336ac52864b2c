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


def test_the_empty_summary_is_neutral_and_its_metrics_are_nan(summary):
    empty = ec.Summary()
    assert empty.merge(summary) == summary == summary.merge(empty)
    assert empty.merge(ec.Summary()) == empty
    assert empty.n_samples == 0
    assert empty.level_counts == {"hard": 0, "medium": 0, "easy": 0}
    metrics = (empty.accuracy, empty.msr, empty.ese, empty.mean_easiness, empty.mean_loss)
    assert all(math.isnan(value) for value in metrics)
    assert ec.Summary.from_dict(empty.to_dict()) == empty


def test_merge_leaves_both_alone_and_update_works_in_place(make_rows):
    scores = ec.score(*make_rows(20, 3))
    first, second = ec.score(*make_rows(30, 3)).summary, scores.summary
    states = first.to_dict(), second.to_dict()
    merged = first.merge(second)
    assert (first.to_dict(), second.to_dict()) == states
    assert merged.n_samples == 50
    first.update(scores)
    assert first == merged
    assert second.to_dict() == states[1]


def test_summaries_of_different_scorings_do_not_merge(make_rows):
    rows = make_rows(20, 3)
    base = ec.score(*rows).summary
    for other in (
        ec.score(*rows, estimator=ec.ClosedForm(sigma=0.02)),
        ec.score(*rows, estimator=ec.ClosedForm(resolution=1e-4)),
        ec.score(*rows, estimator=ec.MonteCarlo()),
        ec.score(*rows, n_bins=6),
    ):
        with pytest.raises(ValueError, match=r"different (estimator|n_bins)"):
            base.merge(other.summary)
    with pytest.raises(TypeError, match="expected a Summary, got dict"):
        base.merge(base.to_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"n_samples": 49},
        {"n_medium": -1, "n_samples": 0},
        {"bin_counts": [50]},
        {"estimator": {"kind": "guess"}},
        {"estimator": {"kind": "closed_form", "sigma": -1.0}},
        {"bin_correct": None},
        {"estimator": None},
        {"n_hard": -1, "n_easy": 36 + 14},
        {"loss_sum": "-1"},
        {"n_infinite_losses": 51},
        {"bin_correct": [51, 0, 0, 0, 0]},
    ],
)
def test_a_damaged_state_is_refused(summary, change):
    with pytest.raises(ValueError, match="state: "):
        ec.Summary.from_dict({**summary.to_dict(), **change})


def test_an_incomplete_state_is_refused(summary):
    for key in summary.to_dict():
        state = summary.to_dict()
        del state[key]
        with pytest.raises(ValueError, match="state: "):
            ec.Summary.from_dict(state)


def test_infinite_losses_are_counted_apart():
    probs = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    summary = ec.score(probs, [1, 0, 1]).summary
    assert summary.n_infinite_losses == 1
    assert summary.mean_loss == np.inf
    assert summary.mean_finite_loss == pytest.approx(math.log(2) / 2, abs=2**-42)
    only_infinite = ec.score(probs[:1], [1]).summary
    assert only_infinite.mean_loss == np.inf
    assert math.isnan(only_infinite.mean_finite_loss)


def test_a_value_on_an_edge_belongs_to_the_upper_bin():
    # Two classes and ten draws: easiness is k/10, and bins of a fifth and a tenth begin there.
    probs = np.column_stack([np.linspace(0, 1, 400), np.linspace(1, 0, 400)])
    for n_bins in (2, 5, 10):
        scores = ec.score(
            probs, np.zeros(400, int), n_bins=n_bins, estimator=ec.MonteCarlo(sigma=0.3, draws=10)
        )
        assert len(np.unique(scores.easiness)) > 8
        expected = [
            np.sum((scores.easiness >= b / n_bins) & (scores.easiness < (b + 1) / n_bins))
            for b in range(n_bins)
        ]
        expected[-1] += np.sum(scores.easiness == 1.0)
        assert scores.summary.bins.count.tolist() == expected


@pytest.mark.parametrize("n_bins", [1, 3, 7, 49, 1000])
def test_any_number_of_bins_starts_at_its_edges(n_bins):
    edges = np.arange(n_bins + 1) / n_bins
    values = np.unique(np.clip([edges, np.nextafter(edges, -1), np.nextafter(edges, 2)], 0, 1))
    bins = ec.easiness_bins(values, np.ones(len(values)), n_bins=n_bins)
    expected = np.histogram(values, edges)[0]
    np.testing.assert_array_equal(bins.count, expected)


def test_bins_are_those_of_the_arrays(make_rows):
    probs, labels = make_rows(80, 4, spread=0.2)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.3), n_bins=4)
    bins = ec.easiness_bins(scores.easiness, scores.predicted == labels, n_bins=4)
    for name in ("edges", "count", "accuracy", "mean_easiness", "ese"):
        np.testing.assert_array_equal(getattr(scores.summary.bins, name), getattr(bins, name))


def test_equality_and_repr(summary):
    assert summary != ec.Summary()
    assert summary != "Summary"
    assert "n_samples=50" in repr(summary)
    with pytest.raises(TypeError):
        hash(summary)
    with pytest.raises(ValueError, match="n_bins: expected 1 or more"):
        ec.Summary(n_bins=0)
