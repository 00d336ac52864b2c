"""Further columns, read along as text; and the labels of a file alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from easiness_cli.decisions import read_labels
from easiness_io import DataError, open_samples
from easiness_io.parameters import Parameters
from table_files import write

TABLE = {
    "image_id": ["a", "b", "c"], "label": ["cat", "dog", "cat"], "site_id": ["007", "08", None],
    "age": [1.5, 2.0, 3.0], "n": [1, 2, 3], "prob_cat": [0.2, 0.3, 0.9],
    "prob_dog": [0.8, 0.7, 0.1],
}  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "feather"])
def test_any_column_can_be_kept_as_text_in_every_format(tmp_path, form):
    path = write(tmp_path, TABLE, form)
    keep = ["site_id", "n", "label", "age", "prob_cat"]
    reader = open_samples(path, keep=keep)
    # The only text column left that may name samples.
    assert (reader.ids_name, reader.left_out) == ("image_id", [])
    assert reader.class_columns == ["prob_cat", "prob_dog"]
    [block] = reader.blocks()
    assert block.labels.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(block.probs[:, 0], TABLE["prob_cat"])
    kept = {name: values.to_pylist() for name, values in block.kept.items()}
    assert kept["n"] == ["1", "2", "3"]
    for name in ("site_id", "label"):
        assert kept[name] == TABLE[name]
    for name in ("age", "prob_cat"):
        assert list(map(float, kept[name])) == TABLE[name]


def test_a_column_of_the_labels_can_be_kept(tmp_path):
    np.save("p.npy", np.stack([TABLE["prob_cat"], TABLE["prob_dog"]], 1))
    labels = write(tmp_path, {"label": [0, 1, 0], "site_id": TABLE["site_id"]}, "csv")
    [block] = open_samples("p.npy", labels, keep=["site_id"], ids="").blocks()
    assert block.kept["site_id"].to_pylist() == ["007", "08", None]


@pytest.mark.parametrize(
    ("keep", "error", "message"),
    [
        (["nope"], DataError, "no column 'nope'; it has 'image_id'"),
        (["list"], DataError, "column 'list': expected one number or string per row"),
        ("n", TypeError, "keep: expected a sequence of names, got 'n'"),
    ],
)
def test_columns_that_cannot_be_kept_are_told(tmp_path, keep, error, message):
    path = write(tmp_path, TABLE | {"list": [[1, 2]] * 3}, "parquet")
    with pytest.raises(error, match=message):
        open_samples(path, keep=keep, probs="prob_*")


def test_labels_alone_are_read_as_written(tmp_path):
    path = write(tmp_path, TABLE | {"site_id": ["007", "08", "009"]}, "csv")
    found = read_labels(path, Parameters())
    assert (found.texts.to_pylist(), found.are_numbers) == (["cat", "dog", "cat"], False)
    assert (found.label_name, found.ids_name) == ("label", "image_id")
    assert found.ids == pa.array(["a", "b", "c"])
    assert read_labels(path, Parameters(ids="")).ids is None
    assert read_labels(path, Parameters(labels="n", ids="site_id")).texts.to_pylist() == [*"123"]
    for values, texts in (([True, False], ["1", "0"]), ([0.0, 3.0], ["0", "3"])):
        np.save("y.npy", np.array(values))
        found = read_labels("y.npy", Parameters())
        assert (found.texts.to_pylist(), found.are_numbers) == (texts, True)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("id,label\na,\n", {}, "1 value is missing, in row 0"),
        ("id,label\n,x\n", {}, "column 'id': 1 value is missing"),
        ("id,label\n", {}, "it has no rows"),
        ("id,name,other\n1,2,3\n", {}, "no column of labels"),
        ("id,label\na,b\n", {"ids": "nope"}, "no column 'nope'"),
    ],
)
def test_labels_that_cannot_be_read_are_told(content, options, message):
    Path("y.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_labels("y.csv", Parameters(**options))
