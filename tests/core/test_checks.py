"""The checks that other packages build on, one by one; test_validation.py has them in `score`."""

import math

import numpy as np
import pytest

import easiness_core as ec
from easiness_core import validation
from easiness_core.errors import InputError, InputTypeError, InputValueError
from easiness_core.validation import (
    check_count,
    check_labels,
    check_logits,
    check_number,
    check_probs,
    check_vector,
    is_torch,
    to_array,
)


def test_the_list_of_names_is_sorted_and_true():
    names = validation.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name.islower(), name))
    assert all(hasattr(validation, name) for name in names)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_tolerances_are_those_of_score(dtype):
    half = "_HALF" if dtype is np.float16 else ""
    row_sum = getattr(validation, f"ROW_SUM_TOLERANCE{half}")
    negative = getattr(validation, f"NEGATIVE_TOLERANCE{half}")
    for inside, row in (
        (True, [1 - 0.9 * row_sum, 0]),
        (False, [1 - 1.1 * row_sum, 0]),
        (True, [1, -0.9 * negative]),
        (False, [1, -1.1 * negative]),
    ):
        probs = np.array([row], dtype)
        if inside:
            assert len(ec.score(probs, [0])) == 1
        else:
            with pytest.raises(InputValueError, match=r"^probs: 1 of 1 rows "):
                ec.score(probs, [0])


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (0, {}),
        (np.float32(0.5), {}),
        (math.nextafter(1, 0), {}),
        (1, {"closed_high": True}),
        (5e-324, {"open_low": True}),
    ],
)
def test_numbers_within_the_range(value, options):
    number = check_number(value, "cut", low=0.0, high=1.0, **options)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (1, {}, "at least 0 and below 1, got 1"),
        (-5e-324, {}, "at least 0 and below 1, got -5e-324"),
        (math.nan, {}, "at least 0 and below 1, got nan"),
        (0, {"open_low": True}, "above 0 and below 1, got 0"),
        (1.5, {"closed_high": True}, "at least 0 and at most 1, got 1.5"),
        (math.inf, {"high": math.inf}, "at least 0 and finite, got inf"),
    ],
)
def test_numbers_out_of_the_range(value, options, message):
    with pytest.raises(InputValueError) as caught:
        check_number(value, "cut", **{"low": 0.0, "high": 1.0, **options})
    assert str(caught.value) == f"cut: expected a value {message}"


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, [1]])
def test_what_is_no_number(value):
    with pytest.raises(InputTypeError, match=r"^cut: expected a number, got "):
        check_number(value, "cut", low=0.0, high=2.0)
    with pytest.raises(InputTypeError, match=r"^n: expected a whole number, got "):
        check_count(value, "n", low=0)


def test_counts():
    assert type(check_count(np.int8(3), "n", low=3)) is int
    assert check_count(2**70, "n", low=0) == 2**70
    with pytest.raises(InputValueError, match=r"^n: expected 3 or more, got 2$"):
        check_count(2, "n", low=3)
    with pytest.raises(InputTypeError, match=r"^n: expected a whole number, got float 3\.0$"):
        check_count(3.0, "n", low=3)


def test_vectors():
    values = np.array([1.0, np.inf, -2.0])
    assert np.shares_memory(check_vector(values, "loss", n_rows=3), values)
    strided = check_vector(values[::2], "loss")
    assert strided.tolist() == [1.0, -2.0]
    assert strided.flags.c_contiguous
    assert check_vector(np.array([1, 2], np.float16), "loss").dtype == np.float64
    for bad, options, error, message in (
        ([[1.0]], {}, InputValueError, r"expected shape \(n_samples,\), got \(1, 1\)"),
        ([1.0], {"n_rows": 2}, InputValueError, "expected 2 values, got 1"),
        (["a"], {}, InputTypeError, "expected real numbers, got an array of dtype <U1"),
        ([1.0, np.nan], {}, InputValueError, "1 of 2 values are NaN; the first is row 1"),
    ):
        with pytest.raises(error, match=f"^loss: {message}"):
            check_vector(bad, "loss", **options)


def test_probs_and_logits_are_views_whose_values_are_not_read():
    for dtype, kernels_see in ((np.float64, "f8"), (np.float32, "f4"), (np.float16, "f4")):
        array = np.full((3, 2), np.nan, dtype)
        checked = check_probs(array)
        assert (checked.n_rows, checked.n_classes) == (3, 2)
        assert checked.array is array is check_logits(array)
        assert checked.dtype == kernels_see
        assert check_probs(array, normalize=True).dtype == np.float64


def test_labels():
    given = np.array([1, 0, 2])
    checked = check_labels(given, 3, 3)
    assert np.shares_memory(checked, given)
    assert not checked.flags.writeable
    assert given.flags.writeable
    named = check_labels(["b", "a"], 2, 2, classes=["a", "b"])
    assert (named.tolist(), named.dtype, named.flags.writeable) == ([1, 0], np.int64, False)


@pytest.mark.parametrize(
    ("of", "has", "fix"),
    [
        (None, "probs has 2 columns", "for other labels pass classes=, their values"),
        ("logits", "logits has 2 columns", "np.unique(labels, return_inverse=True)[1]"),
        ("labels", "n_classes is 2", "np.unique(labels, return_inverse=True)[1]"),
    ],
)
@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_a_label_outside_is_put_as_suits_the_caller(of, has, fix, dtype):
    with pytest.raises(InputValueError) as caught:
        check_labels(np.array([0, -100], dtype), 2, 2, of=of, first_row=10)
    outside = f"labels: 1 of 2 labels are outside 0 to 1 ({has}); the first is row 11, label -100; "
    assert str(caught.value).startswith(outside)
    assert fix in str(caught.value)
    with pytest.raises(InputTypeError, match="pass classes=" if of is None else "number the clas"):
        check_labels(["a", "b"], 2, 2, of=of)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a", "a"], "classes: expected distinct names"),
        (["a", "b", "c"], "classes: expected 2 names, one per column of probs, got 3"),
        (["a"], "classes: expected 2 names, one per column of probs, got 1"),
        ([], "classes: expected 2 names, one per column of probs, got 0"),
    ],
)
def test_bad_classes(classes, message):
    with pytest.raises(InputValueError) as caught:
        check_labels(list("abab"), 4, 2, classes=classes)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("classes", [5, "ab", {"a", "b"}, [["a"], ["b"]], iter("ab")])
def test_classes_that_are_no_sequence_of_names(classes):
    with pytest.raises(InputError) as caught:
        check_labels(list("abab"), 4, 2, classes=classes)
    assert str(caught.value).startswith("classes: expected ")
    assert not str(caught.value).endswith("expected 2 names, one per column of probs, got 2")


def test_arrays_are_viewed_and_torch_is_not_imported_to_know_its_tensors():
    array = np.zeros((2, 2))
    assert to_array(array, "x") is array
    assert np.shares_memory(to_array(np.ma.array(array), "x"), array)
    with pytest.raises(InputValueError, match=r"^x: cannot be read as an array"):
        to_array([[1, 2], [3]], "x")
    tensor = type("Tensor", (), {"__module__": "torch", "device": "cpu"})
    assert is_torch(tensor())
    assert is_torch(type("Mine", (tensor,), {"__module__": "mine"})())
    assert not is_torch(array)
    assert not is_torch(type("Dataset", (), {"__module__": "torch.utils.data"})())
