import naive
import numpy as np
import pytest

import easiness_core as ec


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_the_oracle(make_rows, rng, n_classes, dtype):
    probs, labels = make_rows(120, n_classes, spread=1.0, dtype=dtype)
    flipped = rng.random(120) < 0.3
    labels = np.where(flipped, rng.integers(0, n_classes, 120), labels)
    found = ec.confusion(probs, labels, estimator=ec.ClosedForm(sigma=0.15))
    np.testing.assert_allclose(found, naive.confusion(probs, labels, 0.15), atol=1e-9)
    for damping in (0.0, 0.5, 1.0):
        posterior = ec.label_posterior(
            probs, labels, estimator=ec.ClosedForm(sigma=0.15), damping=damping
        )
        expected = naive.label_posterior(probs, labels, 0.15, damping)
        np.testing.assert_allclose(posterior, expected, atol=1e-9)


def test_the_defaults_are_those_of_the_docs(make_rows):
    probs, labels = make_rows(60, 4, spread=1.0)
    np.testing.assert_allclose(
        ec.label_posterior(probs, labels), naive.label_posterior(probs, labels, 0.1, 0.5), atol=1e-9
    )


def test_no_column_counts_more_than_its_samples(make_rows):
    probs, labels = make_rows(500, 5, spread=0.7)
    column = ec.confusion(probs, labels).sum(axis=0)
    assert (column <= np.bincount(labels, minlength=5) + 1e-9).all()


def test_order_of_samples_and_of_classes_does_not_matter(make_rows, rng):
    probs, labels = make_rows(200, 5, spread=1.0)
    whole, counts = ec.label_posterior(probs, labels), ec.confusion(probs, labels)
    rows = rng.permutation(200)
    np.testing.assert_allclose(
        ec.label_posterior(probs[rows], labels[rows]), whole[rows], atol=1e-12
    )
    columns = rng.permutation(5)
    renamed = np.argsort(columns)[labels]
    np.testing.assert_allclose(
        ec.confusion(probs[:, columns], renamed), counts[np.ix_(columns, columns)], atol=1e-9
    )
    np.testing.assert_allclose(
        ec.label_posterior(probs[:, columns], renamed), whole[:, columns], atol=1e-12
    )


def test_a_class_without_samples_and_one_that_is_never_seen():
    probs = np.array([[0.7, 0.3, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], [0.6, 0.4, 0.0, 0.0]])
    labels = [0, 1, 3]
    posterior = ec.label_posterior(probs, labels)
    np.testing.assert_allclose(posterior, naive.label_posterior(probs, labels, 0.1, 0.5), atol=1e-9)
    # Class 2 gets some probability now: its self-confidence, of no sample, is that of all.
    probs = np.array([[0.6, 0.3, 0.1], [0.2, 0.8, 0.0]])
    posterior = ec.label_posterior(probs, [0, 1])
    np.testing.assert_allclose(posterior, naive.label_posterior(probs, [0, 1], 0.1, 0.5), atol=1e-9)


@pytest.mark.parametrize("n_rare", [1, 3, 20])
def test_a_few_wrong_samples_of_a_rare_class_do_not_make_it_win(rng, n_rare):
    """Class 4 has no true sample; labeled 4 are samples that the classifier knows are others."""
    true = rng.integers(0, 4, 2000)
    logits = rng.normal(size=(2000, 5)) + 5 * np.eye(5)[true]
    logits[:, 4] -= 2
    labels = true.copy()
    labels[:n_rare] = 4
    posterior = ec.label_posterior(ec.softmax(logits), labels)
    assert (posterior.argmax(1) == 4).sum() <= n_rare
    assert (posterior.argmax(1) == true)[n_rare:].mean() > 0.98


def test_what_is_below_0_by_rounding_stays_out():
    posterior = ec.label_posterior([[1.0 + 1e-7, -1e-7], [0.3, 0.7]], [0, 1])
    assert posterior[0].tolist() == [1.0, 0.0]


def test_class_names_counts_and_half_types_are_taken(make_rows):
    probs, labels = make_rows(50, 3, spread=1.0)
    whole = ec.label_posterior(probs, labels)
    names = np.array(["x", "y", "z"])
    named = ec.label_posterior(probs, names[labels], classes=names)
    np.testing.assert_array_equal(named, whole)
    counted = ec.label_posterior(1000 * probs, labels, normalize=True)
    np.testing.assert_allclose(counted, whole, atol=1e-9)
    half = ec.label_posterior(probs.astype(np.float16), labels)
    np.testing.assert_allclose(half, whole, atol=5e-3)


def test_no_samples():
    assert ec.label_posterior(np.empty((0, 3)), []).shape == (0, 3)
    assert ec.confusion(np.empty((0, 3)), []).tolist() == [[0.0] * 3] * 3


@pytest.mark.parametrize(
    ("probs", "options", "message"),
    [
        ([[0.5, np.nan]], {}, "hold NaN"),
        ([[3.0, -1.0]], {}, "hold values below 0"),
        ([[0.9, 0.3]], {}, "normalize=True"),
        (
            [[0.9, 0.1]],
            {"damping": 1.5},
            "damping: expected a value at least 0 and at most 1, got 1.5",
        ),
        ([[0.9, 0.1]], {"damping": -0.1}, "damping: expected"),
    ],
)
def test_bad_arguments_are_refused(probs, options, message):
    with pytest.raises(ValueError, match=message):
        ec.label_posterior(probs, [0], **options)
