"""A law: a table reads back the same, whatever the form, names and order of its columns."""

import tempfile

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import FORMS, rows_read, write

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
    names = draw(st.one_of(*(st.lists(each, min_size=2, max_size=12, unique=True)
                             for each in (WORDS, NUMBERS))))  # fmt: skip
    start, end = draw(AROUND)
    n_rows = draw(st.integers(2, 6))
    weights = draw(st.lists(st.integers(1, 99), min_size=n_rows * len(names),
                            max_size=n_rows * len(names)))  # fmt: skip
    probs = np.reshape(weights, (n_rows, -1)) / np.reshape(weights, (n_rows, -1)).sum(1)[:, None]
    columns = {start + name + end: probs[:, at] for at, name in enumerate(names)}
    labels = [draw(st.sampled_from(names)) for _ in range(n_rows)]
    columns["label"] = [int(name) for name in labels] if names[0].lstrip("-").isdigit() else labels
    ids = [f"{draw(st.integers(0, 99))}.png" for _ in range(n_rows)]
    columns["image_id"] = ids
    for name in draw(st.sets(st.sampled_from(sorted(EXTRA)))):
        columns[name] = (EXTRA[name] * n_rows)[:n_rows]
    order = draw(st.permutations(sorted(columns)))
    return {name: columns[name] for name in order}, (start, end), names, probs, labels, ids


@settings(max_examples=60)
@given(table=tables(), form=st.sampled_from(FORMS))
def test_a_table_reads_back_the_same(table, form):
    columns, (start, end), names, probs, labels, ids = table
    with tempfile.TemporaryDirectory() as folder:
        reader, found, codes, found_ids = rows_read(write(folder, columns, form))
    wanted = [name.removeprefix(start).removesuffix(end) for name in reader.class_columns]
    assert sorted(wanted) == sorted(names)
    np.testing.assert_array_equal(found, probs[:, [names.index(name) for name in wanted]])
    assert [wanted[code] for code in codes] == labels
    assert found_ids == ids
