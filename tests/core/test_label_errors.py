import naive
import numpy as np
import pytest

import easiness_core as ec
from easiness_core import _noise_model

METHODS = ("noise_model", "easiness", "self_confidence")


@pytest.fixture
def make_set(rng):
    """Probabilities, labels of which a share is the next class's, and which these are."""

    def make(n_samples, n_classes, *, share=0.15, signal=2.5):
        true = rng.integers(0, n_classes, n_samples)
        wrong = rng.random(n_samples) < share
        labels = np.where(wrong, (true + 1) % n_classes, true)
        logits = rng.normal(size=(n_samples, n_classes)) + signal * np.eye(n_classes)[true]
        return ec.softmax(logits), labels, wrong

    return make


def assert_same(found, expected, rows=slice(None)):
    """Equal but for the order of sums."""
    np.testing.assert_allclose(found.suspicion, expected.suspicion[rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.p_given, expected.p_given[rows], rtol=1e-9, atol=1e-12)
    assert np.array_equal(found.flags, expected.flags[rows])
    assert np.array_equal(found.suggested, expected.suggested[rows])
    np.testing.assert_allclose(found.noise_matrix, expected.noise_matrix, atol=1e-9)
    assert found.estimated_rate == expected.estimated_rate


def assert_sound(found, n_samples, n_classes):
    """What holds of every result."""
    assert found.suspicion.shape == found.flags.shape == (n_samples,)
    assert np.isfinite(found.suspicion).all()
    assert found.order.tolist() == np.argsort(-found.suspicion, kind="stable").tolist()
    assert (found.p_given >= 0).all()
    assert (found.p_suggested <= 1 + 1e-12).all()
    assert found.noise_matrix.shape == (n_classes, n_classes)
    np.testing.assert_allclose(found.noise_matrix.sum(axis=1), 1.0)
    assert found.confused[:, 2].sum() == found.flags.sum()
    assert (np.diff(found.confused[:, 2]) <= 0).all()
    assert (found.confused[:, 0] != found.confused[:, 1]).all()
    low, high = found.estimated_rate
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize(
    ("n_samples", "n_classes", "dtype", "zeros"),
    [
        (1, 2, "f8", False), (2, 3, "f8", False), (30, 2, "f4", False), (150, 4, "f8", False),
        (120, 9, "f4", False), (90, 5, "f8", True),
    ],
)  # fmt: skip
def test_the_noise_model_equals_the_oracle(make_set, n_samples, n_classes, dtype, zeros):
    probs, labels, _ = make_set(n_samples, n_classes)
    if zeros:
        probs = (probs * 4).round()
        kept = probs.sum(axis=1) > 0
        probs, labels = probs[kept] / probs[kept].sum(axis=1, keepdims=True), labels[kept]
    probs = probs.astype(dtype)
    found = ec.find_label_errors(probs, labels)
    posterior, log_odds = naive.noise_model(probs.tolist(), labels.tolist())
    # Class weights come from probabilities rounded to float32.
    np.testing.assert_allclose(found.suspicion, log_odds, atol=1e-5 if zeros else 1e-6)
    row = np.arange(len(labels))
    np.testing.assert_allclose(found.p_given, posterior[row, labels], atol=1e-6)
    assert np.array_equal(found.flags, found.p_given < 0.5)
    others = posterior.copy()
    others[row, labels] = -1
    expected = np.where(found.flags, others.argmax(axis=1), posterior.argmax(axis=1))
    assert np.array_equal(found.suggested, expected)
    np.testing.assert_allclose(found.p_suggested, posterior[row, expected], atol=1e-6)
    joint = np.array([posterior[labels == j].sum(axis=0) for j in range(n_classes)]).T
    expected = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.noise_matrix, expected, atol=1e-5)


def test_easiness_breaks_its_ties_by_the_labels_probability(make_set):
    probs, labels, _ = make_set(400, 4, signal=6.0)
    found = ec.find_label_errors(probs, labels, method="easiness")
    log_easiness = ec.log_easiness(probs, labels)
    own = probs[np.arange(400), labels]
    tied = log_easiness == 0
    assert 50 < tied.sum() < 400
    assert np.array_equal(found.suspicion[~tied], -log_easiness[~tied])
    assert np.array_equal(found.suspicion[tied], -own[tied])
    assert found.suspicion[tied].max() < found.suspicion[~tied].min()


