"""Errors carry their parts: argument, problem, hint, row."""

import pickle

import numpy as np
import pytest

import easiness_core as ec
from easiness_core.errors import PYTHON_WORDS, InputError, InputTypeError, InputValueError
from easiness_core.validation import check_labels, to_array

COMMAND = {"normalize": "--normalize", "softmax": "--logits", "classes": "--classes"}
PROBS = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]
LABELS = [0, 1, 1]


def caught(call, *arguments, **options):
    with pytest.raises(InputError) as found:
        call(*arguments, **options)
    return found.value


# What is called, and the type, argument, row and hint of its error.
FIELDS = [
    (lambda: ec.score([[3, 1]], [0]), InputValueError, "probs", 0, "{normalize}"),
    (lambda: ec.score([[np.nan, 1]], [0], first_row=7), InputValueError, "probs", 7, "impute"),
    (lambda: ec.score([[0, 0]], [0], normalize=True), InputValueError, "probs", 0, None),
    (lambda: ec.score(PROBS, [0, 1, 5]), InputValueError, "labels", 2, "{classes}"),
    (lambda: ec.score(PROBS, [0, 1, 0.5]), InputValueError, "labels", 2, None),
    (lambda: ec.score(PROBS, list("aba")), InputTypeError, "labels", None, "{classes}"),
    (lambda: ec.score(PROBS, list("abc"), classes=["a", "b"]), InputValueError, "labels", 2, None),
    (lambda: ec.score(PROBS, LABELS, classes=["a"]), InputValueError, "classes", None, None),
    (lambda: ec.score(PROBS, LABELS, classes="ab"), InputTypeError, "classes", None, None),
    (lambda: ec.score(PROBS, LABELS, n_bins=0), InputValueError, "n_bins", None, None),
    (lambda: ec.score(PROBS, LABELS, first_row=-1), InputValueError, "first_row", None, None),
    (lambda: ec.score(PROBS, LABELS, n_threads=1.0), InputTypeError, "n_threads", None, None),
    (lambda: ec.score(PROBS, LABELS, estimator=1), InputTypeError, "estimator", None, None),
    (lambda: ec.score([0.5, 0.5], LABELS), InputValueError, "probs", None, "column_stack"),
    (lambda: ec.ClosedForm(sigma=-1.0), InputValueError, "sigma", None, None),
    (lambda: ec.levels([0.5]), InputValueError, "log_easiness", None, "not easiness itself"),
    (lambda: ec.select([1, 3], ec.MO), InputValueError, "level", 1, None),
    (lambda: ec.select([1, 2], 8), InputValueError, "levels", None, None),
    (lambda: ec.select_interval([0.5], 1, 0), InputValueError, "low", None, None),
    (lambda: ec.select_interval([1, np.nan], 0, 1), InputValueError, "easiness", 1, None),
    (lambda: ec.random_selection(1, 2, seed=0), InputValueError, "size", None, None),
    (lambda: ec.softmax([[0, 1], [np.nan, 1]]), InputValueError, "logits", 1, None),
    (lambda: ec.margins([[0, 1], [np.inf, 1]], [0, 0]), InputValueError, "logits", 1, "drop"),
    (lambda: ec.margins([[0, 1]], [0], on_nan="no"), InputValueError, "on_nan", None, None),
    (lambda: ec.auroc([[0, np.nan]], [0]), InputValueError, "probs", 0, "impute"),
    (lambda: ec.easiness_bins([2.0], [1]), InputValueError, "easiness", 0, None),
    (lambda: ec.easiness_bins([1.0], [2]), InputValueError, "correct", None, None),
    (lambda: ec.fit_sigma(PROBS, LABELS, grid=[]), InputValueError, "grid", None, None),
    (lambda: ec.Summary().merge({}), InputTypeError, "other", None, None),
    (lambda: ec.Summary(n_bins=5).merge(ec.Summary(n_bins=7)), InputValueError, "other", None,
     "score both with the same n_bins"),
    (lambda: ec.Summary.from_dict(5), InputValueError, "state", None, None),
    (lambda: to_array(np.ma.array([1], mask=[1]), "ids"), InputTypeError, "ids", None,
     "{argument}.filled"),
    (lambda: check_labels([0, 9], 2, 2, of="logits"), InputValueError, "labels", 1, "np.unique"),
]  # fmt: skip


def test_an_error_has_its_parts():
    for call, kind, argument, row, hint in FIELDS:
        error = caught(call)
        assert (type(error), error.argument, error.row) == (kind, argument, row), str(error)
        assert isinstance(error, ValueError if kind is InputValueError else TypeError)
        assert str(error).startswith(f"{argument}: {error.problem}")
        if hint is None:
            assert str(error) == f"{argument}: {error.problem}"
        else:
            assert hint in error.hint
            assert str(error) == error.worded(PYTHON_WORDS) != f"{argument}: {error.problem}"
        assert "{" not in str(error)


def test_a_message_is_worded_for_a_command():
    error = caught(ec.score, [[-2.0, 3.0]], [0])
    assert str(error).endswith("(value -2); if these are logits, pass ec.softmax(logits)")
    assert error.worded(COMMAND).endswith("(value -2); if these are logits, pass --logits")
    votes = caught(ec.score, [[3.0, 1.0]], [0])
    assert "pass normalize=True" in str(votes)
    assert "pass --normalize" in votes.worded(COMMAND)
    assert "pass --classes, the class names" in caught(ec.score, PROBS, list("aba")).worded(COMMAND)
    # What a command has no word for keeps its name in Python.
    assert error.worded({}) == str(error)
    assert "fill them with probs.filled" in caught(
        ec.score, np.ma.masked_less(PROBS, 0.5), LABELS
    ).worded({})


@pytest.mark.parametrize("text", ["{normalize}", "{", "{0}", "classes=", "normalize=True"])
def test_what_the_user_gave_comes_out_untouched(text):
    names = caught(ec.score, PROBS, [text] * 3)
    assert f"(first label {text!r}); pass --classes, the" in names.worded(COMMAND)
    unknown = caught(ec.score, PROBS, [text] * 3, classes=["a", "b"])
    assert unknown.worded(COMMAND).endswith(f"; the first is row 0, label {text!r}")
    masked = caught(to_array, np.ma.array([1], mask=[1]), text)
    assert masked.worded(COMMAND).startswith(f"{text}: expected an array without masked")
    assert masked.worded(COMMAND).endswith(
        f"; drop those rows or fill them with {text}.filled(...)"
    )


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_errors_survive_pickling(protocol):
    error = caught(ec.score, [[90.0, 10.0], [30.0, 70.0]], [0, 0], first_row=6)
    copy = pickle.loads(pickle.dumps(error, protocol))
    assert type(copy) is InputValueError
    assert vars(copy) == vars(error)
    assert copy.row == 6
    assert copy.worded(COMMAND) == error.worded(COMMAND) != str(copy) == str(error)


def test_an_error_without_an_argument_or_a_hint():
    assert str(InputTypeError("{normalize} is no option")) == "{normalize} is no option"
    assert (
        str(InputValueError("no rows", hint="pass {normalize}")) == "no rows; pass normalize=True"
    )
