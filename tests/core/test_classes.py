import math

import numpy as np
import pytest

import easiness_core as ec


def test_each_class_equals_scoring_it_alone(make_rows):
    probs, labels = make_rows(200, 4, spread=1.0)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.1))
    table = ec.class_table(scores, labels, n_classes=4)
    for c in range(4):
        own = labels == c
        alone = ec.score(probs[own], labels[own], estimator=ec.ClosedForm(sigma=0.1))
        assert table.count[c] == len(alone)
        assert table.accuracy[c] == alone.summary.accuracy
        assert table.msr[c] == alone.summary.msr
        counts = {"hard": table.hard[c], "medium": table.medium[c], "easy": table.easy[c]}
        assert counts == alone.summary.level_counts
        assert table.mean_easiness[c] == pytest.approx(alone.easiness.mean())
        assert table.mean_log_easiness[c] == pytest.approx(alone.log_easiness.mean())


def test_a_class_without_rows_is_nan_and_an_impossible_row_is_minus_infinity():
    scores = ec.score([[1.0, 0.0, 0.0]], [1], estimator=ec.MonteCarlo())
    table = ec.class_table(scores, [1], n_classes=3)
    assert table.count.tolist() == [0, 1, 0]
    assert math.isnan(table.accuracy[0])
    assert math.isnan(table.mean_log_easiness[2])
    assert table.mean_log_easiness[1] == -np.inf


def test_labels_that_do_not_fit_are_refused():
    scores = ec.score([[0.9, 0.1]], ["a"], classes=["a", "b"])
    assert ec.class_table(scores, ["a"], n_classes=2, classes=["a", "b"]).count.tolist() == [1, 0]
    with pytest.raises(ValueError, match="expected 1 labels"):
        ec.class_table(scores, [0, 1], n_classes=2)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        ec.class_table(scores, [2], n_classes=2)
    with pytest.raises(ValueError, match="n_classes: expected 2 or more"):
        ec.class_table(scores, [0], n_classes=1)
