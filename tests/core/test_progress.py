"""Progress bars: they count what there is, and change nothing."""

import sys
import threading

import numpy as np
import pytest
import tqdm.auto

import easiness_core as ec
from easiness_core import _noise_model


class Bar:
    """In place of tqdm: what was shown, and from which threads."""

    def __init__(self, *, total, unit, unit_scale, desc):
        self.total, self.unit, self.desc, self.n = total, unit, desc, 0
        self.threads, self.closed = set(), False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True

    def update(self, n):
        self.n += n
        self.threads.add(threading.get_ident())


@pytest.fixture(autouse=True)
def bars(monkeypatch):
    made = []
    monkeypatch.setattr(tqdm.auto, "tqdm", lambda **shown: made.append(Bar(**shown)) or made[-1])
    return made


@pytest.mark.parametrize("n_rows", [0, 5, 400_000])
def test_scores_are_the_same_and_every_row_is_counted(bars, make_rows, n_rows):
    probs, labels = make_rows(max(n_rows, 1), 10)
    probs, labels = probs[:n_rows], labels[:n_rows]
    plain = ec.score(probs, labels)
    assert bars == []
    shown = ec.score(probs, labels, progress=True, n_threads=3)
    assert shown.summary == plain.summary
    np.testing.assert_array_equal(shown.log_easiness, plain.log_easiness)
    (bar,) = bars
    assert (bar.desc, bar.unit, bar.total, bar.n, bar.closed) == (
        "scoring", " rows", n_rows, n_rows, True,
    )  # fmt: skip
    # Notebooks route what is written by thread.
    assert bar.threads == {threading.get_ident()}


@pytest.mark.parametrize("method", ["noise_model", "easiness", "self_confidence"])
def test_label_errors_are_the_same_and_every_pass_is_counted(bars, make_rows, monkeypatch, method):
    probs, labels = make_rows(9_000, 5, spread=0.5)
    plain = ec.find_label_errors(probs, labels, method=method)
    assert bars == []
    for stored in (_noise_model.STORED_ELEMENTS, 0):
        monkeypatch.setattr(_noise_model, "STORED_ELEMENTS", stored)
        shown = ec.find_label_errors(probs, labels, method=method, progress=True)
        np.testing.assert_array_equal(shown.suspicion, plain.suspicion)
        bar = bars.pop()
        assert bar.total == bar.n
        assert bar.total % 9_000 == 0
        assert bar.closed


def test_a_bad_row_closes_the_bar(bars):
    with pytest.raises(ValueError, match="rows"):
        ec.score([[0.5, 0.4]] * 10, [0] * 10, progress=True)
    assert bars[0].closed


def test_tqdm_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"^progress=True needs tqdm: pip install tqdm$"):
        ec.score([[0.9, 0.1]], [0], progress=True)
