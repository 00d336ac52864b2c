"""Class columns are found by their names, and labels are matched with these, as Python does."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from class_name_cases import MATCHES, REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import rows_read, write

import easiness_core as ec

FORMS = ["csv", "parquet", "jsonl", "feather"]
FRAMES = (pd.DataFrame, pl.DataFrame)
NUMBERED = [
    "p_{}", "p{}", "class {}", "p[{}]", "{:02d}_prob", "class_{:02d}_prob", "prob.{}", "{}", "{}.0",
    "model 2/p-{}", "0.5 quantile {}", "Class{}.0Prob",
]  # fmt: skip


@pytest.mark.parametrize("pattern", NUMBERED)
@pytest.mark.parametrize("first", [0, 1])
def test_numbered_columns_are_put_in_their_order(tmp_path, pattern, first, rng):
    probs = rng.dirichlet(np.ones(12), 30)
    order = sorted(range(12), key=lambda at: str(at + first))  # 0, 1, 10, 11, 2
    table = {pattern.format(at + first): probs[:, at] for at in order}
    # The last classes are absent: only the names tell where numbers begin.
    labels = np.arange(30) % 9
    for form in ("csv", "parquet"):
        path = write(tmp_path, table | {"label": labels + first}, form)
        reader, found, codes, _ = rows_read(path)
        np.testing.assert_array_equal(found, probs)
        np.testing.assert_array_equal(codes, labels)
    numbers = [name.lstrip("0").removesuffix(".0") for name in reader.classes or ()]
    assert numbers == ([str(at + 1) for at in range(12)] if first else [])


def read_by_python(frame, labels):
    scores = ec.score(frame, labels)
    return scores.classes and list(scores.classes), scores.labels.tolist(), scores.log_easiness


def read_by_command(path, labels_path=None):
    reader, probs, codes, _ = rows_read(path, labels_path)
    return reader.classes, codes.tolist(), ec.score(probs, codes).log_easiness


@pytest.mark.parametrize("case", MATCHES)
def test_labels_are_matched_with_names(tmp_path, case, rng):
    names, labels, expected = MATCHES[case]
    probs = rng.dirichlet(np.ones(len(names)), len(labels))
    columns = dict(zip(names, probs.T, strict=True))
    wanted = [read_by_python(frame(columns), labels) for frame in FRAMES]
    for form in FORMS:
        found = [read_by_command(write(tmp_path, columns | {"label": labels}, form))]
        if "y" not in names:
            second = write(tmp_path, {"anything": labels}, form, "labels")
            found.append(read_by_command(write(tmp_path, columns, form), second))
        for classes, codes, log_easiness in [*wanted, *found]:
            assert (classes, codes) == (wanted[0][0], expected), form
            np.testing.assert_array_equal(log_easiness, wanted[0][2])


@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_match_no_class_are_refused(tmp_path, case):
    names, labels, message = REFUSED[case]
    columns = {name: [1 / len(names)] * 2 for name in names}
    for frame in FRAMES:
        with pytest.raises(ValueError, match=rf"^labels: .*({message})"):
            ec.score(frame(columns), labels)
    for form in FORMS:
        with pytest.raises(ValueError, match=rf"labels: .*({message})") as caught:
            rows_read(write(tmp_path, columns | {"label": labels}, form))
        assert f"rows.{form}" in str(caught.value)


NAMES = st.sampled_from(["a", "b", "cat", "0", "1", "2", "01", "1.0", "-1", "True", "false", "a b"])
PREFIXES = st.sampled_from(["", "p_", "prob.", "a_", "1_"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=4, unique=True), PREFIXES, st.data())
def test_any_names_are_read_alike(tmp_path_factory, names, prefix, data):
    """Whatever Python accepts, the command does, and means the same."""
    columns = {f"{prefix}{name}": np.full(3, 1 / len(names)) for name in names}
    kinds = st.sampled_from([names, list(columns), [0, 1], [True, False]])
    labels = data.draw(kinds.flatmap(lambda kind: st.lists(st.sampled_from(kind), min_size=3,
                                                           max_size=3)))  # fmt: skip
    folder = tmp_path_factory.mktemp("names")
    second = write(folder, {"given": labels}, "parquet", "labels")
    path = write(folder, columns, "parquet")
    outcomes = []
    for read in (lambda: read_by_python(pd.DataFrame(columns), labels),
                 lambda: read_by_command(path, second)):  # fmt: skip
        try:
            classes, codes, log_easiness = read()
            outcomes.append((classes, codes, log_easiness.tobytes()))
        except ValueError as error:
            outcomes.append(error.argument)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("form", ["parquet", "feather", "arrows"])
def test_categories_mean_their_values(tmp_path, form):
    for names, labels in ((["p_dog", "p_cat"], ["cat", "dog"]), (["p_3", "p_10"], [10, 3])):
        columns = dict(zip(names, ([0.25, 0.5], [0.75, 0.5]), strict=True))
        y = pa.array(labels).dictionary_encode()
        _, probs, codes, _ = rows_read(write(tmp_path, columns | {"y": y}, form))
        assert (codes.tolist(), probs[0].tolist()) == ([1, 0], [0.25, 0.75])


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
        ["cat", "dog"], [0, 1], [0.75, 0.25],
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"classes: expected 2 names, .* got 3"):
        rows_read(path, classes=["a", "b", "c"])


TWO = [[0.25, 0.75], [0.5, 0.5]]
DTYPES = [np.int8, np.uint8, np.int64, np.uint64, np.float32, np.float64, bool]


@pytest.mark.parametrize("dtype", DTYPES)
def test_labels_of_arrays_are_numbers_of_classes(tmp_path, dtype):
    np.save("p.npy", TWO)
    np.save("y.npy", np.array([1, 0]).astype(dtype))
    assert rows_read("p.npy", "y.npy")[2].tolist() == [1, 0]
    if dtype is not bool:
        limits = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
        np.save("y.npy", np.array([limits.min, limits.max], dtype))
        with pytest.raises(ValueError, match=r"labels: .* outside 0 to 1 .* the first is row"):
            rows_read("p.npy", "y.npy")


def test_text_needs_the_names_of_classes_as_they_are_written(tmp_path):
    np.save("p.npy", TWO)
    np.save("y.npy", ["b", "a"])
    with pytest.raises(ValueError, match=r"text .*'b'.* give the class names .* classes="):
        rows_read("p.npy", "y.npy")
    reader, _, codes, _ = rows_read("p.npy", "y.npy", classes=["a", "b"])
    assert (reader.classes, codes.tolist()) == (["a", "b"], [1, 0])
    table = {" x": [0.25, 0.25], "x ": [0.25, 0.25], "z": [0.5, 0.5], "label": [" x", "z"]}
    assert rows_read(write(tmp_path, table, "parquet"))[2].tolist() == [0, 2]
    Path("t.csv").write_text("p_pos,p_neg,label\n0.9,0.1,True\n0.2,0.8,False\n")
    for classes in (None, ["pos", "neg"]):
        with pytest.raises(ValueError, match="write the name of its class"):
            rows_read("t.csv", classes=classes)
