"""Indices of pandas: equal or refused, carried through, and restored."""

import pickle

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")

PROBS = np.array([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8], [0.3, 0.7]])
LABELS = np.array([0, 0, 0, 1])
KEYS = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(PROBS, index=KEYS, columns=["p_no", "p_yes"])
Y = pd.Series(["no", "no", "no", "yes"], index=KEYS)
INDICES = {
    "text": pd.Index(KEYS, name="key"),
    "numbers": pd.Index([7, 3, 5, 1]),
    "a range": pd.RangeIndex(10, 50, 10),
    "named": pd.RangeIndex(4, name="row"),
    "times": pd.DatetimeIndex([f"2020-01-0{day}" for day in (1, 5, 4, 2)], tz="Europe/Berlin"),
    "levels": pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1), ("y", 2)], names=["g", "n"]),
    "twice the same": pd.Index(["a", "a", "b", "b"]),
}


@pytest.mark.parametrize(
    "call",
    [
        lambda p, y: ec.score(p, y),
        lambda p, y: ec.log_easiness(p, y),
        lambda p, y: ec.find_label_errors(p, y),
        lambda p, y: ec.auroc(p, y),
        lambda p, y: ec.fit_sigma(p, y, grid=[0.1]),
        lambda p, y: ec.margins(p, y),
        lambda p, y: ec.easiness_bins(p["p_no"], y == "no"),
        lambda p, y: ec.score(p, [0, 0, 0, 1])[y == "no"],
    ],
)
def test_different_indices_are_refused(call):
    call(FRAME, Y)
    for other in (Y[::-1], Y.sample(frac=1, random_state=1)):
        row = next(k for k in range(4) if other.index[k] != KEYS[k])
        message = rf"index differs .* at row {row}: '{other.index[row]}'"
        with pytest.raises(ValueError, match=message) as caught:
            call(FRAME, other)
        assert caught.value.row == row


def test_the_advice_on_different_indices_works():
    shuffled = Y.sample(frac=1, random_state=1)
    with pytest.raises(ValueError, match=r"as labels\.loc\[probs\.index\] .* labels\.to_numpy\(\)"):
        ec.score(FRAME, shuffled)
    assert ec.score(FRAME, shuffled.loc[FRAME.index]).labels.tolist() == LABELS.tolist()
    assert ec.score(FRAME, shuffled.to_numpy()).labels.tolist() != LABELS.tolist()


def test_one_index_is_no_contradiction():
    for probs, labels in ((FRAME, Y.to_numpy()), (FRAME, Y.tolist()), (PROBS, Y == "yes")):
        assert ec.score(probs, labels).to_pandas().index.equals(Y.index)
    with pytest.raises(ValueError, match=r"one label per row of probs \(4\), got 3"):
        ec.score(FRAME, Y[:3])


@pytest.mark.parametrize("case", INDICES)
def test_the_index_is_restored_in_pandas_and_the_id_elsewhere(case):
    index = INDICES[case]
    frame = pd.DataFrame(PROBS, index=index)
    scores = ec.score(frame, LABELS)
    assert "id" not in scores.to_pandas()
    for rows, found in (
        ([0, 1, 2, 3], scores),
        ([2, 1], scores.hardest(2)),
        ([3, 2], scores[::-1][:2]),
        ([0, 1, 2, 3], ec.find_label_errors(frame, LABELS)),
        ([0, 1, 2, 3], pickle.loads(pickle.dumps(scores))),
    ):
        pd.testing.assert_index_equal(found.to_pandas().index, index[rows])
        assert found.rows.tolist() == rows
    assert scores.ids.tolist() == index.to_numpy().tolist()
    pytest.importorskip("pyarrow")
    pytest.importorskip("polars")
    want = [str(each) if isinstance(each, tuple) else each for each in index.tolist()]
    assert scores.to_arrow()["id"].to_pylist() == want
    assert scores.to_polars()["id"].to_list() == want


