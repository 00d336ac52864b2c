import math

import numpy as np
import pytest

import easiness_core as ec


def test_each_class_equals_scoring_it_alone(make_rows):
    probs, labels = make_rows(200, 4, spread=1.0)
    scores = ec.score(probs, labels, estimator=ec.ClosedForm(sigma=0.1))
    table = ec.class_table(scores)
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
    table = ec.class_table(scores)
    assert table.count.tolist() == [0, 1, 0]
    assert math.isnan(table.accuracy[0])
    assert math.isnan(table.mean_log_easiness[2])
    assert table.mean_log_easiness[1] == -np.inf


def test_classes_have_their_names_and_rows_their_own_table():
    scores = ec.score([[0.9, 0.1], [0.2, 0.8]], ["a", "b"], classes=["a", "b"])
    table = ec.class_table(scores)
    assert (table.classes, table.count.tolist()) == (("a", "b"), [1, 1])
    assert repr(table) == "ClassTable(2 classes, 2 samples)"
    assert ec.class_table(scores[:1]).count.tolist() == [1, 0]


def test_what_are_no_scores_is_refused():
    with pytest.raises(TypeError, match=r"^scores: expected Scores, got list"):
        ec.class_table([0.5])
