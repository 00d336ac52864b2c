"""Rank mislabels without training dynamics: easiness against cleanlab where the truth is known.

    EASINESS_DATA=... python examples/evidence/mislabels/measure.py -o docs/mislabels.csv [--tune]

Each line of the CSV is a set and a score, or a set and a rule that flags. Sets: out-of-fold
probabilities of CIFAR-10 with wrong labels (recorded by others, see the guide), the CIFAR-10 test
images that people reviewed, and CIFAR-100's test images and UCI letter with labels made wrong here.
`--tune` prints the grid from which sigma and damping of `method="confusion"` were taken, on the
sets marked "tuning" alone. One thread, 4 minutes.
"""

import argparse
import csv
import json
import os
from pathlib import Path

import numpy as np
from easiness_aum import rank_mislabels
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import easiness_core as ec

TUNING = ("cl 20 %", "cl 40 %", "synthetic, efficientnet", "human, resnet")
NAMES = {
    "sparsity0.0_noise0.2": "cl 20 %",
    "sparsity0.0_noise0.4": "cl 40 %",
    "sparsity0.0_noise0.6": "cl 70 %",
    "sparsity0.4_noise0.2": "cl 20 %, sparse",
    "cifar-10__efficientnet_b1": "synthetic, efficientnet",
    "cifar-10__resnet18": "synthetic, resnet",
    "cifar-10n-worst__resnet18": "human, resnet",
}
FIELDS = ["set", "role", "kind", "name", "auroc", "ap", "p_at_1pct", "p_at_wrong", "flagged",
          "tpr", "fpr", "ties"]  # fmt: skip
SIGMAS = (0.01, 0.03, 0.1, 0.3, 1.0)
DAMPINGS = (0.0, 0.25, 0.5, 0.75, 1.0)


def recorded(data):
    """(name, probabilities, labels, wrong, recorded flags, rows that are judged)."""
    for folder in ("confident_learning_cifar10", "label_error_detection"):
        for file in sorted((data / folder).glob("*.npz")):
            if file.stem not in NAMES:
                continue
            with np.load(file, allow_pickle=False) as a:
                probs = a["pred_probs"].astype(np.float64)
                labels = a["noisy_labels"].astype(np.int64)
                wrong = labels != a["true_labels"].astype(np.int64)
                masks = {k.removeprefix("cl_keep_"): ~a[k] for k in a.files if "keep" in k}
            probs /= probs.sum(axis=1, keepdims=True)
            yield NAMES[file.stem], probs, labels, wrong, masks, slice(None)
    folder = data / "cleanlab_label_errors"
    probs = np.load(folder / "cifar10_test_set_pyx.npy", allow_pickle=False)
    labels = np.load(folder / "cifar10_test_set_original_labels.npy", allow_pickle=False)
    reviews = json.loads((folder / "cifar10_mturk.json").read_text())
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[[each["id"] for each in reviews if each["mturk"]["given"] < 3]] = True
    judged = np.array([each["id"] for each in reviews])
    yield "test images, reviewed", probs, labels.astype(np.int64), wrong, {}, judged


