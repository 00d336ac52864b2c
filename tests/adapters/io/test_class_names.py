"""Class columns are found by their names, and labels are matched with these."""

import numpy as np
import pyarrow as pa
import pytest
from class_name_cases import MATCHES, REFUSED
from table_files import rows_read, write

FORMS = ["csv", "parquet", "jsonl", "feather"]

NUMBERED = [
    "p_{}", "p{}", "class {}", "p[{}]", "p({})", "{}_prob", "class_{}_prob", "prob.{}", "{}",
    "model 2/p-{}", "0.5 quantile {}", "Class{}Prob",
]  # fmt: skip


@pytest.mark.parametrize("pattern", NUMBERED)
@pytest.mark.parametrize("digits", ["{}", "{:02d}", "{}.0"])
def test_numbered_columns_are_put_in_their_order(tmp_path, pattern, digits, rng):
    for first, form in ((0, "csv"), (1, "csv"), (1, "parquet")):
        probs = rng.dirichlet(np.ones(12), 30)
        order = sorted(range(12), key=lambda at, n=first: str(at + n))  # 0, 1, 10, 11, 2
        table = {pattern.format(digits.format(at + first)): probs[:, at] for at in order}
        # The last classes are absent: only the names tell where numbers begin.
        labels = np.arange(30) % 9
        path = write(tmp_path, table | {"label": labels + first}, form)
        reader, found, codes, _ = rows_read(path)
        np.testing.assert_array_equal(found, probs)
        np.testing.assert_array_equal(codes, labels)
        if first == 0:
            assert reader.classes is None
        elif digits == "{}":
            assert reader.classes == [str(at + 1) for at in range(12)]


@pytest.mark.parametrize("case", MATCHES)
def test_labels_are_matched_with_names(tmp_path, case, rng):
    names, labels, expected = MATCHES[case]
    probs = rng.dirichlet(np.ones(len(names)), len(labels))
    columns = dict(zip(names, probs.T, strict=True))
    for form in FORMS:
        reader, found, codes, _ = rows_read(write(tmp_path, columns | {"label": labels}, form))
        assert codes.tolist() == expected, form
        wanted = np.stack([columns[name] for name in reader.class_columns], 1)
        np.testing.assert_array_equal(found, wanted)
        if "y" not in names:
            second = write(tmp_path, {"anything": labels}, form, "labels")
            path = write(tmp_path, columns, form)
            assert rows_read(path, second)[2].tolist() == expected, form


@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_match_no_class_are_refused(tmp_path, case):
    names, labels, message = REFUSED[case]
    columns = {name: [1 / len(names)] * 2 for name in names} | {"label": labels}
    for form in FORMS:
        with pytest.raises(ValueError, match=rf"labels: .*({message})") as caught:
            rows_read(write(tmp_path, columns, form))
        assert f"rows.{form}" in str(caught.value)


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
    path = write(tmp_path, columns | {"label": [2, 1, 0]}, "arrows",
                 class_names={"label": ["dog", "cat", "owl"]})  # fmt: skip
    reader, _, codes, _ = rows_read(path)
    assert (reader.classes, codes.tolist()) == (classes, expected)


def test_class_labels_of_other_classes_are_refused(tmp_path):
    table = {"probs": [[0.5, 0.5]], "label": [1]}
    path = write(tmp_path, table, "arrows", class_names={"label": ["a", "b", "c"]})
    with pytest.raises(ValueError, match=r"labels: they have 3 classes"):
        rows_read(path)


@pytest.mark.parametrize("form", ["csv", "parquet"])
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
    with pytest.raises(
        ValueError, match=r"classes: 2, 1 are the column names in a different order"
    ):
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
