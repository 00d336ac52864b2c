"""Known figures of real probability sets (a folder named by EASINESS_DATA)."""

import numpy as np
import pytest

import easiness_core as ec


def load(data, folder, name):
    base = data / folder
    return np.load(base / f"{name}_pyx.npy"), np.load(base / f"{name}_original_labels.npy")


def percent(value):
    return round(100 * value, 2)


def test_cifar10(data):
    probs, labels = load(data, "cleanlab_label_errors", "cifar10_test_set")
    summary = ec.score(probs, labels).summary
    assert percent(summary.accuracy) == 92.94
    assert percent(summary.msr) == 0.37
    fine = ec.score(probs, labels, estimator=ec.ClosedForm(resolution=1e-4)).summary
    assert percent(fine.msr) == 0.47


@pytest.mark.parametrize(("draws", "msr"), [(100, 0.30), (1000, 0.37), (10_000, 0.50)])
def test_cifar10_by_monte_carlo(data, draws, msr):
    probs, labels = load(data, "cleanlab_label_errors", "cifar10_test_set")
    found = ec.score(probs, labels, estimator=ec.MonteCarlo(draws=draws)).summary.msr
    # Medium samples are few: another seed moves the share by a few of them.
    assert 100 * found == pytest.approx(msr, abs=0.05)


def test_20news(data):
    probs, labels = load(data, "cleanlab_label_errors", "20news_test_set")
    scores = ec.score(probs, labels)
    assert percent(scores.summary.msr) == 2.51
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
    scores = ec.score(probs, labels)
    expected = np.argmax(probs, axis=1) == labels
    assert scores.summary.accuracy == expected.mean()
    # The same numbers as float64 lack the excuse of their type.
    with pytest.raises(ValueError, match=r"do not sum to 1 within 0\.001.*normalize=True"):
        ec.score(probs.astype(np.float64), labels)


@pytest.mark.parametrize(
    "name", ["1layer_NN", "AdaBoost", "XGBoost", "mondrian_forest", "random_forest"]
)
def test_two_classes(data, name):
    with np.load(data / f"any_classifier/kitti__{name}.npz") as file:
        probs, labels = file["probs"], file["labels"]
    summary = ec.score(probs, labels).summary
    assert summary.accuracy == np.mean(np.argmax(probs, axis=1) == labels)


def test_100_classes(data):
    with np.load(data / "netcal_records/wideresnet-16-4-cifar-100.npz") as file:
        probs, labels = file["predictions"], file["ground_truth"].astype(np.int64)
    scores = ec.score(probs, labels)
    assert scores.summary.accuracy == np.mean(np.argmax(probs, axis=1) == labels)
    assert 0 < scores.summary.msr < 0.2


def test_squashed_probabilities_are_almost_all_medium(data):
    with np.load(data / "any_classifier/mnist__AdaBoost.npz") as file:
        probs, labels = file["probs"], file["labels"]
    assert probs.max() < 0.25
    assert ec.score(probs, labels).summary.msr > 0.9


def test_logits(data):
    with np.load(data / "resnet50_logits/resnet50_cifar10_focal_loss_test_0.9_vanilla.npz") as file:
        logits, labels = file["logits"], file["labels"]
    with pytest.raises(ValueError, match="softmax"):
        ec.score(logits, labels)
    summary = ec.score(ec.softmax(logits), labels).summary
    assert summary.accuracy == np.mean(np.argmax(logits, axis=1) == labels)
