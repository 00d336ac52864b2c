"""Every form of file gives the same probabilities, labels and ids."""

import ast
import datetime
import decimal
import io
import os
import sys
import tempfile
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
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import FORMS, TEXT_FORMS, TYPED_FORMS, rows_read, write

PROBS = np.array([[0.75, 0.25, 0.0], [0.125, 0.5, 0.375], [0.0, 0.25, 0.75], [0.5, 0.25, 0.25]])
TABLE = {
    "image_id": ["a.png", "b,1.png", 'c"d.png', "ü.png"],
    "text": ["one", "two", "three", "four"],
    "label": ["cat", "dog", "owl", "cat"],
    "prob_cat": PROBS[:, 0],
    "prob_owl": PROBS[:, 2],
    "prob_dog": PROBS[:, 1],
    "confidence": [0.75, 0.5, 0.75, 0.5],
}
ONLY_PROBS = {name: TABLE[name] for name in TABLE if name.startswith("prob_")}
STREAMS = (*TEXT_FORMS, "parquet", "feather", "arrows", "jsonl.gz")


def check(found, rows=slice(None)):
    reader, probs, labels, ids = found
    assert reader.classes == ["cat", "owl", "dog"]
    assert reader.class_columns == list(ONLY_PROBS)
    assert (reader.left_out, reader.ids_name) == (["text", "confidence"], "image_id")
    assert ids == TABLE["image_id"][rows]
    np.testing.assert_array_equal(labels, np.array([0, 2, 1, 0])[rows])
    np.testing.assert_array_equal(probs, PROBS[rows][:, [0, 2, 1]])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_from_files_of_any_name_streams_and_pipes(tmp_path, form, monkeypatch):
    table = table_files.table_of(TABLE)
    for rows in (slice(0), slice(2, 3)):
        if rows.start or "jsonl" not in form:
            check(rows_read(write(tmp_path, table[rows], form, stem=str(rows.stop))), rows)
    path = Path(write(tmp_path, TABLE, form))
    check(rows_read(path))
    path = path.rename(tmp_path / "bare")
    check(rows_read(path))
    if form in STREAMS:
        data = path.read_bytes()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        check(rows_read("-"))
        os.mkfifo("fifo")
        writer = threading.Thread(target=Path("fifo").write_bytes, args=(data,))
        writer.start()
        check(rows_read("fifo"))
        writer.join()


WORDS = st.sampled_from(["cat", "dog", "owl", "emu", "NA", "null", "true north", "ü", "id", "nan"])
NUMBERS = st.integers(-3, 120).map(str)
AROUND = st.sampled_from(
    [("", ""), ("p_", ""), ("prob ", ""), ("", "_score"), ("p[", "]"), ("model-1.", ".out"),
     ("class_", "_prob"), ("P(", ")")]
)  # fmt: skip
EXTRA = {
    "split": ["train", "test"], "fold": [1, 2], "age": [30.5, 61.25], "note": ['a "b", c', "\n"],
    "image_path": ["x/1", "x/2"],
}  # fmt: skip


@st.composite
def tables(draw):
    kind = draw(st.sampled_from([WORDS, NUMBERS]))
    names = draw(st.lists(kind, min_size=2, max_size=12, unique=True))
    start, end = draw(AROUND)
    n = draw(st.integers(2, 6))
    size = n * len(names)
    weights = np.reshape(draw(st.lists(st.integers(1, 99), min_size=size, max_size=size)), (n, -1))
    probs = weights / weights.sum(axis=1)[:, None]
    columns = {start + name + end: probs[:, at] for at, name in enumerate(names)}
    labels = [draw(st.sampled_from(names)) for _ in range(n)]
    columns["label"] = [int(name) for name in labels] if names[0].lstrip("-").isdigit() else labels
    columns["image_id"] = [f"{draw(st.integers(0, 99))}.png" for _ in range(n)]
    for name in draw(st.sets(st.sampled_from(sorted(EXTRA)))):
        columns[name] = (EXTRA[name] * n)[:n]
    order = draw(st.permutations(sorted(columns)))
    return {name: columns[name] for name in order}, (start, end), names, probs, labels


