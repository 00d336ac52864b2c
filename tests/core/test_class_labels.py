"""`ClassLabel` of `datasets`: its numbers are matched with classes by their names."""

import numpy as np
import pytest

import easiness_core as ec

datasets = pytest.importorskip("datasets")
pd = pytest.importorskip("pandas")

PROBS = np.array([[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8], [0.3, 0.3, 0.4]])
CODES = [0, 1, 2, 1]
RIGHT = ec.score(PROBS, CODES)


def labels(names, codes):
    features = datasets.Features(label=datasets.ClassLabel(names=names))
    return datasets.Dataset.from_dict({"label": codes}, features=features)["label"]


# Names of codes, codes, names of the columns, and what these have of their own.
BY_NAME = {
    "text": (["cat", "dog", "emu"], CODES, "p_{}", ["emu", "dog", "cat"]),
    "numbers from 1": (["1", "2", "3"], CODES, "p_{}", ["1", "2", "3"]),
    "only codes that are also names": (["1", "2", "3"], [1, 2, 2, 1], "star_{}", ["1", "2", "3"]),
    "numbers in another order": (["2", "0", "1"], CODES, "{}", ["0", "1", "2"]),
    "columns in another order": (["2", "0", "1"], CODES, "p_{}", ["2", "1", "0"]),
    "more names than columns": (["a", "b", "c", "d"], [3, 0, 1, 3], "{}", ["b", "d", "a"]),
    "names with a prefix": (["p_x", "p_y", "p_z"], CODES, "{}", ["p_z", "p_y", "p_x"]),
    "zeros in front": (["01", "1", "2"], CODES, "{}", ["2", "1", "01"]),
}


@pytest.mark.parametrize("case", BY_NAME)
def test_codes_are_matched_by_name(case):
    names, codes, form, own = BY_NAME[case]
    given = labels(names, codes)
    frame = pd.DataFrame(PROBS, columns=[form.format(name) for name in own])
    want = [own.index(names[code]) for code in codes]
    right = ec.score(PROBS, want)
    for got in (ec.score(frame, given), ec.score(PROBS, given, classes=own)):
        assert got.loss.tobytes() == right.loss.tobytes()
        assert got.easiness.tobytes() == right.easiness.tobytes()
    assert got.labels.tolist() == want


def test_names_are_told_by_codes():
    got = ec.score(
        pd.DataFrame(PROBS, columns=["p_0", "p_1", "p_2"]), labels(["x", "y", "z"], CODES)
    )
    assert got.classes == ("x", "y", "z")
    plain = ec.score(PROBS, labels(["2", "0", "1"], CODES))
    assert (plain.classes, plain.labels.tolist()) == (("2", "0", "1"), CODES)


@pytest.mark.parametrize("names", [["a", "b", "c"], ["1", "2", "c"], ["x_1", "x_2", "x_3"]])
def test_codes_that_match_no_columns_are_refused(names):
    frame = pd.DataFrame(PROBS, columns=["p_1", "p_2", "p_3"])
    with pytest.raises(
        ValueError, match=r"^labels: their classes are .*, those of the columns 1, 2"
    ):
        ec.score(frame, labels(names, [1, 2, 2, 1]))
    with pytest.raises(
        ValueError, match=r"^labels: their classes are .*, those of classes Emu, Dog"
    ):
        ec.score(PROBS, labels(names, [1, 2, 2, 1]), classes=["Emu", "Dog", "Cat"])


def test_classes_rename_columns_that_codes_match():
    frame = pd.DataFrame(PROBS[:, ::-1], columns=["emu", "dog", "cat"])
    got = ec.score(frame, labels(["cat", "dog", "emu"], CODES), classes=["Emu", "Hund", "Katze"])
    assert (got.classes, got.labels.tolist()) == (("Emu", "Hund", "Katze"), [2, 1, 0, 1])


def test_classes_may_be_codes():
    given = labels(["cat", "dog", "emu"], CODES)
    got = ec.score(PROBS[:, ::-1], given, classes=[2, 1, 0])
    assert got.labels.tolist() == [2, 1, 0, 1]
    assert got.loss.tobytes() == RIGHT.loss.tobytes()


def test_a_missing_class_label_is_refused():
    with pytest.raises(ValueError, match=r"^labels: 1 of 4 .* row 3, label -1"):
        ec.score(PROBS, labels(["cat", "dog", "emu"], [0, 1, 2, -1]))
