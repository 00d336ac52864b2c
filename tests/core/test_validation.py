"""Bad input: refused with the argument, what it got, how many rows, the first, and the fix."""

import datetime

import numpy as np
import pytest
import scipy.sparse
from conftest import interpreted

import easiness_core as ec
from easiness_core.errors import InputTypeError, InputValueError

# NumPy's scalars warn in interpreted kernels, where compiled ones do not.
pytestmark = pytest.mark.filterwarnings("ignore:.* in scalar add:RuntimeWarning")
PROBS = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.3, 0.7]])
LABELS = np.array([0, 1, 0, 1])


def refuse(error, probs=PROBS, labels=LABELS, **options):
    """Message of the refusal; the arrays must come out of it as they went in."""
    held = [a for a in (probs, labels) if isinstance(a, np.ndarray)]
    before = [a.tobytes() for a in held]
    with pytest.raises(error) as caught:
        ec.score(probs, labels, **options)
    assert [a.tobytes() for a in held] == before
    assert type(caught.value) is {ValueError: InputValueError, TypeError: InputTypeError}[error]
    return str(caught.value)


def replaced(row, values, dtype=np.float64):
    probs = PROBS.astype(dtype)
    for r in row:
        probs[r] = values
    return probs


VALUES = {
    "nan": ([np.nan, 0.5], "contain NaN", "value nan", "drop or impute"),
    "inf": ([np.inf, 0.5], "contain infinity", "value inf", "drop or impute"),
    "-inf": ([0.5, -np.inf], "contain infinity", "value -inf", "drop or impute"),
    "both infinities": ([np.inf, -np.inf], "contain infinity", "value inf", "drop or impute"),
    "below 0": ([-0.5, 1.5], "contain values below 0", "value -0.5", "ec.softmax(logits)"),
    "above 1": ([1.5, 0.25], "contain values above 1", "value 1.5", "check these rows"),
    "logits": ([-2.0, 3.0], "contain values below 0", "value -2", "ec.softmax(logits)"),
    "percentages": ([80.0, 20.0], "contain values above 1", "value 80", "check these rows"),
    "sum below 1": ([0.5, 0.25], "do not sum to 1", "sum 0.75", "check these rows"),
    "sum above 1": ([0.75, 0.5], "do not sum to 1", "sum 1.25", "check these rows"),
    "sum 0": ([0.0, 0.0], "do not sum to 1", "sum 0", "check these rows"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_value_is_named_with_count_row_and_fix(case):
    values, what, shown, fix = VALUES[case]
    for dtype in (np.float64, np.float32, np.float16):
        message = refuse(ValueError, replaced([1, 3], values, dtype))
        assert message.startswith("probs: 2 of 4 rows " + what)
        assert f"the first is row 1 ({shown})" in message
        assert message.index(fix) > message.index("row 1")


ADVICE = {
    "percentages": (100 * np.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]), "pass normalize=True"),
    "votes": (np.array([[7, 2, 1], [3, 3, 4]]), "pass normalize=True"),
    "counts": (np.array([[7, 2, 1], [30, 3, 4]]), "pass normalize=True"),
    "rounded": (
        np.array([[0.33, 0.33, 0.33], [0.17, 0.17, 0.67]]),
        "rounded to 2 decimals: pass n",
    ),
    "a further column": (np.array([[0.7, 0.3, 42.0], [0.4, 0.6, 31.5]]), "column 2 is not a class"),
    "one-vs-rest": (np.array([[0.9, 0.8, 0.1], [0.2, 0.3, 0.1]]), "scores, pass normalize=True"),
    "logits": (np.array([[3.2, 0.1, 5.0], [0.4, 7.6, 1.5]]), "logits, pass ec.softmax"),
}


@pytest.mark.parametrize("case", ADVICE)
def test_rows_that_are_no_probabilities_are_told_for_what_they_look_like(case):
    rows, advice = ADVICE[case]
    with pytest.raises(ValueError, match=r"^probs: ") as caught:
        ec.score(rows, [0, 1])
    assert advice in str(caught.value)
    assert ("normalize" in str(caught.value)) == ("normalize" in advice or "pass n" in advice)


@pytest.mark.parametrize("call", [ec.easiness, ec.log_easiness, ec.fit_sigma])
def test_every_function_of_probabilities_refuses_alike(call):
    with pytest.raises(ValueError, match=r"^probs: 1 of 4 rows contain NaN; the first is row 2"):
        call(replaced([2], [np.nan, 1.0]), LABELS)
    with pytest.raises(ValueError, match=r"^labels: 1 of 4 labels are outside 0 to 1"):
        call(PROBS, [0, 1, 2, 0])


@pytest.mark.parametrize("values", [[np.nan, 0.5], [np.nan, np.nan], [0.25, 0.25]])
def test_monte_carlo_refuses_alike(values):
    message = refuse(ValueError, replaced([2], values), estimator=ec.MonteCarlo(draws=10))
    assert message.startswith("probs: 1 of 4 rows ")
    assert "row 2" in message


