"""Every form of file gives the same probabilities, labels and ids."""

import datetime
import decimal
import io
import os
import sys
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
import table_files
from easiness_io import open_samples
from table_files import FORMS, TEXT_FORMS, TYPED_FORMS, rows_read, write

PROBS = [[0.75, 0.25, 0.0], [0.125, 0.5, 0.375], [0.0, 0.25, 0.75], [0.5, 0.25, 0.25]]
TABLE = {
    "image_id": ["a.png", "b,1.png", 'c"d.png', "ü.png"],
    "text": ["one", "two", "three", "four"],
    "split": ["train", "test", "train", "test"],
    "label": ["cat", "dog", "owl", "cat"],
    "prob_cat": [row[0] for row in PROBS],
    "prob_owl": [row[2] for row in PROBS],
    "prob_dog": [row[1] for row in PROBS],
    "pred": [0, 1, 2, 0],
    "confidence": [0.75, 0.5, 0.75, 0.5],
}
IN_ORDER = np.array(PROBS)[:, [0, 2, 1]]


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def test_names_of_columns_tell_what_they_are(tmp_path, form):
    reader, probs, labels, ids = rows_read(write(tmp_path, TABLE, form))
    assert reader.classes == ["cat", "owl", "dog"]
    assert reader.class_columns == ["prob_cat", "prob_owl", "prob_dog"]
    assert reader.left_out == ["text", "split", "pred", "confidence"]
    assert reader.ids_name == "image_id"
    assert ids == TABLE["image_id"]
    assert labels.tolist() == [0, 2, 1, 0]
    np.testing.assert_array_equal(probs, IN_ORDER)


@pytest.mark.parametrize("form", [form for form in FORMS if "jsonl" not in form])
def test_no_rows(tmp_path, form):
    table = table_files.table_of(TABLE)[:0]
    reader, probs, labels, ids = rows_read(write(tmp_path, table, form))
    assert (reader.classes, probs.shape, labels.size, ids) == (["cat", "owl", "dog"], (0, 3), 0, [])


def test_one_row(tmp_path, form):
    _, probs, labels, ids = rows_read(write(tmp_path, table_files.table_of(TABLE)[2:3], form))
    assert (labels.tolist(), ids) == ([1], ['c"d.png'])
    np.testing.assert_array_equal(probs, IN_ORDER[2:3])


@pytest.mark.parametrize("other", ["csv", "parquet", "jsonl", "npy"])
def test_labels_in_a_second_file(tmp_path, other):
    path = write(tmp_path, {k: v for k, v in TABLE.items() if k != "label"}, "parquet")
    if other == "npy":
        second = str(tmp_path / "labels.npy")
        np.save(second, np.array(TABLE["label"]))
    else:
        second = write(tmp_path, {"label": TABLE["label"]}, other, stem="labels")
    _, probs, labels, ids = rows_read(path, second)
    assert (labels.tolist(), ids) == ([0, 2, 1, 0], TABLE["image_id"])
    np.testing.assert_array_equal(probs, IN_ORDER)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_ids_only_in_the_file_of_labels(tmp_path, form):
    path = write(tmp_path, {k: TABLE[k] for k in TABLE if k.startswith("prob_")}, form)
    second = write(
        tmp_path, {"image_id": TABLE["image_id"], "breed": TABLE["label"]}, form, "labels"
    )
    reader, _, labels, ids = rows_read(path, second)
    assert (reader.ids_name, ids, labels.tolist()) == ("image_id", TABLE["image_id"], [0, 2, 1, 0])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_ids_in_both_files_are_compared(tmp_path, form):
    probs = {"id": [10, 11, 12, 13]} | {k: TABLE[k] for k in TABLE if k.startswith("prob_")}
    path = write(tmp_path, probs, form)
    same = write(tmp_path, {"id": [10, 11, 12, 13], "label": TABLE["label"]}, "csv", "same")
    assert [int(value) for value in rows_read(path, same)[3]] == [10, 11, 12, 13]
    other = write(tmp_path, {"id": [10, 12, 11, 13], "label": TABLE["label"]}, "parquet", "other")
    with pytest.raises(ValueError, match=r"other.*at row 1: '?12'? and '?11'?; sort both"):
        rows_read(path, other)
    assert rows_read(path, other, ids="")[3] is None


