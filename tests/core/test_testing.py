import subprocess
import sys

import numpy as np
from hypothesis import find, given

import easiness_core as ec
from easiness_core.testing import labels, probability_arrays, probs_and_labels


@given(probability_arrays(n_samples=5, n_classes=3))
def test_arrays_are_probabilities_of_the_asked_shape(probs):
    assert probs.shape == (5, 3)
    assert probs.dtype == np.float64
    assert ((probs >= 0) & (probs <= 1)).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-12)


@given(probs_and_labels(dtype=np.float16))
def test_half_precision_arrays_are_accepted_by_score(case):
    probs, given_labels = case
    assert probs.dtype == np.float16
    assert len(ec.score(probs, given_labels)) == len(given_labels)


@given(labels(6, 4))
def test_labels_are_class_indices(drawn):
    assert drawn.shape == (6,)
    assert drawn.dtype == np.int64
    assert ((drawn >= 0) & (drawn < 4)).all()


def test_the_awkward_rows_are_among_them():
    cases = probs_and_labels(n_samples=1)
    for level in ec.Level:
        assert find(cases, lambda case, level=level: ec.score(*case).level[0] == level)
    assert find(cases, lambda case: np.isinf(ec.score(*case).loss[0]))
    assert find(cases, lambda case: 0 < abs(case[0][0, 0] - case[0][0, 1]) < 1e-8)


def test_without_hypothesis_the_error_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import easiness_core.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'easiness-core[testing]'" in done.stderr
