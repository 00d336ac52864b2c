import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import easiness_core as ec


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, ">f8"])
def test_equals_the_oracle(rng, dtype):
    n_classes = 3
    logits = (rng.normal(size=(300, n_classes)) * 9).astype(dtype)
    labels = rng.integers(0, n_classes, 300)
    found = ec.margins(logits, labels)
    # Half types are subtracted in float32.
    rows = logits.astype(np.float32 if np.dtype(dtype).itemsize == 2 else dtype)
    expected = [naive.margin(z, i) for z, i in zip(rows, labels, strict=True)]
    assert found.margin.tolist() == [float(m) for m, _ in expected]
    assert found.other.tolist() == [k for _, k in expected]
    assert found.target_value.tolist() == rows[np.arange(300), labels].tolist()
    assert found.other_value.tolist() == rows[np.arange(300), found.other].tolist()
    assert found.margin.dtype == found.other_value.dtype == np.float64


def test_float32_is_subtracted_in_float32():
    logits = np.array([[0.1, -7.3]], dtype=np.float32)
    assert ec.margins(logits, [0]).margin[0] == float(logits[0, 0] - logits[0, 1])
    assert ec.margins(logits, [0]).margin[0] != float(logits[0, 0]) - float(logits[0, 1])


def test_many_rows_equal_rows_one_by_one(rng):
    logits = rng.normal(size=(20_000, 7)).astype(np.float32)
    labels = rng.integers(0, 7, 20_000)
    before = logits.copy()
    whole = ec.margins(logits, labels)
    assert np.array_equal(logits, before)
    for row in [0, 9361, 9362, 9363, 19_999]:  # blocks end at 9,362 rows
        one = ec.margins(logits[row : row + 1], labels[row : row + 1])
        assert one.margin[0] == whole.margin[row]
        assert one.other[0] == whole.other[row]


@given(
    st.integers(2, 6).flatmap(
        lambda m: st.tuples(
            hnp.arrays(np.float64, (4, m), elements=st.floats(-1e6, 1e6, width=32)),
            hnp.arrays(np.int64, 4, elements=st.integers(0, m - 1)),
        )
    )
)
def test_positive_exactly_where_the_label_leads_alone(rows):
    logits, labels = rows
    margin = ec.margins(logits, labels).margin
    for z, i, m in zip(logits, labels, margin, strict=True):
        others = np.delete(z, i)
        assert (m > 0) == (z[i] > others.max())
        assert (m == 0) == (z[i] == others.max())


def test_an_impossible_class_is_no_rival():
    found = ec.margins([[1.0, -np.inf, 0.5], [1.0, 3.0, -np.inf]], [0, 0])
    assert found.margin.tolist() == [0.5, -2.0]


BAD = [[np.nan, 0.0], [0.0, np.nan], [np.inf, 0.0], [0.0, np.inf], [-np.inf, 0.0],
       [0.0, -np.inf], [np.inf, np.inf], [1.7e308, -1.7e308]]  # fmt: skip


@pytest.mark.parametrize("row", BAD)
def test_a_margin_that_is_not_finite_is_named(row):
    logits = [[1.0, 2.0], row, [3.0, 0.0]]
    for label in (0, 1):
        with pytest.raises(ValueError, match=r"1 of 3 rows have no finite margin.*first is row 1"):
            ec.margins(logits, [0, label, 0])
        kept = ec.margins(logits, [0, label, 0], on_nan="keep")
        np.testing.assert_array_equal(kept.margin, [-1.0, np.nan, 3.0])
        assert kept.other.tolist() == [1, 1 - label, 1]


def test_the_other_is_never_the_label():
    for label in range(3):
        row = np.full((1, 3), -np.inf)
        row[0, label] = 1.0
        assert ec.margins(row, [label], on_nan="keep").other[0] != label


def test_no_rows():
    assert ec.margins(np.empty((0, 3)), []).margin.shape == (0,)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([1.0, 2.0], [0], "expected shape"),
        ([[1.0]], [0], "at least 2 classes"),
        ([[1.0, 2.0]], [2], "outside 0 to 1"),
        ([[1.0, 2.0]], [0, 1], "expected one label per row"),
    ],
)
def test_wrong_shapes_and_labels_are_refused(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        ec.margins(logits, labels)


def test_unknown_on_nan_is_refused():
    with pytest.raises(ValueError, match=r"expected .* got 'skip'"):
        ec.margins([[1.0, 2.0]], [0], on_nan="skip")