def hundred(data):
    """CIFAR-100's test images, predicted by a net that saw none of them; 10 % wrong, made here."""
    file = data / "netcal_records" / "wideresnet-16-4-cifar-100.npz"
    with np.load(file, allow_pickle=False) as a:
        probs, true = a["predictions"].astype(np.float64), a["ground_truth"].astype(np.int64)
    probs /= probs.sum(axis=1, keepdims=True)
    for noise in ("next", "symmetric"):
        rng = np.random.default_rng(0)
        wrong = rng.permutation(len(true))[: len(true) // 10]
        shift = 1 if noise == "next" else rng.integers(1, 100, len(wrong))
        labels = true.copy()
        labels[wrong] = (labels[wrong] + shift) % 100
        yield f"cifar-100 {noise}", probs, labels, labels != true, {}, slice(None)


def letters(data):
    """UCI letter with 20 % wrong labels, out of fold; made here, and used for no choice."""
    with np.load(data / "uci_letter" / "letter.npz", allow_pickle=False) as a:
        x, y = (a[k] for k in (("x", "y") if "x" in a.files else ("X", "y")))
    _, true = np.unique(y, return_inverse=True)
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        "forest": RandomForestClassifier(200, min_samples_leaf=2, random_state=0),
    }
    for noise in ("next", "symmetric"):
        rng = np.random.default_rng(0)
        wrong = rng.permutation(len(true))[: len(true) // 5]
        shift = 1 if noise == "next" else rng.integers(1, 26, len(wrong))
        labels = true.copy()
        labels[wrong] = (labels[wrong] + shift) % 26
        for name, model in models.items():
            probs = cross_val_predict(model, x, labels, method="predict_proba", cv=5)
            yield f"letter {noise}, {name}", probs, labels, labels != true, {}, slice(None)


def scores(probs, labels):
    from cleanlab.rank import get_label_quality_scores as quality

    found = {}
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        found[f"cleanlab {method}"] = -quality(labels, probs, method=method)
        if method != "confidence_weighted_entropy":
            adjusted = quality(labels, probs, method=method, adjust_pred_probs=True)
            found[f"cleanlab {method}, adjusted"] = -adjusted
    found["easiness (ties)"] = -ec.easiness(probs, labels)
    for method in ("easiness", "confusion"):
        found[f"rank_mislabels {method}"] = rank_mislabels(probs, labels, method=method).suspicion
    for sigma in (0.1, 1.0):
        ranked = rank_mislabels(probs, labels, estimator=ec.ClosedForm(sigma=sigma))
        found[f"rank_mislabels easiness, sigma {sigma:g}"] = ranked.suspicion
    return found


def flags(probs, labels, masks):
    from cleanlab.filter import find_label_issues

    found = {f"recorded {name}": mask for name, mask in masks.items()}
    found["cleanlab find_label_issues"] = find_label_issues(labels, probs, n_jobs=1)
    for method in ("easiness", "confusion"):
        found[f"rank_mislabels {method}"] = rank_mislabels(probs, labels, method=method).flags
    found["predicted is not the label"] = probs.argmax(axis=1) != labels
    return found


def precision_at(score, wrong, k):
    """Precision among the k most suspicious; those that tie at the end count in shares."""
    cut = np.sort(score)[-k]
    above, tied = score > cut, score == cut
    return (wrong[above].sum() + wrong[tied].mean() * (k - above.sum())) / k


def measure_set(name, probs, labels, wrong, masks, judged):
    base = {"set": name, "role": "tuning" if name in TUNING else "confirmation"}
    true = wrong[judged]
    for method, score in scores(probs, labels).items():
        s = score[judged]
        _, counts = np.unique(s, return_counts=True)
        yield base | {
            "kind": "score", "name": method,
            "auroc": f"{roc_auc_score(true, s):.4f}",
            "ap": f"{average_precision_score(true, s):.4f}",
            "p_at_1pct": f"{precision_at(s, true, max(1, len(s) // 100)):.4f}",
            "p_at_wrong": f"{precision_at(s, true, int(true.sum())):.4f}",
            "ties": f"{counts[counts > 1].sum() / len(s):.4f}",
        }  # fmt: skip
    for method, flag in flags(probs, labels, masks).items():
        f = flag[judged]
        yield base | {
            "kind": "flags", "name": method, "flagged": f"{f.mean():.4f}",
            "tpr": f"{f[true].mean():.4f}", "fpr": f"{f[~true].mean():.4f}",
        }  # fmt: skip


def tune(sets):
    """Mean AUROC over the tuning sets, less that of the best of cleanlab's five scores on each."""
    total = np.zeros((len(DAMPINGS), len(SIGMAS)))
    for name, probs, labels, wrong, _, _ in sets:
        if name not in TUNING:
            continue
        best = max(
            roc_auc_score(wrong, score)
            for method, score in scores(probs, labels).items()
            if method.startswith("cleanlab")
        )
        for row, damping in enumerate(DAMPINGS):
            posterior = ec.label_posterior(probs, labels, damping=damping)
            for column, sigma in enumerate(SIGMAS):
                ranked = -ec.log_easiness(posterior, labels, estimator=ec.ClosedForm(sigma=sigma))
                total[row, column] += roc_auc_score(wrong, ranked) - best
    print("| damping | " + " | ".join(f"sigma {sigma:g}" for sigma in SIGMAS) + " |")
    print("| ---: |" + " ---: |" * len(SIGMAS))
    for damping, row in zip(DAMPINGS, total / len(TUNING), strict=True):
        print(f"| {damping:g} | " + " | ".join(f"{value:+.4f}" for value in row) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ["EASINESS_DATA"])
    sets = list(recorded(data))
    if options.tune:
        tune(sets)
    with open(options.out, "w", newline="") as handle:
        writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
        writer.writeheader()
        for each in [*sets, *hundred(data), *letters(data)]:
            writer.writerows(measure_set(*each))
            handle.flush()


if __name__ == "__main__":
    main()
