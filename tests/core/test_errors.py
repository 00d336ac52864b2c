"""What each function refuses: the error's type, argument and row, and what its message says.

`score` has its own table in test_validation.py, `compare` in test_comparison.py.
"""

import math
import pickle
import re

import numpy as np
import pytest

import easiness_core as ec
from easiness_core.errors import PYTHON_WORDS, InputError, InputTypeError, InputValueError
from easiness_core.validation import (
    check_count,
    check_labels,
    check_logits,
    check_number,
    check_probs,
    check_vector,
    to_array,
)

COMMAND = {"normalize": "--normalize", "softmax": "--logits", "classes": "--classes"}
PROBS = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]
LABELS = [0, 1, 1]
SCORES = ec.score(PROBS, LABELS)
STATE = SCORES.summary.to_dict()
Level = ec.Level.of


def interval(*arguments, **options):
    return lambda: ec.binomial_interval(*arguments, **options)


def number(value, **options):
    return lambda: check_number(value, "cut", **{"low": 0.0, "high": 1.0, **options})


def restored(**change):
    return lambda: ec.Summary.from_dict({**STATE, **change})


def other(**options):
    return ec.score(PROBS, LABELS, **options).summary


# What is called; the argument and the row of its error; a part of the message.
VALUES = [
    (lambda: ec.ClosedForm(sigma=0.0), "sigma", None, "expected a value at least"),
    (lambda: ec.ClosedForm(sigma=np.nan), "sigma", None, "got nan"),
    (lambda: ec.ClosedForm(sigma=1e-200), "sigma", None, "got 1e-200"),
    (lambda: ec.ClosedForm(resolution=0.5), "resolution", None, "below 0.5, got 0.5"),
    (lambda: ec.MonteCarlo(sigma=1e200), "sigma", None, "got 1e+200"),
    (lambda: ec.MonteCarlo(draws=0), "draws", None, "1 or more, got 0"),
    (lambda: ec.MonteCarlo(seed=-1), "seed", None, "0 or more, got -1"),
    (lambda: ec.auroc([[0.3, 0.7], [np.nan, 1]], [0, 1]), "probs", 1, "1 of 2 rows contain NaN"),
    (lambda: ec.auroc([[0.3, 0.7], [np.nan, 1]], [0, 0]), "probs", 1, "drop or impute"),
    (lambda: ec.auroc([[-2, -5]] * 3, LABELS, normalize=True), "probs", 0, "cannot be divided"),
    (lambda: ec.auroc([[0, 1], [np.nan, 1]], [0, 1], logits=True), "logits", 1, "got nan in row 1"),
    (lambda: ec.auroc(PROBS, LABELS, logits=True, normalize=True), "normalize", None, "False with"),
    (interval(3, 2), "successes", None, "at most n, got 3 of 2"),
    (interval(-1, 2), "successes", None, "whole numbers of at least 0, got -1"),
    (interval(0.5, 2), "successes", None, "got 0.5"),
    (interval(1, math.inf), "n", None, "got inf"),
    (interval(1, math.nan), "n", None, "got nan"),
    (interval([1, 2], [3, 4, 5]), "successes", None, "shapes that broadcast, got (2,) and n"),
    (interval(1, 2, confidence=0.0), "confidence", None, "got 0"),
    (interval(1, 2, confidence=1.0), "confidence", None, "got 1"),
    (lambda: ec.easiness_bins([0.5, 1.5], [0, 1]), "easiness", 1, "1 of 2 values are outside 0"),
    (lambda: ec.easiness_bins([np.nan], [0]), "easiness", 0, "NaN"),
    (lambda: ec.easiness_bins([[0.5]], [1]), "easiness", None, "(n_samples,), got (1, 1)"),
    (lambda: ec.easiness_bins([0.5], [0, 1]), "correct", None, "expected 1 values, got 2"),
    (lambda: ec.easiness_bins([1.0], [2]), "correct", None, "expected booleans"),
    (lambda: ec.easiness_bins([0.5], [1], n_bins=0), "n_bins", None, "1 or more, got 0"),
    (lambda: ec.easiness_bins([0.5], [1], strategy="equal"), "strategy", None, "'quantile'"),
    (lambda: ec.find_label_errors(PROBS, LABELS, method="x"), "method", None, "of noise_model, ea"),
    (lambda: ec.find_label_errors(PROBS, LABELS, ids=["a"]), "ids", None, "(3,)"),
    (lambda: ec.fit_sigma(PROBS, LABELS, grid=[]), "grid", None, "at least one"),
    (lambda: ec.fit_sigma(PROBS, LABELS, grid=[0.1, -1.0]), "sigma", None, "got -1"),
    (lambda: ec.fit_sigma(np.empty((0, 2)), []), "probs", None, "at least one sample"),
    (lambda: ec.group_table(SCORES, [1, 2]), "groups", None, "(3,), one per row of scores"),
    (lambda: ec.levels([0.5]), "log_easiness", None, "pass the logarithm, not easiness itself"),
    (lambda: ec.levels([0.0, np.nan]), "log_easiness", 1, "1 of 2 values are NaN"),
    (lambda: ec.levels([-1.0], resolution=-1e-9), "resolution", None, "at least 0 and below 0.5"),
    (lambda: ec.levels([-1.0], resolution=np.nan), "resolution", None, "got nan"),
    *((lambda levels=levels: ec.select([1, 2], levels), "levels", None, r"such as 'hard|medium'")
      for levels in ("", "easy|", "middle", "easy medium", "7", "OM", 0, 8, -1, ec.Level(0))),
    (lambda: ec.loss_rank_selection([0, np.nan], n_hard=0, n_medium=1), "loss", 1, "are NaN"),
    (lambda: ec.loss_rank_selection([0.0], n_hard=-1, n_medium=1), "n_hard", None, "0 or more"),
    (lambda: ec.margins([1.0, 2.0], [0]), "logits", None, "expected shape"),
    (lambda: ec.margins([[1.0]], [0]), "logits", None, "at least 2 classes"),
    (lambda: ec.margins(PROBS, [0, 1, 2]), "labels", 2, "outside 0 to 1 (logits has 2 columns)"),
    (lambda: ec.margins(PROBS, [0]), "labels", None, "one label per row"),
    (lambda: ec.margins(PROBS, LABELS, on_nan="skip"), "on_nan", None, "got 'skip'"),
    (lambda: ec.medium_sample_rate([1, 3]), "level", 1, "1 of 2 values are not levels"),
    (lambda: ec.random_selection(5, 6, seed=0), "size", None, "at most n_samples = 5, got 6"),
    (lambda: ec.select([1, 3], ec.MO), "level", 1, "not levels"),
    (lambda: ec.select(["easy", "heavy"], "hard"), "level", None, "medium or easy, got 'heavy'"),
    (lambda: ec.select(["easy", None], "hard"), "level", 1, "1 of 2 values are missing"),
    (lambda: ec.select_interval([0.5], 1, 0), "low", None, "low <= high"),
    (lambda: ec.select_interval([0.5], 0, np.nan), "low", None, "low <= high"),
    (lambda: ec.select_interval([1, np.nan], 0, 1), "easiness", 1, "NaN"),
    (lambda: ec.softmax([1.0, 2.0]), "logits", None, "(n_samples, n_classes)"),
    (lambda: ec.softmax(PROBS, dtype=np.float16), "dtype", None, "float64 or float32"),
    (lambda: ec.score(PROBS, LABELS, first_row=-1), "first_row", None, "0 or more"),
    (lambda: ec.score(PROBS, LABELS, n_bins=0), "n_bins", None, "1 or more"),
    (lambda: ec.score(PROBS, LABELS, ids=["a"]), "ids", None, "(3,), one per row of probs"),
    (lambda: SCORES[[True]], "rows", None, "a mask of 3 rows, got 1"),
    (lambda: SCORES.hardest(-1), "n", None, "0 or more"),
    (lambda: ec.Summary(n_bins=0), "n_bins", None, "1 or more"),
    *((lambda options=options: SCORES.summary.merge(other(**options)), "other", None, said)
      for options, said in (
          ({"n_bins": 6}, "score both with the same n_bins"),
          ({"estimator": ec.ClosedForm(sigma=0.02)}, "different estimator"),
          ({"estimator": ec.ClosedForm(resolution=1e-4)}, "different estimator"),
          ({"estimator": ec.MonteCarlo()}, "different estimator"))),
    (lambda: ec.Summary.from_dict(5), "state", None, ""),
    *((restored(**change), "state", None, "") for change in (
        {"format": 2}, {"n_samples": 49}, {"n_medium": -1, "n_samples": 2}, {"bin_counts": [3]},
        {"estimator": {"kind": "guess"}}, {"estimator": {"kind": "closed_form", "sigma": -1.0}},
        {"estimator": None}, {"bin_correct": None}, {"bin_correct": [4, 0, 0, 0, 0]},
        {"n_hard": -1, "n_easy": 4}, {"loss_sum": "-1"}, {"n_infinite_losses": 4})),
    *((lambda key=key: ec.Summary.from_dict({k: v for k, v in STATE.items() if k != key}), "state",
       None, "") for key in STATE),
    (number(1), "cut", None, "at least 0 and below 1, got 1"),
    (number(-5e-324), "cut", None, "got -5e-324"),
    (number(math.nan), "cut", None, "got nan"),
    (number(0, open_low=True), "cut", None, "above 0 and below 1, got 0"),
    (number(1.5, closed_high=True), "cut", None, "at least 0 and at most 1, got 1.5"),
    (number(math.inf, high=math.inf), "cut", None, "at least 0 and finite, got inf"),
    (lambda: check_count(2, "n", low=3), "n", None, "3 or more, got 2"),
    (lambda: check_vector([[1.0]], "loss"), "loss", None, "(n_samples,), got (1, 1)"),
    (lambda: check_vector([1.0], "loss", n_rows=2), "loss", None, "expected 2 values, got 1"),
    (lambda: check_vector([0.5, None], "loss"), "loss", 1, "1 of 2 values are missing"),
    (lambda: check_labels([0, 9], 2, 2, of="logits", first_row=10), "labels", 11, "np.unique"),
    (lambda: check_labels([0, 9], 2, 2, of="labels"), "labels", 1, "n_classes is 2"),
    (lambda: check_labels([0, 9], 2, 2), "labels", 1, "pass classes="),
    *((lambda names=names: check_labels(list("ab"), 2, 2, classes=names), "classes", None, said)
      for names, said in (
          (["a", "a"], "distinct names"), (["a", "b", "c"], "2 names, one per column"),
          (["a"], "got 1"), ([], "got 0"))),
    (lambda: to_array([[1, 2], [3]], "x"), "x", None, "cannot be read as an array"),
]  # fmt: skip
TYPES = [
    *((lambda sigma=sigma: ec.ClosedForm(sigma=sigma), "sigma", None, "expected a number")
      for sigma in ("0.01", None, True, 1j)),
    (lambda: ec.MonteCarlo(draws=1.5), "draws", None, "a whole number, got float 1.5"),
    (lambda: ec.MonteCarlo(seed=None), "seed", None, "a whole number"),
    (interval(True, 2), "successes", None, "whole numbers, got dtype bool"),
    (interval(1, 2, confidence="0.95"), "confidence", None, "a number"),
    (lambda: ec.class_table([0.5]), "scores", None, "expected Scores, got list"),
    (lambda: ec.fit_sigma(PROBS, LABELS, grid="abc"), "grid", None, "real numbers"),
    (lambda: ec.group_table(3, LABELS), "scores", None, "expected Scores, got int"),
    (lambda: ec.group_table(SCORES, LABELS).merge({}), "other", None, "a GroupTable, got dict"),
    (lambda: ec.levels(["hard"]), "log_easiness", None, "real numbers"),
    (lambda: ec.levels(SCORES), "log_easiness", None, "such as scores.log_easiness"),
    *((lambda levels=levels: Level(levels, argument="keep"), "keep", None, "a union of Level; got")
      for levels in (2.0, True, None, ["easy"], ec.Level)),
    (lambda: ec.loss_rank_selection([0.5]), "n_hard", None, "it may be omitted only with Scores"),
    (lambda: ec.loss_rank_selection([0.0], n_hard=0, n_medium=1.5), "n_medium", None, "float 1.5"),
    (lambda: ec.medium_sample_rate([1.0]), "level", None, "values of Level or words"),
    (lambda: ec.medium_sample_rate(SCORES), "level", None, "such as scores.level"),
    (lambda: ec.select_interval([0.5], "a", 1), "low", None, "a number, got"),
    (lambda: ec.select_interval([0.5], 0, None), "high", None, "a number, got"),
    (lambda: ec.score(PROBS, LABELS, estimator=1), "estimator", None, "ClosedForm(...) or Mon"),
    (lambda: ec.softmax([[1j, 0]]), "logits", None, "real numbers, got dtype com"),
    *((lambda which=which: SCORES[which], "rows", None, said) for which, said in (
        (1, "a slice, a mask or an array of rows, got int 1"), ("medium", "got str 'medium'"),
        ([0.5], "shape (1,) and dtype float64"), ([[0]], "shape (1, 1)"))),
    (lambda: ec.Summary().merge({}), "other", None, "expected a Summary, got dict"),
    *((number(value), "cut", None, "expected a number, got ")
      for value in (True, np.True_, "1", None, 1j, [1])),
    (lambda: check_count(3.0, "n", low=3), "n", None, "a whole number, got float 3.0"),
    (lambda: check_count(True, "n", low=0), "n", None, "a whole number"),
    (lambda: check_vector(["a"], "loss"), "loss", None, "real numbers, got an array of dtype <U1"),
    (lambda: check_labels(list("ab"), 2, 2, of="labels"), "labels", None, "number the classes"),
    *((lambda names=names: check_labels(list("ab"), 2, 2, classes=names), "classes", None, "names")
      for names in (5, "ab", {"a", "b"}, iter("ab"))),
    (lambda: to_array(np.ma.array([1], mask=[1]), "ids"), "ids", None, "with ids.filled"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "builtin", "mistake"),
    [
        *((InputValueError, ValueError, mistake) for mistake in VALUES),
        *((InputTypeError, TypeError, mistake) for mistake in TYPES),
    ],
)
def test_a_mistake_is_refused_by_argument_row_and_what_was_got(kind, builtin, mistake):
    call, argument, row, said = mistake
    with pytest.raises(builtin) as caught:
        call()
    error = caught.value
    assert (type(error), error.argument, error.row) == (kind, argument, row)
    assert said in str(error)
    assert str(error) == error.worded(PYTHON_WORDS)
    assert str(error).startswith(f"{argument}: {error.problem}")
    assert not re.search(r"{\w+}", str(error))


