"""Bad input to `score`: refused with the argument, how many rows, the first, and the fix."""

import datetime
import math

import numpy as np
import pytest
import scipy.sparse
from conftest import interpreted

import easiness_core as ec
from easiness_core import validation
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


def replaced(rows, values, dtype=np.float64):
    probs = PROBS.astype(dtype)
    probs[rows] = values
    return probs


VALUES = {
    "nan": ([np.nan, 0.5], "contain NaN", "value nan", "drop or impute"),
    "inf": ([np.inf, 0.5], "contain infinity", "value inf", "drop or impute"),
    "-inf": ([0.5, -np.inf], "contain infinity", "value -inf", "drop or impute"),
    "both infinities": ([np.inf, -np.inf], "contain infinity", "value inf", "drop or impute"),
    "below 0": ([-0.5, 1.5], "contain values below 0", "value -0.5", "ec.softmax(logits)"),
    "above 1": ([1.5, 0.25], "contain values above 1", "value 1.5", "check these rows"),
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
    message = refuse(ValueError, replaced([2], values), estimator=ec.MonteCarlo(draws=10))
    assert message.startswith("probs: 1 of 4 rows ")
    shifted = refuse(ValueError, replaced([1], values), first_row=1000)
    assert "first is row 1001 " in shifted


ADVICE = {
    "percentages": ([[70, 20, 10.0], [25, 50, 25]], "pass normalize=True"),
    "votes": ([[7, 2, 1], [3, 3, 4]], "pass normalize=True"),
    "counts": ([[7, 2, 1], [30, 3, 4]], "pass normalize=True"),
    "rounded": ([[0.33, 0.33, 0.33], [0.17, 0.17, 0.67]], "rounded to 2 decimals: pass n"),
    "a further column": ([[0.7, 0.3, 42.0], [0.4, 0.6, 31.5]], "column 2 is not a class"),
    "one-vs-rest": ([[0.9, 0.8, 0.1], [0.2, 0.3, 0.1]], "scores, pass normalize=True"),
    "logits": ([[3.2, 0.1, 5.0], [0.4, 7.6, 1.5]], "logits, pass ec.softmax"),
}


@pytest.mark.parametrize("case", ADVICE)
def test_rows_that_are_no_probabilities_are_told_for_what_they_look_like(case):
    rows, advice = ADVICE[case]
    message = refuse(ValueError, rows, [0, 1])
    assert advice in message
    assert ("normalize" in message) == ("normalize" in advice or "pass n" in advice)


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
    probs = replaced([1], values)
    if "sum" in case:  # only rows of the first one's kind are counted
        probs[2, 0] = np.nan
    message = refuse(ValueError, probs, normalize=True, first_row=1000)
    assert message.startswith("probs: 1 of 4 rows " + what)
    assert "first is row 1001" in message
    assert "pass normalize=True" not in message


OUTSIDE = "are outside 0 to 1 (probs has 2 columns)"
NO_INTEGERS = "are not whole numbers"
LABEL_VALUES = {
    "negative": ([0, -1, 0, -3], OUTSIDE, "label -1", "classes="),
    "too large": ([0, 2, 0, 7], OUTSIDE, "label 2", "classes="),
    "ignored": ([0, -100, 0, -100], OUTSIDE, "label -100", "keep = np.asarray(labels) >= 0"),
    "fractional": ([0, 0.5, 1, 1.5], NO_INTEGERS, "label 0.5", "class indices"),
    "nan": ([0, np.nan, 1, np.nan], NO_INTEGERS, "label nan", "class indices"),
    "inf": ([0, np.inf, 1, -np.inf], NO_INTEGERS, "label inf", "class indices"),
    "huge": ([0, 1e300, 1, 1e300], OUTSIDE, "label 1e+300", "classes="),
    "uint64": (np.array([0, 2**63, 1, 2**63], np.uint64), OUTSIDE, f"label {2**63}", "classes="),
    "int8": (np.array([0, -1, 1, -1], np.int8), OUTSIDE, "label -1", "classes="),
}


@pytest.mark.parametrize("case", LABEL_VALUES)
def test_a_bad_label_is_named_with_count_row_and_fix(case):
    labels, what, shown, fix = LABEL_VALUES[case]
    message = refuse(ValueError, labels=np.asarray(labels), first_row=1000)
    assert message.startswith("labels: 2 of 4 labels " + what)
    assert f"the first is row 1001, {shown}" in message
    assert fix in message


class Device:
    type = "cuda"

    def __str__(self):
        return "cuda:0"


# What the core sees of a tensor on a GPU, without a GPU.
CUDA = type("Tensor", (), {"__module__": "torch", "device": Device()})()
LABEL_SHAPES = {
    "too few": ([0, 1, 0], "expected one label per row of probs (4), got 3"),
    "none": ([], "expected one label per row of probs (4), got 0"),
    "a column": (np.zeros((4, 1), int), "expected shape (4,), got (4, 1); pass np.ravel"),
    "one-hot": (np.eye(4, 2), "expected shape (4,), got (4, 2)"),
    "one number": (0, "expected shape (4,), got ()"),
    "ragged": ([[0], [1, 1], 0, 1], "cannot be read as an array"),
    "missing": ([0, None, 1, 0], "1 of 4 values are missing; the first is row 1; drop"),
    "missing name": (["a", None, "b", "a"], "1 of 4 values are missing; the first is row 1; drop"),
    "NaN among objects": (np.array([0, np.nan, 1, 0], object), "1 of 4 values are missing"),
}
LABEL_TYPES = {
    "text": (np.array(list("abab")), "got dtype <U1 (first label 'a'); pass classes="),
    "bytes": (np.array(list("abab"), "S1"), "(first label b'a'); pass classes="),
    "objects": (np.array(list("abab"), object), "(first label 'a'); pass classes="),
    "strings": (np.array(list("abab"), np.dtypes.StringDType()), "(first label 'a'); pass cl"),
    "complex": (np.array([0j, 1, 0, 1]), "expected integers"),
    "dates": (np.array([datetime.date(2024, 1, 1)] * 4, "M8[D]"), "expected integers"),
    "masked": (np.ma.array(LABELS, mask=[0, 1, 0, 1]), "expected an array without masked"),
    "cuda": (CUDA, "labels.cpu()"),
}
PROBS_SHAPES = {
    "one class": (np.ones((4, 1)), "at least 2 classes (columns), got shape (4, 1)"),
    "no class": (np.ones((4, 0)), "got shape (4, 0)"),
    "no class, in lists": ([[]], "got shape (1, 0)"),
    "no row of one class": (np.ones((0, 1)), "got shape (0, 1)"),
    "one column": (PROBS[:, 1], "(n_samples, n_classes), got (4,)"),
    "too many dimensions": (PROBS[None], "(n_samples, n_classes), got (1, 4, 2)"),
    "one number": (0.5, "(n_samples, n_classes), got ()"),
    "ragged": ([[0.5, 0.5], [1.0]], "cannot be read as an array"),
    "a missing row": (
        np.array([[0.5, 0.5], [0.5, 0.5], None, [0.5, 0.5]], dtype=object),
        "1 of 4 values are missing; the first is row 2",
    ),
    "missing": ([[0.5, 0.5], [None, 1.0]], "1 of 2 rows contain values that are missing; the fir"),
}
PROBS_TYPES = {
    "complex": (PROBS + 0j, "expected real numbers"),
    "objects": (PROBS.astype(object), "dtype object; convert it first"),
    "dates": (PROBS.astype("M8[D]"), "dtype datetime64[D]; convert it first"),
    "text": (PROBS.astype(str), "dtype <U32; convert it first"),
    "None": (None, "expected an array, got NoneType"),
    "a number": (5j, "expected an array, got complex"),
    "a dictionary": ({"a": 1}, "expected an array, got dict"),
    "an iterator": (iter([1]), "expected an array, got list_iterator"),
    "masked": (np.ma.masked_greater(PROBS, 0.75), "got 2 masked; drop those rows or fill them"),
    "csr": (scipy.sparse.csr_matrix(PROBS), "got a csr_matrix; pass probs.toarray("),
    "coo": (scipy.sparse.coo_array(PROBS), "got a coo_array; pass probs.toarray("),
    "cuda": (CUDA, "got a tensor on cuda:0; pass probs.cpu(), or"),
}


@pytest.mark.parametrize(
    ("argument", "error", "cases"),
    [
        ("labels", ValueError, LABEL_SHAPES),
        ("labels", TypeError, LABEL_TYPES),
        ("probs", ValueError, PROBS_SHAPES),
        ("probs", TypeError, PROBS_TYPES),
    ],
)
def test_what_has_another_shape_or_type_is_refused(argument, error, cases):
    for values, said in cases.values():
        message = refuse(error, **{argument: values})
        assert message.startswith(f"{argument}: ")
        assert said in message


def test_names_that_are_no_classes():
    message = refuse(ValueError, labels=["a", "c", "b", "d"], classes=["a", "b"], first_row=1000)
    assert message.startswith("labels: 2 of 4 labels are not among the classes (a, b)")
    assert "the first is row 1001, label 'c'" in message
    many = refuse(ValueError, np.eye(7)[:4], ["z"] * 4, classes=list("abcdefg"))
    assert "(a, b, c, d, e, ...)" in many
    for bad in ([{}, {}], np.array([{}, {}])):
        assert "classes: expected names, got dict in row 0" in refuse(TypeError, classes=bad)
    bad = refuse(TypeError, labels=[{}] * 4, classes=["a", 1])
    assert "labels: expected names, got dict" in bad
    for bad in ([1, "1"], ["a", None], ["a", float("nan")]):
        assert refuse(ValueError, labels=[1] * 4, classes=bad).startswith("classes: expected ")


CALLS = [ec.score, ec.easiness, ec.log_easiness, ec.fit_sigma]


@pytest.mark.parametrize("call", [*CALLS, ec.find_label_errors])
def test_every_function_of_probabilities_refuses_alike(call):
    with pytest.raises(ValueError, match=r"^probs: 1 of 4 rows contain NaN; the first is row 2"):
        call(replaced([2], [np.nan, 1.0]), LABELS)
    with pytest.raises(ValueError, match=r"^labels: 1 of 4 labels are outside 0 to 1"):
        call(PROBS, [0, 1, 2, 0])


@pytest.mark.parametrize("call", CALLS)
def test_a_bad_number_of_threads_is_refused(call):
    for n_threads, error in ((0, ValueError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"^n_threads: expected "):
            call(PROBS, LABELS, n_threads=n_threads)


def test_no_rows_give_an_empty_result():
    for estimator in (ec.ClosedForm(), ec.MonteCarlo(draws=10)):
        got = ec.score(np.empty((0, 3)), [], estimator=estimator, normalize=True)
        assert len(got) == got.summary.n_samples == 0
        dtypes = [np.float64, np.float64, np.uint8, np.float64, np.int64]
        columns = [got.easiness, got.log_easiness, got.level, got.loss, got.predicted]
        assert [(c.shape, c.dtype) for c in columns] == [((0,), dtype) for dtype in dtypes]
    assert "(0), got 1" in refuse(ValueError, np.empty((0, 3)), [0])


def rows_of_sum(total, dtype, n_classes):
    """One row whose exact sum is nearly `total`, and that sum."""
    row = np.full(n_classes, total / n_classes, dtype=dtype)
    row[0] = dtype(total - math.fsum(row[1:].astype(np.float64)))
    return row[None], math.fsum(row.astype(np.float64))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize(("sign", "n_classes"), [(-1, 2), (1, 3), (-1, 10)])
def test_sums_and_negatives_at_the_edge_of_their_tolerance(n_classes, sign, dtype):
    half = "_HALF" if dtype is np.float16 else ""
    tolerance = getattr(validation, f"ROW_SUM_TOLERANCE{half}")
    # Two spacings of the dtype, but no less than what the order of a float64 sum can change.
    step = max(2 * float(np.spacing(dtype(1))), 1e-14) + 1e-9 * (dtype is np.float64)
    inside, total = rows_of_sum(1 + sign * (tolerance - step), dtype, n_classes)
    assert tolerance - 3 * step < abs(total - 1) < tolerance
    assert len(ec.score(inside, [0])) == 1
    outside, total = rows_of_sum(1 + sign * (tolerance + step), dtype, n_classes)
    assert tolerance < abs(total - 1) < tolerance + 3 * step
    assert f"not sum to 1 within {tolerance:g};" in refuse(ValueError, outside, [0])
    assert len(ec.score(outside, [0], normalize=True)) == 1

    negative = getattr(validation, f"NEGATIVE_TOLERANCE{half}")
    row = np.array([[-negative * 0.99, 0.25, 0.75]], dtype=dtype)
    assert ec.score(row, [2]).loss[0] == -math.log(0.75)
    assert ec.score(row, [0]).loss[0] == math.inf
    row[0, 0] = -negative * 1.01
    assert "1 of 1 rows contain values below 0" in refuse(ValueError, row, [2])


def test_rounding_above_1_is_taken_and_more_is_refused():
    got = ec.score([[1.0009, 0.0], [1 + 1e-7, -1e-7]], [0, 0])
    assert got.loss.tolist() == [0.0, 0.0]
    assert not np.signbit(got.loss).any()
    assert got.easiness.tolist() == [1.0, 1.0]
    # Tiny negatives bring its sum back into the tolerance.
    assert "above 1" in refuse(ValueError, [[1.001005] + [-9e-7] * 11], [0])


def test_a_sum_on_the_very_edge_is_never_called_a_change_of_the_array(monkeypatch):
    # The kernel adds in another order than the message's author: they may disagree by rounding.
    rng = np.random.default_rng(0)
    messages = set()
    for _ in range(20 if interpreted else 300):
        try:
            ec.score(rng.dirichlet(np.ones(17))[None] * (1.001 + 1e-9), [0])
        except ValueError as error:
            messages.add(str(error)[:63])
    assert messages == {"probs: 1 of 1 rows do not sum to 1 within 0.001; the first is r"}
    # But a kernel that finds a bad row where there is none any more is.
    monkeypatch.setattr(ec.ClosedForm, "kernel", lambda self: (lambda *_: 1, ()))
    message = refuse(ValueError, estimator=ec.ClosedForm(sigma=0.0123))
    assert message == "probs: changed while being scored; pass a copy"


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


@pytest.mark.parametrize("n_classes", [2, 40])
@pytest.mark.parametrize("estimator", [ec.ClosedForm(), ec.MonteCarlo(draws=20)])
def test_a_bad_row_in_any_group_of_rows_is_reported(n_classes, estimator):
    for at in (0, 255, 256, 511, 512, 599):
        probs = np.zeros((600, n_classes))
        probs[:, 0] = 1.0
        probs[at, 1] = np.nan
        assert f"row {at} " in refuse(ValueError, probs, np.zeros(600, int), estimator=estimator)