@settings(max_examples=60)
@given(table=tables(), form=st.sampled_from(FORMS))
def test_a_table_reads_back_the_same_whatever_the_order_and_names_of_its_columns(table, form):
    columns, (start, end), names, probs, labels = table
    with tempfile.TemporaryDirectory() as folder:
        reader, found, codes, ids = rows_read(write(folder, columns, form))
    wanted = [name.removeprefix(start).removesuffix(end) for name in reader.class_columns]
    assert sorted(wanted) == sorted(names)
    np.testing.assert_array_equal(found, probs[:, [names.index(name) for name in wanted]])
    assert [wanted[code] for code in codes] == labels
    assert ids == columns["image_id"]


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "npy"])
def test_labels_and_ids_in_a_second_file(tmp_path, form):
    path = write(tmp_path, ONLY_PROBS | {"image_id": TABLE["image_id"]}, "parquet")
    labels = {"image_id": TABLE["image_id"], "breed": TABLE["label"]}
    if form == "npy":
        np.save("labels.npy", TABLE["label"])
    second = "labels.npy" if form == "npy" else write(tmp_path, labels, form, "labels")
    _, probs, codes, ids = rows_read(path, second)
    assert (codes.tolist(), ids) == ([0, 2, 1, 0], TABLE["image_id"])
    np.testing.assert_array_equal(probs, PROBS[:, [0, 2, 1]])
    if form != "npy":
        # Ids in the file of labels alone are those of the samples.
        path = write(tmp_path, ONLY_PROBS, form)
        reader, _, codes, ids = rows_read(path, second)
        assert (reader.ids_name, ids) == ("image_id", TABLE["image_id"])


@pytest.mark.parametrize("name", ["id", "filename", "Unnamed: 0"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_two_files_must_name_the_same_rows(tmp_path, name, form):
    rows = [f"{at}.png" for at in range(4)] if name == "filename" else [0, 1, 2, 3]
    path = write(tmp_path, {name: rows} | ONLY_PROBS, form)
    same = write(tmp_path, {name: rows, "label": TABLE["label"]}, "csv", "same")
    assert rows_read(path, same)[2].tolist() == [0, 2, 1, 0]
    other = write(tmp_path, {name: rows[::-1], "label": TABLE["label"]}, form, "other")
    said = r"differ from those of .* at row 0|at row 0: '?3'? and '?0'?; sort both"
    with pytest.raises(ValueError, match=rf"other.*({said})"):
        rows_read(path, other)
    assert rows_read(path, other, ids="")[3] is None


@pytest.mark.parametrize("form", TYPED_FORMS)
@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float32(), 3)])
def test_a_list_column(tmp_path, form, kind):
    others = {"embedding": [[0.5] * 7] * 4, "tokens": [[1], [2, 3], [], [4]]}
    table = {"id": [3, 1, 2, 0], **others, "label": [0, 1, 2, 0]}
    lists = {"probs": pa.array(PROBS.tolist(), kind)}
    reader, probs, labels, ids = rows_read(write(tmp_path, table | lists, form))
    assert (reader.class_columns, reader.left_out) == (["probs"], list(others))
    assert (labels.tolist(), ids) == ([0, 1, 2, 0], [3, 1, 2, 0])
    np.testing.assert_array_equal(probs, PROBS)
    # Beside columns of probabilities, lists are further columns.
    columns = {f"p_{at}": PROBS[:, at] for at in range(3)}
    reader, probs, _, _ = rows_read(write(tmp_path, table | columns, form, "columns"))
    assert reader.class_columns == list(columns)
    np.testing.assert_array_equal(probs, PROBS)


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


# Of ids: the form of the file, values, and what is read.
IDS = {
    "int": ("parquet", pa.array([5, -3], pa.int16()), [5, -3]),
    "uint64": ("parquet", pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
    "large text": ("parquet", pa.array(["007", "x"], pa.large_string()), ["007", "x"]),
    "uuid": ("parquet", pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=2).bytes], pa.uuid()),
             [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))]),
    "date": ("parquet", pa.array([datetime.date(2020, 1, 2), None]), ["2020-01-02", None]),
    "time": ("parquet", pa.array([datetime.datetime(2020, 1, 2, 3)] * 2, pa.timestamp("ms")),
             ["2020-01-02T03:00:00.000"] * 2),
    "floats with gaps": ("parquet", pa.array([7.0, None]), [7, None]),
    "category": ("parquet", pa.array(["b", "a"]).dictionary_encode(), ["b", "a"]),
    "null": ("parquet", pa.array(["b", None]), ["b", None]),
    "bytes": ("parquet", pa.array([b"a", bytes([0, 255])]), ["a", "00ff"]),
    "int with gaps": ("parquet", pa.array([None, 3], pa.int64()), [None, 3]),
    # Those of text files stay as they are written.
    **{f"{form}, {ids[0]}": (form, ids, ids) for form in ("csv", "jsonl")
       for ids in (["007", "7"], ["2020-01-02", "2020-01-03"], ["NA", None], [7.0, None])},
    "csv, fractions": ("csv", [1.0, 2.5], ["1.0", "2.5"]),
    "csv, 12e3": ("csv", ["12e3", "inf"], ["12e3", "inf"]),
    "jsonl, large": ("jsonl", pa.array([2**64 - 1, 2**53 + 1], pa.uint64()),
                     [2**64 - 1, 2**53 + 1]),
}  # fmt: skip


