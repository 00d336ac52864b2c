"""What `make bench` times computes the same, wherever it computes the same thing."""

import numpy as np
import pytest
from comparisons import COMPARISONS, COUNTED, REAL_SETS, ROWS

import easiness_core as ec


@pytest.mark.parametrize("entry", COMPARISONS, ids=lambda entry: entry.name)
def test_equal_results(entry):
    if not entry.available:
        pytest.skip(f"{entry.needs} is not installed")
    for dtype, n_classes in ((np.float64, 2), (np.float32, 10), (np.float64, 100)):
        assert_equal_results(entry, *ROWS["realistic"](300, n_classes, dtype))
        assert_equal_results(entry, *ROWS["worst"](300, n_classes, dtype))
    for real_set in REAL_SETS:
        assert_equal_results(entry, *real_set.rows(300, np.float32))


def assert_equal_results(entry, probs, labels):
    scores = ec.score(probs, labels)
    if entry.computes == "log loss":
        # It clips: over the rows whose loss is finite.
        finite = np.isfinite(scores.loss)
        found = entry.make()(probs[finite], labels[finite])
        assert found == pytest.approx(scores.loss[finite].mean(), rel=1e-4)
        return
    found = entry.make()(probs, labels)
    if entry.computes == "other":
        # Another quantity: only that it is one, for the rows that are timed.
        assert np.isfinite(found).all()
    else:
        expected = {
            "log easiness": scores.log_easiness,
            "easiness": scores.easiness,
            "monte carlo": ec.log_easiness(probs, labels, estimator=COUNTED),
        }[entry.computes]
        np.testing.assert_allclose(found, expected, rtol=entry.rtol, atol=entry.atol)