@pytest.mark.parametrize("form", TYPED_FORMS)
@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float32(), 3)])
def test_a_list_column(tmp_path, form, kind):
    lists = pa.array(PROBS, kind)
    table = {
        "id": [3, 1, 2, 0], "embedding": [[0.5] * 7] * 4, "tokens": [[1], [2, 3], [], [4]],
        "probs": lists, "label": [0, 1, 2, 0],
    }  # fmt: skip
    reader, probs, labels, ids = rows_read(write(tmp_path, table, form))
    assert (reader.class_columns, reader.left_out) == (["probs"], ["embedding", "tokens"])
    assert (labels.tolist(), ids) == ([0, 1, 2, 0], [3, 1, 2, 0])
    np.testing.assert_array_equal(probs, PROBS)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_lists_beside_columns_of_probabilities(tmp_path, form):
    table = TABLE | {"embedding": [[0.5, 2.0]] * 4, "tokens": [[1], [2, 3], [], [4]]}
    reader, probs, _, _ = rows_read(write(tmp_path, table, form))
    assert reader.class_columns == ["prob_cat", "prob_owl", "prob_dog"]
    np.testing.assert_array_equal(probs, IN_ORDER)


VALUES = {
    "float32": (pa.array([0.25, 0.5], pa.float32()), [0.25, 0.5]),
    "float16": (pa.array(np.array([0.25, 0.5], np.float16)), [0.25, 0.5]),
    "decimal": (pa.array([decimal.Decimal("0.25"), decimal.Decimal("0.50")]), [0.25, 0.5]),
    "integer": (pa.array([0, 1], pa.uint8()), [0, 1]),
}


@pytest.mark.parametrize("kind", VALUES)
def test_types_of_class_columns(tmp_path, kind):
    values, expected = VALUES[kind]
    rest = pa.array([1 - value for value in expected])
    _, probs, _, _ = rows_read(write(tmp_path, {"y": [0, 1], "p_0": values, "p_1": rest}, "arrow"))
    np.testing.assert_array_equal(probs[:, 0], expected)


IDS = {
    "int": (pa.array([5, -3], pa.int16()), [5, -3]),
    "uint64": (pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
    "text": (pa.array(["007", "x"]), ["007", "x"]),
    "large text": (pa.array(["007", "x"], pa.large_string()), ["007", "x"]),
    "uuid": (pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=2).bytes], pa.uuid()),
             [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))]),
    "date": (pa.array([datetime.date(2020, 1, 2), None]), ["2020-01-02", None]),
    "time": (pa.array([datetime.datetime(2020, 1, 2, 3)] * 2, pa.timestamp("ms")),
             ["2020-01-02T03:00:00.000"] * 2),
    "floats with gaps": (pa.array([7.0, None]), [7, None]),
    "category": (pa.array(["b", "a"]).dictionary_encode(), ["b", "a"]),
    "null": (pa.array(["b", None]), ["b", None]),
    "bytes": (pa.array([b"a", bytes([0, 255])]), ["a", "00ff"]),
    "int with gaps": (pa.array([None, 3], pa.int64()), [None, 3]),
}  # fmt: skip


@pytest.mark.parametrize("kind", IDS)
def test_types_of_ids(tmp_path, kind):
    values, expected = IDS[kind]
    table = {"sample_id": values, "label": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}
    assert rows_read(write(tmp_path, table, "parquet"))[3] == expected


LABELS = {
    "category": pa.array(["cat", "dog", "owl", "cat"]).dictionary_encode(),
    "large text": pa.array(TABLE["label"], pa.large_string()),
    "bytes": pa.array([name.encode() for name in TABLE["label"]]),
    "float": pa.array([0.0, 2.0, 1.0, 0.0]),
    "int8": pa.array([0, 2, 1, 0], pa.int8()),
}


@pytest.mark.parametrize("kind", LABELS)
def test_types_of_labels(tmp_path, kind):
    path = write(tmp_path, TABLE | {"label": LABELS[kind]}, "parquet")
    assert rows_read(path)[2].tolist() == [0, 2, 1, 0]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["007", "7"], ["007", "7"]),
        (["2020-01-02", "2020-01-03"], ["2020-01-02", "2020-01-03"]),
        (["NA", None], ["NA", None]),
        ([7.0, None], [7, None]),
    ],
)
def test_ids_of_text_files_stay_as_they_are_written(tmp_path, form, ids, expected):
    table = {"id": ids, "label": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}
    assert rows_read(write(tmp_path, table, form))[3] == expected