# With normalize=True the sum may be anything above 0, and everything else is refused as before.
UNNORMALIZABLE = {
    "sum 0": ([0.0, 0.0], "sum to 0 or overflow"),
    "sum overflows": ([1.5e308, 1.5e308], "sum to 0 or overflow"),
    "nan": ([np.nan, 0.5], "contain NaN"),
    "inf": ([np.inf, 0.5], "contain infinity"),
    "below 0": ([-0.5, 1.5], "contain values below 0"),
    "log-probabilities": ([-3.0, -1.0], "contain values below 0"),
}


@pytest.mark.parametrize("case", UNNORMALIZABLE)
def test_what_normalize_cannot_mend(case):
    values, what = UNNORMALIZABLE[case]
    message = refuse(ValueError, replaced([1], values), normalize=True)
    assert message.startswith("probs: 1 of 4 rows " + what)
    assert "first is row 1" in message
    assert "pass normalize=True" not in message


def test_normalize_counts_only_rows_of_the_first_ones_kind():
    probs = replaced([1], [0.0, 0.0])
    probs[2, 0] = np.nan
    assert "1 of 4 rows sum to 0 or overflow" in refuse(ValueError, probs, normalize=True)


OUTSIDE = "are outside 0 to 1 (probs has 2 columns)"
LABEL_VALUES = {
    "negative": ([0, -1, 0, -3], OUTSIDE, "label -1", "classes="),
    "too large": ([0, 2, 0, 7], OUTSIDE, "label 2", "classes="),
    "fractional": ([0, 0.5, 1, 1.5], "are not whole numbers", "label 0.5", "class indices"),
    "nan": ([0, np.nan, 1, np.nan], "are not whole numbers", "label nan", "class indices"),
    "inf": ([0, np.inf, 1, -np.inf], "are not whole numbers", "label inf", "class indices"),
    "huge": ([0, 1e300, 1, 1e300], OUTSIDE, "label 1e+300", "classes="),
    "uint64": (np.array([0, 2**63, 1, 2**63], np.uint64), OUTSIDE, f"label {2**63}", "classes="),
    "int8": (np.array([0, -1, 1, -1], np.int8), OUTSIDE, "label -1", "classes="),
}


@pytest.mark.parametrize("case", LABEL_VALUES)
def test_a_bad_label_is_named_with_count_row_and_fix(case):
    labels, what, shown, fix = LABEL_VALUES[case]
    message = refuse(ValueError, labels=np.asarray(labels))
    assert message.startswith("labels: 2 of 4 labels " + what)
    assert "the first is row 1, " in message
    assert shown in message
    assert fix in message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 0], r"labels: expected one label per row of probs \(4\), got 3"),
        ([0, 1, 0, 1, 0], r"labels: expected one label per row of probs \(4\), got 5"),
        ([], r"labels: expected one label per row of probs \(4\), got 0"),
        (np.zeros((4, 1), int), r"labels: expected shape \(4,\), got \(4, 1\); pass np.ravel"),
        (np.eye(4, 2), r"labels: expected shape \(4,\), got \(4, 2\)"),
        (0, r"labels: expected shape \(4,\), got \(\)"),
        ([[0], [1, 1], 0, 1], "labels: cannot be read as an array"),
    ],
)
def test_labels_of_the_wrong_shape(labels, message):
    with pytest.raises(ValueError, match="^" + message):
        ec.score(PROBS, labels)


@pytest.mark.parametrize("dtype", ["U1", "S1", object, np.dtypes.StringDType()])
def test_names_as_labels_need_classes(dtype):
    message = refuse(TypeError, labels=np.array(list("abab"), dtype=dtype))
    assert message.startswith("labels: expected class indices 0 to 1, got ")
    assert "first label 'a'" in message or "first label b'a'" in message
    assert "pass classes=" in message


@pytest.mark.parametrize(
    "labels",
    [np.array([0j, 1, 0, 1]), np.array([datetime.date(2024, 1, 1)] * 4, dtype="M8[D]")],
)
def test_labels_that_are_no_integers(labels):
    assert refuse(TypeError, labels=labels).startswith("labels: expected integers, got ")


def test_unknown_classes():
    message = refuse(ValueError, labels=["a", "c", "b", "d"], classes=["a", "b"])
    assert message.startswith("labels: 2 of 4 labels are not among the classes (a, b)")
    assert "the first is row 1, label 'c'" in message
    many = refuse(ValueError, np.eye(7)[:4], ["z"] * 4, classes=list("abcdefg"))
    assert "(a, b, c, d, e, ...)" in many


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (np.ones((4, 1)), r"at least 2 classes \(columns\), got shape \(4, 1\).*column_stack"),
        (np.ones((4, 0)), r"at least 2 classes \(columns\), got shape \(4, 0\)"),
        (np.ones((0, 1)), r"at least 2 classes \(columns\), got shape \(0, 1\)"),
        (PROBS[:, 1], r"\(n_samples, n_classes\), got \(4,\).*np.column_stack\(\[1 - p, p"),
        (PROBS[None], r"\(n_samples, n_classes\), got \(1, 4, 2\)"),
        (0.5, r"\(n_samples, n_classes\), got \(\)"),
        ([[0.5, 0.5], [1.0]], "cannot be read as an array"),
    ],
)
def test_probs_of_the_wrong_shape(probs, message):
    with pytest.raises(ValueError, match="^probs: .*" + message):
        ec.score(probs, LABELS)


