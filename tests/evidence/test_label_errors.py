"""The sets of docs/label_errors_measured.md are mislabeled as named; its metrics are right."""

import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "evidence" / "label_errors"


@pytest.fixture
def script(monkeypatch):
    """Scripts that are run from their folder, and import one another by name."""
    monkeypatch.syspath_prepend(FOLDER)
    names = ("metrics", "sets", "unseen")
    yield lambda name: __import__(name)
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("noise", ["pair", "symmetric", "second"])
def test_a_share_of_the_labels_is_made_wrong(script, rng, noise):
    true = rng.integers(0, 5, 1000)
    reference = rng.dirichlet(np.ones(5), 1000)
    before = reference.copy()
    labels = script("unseen").mislabeled(true, noise, 0.2, reference, np.random.default_rng(3))
    wrong = labels != true
    assert wrong.sum() == 200
    assert np.array_equal(reference, before)
    if noise == "pair":
        assert (labels[wrong] == (true[wrong] + 1) % 5).all()
    if noise == "second":
        reference[np.arange(1000), true] = -1
        assert (labels[wrong] == reference[wrong].argmax(axis=1)).all()


def test_precision_shares_out_ties(script):
    precision_at = script("metrics").precision_at
    suspicion, wrong = np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])
    assert precision_at(suspicion, wrong, 1) == 1.0
    assert precision_at(suspicion, wrong, 2) == 0.75
    assert precision_at(suspicion, wrong, 4) == 0.5


def test_flags_are_counted(script):
    found = script("metrics").flag_metrics(
        np.array([True, True, False, False]), np.array([True, False, False, True])
    )
    assert (found["f1"], found["flagged"], found["tpr"], found["fpr"]) == (0.5, 0.5, 0.5, 0.5)


def test_features_are_those_of_cells(script):
    images = np.zeros((2, 32, 32, 3), dtype=np.float32)
    images[1, :, 16:] = 1.0
    found = script("unseen").features(images)
    assert found.shape == (2, 11 * 64)
    assert np.array_equal(found[0], np.zeros(11 * 64))
    assert found[1].max() == 1.0