@pytest.mark.parametrize("method", ["easiness", "self_confidence"])
def test_methods_without_a_model_flag_what_another_class_beats(make_set, method):
    probs, labels, _ = make_set(300, 4)
    found = ec.find_label_errors(probs, labels, method=method)
    row = np.arange(300)
    assert np.array_equal(found.flags, probs[row, labels] < probs.max(axis=1))
    assert np.array_equal(found.p_given, probs[row, labels])
    assert np.array_equal(found.suggested, probs.argmax(axis=1))
    assert np.array_equal(found.p_suggested, probs.max(axis=1))
    if method == "self_confidence":
        assert np.array_equal(found.suspicion, -probs[row, labels])
    # A draw is no flag; behind by the last bit is one.
    draw = [[0.4, 0.4, 0.2], [0.4, np.nextafter(0.4, 1.0), 0.2]]
    assert ec.find_label_errors(draw, [1, 0], method=method).flags.tolist() == [False, True]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", ["12", "300", "6000", "votes"])
def test_the_order_of_rows_and_of_classes_does_not_matter(make_set, rng, method, rows):
    if rows == "votes":  # of which many tie
        true = rng.integers(0, 5, 5000)
        votes = np.where(rng.random((2, 5000)) < 0.6, true, rng.integers(0, 5, (2, 5000)))
        probs = np.eye(5)[votes].mean(axis=0)
        labels = np.where(rng.random(5000) < 0.2, (true + 1) % 5, true)
    else:
        probs, labels, _ = make_set(int(rows), 5)
    whole = ec.find_label_errors(probs, labels, method=method)
    assert_sound(whole, len(labels), 5)
    order = rng.permutation(len(labels))
    assert_same(ec.find_label_errors(probs[order], labels[order], method=method), whole, order)

    columns = rng.permutation(5)
    found = ec.find_label_errors(probs[:, columns], np.argsort(columns)[labels], method=method)
    np.testing.assert_allclose(found.suspicion, whole.suspicion, rtol=1e-9, atol=1e-9)
    expected = whole.noise_matrix[np.ix_(columns, columns)]
    np.testing.assert_allclose(found.noise_matrix, expected, atol=1e-9)
    if rows != "votes":  # of equal ones the first class is suggested
        assert np.array_equal(found.flags, whole.flags)
        assert np.array_equal(columns[found.suggested], whole.suggested)
        pairs = np.column_stack([columns[found.confused[:, :2]], found.confused[:, 2]])
        assert sorted(pairs.tolist()) == sorted(whole.confused.tolist())


@pytest.mark.parametrize("method", METHODS)
def test_two_equal_halves_rank_alike_and_of_equal_ones_the_earlier_row_is_first(make_set, method):
    probs, labels, _ = make_set(150, 4)
    twice = ec.find_label_errors(np.tile(probs, (2, 1)), np.tile(labels, 2), method=method)
    assert np.array_equal(twice.suspicion[:150], twice.suspicion[150:])
    assert np.array_equal(twice.order[1::2], twice.order[::2] + 150)


@pytest.mark.parametrize("method", METHODS)
def test_extremes(make_set, rng, method):
    with np.errstate(all="raise"):  # the caller's does not matter
        probs, labels, wrong = make_set(200, 3, signal=4.0)
        assert_sound(ec.find_label_errors(probs, np.full(200, 2), method=method), 200, 3)
        # Classes without samples, and without probability.
        wide = np.zeros((200, 5))
        wide[:, [0, 2, 3]] = probs
        found = ec.find_label_errors(wide, np.array([0, 2, 3])[labels], method=method)
        assert_sound(found, 200, 5)
        assert set(found.suggested.tolist()) <= {0, 2, 3}
        assert (found.suspicion[wrong].mean() - found.suspicion[~wrong].mean()) > 0.1
        true = rng.integers(0, 3, 120)
        labels = np.where(rng.random(120) < 0.1, (true + 1) % 3, true)
        found = ec.find_label_errors(np.eye(3)[true], labels, method=method)
        assert_sound(found, 120, 3)
        assert np.array_equal(found.flags, labels != true)
        assert np.array_equal(found.suggested, true)
        found = ec.find_label_errors(np.empty((0, 3)), [], method=method)
        assert_sound(found, 0, 3)
        assert found.noise_matrix.tolist() == np.eye(3).tolist()
        assert found.estimated_rate == (0.0, 1.0)
        found = ec.find_label_errors([[1.0 + 1e-7, -1e-7], [0.3, 0.7]], [0, 1], method=method)
        assert found.p_given[0] <= 1.0