def test_the_checks_give_what_they_checked():
    for value, options in (
        (0, {}), (np.float32(0.5), {}), (math.nextafter(1, 0), {}), (1, {"closed_high": True}),
        (5e-324, {"open_low": True}),
    ):  # fmt: skip
        found = number(value, **options)()
        assert (type(found), found) == (float, value)
    assert type(check_count(np.int8(3), "n", low=3)) is int
    assert check_count(2**70, "n", low=0) == 2**70
    values = np.array([1.0, np.inf, -2.0])
    assert np.shares_memory(check_vector(values, "loss", n_rows=3), values)
    assert check_vector(values[::2], "loss").flags.c_contiguous
    assert check_vector(np.array([1, 2], np.float16), "loss").dtype == np.float64
    for dtype, kernels_see in ((np.float64, "f8"), (np.float32, "f4"), (np.float16, "f4")):
        array = np.full((3, 2), np.nan, dtype)  # values are not read
        checked = check_probs(array)
        assert checked.array is array is check_logits(array) is to_array(array, "x")
        assert (checked.n_rows, checked.n_classes, checked.dtype) == (3, 2, kernels_see)
        assert check_probs(array, normalize=True).dtype == np.float64


def caught(call, *arguments, **options):
    with pytest.raises(InputError) as found:
        call(*arguments, **options)
    return found.value