@pytest.mark.parametrize("ids", [[2**64 - 1, 0], [2**53 + 1, 3]])
def test_large_ids_of_json_lines_are_exact(tmp_path, ids):
    table = {"id": pa.array(ids, pa.uint64()), "y": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}
    assert rows_read(write(tmp_path, table, "jsonl"))[3] == ids


def test_a_named_index_of_pandas_holds_ids(tmp_path):
    pd = pytest.importorskip("pandas")
    index = pd.Index(["b", "a"], name="file")
    frame = pd.DataFrame({"y": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}, index)
    frame.to_parquet(tmp_path / "named.parquet")
    reader, _, _, ids = rows_read(tmp_path / "named.parquet")
    assert (reader.ids_name, ids, reader.left_out) == ("file", ["b", "a"], [])
    frame.rename_axis(None).to_parquet(tmp_path / "unnamed.parquet")
    assert rows_read(tmp_path / "unnamed.parquet")[3] is None
    frame.rename_axis(None).reset_index(drop=True).to_csv(tmp_path / "unnamed.csv")
    reader, _, _, ids = rows_read(tmp_path / "unnamed.csv")
    assert (reader.class_columns, reader.left_out, ids) == (["p_0", "p_1"], [], None)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2", "|u1"])
def test_arrays(tmp_path, order, dtype):
    probs = np.array([[1, 0, 0], [0, 0, 1]]).astype(dtype, order=order)
    np.save(tmp_path / "probs.npy", probs)
    np.save(tmp_path / "labels.npy", np.array([[2], [0]], np.int16))
    _, found, labels, ids = rows_read(tmp_path / "probs.npy", tmp_path / "labels.npy")
    np.testing.assert_array_equal(found, probs)
    assert (labels.tolist(), ids) == ([2, 0], None)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "all.npz", features=np.ones((2, 5)), probs=probs, y=[2, 0], id=["b", "a"],
             weights=np.ones(7))  # fmt: skip
        reader, found, labels, ids = rows_read(tmp_path / "all.npz")
        np.testing.assert_array_equal(found, probs)
        assert (labels.tolist(), ids) == ([2, 0], ["b", "a"])
        assert reader.left_out == ["features", "weights"]


def test_options_name_columns_and_arrays_alike(tmp_path):
    a, b = np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    np.savez(tmp_path / "two.npz", a=a, b=b, gold=[1, 0], key=[8, 9])
    columns = {"a_x": a[:, 0], "a_y": a[:, 1], "b_x": b[:, 0], "b_y": b[:, 1]}
    table = columns | {"gold": [1, 0], "key": [8, 9]}
    for path, probs in (
        (tmp_path / "two.npz", "b"),
        (write(tmp_path, table, "parquet"), "b_*"),
        (write(tmp_path, table, "parquet"), "b_x, b_y"),
    ):
        with pytest.raises(ValueError, match="name"):
            rows_read(path, labels="gold")
        _, found, labels, ids = rows_read(path, probs=probs, labels="gold", ids="key")
        np.testing.assert_array_equal(found, b)
        assert (labels.tolist(), ids) == ([1, 0], [8, 9])


@pytest.mark.parametrize("form", [*TEXT_FORMS, "parquet", "feather", "arrows", "jsonl.gz"])
def test_standard_input_and_pipes(tmp_path, form, monkeypatch):
    data = Path(write(tmp_path, TABLE, form)).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert rows_read("-")[3] == TABLE["image_id"]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(data,))
    writer.start()
    _, probs, labels, _ = rows_read(fifo)
    writer.join()
    np.testing.assert_array_equal(probs, IN_ORDER)
    assert labels.tolist() == [0, 2, 1, 0]


def test_blocks_do_not_depend_on_the_file(tmp_path, rng):
    row = rng.multinomial(9, np.ones(200) / 200)
    columns = {f"p_{at}": np.full(20_500, value, np.uint8) for at, value in enumerate(row)}
    table = table_files.table_of(columns | {"label": np.zeros(20_500, np.uint8)})
    pyarrow.csv.write_csv(table, tmp_path / "rows.csv")
    for path in (tmp_path / "rows.csv", write(tmp_path, table, "feather")):
        blocks = open_samples(path, normalize=True).blocks()
        assert [(len(block), block.first_row) for block in blocks] == [(20_000, 0), (500, 20_000)]