def test_wrong_labels_that_follow_a_pattern_are_found_better_with_the_model(make_set):
    probs, labels, wrong = make_set(3000, 6, share=0.2, signal=2.0)
    areas = {}
    for method in METHODS:
        suspicion = ec.find_label_errors(probs, labels, method=method).suspicion
        areas[method] = (suspicion[wrong][:, None] > suspicion[~wrong]).mean()
    assert areas["noise_model"] > max(areas["easiness"], areas["self_confidence"]) + 0.008
    found = ec.find_label_errors(probs, labels)
    assert (found.confused[:6, 0] == (found.confused[:6, 1] + 1) % 6).all()
    np.testing.assert_allclose(np.diag(found.noise_matrix), 0.8, atol=0.15)


@pytest.mark.parametrize("power", [1 / 1000, 2.0])
def test_the_power_of_the_probabilities_hardly_matters(make_set, power):
    """Squashed probabilities, as of AdaBoost, are sharpened again."""
    probs, labels, wrong = make_set(2000, 4)
    changed = probs**power
    changed /= changed.sum(axis=1, keepdims=True)
    areas = [(s[wrong][:, None] > s[~wrong]).mean() for s in (
        ec.find_label_errors(each, labels).suspicion for each in (probs, changed))]  # fmt: skip
    assert abs(areas[0] - areas[1]) < 0.01


def test_what_is_kept_and_what_is_computed_again_are_equal(make_set, monkeypatch):
    probs, labels, _ = make_set(700, 6)
    kept = ec.find_label_errors(probs, labels)
    monkeypatch.setattr(_noise_model, "STORED_ELEMENTS", 0)
    assert np.array_equal(ec.find_label_errors(probs, labels).suspicion, kept.suspicion)
    monkeypatch.setattr(_noise_model, "CONVERTED_BLOCK_ELEMENTS", 60)
    assert_same(ec.find_label_errors(probs, labels), kept)


@pytest.mark.parametrize("method", METHODS)
def test_other_dtypes_names_and_counts(make_set, method):
    probs, labels, _ = make_set(150, 3)
    whole = ec.find_label_errors(probs, labels, method=method)
    for dtype, tolerance in ((np.float32, 1e-4), (np.float16, 0.3)):
        found = ec.find_label_errors(probs.astype(dtype), labels, method=method)
        assert found.suspicion.dtype == found.p_given.dtype == np.float64
        near = np.abs(whole.suspicion) < 10
        np.testing.assert_allclose(
            found.suspicion[near], whole.suspicion[near], atol=tolerance, rtol=tolerance
        )
    names, ids = np.array(["a", "b", "c"]), np.char.add("s", np.arange(150).astype(str))
    probs.flags.writeable = labels.flags.writeable = False
    named = ec.find_label_errors(probs, names[labels], method=method, classes=names, ids=ids)
    assert np.array_equal(named.suspicion, whole.suspicion)
    assert (named.ids.tolist(), named.classes, len(named)) == (ids.tolist(), tuple(names), 150)
    assert_same(ec.find_label_errors(np.asfortranarray(probs), labels, method=method), whole)
    counted = ec.find_label_errors(512 * probs, labels, method=method, normalize=True)
    assert_same(counted, whole)


def test_accuracy_far_below_chance_warns(make_set):
    probs, labels, _ = make_set(200, 4, share=0.0, signal=6.0)
    with pytest.warns(UserWarning, match="far below chance .* do labels start at 1"):
        ec.find_label_errors(probs, (labels + 1) % 4)
    ec.find_label_errors(probs, labels)
