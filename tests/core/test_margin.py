import naive
import numpy as np
import pytest

import easiness_core as ec


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, ">f8"])
def test_equals_the_oracle_in_every_block(rng, dtype):
    logits = (rng.normal(size=(30_000, 3)) * 9).astype(dtype)  # more than a block
    labels = rng.integers(0, 3, len(logits))
    before = logits.copy()
    found = ec.margins(logits, labels)
    assert np.array_equal(logits, before)
    # float32 is subtracted in float32, and half types as well.
    rows = logits.astype(np.float32 if np.dtype(dtype).itemsize == 2 else dtype)
    expected = [naive.margin(z, i) for z, i in zip(rows, labels, strict=True)]
    assert found.margin.tolist() == [float(m) for m, _ in expected]
    assert found.other.tolist() == [k for _, k in expected]
    at = np.arange(len(rows))
    assert found.target_value.tolist() == rows[at, labels].tolist()
    assert found.other_value.tolist() == rows[at, found.other].tolist()
    assert found.margin.dtype == found.other_value.dtype == np.float64


BAD = [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, 0.0], [np.inf, np.inf], [1.7e308, -1.7e308]]


@pytest.mark.parametrize("row", [*BAD, *(row[::-1] for row in BAD[:3])])
def test_a_margin_that_is_not_finite_is_named_or_kept_as_nan(row):
    logits = [[1.0, 2.0], row, [3.0, 0.0]]
    for label in (0, 1):
        with pytest.raises(ValueError, match=r"1 of 3 rows have no finite margin.*first is row 1"):
            ec.margins(logits, [0, label, 0])
        kept = ec.margins(logits, [0, label, 0], on_nan="keep")
        np.testing.assert_array_equal(kept.margin, [-1.0, np.nan, 3.0])
        assert kept.other.tolist() == [1, 1 - label, 1]


def test_an_impossible_class_is_no_rival_and_the_label_never_one():
    found = ec.margins([[1.0, -np.inf, 0.5], [1.0, 3.0, -np.inf]], [0, 0])
    assert found.margin.tolist() == [0.5, -2.0]
    for label in range(3):
        row = np.full((1, 3), -np.inf)
        row[0, label] = 1.0
        assert ec.margins(row, [label], on_nan="keep").other[0] != label
    assert ec.margins(np.empty((0, 3)), []).margin.shape == (0,)
