"""What `make bench` times computes the same, wherever it computes the same thing."""

import numpy as np
import pytest
from comparisons import COMPARISONS, COUNTED, ROWS
from conftest import interpreted

import easiness_core as ec


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("n_classes", [2, 10, 100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("entry", COMPARISONS, ids=lambda entry: entry.name)
def test_equal_results(entry, dtype, n_classes, rows):
    if not entry.available:
        pytest.skip(f"{entry.needs} is not installed")
    probs, labels = ROWS[rows](20 if interpreted else 300, n_classes, dtype)
    found = entry.make()(probs, labels)
    scores = ec.score(probs, labels)
    if entry.computes == "other":
        # Another quantity: only that it is one, for the rows that are timed.
        assert np.isfinite(found).all()
    elif entry.computes == "log loss":
        assert found == pytest.approx(scores.summary.mean_loss, rel=1e-4)  # it clips
    else:
        expected = {
            "log easiness": scores.log_easiness,
            "easiness": scores.easiness,
            "monte carlo": ec.log_easiness(probs, labels, estimator=COUNTED),
        }[entry.computes]
        np.testing.assert_allclose(found, expected, rtol=entry.rtol, atol=entry.atol)


@pytest.mark.skipif(interpreted, reason="1,000 classes take minutes where kernels are interpreted")
def test_realistic_rows_are_realistic():
    for n_classes in (10, 100, 1000):
        probs, labels = ROWS["realistic"](20_000, n_classes, np.float64)
        summary = ec.score(probs, labels).summary
        assert 0.9 < summary.accuracy < 0.99
        worst = ec.score(*ROWS["worst"](2000, n_classes, np.float64))
        assert np.mean(worst.level == ec.Level.EASY) < 0.05
