import math

import naive
import numpy as np
import pytest
from easiness_aum import rank_mislabels

import easiness_core as ec


def noisy(make_rows, rng, n_samples=300, n_classes=4):
    probs, labels = make_rows(n_samples, n_classes, spread=1.5)
    wrong = rng.random(n_samples) < 0.2
    return probs, np.where(wrong, (labels + 1) % n_classes, labels)


def test_suspicion_is_minus_log_easiness_and_finite(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    found = rank_mislabels(probs, labels)
    _, log_easiness = naive.closed_form(probs, labels, 0.01)
    near = log_easiness > -500  # beyond, the oracle underflows
    np.testing.assert_allclose(found.suspicion[near], -log_easiness[near], atol=1e-13, rtol=1e-10)
    assert np.isfinite(found.suspicion).all()
    assert (found.suspicion >= 0).all()
    assert not np.signbit(found.suspicion).any()


@pytest.mark.parametrize("method", ["easiness", "confusion"])
def test_the_order_is_by_suspicion_then_row(make_rows, rng, method):
    probs, labels = noisy(make_rows, rng)
    probs[:40] = probs[0]
    labels[:40] = labels[0]
    found = rank_mislabels(probs, labels, method=method)
    expected = sorted(range(300), key=lambda k: (-found.suspicion[k], k))
    assert found.order.tolist() == expected
    assert np.array_equal(found.flags, found.suspicion > math.log(2) + 1e-9)


def test_confusion_ranks_by_the_posterior(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    found = rank_mislabels(probs, labels, method="confusion")
    posterior = np.array(naive.label_posterior(probs, labels, 0.1, 0.5))
    _, log_easiness = naive.closed_form(posterior, labels, 0.1)
    np.testing.assert_allclose(found.suspicion, -log_easiness, atol=1e-6, rtol=1e-6)
    assert np.array_equal(found.suggested, posterior.argmax(1))


def test_the_threshold_is_where_the_label_wins_half_the_time():
    # Of two classes the label wins half the time where they draw.
    probs = [[0.5 + d, 0.5 - d] for d in (0.001, 0.0, -0.001)]
    assert rank_mislabels(probs, [0, 0, 0]).flags.tolist() == [False, False, True]
    assert rank_mislabels(probs, [0, 0, 0], threshold=0.0).flags.tolist() == [True] * 3


def test_a_pattern_of_wrong_labels_is_found_better_with_confusion(rng):
    """Class 0 is often labeled 1, and nothing else is wrong; the classifier is unsure of both."""
    n, n_classes = 4000, 4
    true = rng.integers(0, n_classes, n)
    labels = np.where((true == 0) & (rng.random(n) < 0.35), 1, true)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), true] += 2
    logits[true == 0, 1] += 1.2
    probs = ec.softmax(logits)
    wrong = labels != true
    areas = []
    for method in ("easiness", "confusion"):
        s = rank_mislabels(probs, labels, method=method).suspicion
        areas.append((s[wrong][:, None] > s[~wrong][None]).mean())
    assert areas[1] > areas[0] + 0.01


def test_names_and_counts_are_taken(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    names = np.array(["a", "b", "c", "d"])
    for method in ("easiness", "confusion"):
        whole = rank_mislabels(probs, labels, method=method)
        named = rank_mislabels(probs, names[labels], method=method, classes=names)
        assert np.array_equal(named.suspicion, whole.suspicion)
        counted = rank_mislabels(512 * probs, labels, method=method, normalize=True)
        np.testing.assert_allclose(counted.suspicion, whole.suspicion, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["easiness", "confusion"])
def test_no_samples(method):
    found = rank_mislabels(np.empty((0, 3)), [], method=method)
    assert found.order.shape == found.suspicion.shape == (0,)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "margin"}, ValueError, "method: expected one of easiness, confusion"),
        ({"threshold": -1}, ValueError, "threshold: expected a value at least 0"),
        ({"threshold": math.nan}, ValueError, "threshold: expected"),
        ({"estimator": 0.1}, TypeError, "estimator: expected"),
    ],
)
def test_options_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        rank_mislabels([[0.9, 0.1]], [0], **options)
