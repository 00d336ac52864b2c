import warnings

import naive
import numpy as np
import pytest
from conftest import interpreted

import easiness_core as ec
from easiness_core import _noise_model
from easiness_core.errors import InputError

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


@pytest.mark.parametrize(("n_samples", "n_classes"), [(1, 2), (2, 3), (30, 2), (150, 4), (120, 9)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_noise_model_equals_the_oracle(make_set, n_samples, n_classes, dtype):
    probs, labels, _ = make_set(n_samples, n_classes)
    probs = probs.astype(dtype)
    found = ec.find_label_errors(probs, labels)
    posterior, log_odds = naive.noise_model(probs.tolist(), labels.tolist())
    # Class weights come from probabilities rounded to float32.
    np.testing.assert_allclose(found.suspicion, log_odds, atol=1e-6)
    row = np.arange(n_samples)
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


def test_the_noise_model_with_exact_zeros_equals_the_oracle(make_set):
    probs, labels, _ = make_set(90, 5)
    probs = (probs * 4).round()
    probs = probs[probs.sum(axis=1) > 0]
    labels = labels[: len(probs)]
    probs /= probs.sum(axis=1, keepdims=True)
    found = ec.find_label_errors(probs, labels)
    _, log_odds = naive.noise_model(probs.tolist(), labels.tolist())
    np.testing.assert_allclose(found.suspicion, log_odds, atol=1e-5)


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
@pytest.mark.parametrize("n_samples", [12, 49, 300, 6000])
def test_the_order_of_rows_and_of_classes_does_not_matter(make_set, rng, method, n_samples):
    if interpreted and n_samples > 1000:
        pytest.skip("takes long without the compiler")
    probs, labels, _ = make_set(n_samples, 5)
    whole = ec.find_label_errors(probs, labels, method=method)
    assert_sound(whole, n_samples, 5)
    rows = rng.permutation(n_samples)
    assert_same(ec.find_label_errors(probs[rows], labels[rows], method=method), whole, rows)

    columns = rng.permutation(5)
    name = np.argsort(columns)
    found = ec.find_label_errors(probs[:, columns], name[labels], method=method)
    np.testing.assert_allclose(found.suspicion, whole.suspicion, rtol=1e-9, atol=1e-9)
    assert np.array_equal(found.flags, whole.flags)
    assert np.array_equal(columns[found.suggested], whole.suggested)
    expected = whole.noise_matrix[np.ix_(columns, columns)]
    np.testing.assert_allclose(found.noise_matrix, expected, atol=1e-9)
    pairs = {tuple(pair) for pair in np.column_stack(
        [columns[found.confused[:, :2]], found.confused[:, 2]]).tolist()}  # fmt: skip
    assert pairs == {tuple(pair) for pair in whole.confused.tolist()}


@pytest.mark.parametrize("method", METHODS)
def test_two_equal_halves_rank_alike(make_set, method):
    probs, labels, _ = make_set(150, 4)
    twice = ec.find_label_errors(np.tile(probs, (2, 1)), np.tile(labels, 2), method=method)
    assert np.array_equal(twice.suspicion[:150], twice.suspicion[150:])
    assert np.array_equal(twice.flags[:150], twice.flags[150:])
    # Of equal ones the earlier row is first.
    assert np.array_equal(twice.order[1::2], twice.order[::2] + 150)


@pytest.mark.parametrize("method", METHODS)
def test_all_labels_of_one_class(make_set, method):
    probs, _, _ = make_set(80, 4)
    found = ec.find_label_errors(probs, np.full(80, 2), method=method)
    assert_sound(found, 80, 4)


@pytest.mark.parametrize("method", METHODS)
def test_classes_without_samples_or_without_probability(make_set, method):
    probs, labels, wrong = make_set(200, 3, signal=4.0)
    wide = np.zeros((200, 5))
    wide[:, [0, 2, 3]] = probs
    found = ec.find_label_errors(wide, np.array([0, 2, 3])[labels], method=method)
    assert_sound(found, 200, 5)
    assert set(found.suggested.tolist()) <= {0, 2, 3}
    assert (found.suspicion[wrong].mean() - found.suspicion[~wrong].mean()) > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_exact_zeros_and_ones(rng, method):
    true = rng.integers(0, 3, 120)
    labels = np.where(rng.random(120) < 0.1, (true + 1) % 3, true)
    found = ec.find_label_errors(np.eye(3)[true], labels, method=method)
    assert_sound(found, 120, 3)
    assert np.array_equal(found.flags, labels != true)
    assert np.array_equal(found.suggested, true)


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


@pytest.mark.parametrize("power", [1 / 16, 1 / 1000, 2.0])
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
    names = np.array(["a", "b", "c"])
    named = ec.find_label_errors(probs, names[labels], method=method, classes=names)
    assert np.array_equal(named.suspicion, whole.suspicion)
    counted = ec.find_label_errors(512 * probs, labels, method=method, normalize=True)
    assert_same(counted, whole)
    ids = np.array([f"s{k}" for k in range(150)])
    carried = ec.find_label_errors(np.asfortranarray(probs), labels, method=method, ids=ids)
    assert np.array_equal(carried.ids, ids)
    assert_same(carried, whole)
    assert whole.ids is None
    assert repr(whole).startswith(f"LabelErrors(method={method!r}, ")
    assert len(whole) == 150


def test_input_is_left_alone(make_set):
    probs, labels, _ = make_set(60, 3)
    before = probs.copy(), labels.copy()
    for method in METHODS:
        ec.find_label_errors(probs, labels, method=method)
    assert np.array_equal(probs, before[0])
    assert np.array_equal(labels, before[1])
    probs.flags.writeable = False
    ec.find_label_errors(probs, labels)


@pytest.mark.parametrize("method", METHODS)
def test_no_samples(method):
    found = ec.find_label_errors(np.empty((0, 3)), [], method=method)
    assert_sound(found, 0, 3)
    assert found.noise_matrix.tolist() == np.eye(3).tolist()
    assert found.estimated_rate == (0.0, 1.0)


def test_rounding_below_0_and_above_1_is_taken():
    found = ec.find_label_errors([[1.0 + 1e-7, -1e-7], [0.3, 0.7]], [0, 1], method="easiness")
    assert found.p_given.tolist() == [1.0, 0.7]


@pytest.mark.parametrize(
    ("probs", "labels", "options", "message"),
    [
        ([[0.5, np.nan]], [0], {}, "probs: .* contain NaN"),
        ([[3.0, -1.0]], [0], {}, "probs: .* contain values below 0"),
        ([[0.9, 0.3]], [0], {}, "normalize=True"),
        ([[0.9, 0.1]], [2], {}, "labels: .* outside 0 to 1"),
        ([[0.9, 0.1]], [0, 1], {}, "labels: expected one label per row of probs"),
        ([0.9, 0.1], [0, 1], {}, "probs: expected shape"),
        ([["x", "y"]], [0], {}, "probs: expected real numbers"),
        ([[0.9, 0.1]], [0], {"method": "margin"}, "method: expected one of noise_model, easiness"),
        ([[0.9, 0.1]], [0], {"ids": ["a", "b"]}, r"ids: expected shape \(1,\)"),
    ],
)
def test_bad_arguments_are_refused(probs, labels, options, message):
    with pytest.raises(InputError, match=message):
        ec.find_label_errors(probs, labels, **options)


def test_accuracy_far_below_chance_warns(make_set):
    probs, labels, _ = make_set(200, 4, share=0.0, signal=6.0)
    with pytest.warns(UserWarning, match="far below chance .* do labels start at 1"):
        ec.find_label_errors(probs, (labels + 1) % 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ec.find_label_errors(probs, labels)


def test_ties_do_not_depend_on_the_order_of_rows_or_classes():
    rng, n = np.random.default_rng(3), 6000
    true = rng.integers(0, 4, n)
    votes = np.where(rng.random((2, n)) < 0.6, true, rng.integers(0, 4, (2, n)))
    probs = np.eye(4)[votes].mean(axis=0)
    labels = np.where(rng.random(n) < 0.2, (true + 1) % 4, true)
    found = ec.find_label_errors(probs, labels).suspicion
    rows = rng.permutation(n)
    again = ec.find_label_errors(probs[rows], labels[rows]).suspicion
    np.testing.assert_allclose(again, found[rows], rtol=1e-9, atol=1e-9)
    columns = rng.permutation(4)
    moved = ec.find_label_errors(probs[:, columns], np.argsort(columns)[labels]).suspicion
    np.testing.assert_allclose(moved, found, rtol=1e-9, atol=1e-9)


def test_the_callers_errstate_does_not_matter():
    with np.errstate(all="raise"):
        for method in ("noise_model", "easiness", "self_confidence"):
            found = ec.find_label_errors([[1.0, 0.0], [0.0, 1.0]], [0, 1], method=method)
            assert not found.flags.any()
