"""Columns of a frame that are no class are refused, and the advice leaves them out."""

import re

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

PROBS = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8], [0.3, 0.3, 0.4]])
LABELS = ["a", "b", "c", "a"]
WANT = ec.score(PROBS, [0, 1, 2, 0])
NAMES = {
    "plain": ["a", "b", "c"],
    "prefix": ["p_a", "p_b", "p_c"],
    "suffix": ["a_{}", "b_{}", "c_{}"],
}
EXTRA = {
    "fold": [0, 1, 0, 1], "constant": 0, "fold from 1": [1, 2, 1, 2], "id": [10, 11, 12, 13],
    "flag": [True, False, True, False], "fraction": np.array([0, 1, 0, 1], dtype="int8"),
}  # fmt: skip


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize("case", EXTRA)
@pytest.mark.parametrize("names", NAMES)
def test_whole_numbers_beside_fractions_are_no_class(names, case, scale):
    frame = pd.DataFrame(scale * PROBS, columns=NAMES[names]).assign(extra=EXTRA[case])
    dtypes = {"extra": "boolean" if case == "flag" else "Int64"}
    for each in (frame, frame.astype(dtypes), pl.from_pandas(frame)):
        for normalize in (False, True):
            with pytest.raises(ValueError, match=r"^probs: column 'extra' is not a class"):
                ec.score(each, LABELS, normalize=normalize)


def test_what_may_be_a_class_is_none_too_much():
    whole = pd.DataFrame({"a": [1, 0], "b": [0.0, 0.5], "c": [0.0, 0.5]})
    assert ec.score(whole, ["a", "b"]).classes == ("a", "b", "c")
    zero = pd.DataFrame({"p_a": [0.5, 0.75], "p_b": [0.5, 0.25], "p_c": [0, 0]})
    assert ec.score(zero, ["a", "b"]).classes == ("a", "b", "c")
    votes = pd.DataFrame({"a": [3, 0, 2, 5], "b": [2, 4, 1, 0], "c": [1, 2, 3, 5]})
    assert ec.score(votes, LABELS, normalize=True).classes == ("a", "b", "c")
    states = votes.set_axis(["new_york", "new_mexico", "ohio"], axis=1)
    assert len(ec.score(states.iloc[[1, 0, 3, 2]], [0, 1, 2, 0], normalize=True).classes) == 3


@pytest.mark.parametrize(
    "votes",
    [
        {"a": [3, 5, 1, 9], "b": [7, 5, 9, 1], "id": [1, 2, 3, 4]},
        {"a": [3, 5, 1, 9], "b": [7, 5, 9, 1], "fold": [0, 1, 0, 1]},
        {"v_a": [3, 5, 1, 9], "v_b": [8, 5, 7, 3], "id": [3, 5, 6, 9]},
        {"v_a": [1.5] * 12, "v_b": [8, 5, 7] * 4, "id": [7, 3, 9, 2, 11, 5, 0, 4, 1, 6, 8, 10]},
    ],
)
def test_an_id_beside_votes_is_no_class(votes):
    frame = pd.DataFrame(votes)
    extra = frame.columns[-1]
    labels = (["a", "b"] * 6)[: len(frame)]
    with pytest.raises(ValueError, match=rf"^probs: column '{extra}' is not a class"):
        ec.score(frame, labels, normalize=True)
    assert ec.score(frame.drop(columns=extra), labels, normalize=True).classes == ("a", "b")


@pytest.mark.parametrize("names", NAMES)
def test_the_advice_leaves_out_what_is_no_class(names):
    columns = NAMES[names]
    frame = pd.DataFrame(PROBS, columns=columns).assign(label=LABELS, fold=0)
    with pytest.raises(TypeError, match=r"column 'label'; pass only .*, such as probs") as caught:
        ec.score(frame, LABELS)
    code = re.search(r"such as (probs.*)$", str(caught.value)).group(1)
    followed = eval(code, {"probs": frame})
    assert list(followed) == columns
    assert ec.score(followed, LABELS).loss.tobytes() == WANT.loss.tobytes()
