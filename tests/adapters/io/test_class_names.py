"""Class columns are found by their names, and labels are matched with these."""

import numpy as np
import pyarrow as pa
import pytest
from table_files import rows_read, write

FORMS = ["csv", "parquet", "jsonl", "feather"]

NUMBERED = [
    "p_{}", "p{}", "class {}", "p[{}]", "p({})", "{}_prob", "class_{}_prob", "prob.{}", "{}",
    "model 2/p-{}", "0.5 quantile {}", "Class{}Prob",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pattern", NUMBERED)
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("digits", ["{}", "{:02d}", "{}.0"])
def test_numbered_columns_are_put_in_their_order(tmp_path, form, pattern, first, digits, rng):
    probs = rng.dirichlet(np.ones(12), 30)
    order = sorted(range(12), key=lambda at: str(at + first))  # 0, 1, 10, 11, 2
    table = {pattern.format(digits.format(at + first)): probs[:, at] for at in order}
    # The last classes are absent: only the names tell where numbers begin.
    labels = np.arange(30) % 9
    table["label"] = labels + first
    reader, found, codes, _ = rows_read(write(tmp_path, table, form))
    np.testing.assert_array_equal(found, probs)
    np.testing.assert_array_equal(codes, labels)
    names = [digits.format(at + first) for at in range(12)]
    if first == 0:
        assert reader.classes is None
    elif digits == "{}":
        assert reader.classes == names


# Names of columns, labels, and the columns that these mean.
MATCHES = {
    "text": (["prob_cat", "prob_dog"], ["dog", "cat", "dog"], [1, 0, 1]),
    "suffix": (["cat_p", "dog_p"], ["dog", "cat", "dog"], [1, 0, 1]),
    "capitals": (["probCat", "probDog"], ["Dog", "Cat", "Dog"], [1, 0, 1]),
    "no common part": (["cat", "dog"], ["dog", "cat", "dog"], [1, 0, 1]),
    "positions": (["prob_cat", "prob_dog"], [1, 0, 1], [1, 0, 1]),
    "a prefix of the classes": (["ski_red", "ski_new"], ["ski_new", "ski_red"] * 2, [1, 0] * 2),
    "two prefixes": (["p_ski_red", "p_ski_new"], ["ski_new", "ski_red"] * 2, [1, 0] * 2),
    "numbers in names": (["p_cat_2", "p_cat_1"], ["cat_2", "cat_1"], [1, 0]),
    "booleans": (["True", "False"], [True, False, True], [1, 0, 1]),
    "booleans with a prefix": (["p_True", "p_False"], [True, False, True], [1, 0, 1]),
    "numbers for booleans": (["p_1", "p_0"], [True, False, True], [1, 0, 1]),
    "booleans for numbers": (["p_True", "p_False"], [1, 0, 1], [1, 0, 1]),
    "signs": (["1", "-1"], [1, -1, -1], [1, 0, 0]),
    "signs with a prefix": (["p_1", "p_-1"], [1, -1, -1], [1, 0, 0]),
    "floats": (["3.0", "1.0", "2.0"], [1.0, 3.0, 1.0], [0, 2, 0]),
    "whole labels of float names": (["3.0", "1.0", "2.0"], [1, 3, 1], [0, 2, 0]),
    "leading zeros": (["p_02", "p_01", "p_00"], [2, 0, 2], [2, 0, 2]),
    "labels as text": (["p_2", "p_1", "p_0"], ["2", "0", "1"], [2, 0, 1]),
    "missing values in name": (["NA", "null", "nan", "None"], ["nan", "NA", "None"], [2, 0, 3]),
    "some named by numbers": (["p_cat", "p_7"], ["7", "cat"], [1, 0]),
    "spaces": (["p_red wine", "p_beer"], ["beer", "red wine"], [1, 0]),
    "languages": (["de", "id", "en"], ["id", "en", "id"], [1, 2, 1]),
    "letters": (["x", "y", "z"], ["y", "z", "x"], [1, 2, 0]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", MATCHES)
def test_labels_are_matched_with_names(tmp_path, form, case, rng):
    names, labels, expected = MATCHES[case]
    probs = rng.dirichlet(np.ones(len(names)), len(labels))
    columns = dict(zip(names, probs.T, strict=True))
    reader, found, codes, _ = rows_read(write(tmp_path, columns | {"label": labels}, form))
    assert codes.tolist() == expected
    np.testing.assert_array_equal(found, np.stack([columns[k] for k in reader.class_columns], 1))
    if "y" not in names:
        second = write(tmp_path, {"anything": labels}, form, "labels")
        assert rows_read(write(tmp_path, columns, form), second)[2].tolist() == expected


REFUSED = {
    "labels from 1": (["p_0", "p_1"], [1, 2], "outside 0 to 1|not among the classes"),
    "another name": (["p_cat", "p_dog"], ["cat", "cow"], "1 of 2 .* not among .* row 1, .*'cow'"),
    "booleans for text": (["p_yes", "p_no"], [True, False], "true or false.*write the name"),
    "fractions": (["p_0", "p_1"], [0.0, 0.5], "row 1.*0.5"),
    "both kinds": (["p_2", "p_x", "p_0"], [0, 1], "some classes are named by numbers"),
    "missing": (["p_0", "p_1"], [0, None], "1 value is missing, in row 1"),
    "missing text": (["p_a", "p_b"], ["a", None], "1 value is missing, in row 1"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_match_no_class_are_refused(tmp_path, form, case):
    names, labels, message = REFUSED[case]
    columns = {name: [1 / len(names)] * 2 for name in names} | {"label": labels}
    with pytest.raises(ValueError, match=rf"labels: .*({message})") as caught:
        rows_read(write(tmp_path, columns, form))
    assert "rows." in str(caught.value)


@pytest.mark.parametrize("form", ["parquet", "feather", "arrows"])
def test_categories_mean_their_values(tmp_path, form):
    p = {"p_dog": [0.25, 0.5], "p_cat": [0.75, 0.5]}
    labels = pa.array(["cat", "dog"]).dictionary_encode()
    assert rows_read(write(tmp_path, p | {"y": labels}, form))[2].tolist() == [1, 0]
    p = {"p_10": [0.25, 0.5], "p_3": [0.75, 0.5]}
    labels = pa.array([10, 3]).dictionary_encode()
    _, probs, codes, _ = rows_read(write(tmp_path, p | {"y": labels}, form))
    assert (codes.tolist(), probs[0].tolist()) == ([1, 0], [0.75, 0.25])


@pytest.mark.parametrize(
    ("names", "classes", "expected"),
    [
        (["p_owl", "p_cat", "p_dog"], ["owl", "cat", "dog"], [0, 1, 2]),
        (["p_0", "p_2", "p_1"], ["dog", "cat", "owl"], [2, 1, 0]),
        (None, ["dog", "cat", "owl"], [2, 1, 0]),
    ],
)
def test_names_of_class_labels(tmp_path, names, classes, expected):
    """`ClassLabel` of `datasets`: 0 is dog, 1 is cat, 2 is owl."""
    probs = np.array([[0.25, 0.5, 0.25], [0.125, 0.25, 0.625], [1.0, 0.0, 0.0]])
    columns = {"probs": probs.tolist()} if names is None else dict(zip(names, probs.T, strict=True))
    path = write(tmp_path, columns | {"label": [2, 1, 0]}, "dataset",
                 class_names={"label": ["dog", "cat", "owl"]})  # fmt: skip
    reader, _, codes, _ = rows_read(path)
    assert (reader.classes, codes.tolist()) == (classes, expected)


def test_class_labels_of_other_classes_are_refused(tmp_path):
    table = {"probs": [[0.5, 0.5]], "label": [1]}
    path = write(tmp_path, table, "dataset", class_names={"label": ["a", "b", "c"]})
    with pytest.raises(ValueError, match=r"labels: they have 3 classes"):
        rows_read(path)


@pytest.mark.parametrize("form", FORMS)
def test_classes_given_in_order(tmp_path, form):
    probs = {"c_2": [0.25, 0.5], "c_1": [0.75, 0.5]}
    path = write(tmp_path, probs | {"label": [1, 2]}, form)
    with pytest.raises(
        ValueError, match=r"numbered, and in another order: 'c_2', 'c_1'; list them"
    ):
        rows_read(path, classes=["cat", "dog"])
    probs = {name: probs[name] for name in ("c_1", "c_2")}
    path = write(tmp_path, probs | {"label": [1, 2]}, form)
    reader, found, codes, _ = rows_read(path, classes=["cat", "dog"])
    assert (reader.classes, codes.tolist(), found[0].tolist()) == (
        ["cat", "dog"],
        [0, 1],
        [0.75, 0.25],
    )
    text = write(tmp_path, probs | {"label": ["dog", "cat"]}, form, "text")
    assert rows_read(text, classes=["cat", "dog"])[2].tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"classes: 2, 1 are the names .* in another order"):
        rows_read(path, classes=["2", "1"])
    with pytest.raises(ValueError, match=r"classes: expected 2 names, .* got 3"):
        rows_read(path, classes=["a", "b", "c"])


def test_classes_of_arrays(tmp_path):
    np.save(tmp_path / "p.npy", [[0.25, 0.75], [0.5, 0.5]])
    np.save(tmp_path / "y.npy", ["b", "a"])
    with pytest.raises(ValueError, match=r"text .*'b'.* give the class names .* classes="):
        rows_read(tmp_path / "p.npy", tmp_path / "y.npy")
    reader, _, codes, _ = rows_read(tmp_path / "p.npy", tmp_path / "y.npy", classes=["a", "b"])
    assert (reader.classes, codes.tolist()) == (["a", "b"], [1, 0])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, bool])
def test_types_of_labels(tmp_path, dtype):
    np.save(tmp_path / "p.npy", [[0.25, 0.75], [0.5, 0.5]])
    np.save(tmp_path / "y.npy", np.array([1, 0]).astype(dtype))
    assert rows_read(tmp_path / "p.npy", tmp_path / "y.npy")[2].tolist() == [1, 0]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, np.float64])
def test_extreme_labels_are_refused(tmp_path, dtype):
    limits = np.finfo(dtype) if dtype in (np.float32, np.float64) else np.iinfo(dtype)
    np.save(tmp_path / "p.npy", [[0.25, 0.75], [0.5, 0.5]])
    np.save(tmp_path / "y.npy", np.array([limits.min, limits.max], dtype))
    with pytest.raises(ValueError, match=r"labels: .* outside 0 to 1 .* the first is row"):
        rows_read(tmp_path / "p.npy", tmp_path / "y.npy")


def test_spaces_around_class_names_are_kept(tmp_path):
    table = {" x": [0.25, 0.25], "x ": [0.25, 0.25], "z": [0.5, 0.5], "label": [" x", "z"]}
    path = write(tmp_path, table, "parquet")
    assert rows_read(path)[2].tolist() == [0, 2]