def test_a_message_is_worded_for_a_command():
    error = caught(ec.score, [[-2.0, 3.0]], [0])
    assert str(error).endswith("(value -2); if these are logits, pass ec.softmax(logits)")
    assert error.worded(COMMAND).endswith("(value -2); if these are logits, pass --logits")
    assert "pass --normalize" in caught(ec.score, [[3.0, 1.0]], [0]).worded(COMMAND)
    # What a command has no word for keeps its name in Python.
    assert error.worded({}) == str(error)
    assert str(InputValueError("none", hint="pass {normalize}")) == "none; pass normalize=True"


@pytest.mark.parametrize("text", ["{normalize}", "{", "{0}", "normalize=True"])
def test_what_the_user_gave_comes_out_untouched(text):
    names = caught(ec.score, PROBS, [text] * 3)
    assert f"(first label {text!r}); pass --classes, the" in names.worded(COMMAND)
    masked = caught(to_array, np.ma.array([1], mask=[1]), text)
    assert masked.worded(COMMAND).endswith(f"or fill them with {text}.filled(...)")
    assert str(InputTypeError(f"{text} is no option")) == f"{text} is no option"


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_errors_survive_pickling(protocol):
    error = caught(ec.score, [[90.0, 10.0], [30.0, 70.0]], [0, 0], first_row=6)
    copy = pickle.loads(pickle.dumps(error, protocol))
    assert type(copy) is InputValueError
    assert vars(copy) == vars(error)
    assert copy.row == 6
    assert copy.worded(COMMAND) == error.worded(COMMAND) != str(copy) == str(error)
