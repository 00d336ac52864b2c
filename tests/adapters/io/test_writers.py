"""Scores as csv, parquet and npz: every value comes back; formulas are escaped in csv, if asked."""

import csv
import io
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from easiness_io import Samples
from easiness_io.writers.tables import SINKS
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

_RNG = np.random.default_rng(7)
PROBS = _RNG.dirichlet(np.full(3, 0.05), size=400)
LABELS = _RNG.integers(0, 3, size=400)
COLUMNS = ["index", "id", "label", "predicted", "easiness", "log_easiness", "level", "loss"]
LEVEL_NAMES = {1: "hard", 2: "medium", 4: "easy"}


def written(suffix, classes=None, *, n=400, scores=None, ids=None, blocks=1, **options):
    """Give the file of the first n rows, written in blocks."""
    file = io.BytesIO()
    sink = SINKS[suffix](file, classes, **options)
    for rows in np.array_split(np.arange(n), blocks):
        block = slice(rows[0], rows[-1] + 1)
        found = scores or ec.score(PROBS[block], LABELS[block], first_row=int(rows[0]))
        sink.add(found, Samples(PROBS[block], LABELS[block], ids, int(rows[0])))
    sink.close()
    return io.BytesIO(file.getvalue())


@pytest.mark.parametrize("names", [None, ["cat", "dog, big", 'the "bird"'], ["a", "b", "c"]])
def test_every_format_gives_the_cores_numbers_back(names):
    scores = ec.score(PROBS, LABELS)
    expected = {name: getattr(scores, name) for name in COLUMNS[3:]}
    expected |= {"index": np.arange(400), "label": LABELS}
    with np.load(written(".npz", names, blocks=3)) as arrays:
        assert set(arrays) == {*expected, *(["classes"] if names else [])}
        for name, values in expected.items():
            np.testing.assert_array_equal(arrays[name], values, strict=True)
        if names:
            assert arrays["classes"].tolist() == names
    shown = {name: values.tolist() for name, values in expected.items()}
    shown["level"] = [LEVEL_NAMES[value] for value in shown["level"]]
    for name in ("label", "predicted") if names else ():
        shown[name] = [names[value] for value in shown[name]]
    table = pq.read_table(written(".parquet", names, blocks=3))
    text = pa.csv.read_csv(written(".csv", names, blocks=3))
    for found in (table, text):
        assert found.column_names == [name for name in COLUMNS if name != "id"]
        for name, values in shown.items():
            assert found.column(name).to_pylist() == values, name


def test_csv_floats_survive():
    values = np.array([0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2.5e-310, 0.0, 1.0, np.inf])
    n = values.size
    scores = ec.Scores(
        easiness=values, log_easiness=-values, level=np.full(n, 2, np.uint8), loss=values,
        predicted=np.zeros(n, np.int64), labels=np.zeros(n, np.int64), summary=ec.Summary(),
        n_classes=2,
    )  # fmt: skip
    rows = list(csv.DictReader(io.TextIOWrapper(written(".csv", n=n, scores=scores), newline="")))
    assert [float(row["easiness"]) for row in rows] == values.tolist()
    assert [float(row["log_easiness"]) for row in rows] == (-values).tolist()


IDS = {
    "text": pa.array(["a,b", None, 'say "no"', "line\nbreak"], pa.string()),
    "int64": pa.array([7, 3, None, 2**62], pa.int64()),
    "uint64": pa.array([7, 3, None, 2**64 - 1], pa.uint64()),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_written_as_they_are(kind):
    ids = IDS[kind]
    table = pq.read_table(written(".parquet", n=4, ids=ids))
    assert table.column_names == COLUMNS
    assert table.column("id").combine_chunks().equals(ids)
    rows = csv.DictReader(io.TextIOWrapper(written(".csv", n=4, ids=ids), newline=""))
    assert [row["id"] for row in rows] == ["" if i is None else str(i) for i in ids.to_pylist()]


SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXT = st.text(st.sampled_from("a1 ,;'\"|" + SIGNS), max_size=6)
NUMBER = re.compile(r"-?[0-9.]+(e-?[0-9]+)?|-inf")


def csv_of(ids, classes=None, *, escape=True):
    ids = pa.array(ids, pa.string())
    return written(".csv", classes, n=2, ids=ids, escape_formulas=escape).getvalue().decode()


def cells_of(text, separator=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def formulas(text):
    """Give the cells that a spreadsheet would run, whatever its separator."""
    cells = [cell for each in ",;\t" for row in cells_of(text, each) for cell in row]
    # Of the numbers, log easiness may begin with a sign.
    return [cell for cell in cells if cell[:1] in {*SIGNS} and not NUMBER.fullmatch(cell)]


@given(ids=st.lists(TEXT, min_size=2, max_size=2), classes=st.lists(TEXT, min_size=3, max_size=3))
def test_no_cell_begins_as_a_formula_and_nothing_is_lost(ids, classes):
    text = csv_of(ids, classes)
    assert formulas(text) == []
    rows = cells_of(text)
    assert [row[1].replace("'", "") for row in rows[1:]] == [t.replace("'", "") for t in ids]


@pytest.mark.parametrize("text", ["c;=1+1;", 'c;"=1&"', "a\t@x", "a\n=1", "\uff1d1", "\n=1"])
def test_what_a_separator_or_a_quote_hides_is_a_formula(text):
    assert formulas(csv_of([text, ""], escape=False)) != []
    assert formulas(csv_of([text, ""])) == []


@pytest.mark.parametrize("text", ["plain", "a-b", "1;2", "x = 1", "'=1", "a,=1", '"'])
def test_what_is_no_formula_stays_as_it_is(text):
    assert cells_of(csv_of([text, ""]))[1][1] == text