def test_scores_join_back_by_index():
    frame = FRAME.assign(text=["w", "x", "y", "z"])
    scores = ec.score(FRAME, Y)
    joined = frame.join(scores.hardest(2).to_pandas(), how="inner")
    assert dict(zip(joined["text"], joined["level"], strict=True)) == {"x": "medium", "y": "hard"}
    hard = scores.to_pandas()["level"] == "hard"
    assert scores[hard].ids.tolist() == ["c"]
    assert frame[hard]["text"].tolist() == ["y"]


def test_ids_given_stand_beside_the_index():
    scores = ec.score(FRAME, Y, ids=[4, 3, 2, 1])[1:]
    assert scores.ids.tolist() == [3, 2, 1]
    frame = scores.to_pandas()
    assert frame.index.tolist() == ["b", "c", "d"]
    assert frame["id"].tolist() == [3, 2, 1]


def test_a_default_index_is_only_row_numbers():
    scores = ec.score(pd.DataFrame(PROBS), pd.Series(LABELS))
    assert scores.ids is None
    assert "id" not in scores.to_pandas()
    pd.testing.assert_index_equal(scores.to_pandas().index, pd.RangeIndex(4))
    assert scores.hardest(1).to_pandas().index.tolist() == [2]


def scored(one, two):
    return ec.score(FRAME.set_axis(one), pd.Series(LABELS, index=two))


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "float64", "object"])
def test_equal_indices_of_two_types_are_equal(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    keys = pd.Index([7, 3, 5, 1])
    for one, two in ((keys, keys.astype(dtype)), (keys.astype(dtype), keys)):
        assert scored(one, two).ids.tolist() == [7, 3, 5, 1]
    gap = pd.array([7, None, 5, 1], dtype="Int64")
    assert len(scored(gap, pd.Index([7, np.nan, 5, 1]))) == 4


def test_samples_that_are_not_in_both_are_to_be_selected():
    message = r"^labels: .* at row 3: 2\.0 and 1\.0; select the same samples in both, or pass"
    with pytest.raises(ValueError, match=message):
        scored(pd.Index([7, np.nan, 5, 1]), pd.Index([7, np.nan, 5, 2]))
    for one, two in ((list("aabb"), list("abab")), (list("abcd"), list("abef"))):
        with pytest.raises(ValueError, match="select the same samples in both, or pass labels"):
            scored(one, two)


def test_a_mask_in_another_order_than_the_rows_is_refused():
    for probs, labels in ((PROBS, LABELS), (pd.DataFrame(PROBS), pd.Series(LABELS))):
        scores = ec.score(probs, labels)
        table = scores.to_pandas().sort_values("easiness")
        mask = table["level"] == "hard"
        with pytest.raises(
            ValueError, match=r"^rows: .* rows\.loc\[scores\.to_pandas\(\)\.index\]"
        ):
            scores[mask]
        followed = scores[mask.loc[scores.to_pandas().index]]
        assert followed.rows.tolist() == [2]
        part = scores[1:]
        assert part[part.to_pandas()["level"] == "hard"].rows.tolist() == [2]
        assert part[pd.Series([False, True, False])].rows.tolist() == [2]
        with pytest.raises(ValueError, match=r"^rows: its index differs"):
            part[pd.Series([False, True, False], index=[0, 1, 2])]
    # Texts say nothing of row numbers.
    assert ec.score(PROBS, LABELS)[Y == "yes"].rows.tolist() == [3]


@pytest.mark.parametrize("data", [PROBS, FRAME], ids=["array", "keys"])
def test_labels_of_an_index_are_no_rows(data):
    scores = ec.score(data, LABELS)
    labels = scores.to_pandas().index[[3, 1]]
    with pytest.raises(
        TypeError, match=r"^rows: .* an Index .* scores\.to_pandas\(\)\.index\.isin"
    ):
        scores[labels]
    assert scores[scores.to_pandas().index.isin(labels)].rows.tolist() == [1, 3]
