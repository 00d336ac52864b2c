"""What is given in place of a readable file: refused in one line that names the file."""
# ruff: noqa: E501 - one case a line

import bz2
import gzip
import io
import json
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from easiness_io import DataError, open_samples
from table_files import rows_read, write

TABLE = {"p_0": [0.25, 0.5], "p_1": [0.75, 0.5], "label": [1, 0]}


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def half_of_a_stream():
    table, file = pa.table({name: values * 20 for name, values in TABLE.items()}), io.BytesIO()
    with pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=10)
        size = file.tell()
        stream.write_table(table)
    return file.getvalue()[:size]


OBJECTS = np.array([[1, None]], dtype=object)
HEADER = npy(np.zeros((2, 2)))
FILES = {
    "empty.npy": (b"", r"it is empty \(0 bytes\)"),
    "empty.csv.gz": (gzip.compress(b""), r"it is empty \(0 bytes\)"),
    "cut.csv.gz": (gzip.compress(b"p_0,p_1,label\n" + b"0.5,0.5,1\n" * 99)[:40], "not a readable text file"),
    "cut.csv.bz2": (bz2.compress(b"p_0,p_1,label\n" + b"0.5,0.5,1\n" * 99)[:40], "not a readable text file"),
    "model.pt": (b"PK\3\4", "pickled objects.*numpy.save"),
    "object.pkl": (pickle.dumps([1]), "pickled objects"),
    "object.csv": (pickle.dumps([1]), "pickled objects"),
    "objects.npy": (npy(OBJECTS, allow_pickle=True), "pickled objects"),
    "objects.npz": (npz(probs=OBJECTS, y=[1]), r"no columns of numbers .* neither real numbers nor text in 'probs'; save plain numbers, as with probs.astype\(float\)"),
    "text.npy": (b"0.5,0.5\n", "does not begin as npy does"),
    "text.parquet": (b"p_0,p_1,label\n0.5,0.5,1\n", "does not begin as parquet does"),
    "text.arrow": (b"p_0,p_1,label\n0.5,0.5,1\n", "does not begin as Arrow does"),
    "head.npy": (HEADER[:20], "its header is damaged, cut short"),
    "cut.npy": (HEADER[:-1], "cut short: its header promises 32 bytes of data, 31 are there"),
    "version.npy": (HEADER[:6] + b"\3" + HEADER[7:], "npy version 3.0"),
    "scores.csv": (b"index,label,easiness,log_easiness,level\n0,1,1,0,easy\n", "it holds scores; pass the predictions that were scored; or, if"),
    "scalar.npy": (npy(np.float64(1)), r"one or two dimensions, got shape \(\)"),
    "alone.npy": (HEADER, "it holds one array; give the file of labels as well"),
    "complex.npz": (npz(probs=np.zeros((2, 2), complex), y=[0, 1]), "no columns of numbers .* neither real numbers nor text in 'probs'"),
    "none.npz": (npz(), "has no arrays"),
    "lengths.npz": (npz(probs=[[0.5, 0.5]], y=[1, 0]), "differ in their number of rows: probs 1, y 2"),
    "no_labels.npz": (npz(probs=[[0.5, 0.5]]), "it holds one array; give the file of labels as well"),
    "magic.parquet": (b"PAR1" + bytes(20), "not a readable parquet file"),
    "magic.arrow": (b"ARROW1\0\0" + bytes(20), "not a readable Arrow file"),
    "list.json": (b'[{"p_0": 0.5}]', "expected JSON lines, one object per line.*lines=True"),
    "number.jsonl": (b'{"p_0": 0.5}\n3\n', "row 1 is not readable as JSON: it is not an object"),
    "cut.jsonl": (b'{"p_0": 0.5, "p_1": 0.5, "y": 1}\n{"p_0"', "row 1 is not readable as JSON"),
    "nested.jsonl": (b'{"p_0": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not readable as JSON"),
    "utf16.jsonl": ('{"p_0": 0.5}'.encode("utf-16"), "JSON lines in UTF-8, got utf-16"),
    "numbers.jsonl": (b'{"p_0": 0.5, "p_1": 0.5, "y": 1}\n{"p_0": "x", "p_1": 1, "y": 1}',
                      "column 'p_0': expected a number, as in the first rows, got 'x' in row 1"),
    "labels.jsonl": (b'{"p_0": 0.5, "p_1": 0.5, "y": 1}\n' * 2000 + b'{"p_0": 1, "p_1": 0, "y": 0.5}',
                     "column 'y': expected a whole number, as in the first rows, got 0.5 in row 2000"),
    "lists.jsonl": (b'{"probs": [0, 1], "y": 1}\n' * 2000 + b'{"probs": [0, "1"], "y": 1}',
                    r"column 'probs': expected a list of numbers, .* got \[0, '1'\] in row 2000"),
    "surrogate.jsonl": (b'{"probs": [0, 1], "y": "\\ud800"}', "expected text"),
    "binary.csv": (bytes(range(256)), "not text in UTF-8"),
    "label.parquet": (None, "column 'label': expected one label per row, it holds lists"),
    "three.npy": (npy(np.zeros((2, 2, 2))), r"one or two dimensions, got shape \(2, 2, 2\)"),
    "one.npy": (npy(np.array([0.25, 0.5])), "write two columns, 1 - p and p"),
    "half.arrows": (half_of_a_stream(), "the end of the stream is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_that_cannot_be_used(tmp_path, name):
    content, message = FILES[name]
    path = tmp_path / name
    if content is None:
        path = Path(write(tmp_path, TABLE | {"label": [[1], [0]]}, "parquet", "label"))
    else:
        path.write_bytes(content)
    labels = None
    if name in ("three.npy", "one.npy"):
        labels = "y.npy"
        np.save(labels, [0, 1])
    with pytest.raises(DataError, match=message) as caught:
        rows_read(path, labels)
    assert caught.value.path == str(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        *((path, f"'{path}': cannot be read: No such file")
          for path in ("no.csv", "data/classes=3/x.npy", "data/--logits/x.npy", "{labels}.npy")),
        ("a\0b", "cannot be read: embedded null"),
        (".", "it is a folder, not a file"),
    ],
)  # fmt: skip
def test_files_that_are_not_there_are_named_as_they_are(tmp_path, path, message):
    with pytest.raises(DataError, match=message):
        open_samples(path, "y.npy")
    if "\0" not in path and path != ".":
        with pytest.raises(DataError, match=message):
            open_samples(write(tmp_path, TABLE, "csv"), path)


@pytest.mark.parametrize("form", ["npy", "npz", "csv", "jsonl", "parquet", "feather"])
def test_a_file_that_is_removed_after_it_was_opened_is_named(tmp_path, form):
    path, labels = tmp_path / f"p.{form}", None
    if form in ("npy", "npz"):
        path.write_bytes(HEADER if form == "npy" else npz(probs=np.full((2, 2), 0.5)))
        np.save("y.npy", [0, 1])
        labels = "y.npy"
    else:
        write(tmp_path, TABLE, form, "p")
    reader = open_samples(path, labels)
    path.unlink()
    with pytest.raises(DataError, match=rf"p.{form}': not a readable .*: .*No such file"):
        list(reader.blocks())


def test_standard_input_that_cannot_be_used(monkeypatch):
    with pytest.raises(DataError, match=r"only one of two inputs can be standard input"):
        open_samples("-", "-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match=r"standard input.* is closed"):
        open_samples("-")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(bytes(3 << 20))))
    with pytest.raises(DataError, match=r"'standard input': .*read only once.*max_bytes="):
        open_samples("-", max_bytes=1 << 20)


def test_saved_datasets_that_cannot_be_used(tmp_path):
    folder = tmp_path / "splits"
    folder.mkdir()
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    for split in ("train", "test"):
        write(folder, TABLE, "dataset", split)
    with pytest.raises(DataError, match=r"it has the splits test, train; name one of them"):
        open_samples(folder)
    assert rows_read(folder / "test")[2].tolist() == [1, 0]
    for state in ("", "{}", '{"_data_files": []}', '{"_data_files": [{"filename": "no.arrow"}]}'):
        (folder / "test" / "state.json").write_text(state)
        with pytest.raises(DataError, match=r"splits/test"):
            open_samples(folder / "test")


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "dataset"])
def test_a_second_file_that_could_be_scored_itself(tmp_path, form):
    first, second = (write(tmp_path, TABLE, form, stem) for stem in ("first", "second"))
    message = "second.*given as the label file.*quote the glob .*labels="
    with pytest.raises(DataError, match=message):
        open_samples(first, second)
    assert rows_read(first, second, labels="label")[2].tolist() == [1, 0]
    assert rows_read(first, first)[2].tolist() == [1, 0]
    only_probs = write(tmp_path, {k: v for k, v in TABLE.items() if k != "label"}, form, "probs")
    assert rows_read(only_probs, second)[2].tolist() == [1, 0]


def test_a_limit_of_memory(tmp_path):
    text = pa.array(["x" * 1000]).dictionary_encode()
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), text.dictionary)
    n = 50_000
    table = {"id": ids, "p_0": [0.25] * n, "p_1": [0.75] * n, "y": [0] * n}
    for form in ("parquet", "feather", "arrows"):
        path = write(tmp_path, table, form)
        assert len(rows_read(path)[1]) == n
        with pytest.raises(DataError, match=r"takes [0-9,]+ bytes in memory.*max_bytes="):
            rows_read(path, max_bytes=1 << 20)
    np.save(tmp_path / "wide.npy", np.zeros((1, 300_000)))
    np.save(tmp_path / "y.npy", [0])
    with pytest.raises(DataError, match=r"takes 2,400,000 bytes.*max_bytes="):
        rows_read(tmp_path / "wide.npy", tmp_path / "y.npy", max_bytes=1 << 20)
