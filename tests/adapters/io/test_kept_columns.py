"""Further columns, read along as text; and the labels of a file alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from easiness_cli.decisions import read_labels
from easiness_io import DataError, open_samples, score_shards
from easiness_io.parameters import Parameters

TABLE = pd.DataFrame({
    "image_id": ["a", "b", "c"], "label": ["cat", "dog", "cat"], "site_id": ["007", "08", None],
    "age": [1.5, 2.0, 3.0], "n": [1, 2, 3], "prob_cat": [0.2, 0.3, 0.9],
    "prob_dog": [0.8, 0.7, 0.1],
})  # fmt: skip


def kept_of(reader) -> dict[str, list]:
    blocks = list(reader.blocks())
    return {
        name: [text for block in blocks for text in block.kept[name].to_pylist()]
        for name in blocks[0].kept
    }


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "feather"])
def test_columns_are_kept_as_text_in_every_format(tmp_path, suffix):
    path = tmp_path / f"in.{suffix}"
    if suffix == "csv":
        TABLE.to_csv(path, index=False)
    elif suffix == "jsonl":
        TABLE.to_json(path, orient="records", lines=True)
    else:
        getattr(TABLE, f"to_{suffix}")(path)
    reader = open_samples(path, keep=["site_id", "n", "age"])
    kept = kept_of(reader)
    assert kept["site_id"] == ["007", "08", None]
    assert kept["n"] == ["1", "2", "3"]
    assert [float(each) for each in kept["age"]] == [1.5, 2.0, 3.0]
    # The only text column left that may name samples.
    assert (reader.ids_name, reader.left_out) == ("image_id", [])


def test_label_and_id_can_be_kept_as_well():
    TABLE.to_parquet("in.parquet")
    reader = open_samples("in.parquet", keep=["label", "image_id"], ids="image_id")
    assert kept_of(reader) == {"label": ["cat", "dog", "cat"], "image_id": ["a", "b", "c"]}
    assert next(reader.blocks()).labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_class_column_can_be_kept_and_is_still_one(suffix):
    getattr(TABLE, f"to_{suffix}")(f"in.{suffix}", index=False)
    reader = open_samples(f"in.{suffix}", keep=["prob_cat"])
    assert reader.class_columns == ["prob_cat", "prob_dog"]
    assert list(map(float, kept_of(reader)["prob_cat"])) == [0.2, 0.3, 0.9]
    assert next(reader.blocks()).probs[:, 0].tolist() == [0.2, 0.3, 0.9]


def test_a_column_of_the_labels_can_be_kept():
    np.save("p.npy", TABLE[["prob_cat", "prob_dog"]].to_numpy())
    TABLE[["label", "site_id"]].assign(label=[0, 1, 0]).to_csv("y.csv", index=False)
    reader = open_samples("p.npy", "y.csv", keep=["site_id"], ids="")
    assert kept_of(reader) == {"site_id": ["007", "08", None]}


def test_columns_that_cannot_be_kept_are_told():
    TABLE.to_parquet("in.parquet")
    with pytest.raises(DataError, match="no column 'nope'; it has 'image_id'"):
        open_samples("in.parquet", keep=["nope"])
    TABLE.assign(list=[[1, 2]] * 3).to_parquet("in.parquet")
    with pytest.raises(DataError, match="column 'list': expected one number or string per row"):
        open_samples("in.parquet", keep=["list"], probs="prob_*")
    with pytest.raises(TypeError, match="keep: expected a sequence of names, got 'n'"):
        open_samples("in.parquet", keep="n", probs="prob_*")


def test_shards_keep_columns_and_know_it(tmp_path):
    (tmp_path / "in").mkdir()
    TABLE.to_parquet("in/0.parquet")
    score_shards("in", "out", keep=["n"])
    assert pd.read_parquet("out/0.parquet")["n"].tolist() == ["1", "2", "3"]
    with pytest.raises(DataError, match="overwrite"):
        score_shards("in", "out", keep=["age"])


def test_labels_alone_are_read_as_written():
    TABLE.fillna("009").to_csv("in.csv", index=False)
    found = read_labels("in.csv", Parameters())
    assert (found.texts.to_pylist(), found.are_numbers) == (["cat", "dog", "cat"], False)
    assert (found.label_name, found.ids_name) == ("label", "image_id")
    assert found.ids == pa.array(["a", "b", "c"])
    assert read_labels("in.csv", Parameters(ids="")).ids is None
    found = read_labels("in.csv", Parameters(labels="n", ids="site_id"))
    assert found.texts == pa.array(["1", "2", "3"])
    np.save("y.npy", np.array([True, False]))
    assert read_labels("y.npy", Parameters()).texts.to_pylist() == ["1", "0"]
    np.save("y.npy", np.array([0.0, 3.0]))
    found = read_labels("y.npy", Parameters())
    assert (found.texts.to_pylist(), found.are_numbers) == (["0", "3"], True)


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
def test_labels_that_cannot_be_read_are_told(tmp_path, content, options, message):
    (tmp_path / "y.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_labels("y.csv", Parameters(**options))
