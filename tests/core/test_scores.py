"""Rows of scores: any choice of rows equals scoring these rows."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import probs_and_labels

COLUMNS = ("easiness", "log_easiness", "level", "loss", "predicted", "labels")
PROBS = [[0.9, 0.1], [0.51, 0.49], [0.2, 0.8], [0.9, 0.1], [0.5, 0.5]]
IDS = np.array(["a", "b", "c", "d", "e"])
SCORES = ec.score(PROBS, [0, 0, 0, 0, 0], ids=IDS, first_row=10)


def assert_same(got, want):
    for name in COLUMNS:
        ours, theirs = getattr(got, name), getattr(want, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    assert got.summary == want.summary
    assert (got.n_classes, got.classes) == (want.n_classes, want.classes)


@st.composite
def choices(draw, n):
    """A slice, a mask or rows in any order, some twice."""
    ends = st.none() | st.integers(-n - 1, n + 1)
    rows = st.lists(st.integers(-n, n - 1), max_size=8) if n else st.just([])
    return draw(
        st.builds(slice, ends, ends, st.sampled_from([None, 1, 2, -1]))
        | st.lists(st.booleans(), min_size=n, max_size=n).map(lambda m: np.array(m, bool))
        | rows.map(lambda r: np.array(r, np.int64))
    )


@given(probs_and_labels(), st.data(), st.sampled_from([1, 3, 5, 7]), st.booleans())
def test_some_rows_of_scores_are_the_scores_of_these_rows(case, data, n_bins, sample):
    probs, labels = case
    options = {"n_bins": n_bins, "estimator": ec.MonteCarlo() if sample else ec.ClosedForm(0.1)}
    whole = ec.score(probs, labels, ids=np.arange(len(labels)) * 3, first_row=7, **options)
    which = data.draw(choices(len(labels)))
    part = whole[which]
    assert_same(part, ec.score(probs[which], labels[which], **options))
    assert part.rows.tolist() == (np.arange(len(labels))[which] + 7).tolist()
    assert part.ids.tolist() == [3 * (row - 7) for row in part.rows]
    again = data.draw(choices(len(part)))
    assert_same(part[again], ec.score(probs[which][again], labels[which][again], **options))
    assert part[again].ids.tolist() == [3 * (row - 7) for row in part[again].rows]


@given(probs_and_labels())
def test_parts_merge_into_the_whole(case):
    scores = ec.score(*case)
    hard = scores.level == ec.Level.HARD
    assert scores[hard].summary.merge(scores[~hard].summary) == scores.summary


@given(probs_and_labels(max_classes=3), st.integers(0, 25))
def test_hardest_and_easiest_are_the_ends_of_the_stable_order(case, n):
    scores = ec.score(*case)
    for found, key in (
        (scores.hardest(n), scores.log_easiness),
        (scores.easiest(n), -scores.log_easiness),
    ):
        assert found.rows.tolist() == np.argsort(key, kind="stable")[:n].tolist()
        assert_same(found, scores[found.rows])


def test_rows_and_ids_say_which_samples_these_are():
    assert SCORES.hardest(2).ids.tolist() == ["c", "e"]
    assert SCORES.hardest(2).rows.tolist() == [12, 14]
    assert SCORES.easiest(9).ids.tolist() == ["a", "d", "b", "e", "c"]
    assert SCORES.rows.tolist() == [10, 11, 12, 13, 14]
    assert SCORES.rows.dtype == SCORES[[]].rows.dtype == np.int64
    assert np.isnan(SCORES[[]].summary.accuracy)


def test_labels_ids_and_classes_are_carried():
    scores = ec.score(PROBS[:3], [0, 1, 1])
    assert (scores.ids, scores.classes, scores.n_classes) == (None, None, 2)
    named = ec.score(PROBS[:2], ["dog", "cat"], classes=["cat", "dog"], ids=[3, 4])
    assert (named.labels.tolist(), named.classes) == ([1, 0], ("cat", "dog"))
    assert named[1:].classes == ("cat", "dog")
    assert ec.score(PROBS[:1], [0], classes=[0, 1]).classes is None
    assert ec.score(PROBS[:1], [1], classes=[1, 0]).classes == (1, 0)


def test_rows_out_of_bounds_are_refused_and_scores_not_iterated():
    with pytest.raises(IndexError, match="5 is out of bounds"):
        SCORES[[5]]
    with pytest.raises(TypeError, match="not iterable"):
        iter(SCORES)


def test_scores_travel_and_print_in_a_line():
    again = pickle.loads(pickle.dumps(SCORES[1:3]))
    assert_same(again, SCORES[1:3])
    assert again.rows.tolist() == [11, 12]
    assert repr(SCORES) == "Scores(n_samples=5, accuracy=0.8000, msr=0.4000, ese=0.1157)"


def test_a_small_slice_keeps_nothing_else_alive():
    scores = ec.score(np.tile(PROBS, (20, 1)), [0] * 100, ids=np.arange(100))
    for which in (slice(3, 9), slice(None, None, 25), slice(-2, -9, -2), slice(5, 5)):
        part = scores[which]
        assert part.ids.tolist() == list(range(100)[which])
        for name in ("easiness", "log_easiness", "level", "loss", "predicted", "labels", "_ids"):
            assert getattr(part, name).base is None, name