class Device:
    type = "cuda"

    def __str__(self):
        return "cuda:0"


# What the core sees of a tensor on a GPU, without a GPU.
CUDA_TENSOR = type("Tensor", (), {"__module__": "torch", "device": Device()})()

TYPES = {
    "complex": (PROBS + 0j, "expected real numbers, got .* complex128"),
    "object": (PROBS.astype(object), r"dtype object; convert it first.*np.asarray\(probs, dtype="),
    "datetime": (PROBS.astype("M8[D]"), r"dtype datetime64\[D\]; convert it first"),
    "strings": (PROBS.astype(str), "dtype <U32; convert it first"),
    "None": (None, "expected an array, got NoneType"),
    "masked": (np.ma.masked_greater(PROBS, 0.75), r"got 2 masked; .*probs.filled\("),
    "csr": (scipy.sparse.csr_matrix(PROBS), r"got a csr_matrix; pass probs.toarray\("),
    "coo": (scipy.sparse.coo_array(PROBS), r"got a coo_array; pass probs.toarray\("),
    "cuda": (CUDA_TENSOR, r"got a tensor on cuda:0; pass probs.cpu\(\), or .*easiness_torch"),
}


@pytest.mark.parametrize("case", TYPES)
def test_probs_of_a_type_that_cannot_be_scored(case):
    probs, message = TYPES[case]
    with pytest.raises(TypeError, match="^probs: .*" + message):
        ec.score(probs, LABELS)


@pytest.mark.parametrize("labels", [np.ma.array(LABELS, mask=[0, 1, 0, 1]), CUDA_TENSOR])
def test_labels_of_a_type_that_cannot_be_scored(labels):
    fix = "labels.cpu()" if labels is CUDA_TENSOR else "got 2 masked"
    message = refuse(TypeError, labels=labels)
    assert message.startswith("labels: expected an array")
    assert fix in message


@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_rows_give_an_empty_result(n_classes):
    for estimator in (ec.ClosedForm(), ec.MonteCarlo(draws=10)):
        got = ec.score(np.empty((0, n_classes)), [], estimator=estimator, normalize=True)
        assert len(got) == got.summary.n_samples == 0
        dtypes = [np.float64, np.float64, np.uint8, np.float64, np.int64]
        columns = [got.easiness, got.log_easiness, got.level, got.loss, got.predicted]
        assert [c.shape for c in columns] == [(0,)] * 5
        assert [c.dtype for c in columns] == dtypes
    with pytest.raises(ValueError, match=r"expected one label per row of probs \(0\), got 1"):
        ec.score(np.empty((0, n_classes)), [0])


def test_first_row_shifts_the_row_numbers():
    assert "first is row 1001 " in refuse(ValueError, replaced([1], [np.nan, 1]), first_row=1000)
    zero = refuse(ValueError, replaced([1], [0, 0]), normalize=True, first_row=1000)
    assert zero.endswith("first is row 1001")
    for labels in ([0, 1, 2, 0], [0, 1, 0.5, 0]):
        assert "first is row 1002, label" in refuse(ValueError, labels=labels, first_row=1000)
    names = refuse(ValueError, labels=list("abcb"), classes=["a", "b"], first_row=1000)
    assert "first is row 1002, label 'c'" in names


@pytest.mark.skipif(interpreted, reason="3 million elements take minutes in interpreted kernels")
@pytest.mark.parametrize(("n_threads", "dtype"), [(1, np.float64), (7, np.float16)])
def test_bad_rows_of_a_large_array_are_counted_over_all_blocks(dtype, n_threads):
    n_rows, n_classes = 300_000, 8
    assert n_rows * n_classes > 1 << 21
    probs = np.full((n_rows, n_classes), 0.125, dtype=dtype)
    bad = [n_rows - 1, 31_234, 170_001, 31_235]
    probs[bad, 3] = np.nan
    labels = np.zeros(n_rows, dtype=np.int64)
    shown = f"4 of {n_rows} rows contain NaN; the first is row 31234 "
    assert shown in refuse(ValueError, probs, labels, n_threads=n_threads)
    probs[bad[1:], 3] = 0.125
    shown = f"1 of {n_rows} rows contain NaN; the first is row {n_rows - 1} "
    assert shown in refuse(ValueError, probs, labels, n_threads=n_threads)


def test_a_change_behind_our_back_is_said_to_be_one(monkeypatch):
    # A kernel that finds a bad row where there is none any more.
    monkeypatch.setattr(ec.ClosedForm, "kernel", lambda self: (lambda *_: 1, ()))
    message = refuse(ValueError, estimator=ec.ClosedForm(sigma=0.0123))
    assert message == "probs: changed while being scored; pass a copy"
