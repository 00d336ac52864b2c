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
    ranked = probs if method == "easiness" else ec.label_posterior(probs, labels)
    others = np.where(np.arange(4) == labels[:, None], 0.0, ranked)
    assert np.array_equal(found.flags, ranked[np.arange(300), labels] < others.max(1))


def test_confusion_ranks_by_the_posterior(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    found = rank_mislabels(probs, labels, method="confusion")
    posterior = np.array(naive.label_posterior(probs, labels, 0.1, 0.5))
    _, log_easiness = naive.closed_form(posterior, labels, 0.1)
    np.testing.assert_allclose(found.suspicion, -log_easiness, atol=1e-6, rtol=1e-6)
    assert np.array_equal(found.suggested, posterior.argmax(1))


def test_flagged_is_what_another_class_beats():
    probs = [[0.5 + d, 0.5 - d] for d in (0.001, 0.0, -0.001)]
    for threshold in (0.0, math.log(2)):
        assert rank_mislabels(probs, [0, 0, 0], threshold=threshold).flags.tolist() == [
            False, False, True,
        ]  # fmt: skip
    # A draw is no flag, whichever of the two comes first and however its easiness is rounded.
    draw = [[0.4, 0.4, 0.2], [0.45, 0.1, 0.45], [0.3, 0.35, 0.35]]
    assert rank_mislabels(draw, [1, 2, 0]).flags.tolist() == [False, False, True]


@pytest.mark.parametrize("n_classes", [2, 3, 10, 300])
def test_labels_that_are_not_the_most_probable_class_lie_above_the_threshold(rng, n_classes):
    """And some that are, for easiness is at most the chance of beating all: these are no flags."""
    probs = rng.dirichlet(np.ones(n_classes), 2000)
    labels = rng.integers(0, n_classes, 2000)
    labels[:500] = probs[:500].argmax(1)
    for sigma in (0.001, 0.01, 1.0):
        found = rank_mislabels(probs, labels, estimator=ec.ClosedForm(sigma=sigma))
        assert (found.suspicion[found.suggested != labels] > math.log(2)).all()
        assert np.array_equal(found.flags, found.suggested != labels)


@pytest.mark.parametrize("sigma", [0.01, 1.0, 1e6])
def test_labels_that_are_behind_by_the_last_bit_are_flagged(rng, sigma):
    """Their suspicion is log 2 but for rounding, to either side."""
    for n_classes in (2, 3, 5, 9):
        probs = np.full((300, n_classes), 1e-12 / n_classes)
        probs[:, 0] = 0.5 - rng.random(300) / 1000 if n_classes > 2 else 0.5
        probs[:, 1] = np.nextafter(probs[:, 0], 1.0)
        probs[:, 2:3] = 1.0 - probs[:, 0:1] - probs[:, 1:2]
        estimator = ec.ClosedForm(sigma=sigma)
        for label in (0, 1):
            labels = np.full(300, label)
            found = rank_mislabels(probs, labels, estimator=estimator)
            assert (found.flags == (label == 0)).all()


def test_a_label_that_leads_by_little_is_suspicious_but_no_flag(rng):
    close = np.array([[0.118, *[0.098] * 9]])
    found = rank_mislabels(close, [0])
    assert found.suspicion[0] > found.threshold
    assert found.flags.tolist() == [False]
    assert found.suggested.tolist() == [0]
    noisy_rows = close + 0.01 * rng.normal(size=(20_000, 10))
    wins = (noisy_rows.argmax(1) == 0).mean()
    assert math.exp(-found.suspicion[0]) == pytest.approx(0.478, abs=5e-4)
    assert wins > 0.6


def test_higher_thresholds_flag_the_top_of_the_list(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    for threshold in (1.0, 30.0, 500.0):
        found = rank_mislabels(probs, labels, threshold=threshold)
        assert np.array_equal(
            found.flags, (found.suggested != labels) & (found.suspicion > threshold)
        )
        assert 0 < found.flags.sum() < 300
    assert not rank_mislabels(probs, labels, threshold=math.inf).flags.any()


def test_flags_of_counts_half_types_and_names(make_rows, rng):
    probs, labels = noisy(make_rows, rng)
    flags = rank_mislabels(probs, labels).flags
    names = np.array(["a", "b", "c", "d"])
    named = rank_mislabels(100 * probs, names[labels], classes=names, normalize=True)
    assert np.array_equal(named.flags, flags)
    half = probs.astype(np.float16)
    expected = half[np.arange(300), labels] < half.max(1)
    assert np.array_equal(rank_mislabels(half, labels).flags, expected)


def test_small_sigma_ranks_by_the_squared_leads_and_large_by_the_labels_probability(rng):
    probs, labels = rng.dirichlet(np.full(10, 0.5), 500), rng.integers(0, 10, 500)
    own = probs[np.arange(500), labels]
    leads = (np.maximum(probs - own[:, None], 0.0) ** 2).sum(1)
    small = rank_mislabels(probs, labels, estimator=ec.ClosedForm(sigma=1e-5)).suspicion
    behind = leads > 1e-4
    np.testing.assert_allclose(small[behind], leads[behind] / 4e-10, rtol=1e-3)
    large = rank_mislabels(probs, labels, estimator=ec.ClosedForm(sigma=1e4))
    assert (np.diff(own[large.order]) > -1e-4).all()
    # Two classes half ahead of the label outweigh one that leads by more.
    pair = [[0.1, 0.45, 0.45], [0.2, 0.6, 0.2]]
    assert rank_mislabels(pair, [0, 0], estimator=ec.ClosedForm(sigma=1e-3)).order[0] == 0


@pytest.mark.parametrize("n_classes", [41, 42, 100, 1000])
def test_where_nothing_is_known_against_a_clear_error(n_classes):
    """What the guide says of many classes."""
    error = np.zeros(n_classes)
    error[:2] = 0.45, 0.55
    probs = np.stack([np.full(n_classes, 1 / n_classes), error])
    found = rank_mislabels(probs, [0, 0])
    np.testing.assert_allclose(found.suspicion[0], (n_classes - 1) * math.log(2), rtol=1e-12)
    assert found.suspicion[1] == pytest.approx(27.9, abs=0.02)
    assert found.order[0] == (0 if n_classes >= 42 else 1)
    sigma = 0.1 / (2 * math.sqrt((n_classes - 1) * math.log(2)))
    # The label of the first is as probable as any: nothing speaks for another.
    assert found.flags.tolist() == [False, True]
    narrow = rank_mislabels(probs, [0, 0], estimator=ec.ClosedForm(sigma=0.95 * sigma))
    assert narrow.order[0] == 1


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
