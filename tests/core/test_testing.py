import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import labels, probability_arrays, probs_and_labels


@given(st.data(), st.sampled_from([np.float64, np.float32, np.float16]))
def test_arrays_are_probabilities_of_the_asked_shape_that_score_accepts(data, dtype):
    probs = data.draw(probability_arrays(n_samples=5, n_classes=3, dtype=dtype))
    drawn = data.draw(labels(5, 3))
    assert (probs.shape, probs.dtype) == ((5, 3), dtype)
    assert (drawn.shape, drawn.dtype) == ((5,), np.int64)
    assert ((drawn >= 0) & (drawn < 3)).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-12 if dtype is np.float64 else 2e-2)
    assert len(ec.score(probs, drawn)) == 5


@pytest.mark.parametrize(
    "is_awkward",
    [
        *(lambda probs, scores, level=level: scores.level[0] == level for level in ec.Level),
        lambda probs, scores: np.isinf(scores.loss[0]),
        lambda probs, scores: 0 < abs(probs[0, 0] - probs[0, 1]) < 1e-8,
    ],
    ids=["hard", "medium", "easy", "an infinite loss", "a near tie"],
)
def test_the_awkward_rows_are_among_them(is_awkward):
    find(probs_and_labels(n_samples=1), lambda case: is_awkward(case[0], ec.score(*case)))


def test_without_hypothesis_the_error_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import easiness_core.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'easiness-core[testing]'" in done.stderr