@pytest.mark.parametrize("kind", IDS)
def test_types_of_ids(tmp_path, kind):
    form, values, expected = IDS[kind]
    table = {"sample_id": values, "label": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}
    given = "sample_id" if "fractions" in kind else None  # which no file is taken to name rows by
    assert rows_read(write(tmp_path, table, form), ids=given)[3] == expected


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


def test_labels_that_are_bytes_are_text(tmp_path):
    table = {f"p_{at}": column for at, column in enumerate(np.eye(40))}
    path = write(tmp_path, table | {"label": [b"%d" % at for at in range(40)]}, "parquet")
    assert rows_read(path)[2].tolist() == list(range(40))


def test_a_named_index_of_pandas_holds_ids():
    pd = pytest.importorskip("pandas")
    index = pd.Index(["b", "a"], name="file")
    frame = pd.DataFrame({"y": [0, 1], "p_0": [0.5, 0.25], "p_1": [0.5, 0.75]}, index)
    frame.to_parquet("named.parquet")
    reader, _, _, ids = rows_read("named.parquet")
    assert (reader.ids_name, ids, reader.left_out) == ("file", ["b", "a"], [])
    frame.rename_axis(None).to_parquet("unnamed.parquet")
    assert rows_read("unnamed.parquet")[3] is None
    frame.rename_axis(None).reset_index(drop=True).to_csv("unnamed.csv")
    reader, _, _, ids = rows_read("unnamed.csv")
    assert (reader.class_columns, reader.left_out, ids) == (["p_0", "p_1"], [], None)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2", "|u1"])
def test_arrays(order, dtype):
    probs = np.array([[1, 0, 0], [0, 0, 1]]).astype(dtype, order=order)
    np.save("probs.npy", probs)
    np.save("labels.npy", np.array([[2], [0]], np.int16))
    np.savez("labels.npz", labels=[2, 0], id=["b", "a"])
    for labels, expected in (("labels.npy", None), ("labels.npz", ["b", "a"])):
        _, found, codes, ids = rows_read("probs.npy", labels)
        np.testing.assert_array_equal(found, probs)
        assert (codes.tolist(), ids) == ([2, 0], expected)
    for save in (np.savez, np.savez_compressed):
        save("all.npz", features=np.ones((2, 5)), probs=probs, y=[2, 0], id=["b", "a"],
             weights=np.ones(7))  # fmt: skip
        reader, found, labels, ids = rows_read("all.npz")
        np.testing.assert_array_equal(found, probs)
        assert (labels.tolist(), ids) == ([2, 0], ["b", "a"])
        assert reader.left_out == ["features", "weights"]


def test_options_name_columns_and_arrays_alike(tmp_path):
    a, b = np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    np.savez("two.npz", a=a, b=b, gold=[1, 0], key=[8, 9])
    columns = {"a_x": a[:, 0], "a_y": a[:, 1], "b_x": b[:, 0], "b_y": b[:, 1]}
    path = write(tmp_path, columns | {"gold": [1, 0], "key": [8, 9]}, "parquet")
    for source, probs in (("two.npz", "b"), (path, "b_*"), (path, "b_x, b_y")):
        with pytest.raises(ValueError, match="name"):
            rows_read(source, labels="gold")
        _, found, labels, ids = rows_read(source, probs=probs, labels="gold", ids="key")
        np.testing.assert_array_equal(found, b)
        assert (labels.tolist(), ids) == ([1, 0], [8, 9])


def test_blocks_do_not_depend_on_the_file(tmp_path, rng):
    row = rng.multinomial(9, np.ones(200) / 200)
    columns = {f"p_{at}": np.full(20_500, value, np.uint8) for at, value in enumerate(row)}
    table = table_files.table_of(columns | {"label": np.zeros(20_500, np.uint8)})
    pyarrow.csv.write_csv(table, "rows.csv")
    for path in ("rows.csv", write(tmp_path, table, "feather")):
        blocks = open_samples(path, normalize=True).blocks()
        assert [(len(block), block.first_row) for block in blocks] == [(20_000, 0), (500, 20_000)]


@pytest.mark.parametrize("order", ["C", "F"])
def test_another_thread_that_disturbs_the_parser_of_python_changes_nothing(
    tmp_path, monkeypatch, order
):
    """Python 3.11 raises a SystemError now and then if two threads parse Python text."""
    probs, labels = np.array(PROBS, order=order), np.arange(4) % 3
    np.savez(tmp_path / "a.npz", probs=probs, labels=labels)
    parse, calls = ast.literal_eval, []

    def disturbed(text):
        calls.append(text)
        if len(calls) % 2:
            raise SystemError("AST constructor recursion depth mismatch (before=21, after=16)")
        return parse(text)

    monkeypatch.setattr(ast, "literal_eval", disturbed)
    _, found, found_labels, _ = rows_read(tmp_path / "a.npz")
    assert len(calls) >= 4
    np.testing.assert_array_equal(found, probs)
    np.testing.assert_array_equal(found_labels, labels)
