"""Known figures of real probability sets (a folder named by EASINESS_DATA)."""

import numpy as np
import pytest

import easiness_core as ec


def load(data, name):
    stem = data / "cleanlab_label_errors" / name
    return np.load(f"{stem}_test_set_pyx.npy"), np.load(f"{stem}_test_set_original_labels.npy")


@pytest.mark.parametrize(
    ("name", "estimator", "accuracy", "msr", "within"),
    [
        ("cifar10", ec.ClosedForm(), 92.94, 0.37, 0.005),
        ("cifar10", ec.ClosedForm(resolution=1e-4), 92.94, 0.47, 0.005),
        # Medium samples are few: another seed moves the share by a few of them.
        ("cifar10", ec.MonteCarlo(draws=100), 92.94, 0.30, 0.05),
        ("cifar10", ec.MonteCarlo(draws=1000), 92.94, 0.37, 0.05),
        ("cifar10", ec.MonteCarlo(draws=10_000), 92.94, 0.50, 0.05),
        ("20news", ec.ClosedForm(), None, 2.51, 0.005),
    ],
)
def test_figures_of_sets_that_others_published(data, name, estimator, accuracy, msr, within):
    probs, labels = load(data, name)
    scores = ec.score(probs, labels, estimator=estimator)
    assert 100 * scores.summary.msr == pytest.approx(msr, abs=within)
    if accuracy:
        assert round(100 * scores.summary.accuracy, 2) == accuracy
    else:
        assert scores.summary.n_infinite_losses == np.isinf(scores.loss).sum() > 0
        assert np.isfinite(scores.log_easiness).all()


def test_log_easiness_ranks_wrong_labels_and_easiness_saturates(data):
    with np.load(data / "label_error_detection/cifar-10n-worst__resnet18.npz") as file:
        probs, noisy, true = file["pred_probs"], file["noisy_labels"], file["true_labels"]
    scores = ec.score(probs, noisy)
    counted = ec.easiness(probs, noisy, estimator=ec.MonteCarlo())

    def area(value):
        return round(ec.auroc(np.column_stack([value, -value]), noisy != true), 3)

    assert area(scores.log_easiness) == 0.967
    assert area(scores.easiness) == 0.954
    assert area(counted) == pytest.approx(0.921, abs=0.002)


def test_half_precision_rows_that_sum_to_less(data):
    with np.load(data / "confident_learning_cifar10/sparsity0.0_noise0.0.npz") as file:
        probs, labels = file["pred_probs"], file["noisy_labels"]
    assert probs.dtype == np.float16
    assert np.abs(probs.astype(np.float64).sum(axis=1) - 1).max() > 4e-3
    assert ec.score(probs, labels).summary.accuracy == np.mean(np.argmax(probs, axis=1) == labels)
    # The same numbers as float64 lack the excuse of their type.
    with pytest.raises(ValueError, match=r"do not sum to 1 within 0\.001.*normalize=True"):
        ec.score(probs.astype(np.float64), labels)


def test_squashed_probabilities_are_almost_all_medium(data):
    with np.load(data / "any_classifier/mnist__AdaBoost.npz") as file:
        probs, labels = file["probs"], file["labels"]
    assert probs.max() < 0.25
    assert ec.score(probs, labels).summary.msr > 0.9
