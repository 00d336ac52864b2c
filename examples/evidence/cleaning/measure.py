"""Does removing the least easy samples help? Wrong labels are injected, found, removed.

For each data set, classifier, share of wrong labels and seed: a test part is set aside and stays
clean; labels of the training part are drawn anew; the classifier gives out-of-fold probabilities
of the training part; every method removes the same number of training samples; the same
classifier is trained on the rest and tested. Results are appended to a CSV file one by one; runs
that it already has are skipped. docs/cleaning.md shows the results.

    EASINESS_DATA=folder python examples/evidence/cleaning/measure.py -o cleaning.csv
    python examples/evidence/cleaning/measure.py --small -o small.csv

Needs the extra `sklearn`; cleanlab and imbalanced-learn are compared with where installed.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import easiness_core as ec

SIGMAS = (0.01, 0.1, 0.3, 1.0)
NOISE = (0.0, 0.1, 0.2)
CUTS = (0.05, 0.1, 0.2, 0.3)
SEEDS = (0, 1, 2, 3, 4)
FOLDS = 5
SIZES = {"digits": (1200, 597), "letter": (5000, 5000)}
# With scikit-learn's defaults: nothing here was chosen by its effect on a test part.
CLASSIFIERS = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "random forest": RandomForestClassifier(n_estimators=100),
    "5 nearest neighbors": KNeighborsClassifier(n_neighbors=5),
}
CLEANLAB = {
    "self-confidence": "self_confidence",
    "normalized margin": "normalized_margin",
    "weighted entropy": "confidence_weighted_entropy",
}
COLUMNS = (
    "data", "n_train", "n_test", "classifier", "noise", "seed", "cut", "method", "n_removed",
    "n_wrong_removed", "accuracy", "average_precision", "auroc",
)  # fmt: skip
PACKAGES = ("easiness-core", "numpy", "scikit-learn", "imbalanced-learn", "cleanlab")


@dataclass(frozen=True)
class Split:
    """A training part with wrong labels, and a test part with none."""

    X: NDArray[np.float64]
    noisy: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.int64]


class Recorded(ClassifierMixin, BaseEstimator):
    """Probabilities measured before, so that each method sees the same: X holds row numbers."""

    def __init__(self, probs: NDArray[np.float64]) -> None:
        self.probs = probs

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Recorded:
        """Learn nothing."""
        self.classes_ = np.arange(self.probs.shape[1])
        return self

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Look the rows up."""
        return self.probs[X[:, 0]]


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def load(data: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if data == "digits":
        X, y = load_digits(return_X_y=True)
        return X, y.astype(np.int64)
    name = os.environ.get("EASINESS_DATA")
    if not name:
        raise SystemExit("letter: EASINESS_DATA is unset: name the folder that has uci_letter/")
    with np.load(Path(name) / "uci_letter" / "letter.npz", allow_pickle=False) as file:
        return file["x"].astype(np.float64), file["y"].astype(np.int64)


def split(
    X: NDArray[np.float64], y: NDArray[np.int64], n_train: int, n_test: int, noise: float, seed: int
) -> Split:
    """Set a test part aside, then draw a share of the other labels anew among other classes.

    The split of a seed is the same whatever the noise, and the wrong labels of a lower noise
    are among those of a higher one.
    """
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed
    )
    rng = np.random.default_rng([seed, 1])
    order, shifts = rng.permutation(n_train), rng.integers(1, y.max() + 1, n_train)
    rows = order[: round(noise * n_train)]
    noisy = y_train.copy()
    noisy[rows] = (noisy[rows] + shifts[rows]) % (y.max() + 1)
    return Split(X_train, noisy, noisy != y_train, X_test, y_test)


def make_classifier(name: str, seed: int) -> Any:
    classifier = clone(CLASSIFIERS[name])
    if "random_state" in classifier.get_params():
        classifier.set_params(random_state=seed)
    return classifier


def qualities(
    probs: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> dict[str, NDArray[np.float64]]:
    """Each method's score of each sample; the lowest are removed first."""
    scores: dict[str, NDArray[np.float64]] = {
        "random": np.random.default_rng([seed, 2]).random(labels.size)
    }
    for sigma in SIGMAS:
        estimator = ec.ClosedForm(sigma=sigma)
        scores[f"log easiness {sigma:g}"] = ec.log_easiness(probs, labels, estimator=estimator)
    scores["easiness 0.01"] = ec.easiness(probs, labels, estimator=ec.ClosedForm(sigma=0.01))
    if installed("cleanlab"):
        from cleanlab.rank import get_label_quality_scores

        for name, method in CLEANLAB.items():
            scores[name] = get_label_quality_scores(labels, probs, method=method)
    return scores


def lowest(quality: NDArray[np.float64], size: int, seed: int) -> NDArray[np.bool_]:
    """Mask of the `size` lowest; ties are broken at random, in the same way for every method."""
    lot = np.random.default_rng([seed, 3]).random(quality.size)
    mask = np.zeros(quality.size, dtype=np.bool_)
    mask[np.lexsort((lot, quality))[:size]] = True
    return mask


def instance_hardness(
    probs: NDArray[np.float64], labels: NDArray[np.int64], size: int, seed: int
) -> NDArray[np.bool_]:
    """Mask of what InstanceHardnessThreshold removes, asked for the same share of each class.

    It keeps every sample at its threshold, and so too many if probabilities tie. So it gets their
    ranks, with ties broken at random.
    """
    from imblearn.under_sampling import InstanceHardnessThreshold

    counts = np.bincount(labels, minlength=probs.shape[1])
    # Largest remainders, so that the parts add up to `size`.
    parts = counts * size / labels.size
    removed = np.floor(parts).astype(np.int64)
    removed[np.argsort(removed - parts, kind="stable")[: size - removed.sum()]] += 1
    lot = np.random.default_rng([seed, 3]).random(labels.size)
    ranks = np.empty((labels.size, 1))
    ranks[np.lexsort((lot, probs[np.arange(labels.size), labels])), 0] = np.arange(labels.size)
    sampler = InstanceHardnessThreshold(
        estimator=Recorded(np.repeat(ranks / labels.size, probs.shape[1], axis=1)),
        sampling_strategy={k: int(counts[k] - removed[k]) for k in np.flatnonzero(counts)},
        cv=2,
        random_state=seed,
    )
    sampler.fit_resample(np.arange(labels.size)[:, None], labels)
    mask = np.ones(labels.size, dtype=np.bool_)
    mask[sampler.sample_indices_] = False
    return mask


def removals(
    probs: NDArray[np.float64],
    labels: NDArray[np.int64],
    scores: dict[str, NDArray[np.float64]],
    cuts: tuple[float, ...],
    seed: int,
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Cut, method and mask of the samples to remove: the same number for all methods at a cut.

    The cut named `cleanlab` is the number that cleanlab's `find_label_issues` finds.
    """
    yield "0", "no removal", np.zeros(labels.size, dtype=np.bool_)
    sizes = {f"{cut:g}": round(cut * labels.size) for cut in cuts}
    if installed("cleanlab"):
        from cleanlab.filter import find_label_issues

        issues = find_label_issues(labels, probs, n_jobs=1)
        sizes["cleanlab"] = int(issues.sum())
        yield "cleanlab", "find_label_issues", issues
    for cut, size in sizes.items():
        for name, quality in scores.items():
            yield cut, name, lowest(quality, size, seed)
        if installed("imblearn"):
            yield cut, "instance hardness", instance_hardness(probs, labels, size, seed)


def compare(
    part: Split, classifier: Any, cuts: tuple[float, ...], seed: int
) -> Iterator[tuple[str, str, int, int, float, float | str, float | str]]:
    """Clean by every method, train on the rest, test: a CSV row's last columns, from the cut on."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    probs = cross_val_predict(
        clone(classifier), part.X, part.noisy, cv=folds, method="predict_proba"
    )
    scores = qualities(probs, part.noisy, seed)
    tested: dict[bytes, float] = {}  # methods that remove the same samples share a training
    for cut, method, mask in removals(probs, part.noisy, scores, cuts, seed):
        if mask.tobytes() not in tested:
            model = clone(classifier).fit(part.X[~mask], part.noisy[~mask])
            tested[mask.tobytes()] = float(model.score(part.X_test, part.y_test))
        ranked: tuple[float | str, float | str] = "", ""
        if method in scores and part.wrong.any():
            ranked = (
                round(float(average_precision_score(part.wrong, -scores[method])), 5),
                round(float(roc_auc_score(part.wrong, -scores[method])), 5),
            )
        n_wrong = int((mask & part.wrong).sum())
        accuracy = round(tested[mask.tobytes()], 5)
        yield cut, method, int(mask.sum()), n_wrong, accuracy, *ranked


def versions() -> str:
    """Return the first line of the CSV."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except ModuleNotFoundError:
            print(f"{package} is not installed: its methods are left out", file=sys.stderr)
    return "# " + ", ".join(found)


def begin(path: Path) -> set[tuple[str, ...]]:
    """Write the header, or read which runs a file of the same versions holds already."""
    if not path.exists():
        path.write_text(f"{versions()}\n{','.join(COLUMNS)}\n", "utf-8")
        return set()
    first, *rest = path.read_text("utf-8").splitlines()
    if first != versions():
        raise SystemExit(f"{path}: written with other versions ({first[2:]}); name another file")
    return {
        (row["data"], row["classifier"], row["noise"], row["seed"]) for row in csv.DictReader(rest)
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="CSV to append to")
    parser.add_argument("--data", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--small", action="store_true", help="seconds: few digits, one cut")
    options = parser.parse_args(arguments)
    sizes, cuts, noises, names = SIZES, CUTS, NOISE, list(CLASSIFIERS)
    if options.small:
        sizes, cuts, noises, names = {"digits": (300, 300)}, (0.2,), (0.0, 0.2), names[:1]
    done = begin(options.output)
    loaded = {data: load(data) for data in options.data if data in sizes}
    for seed in options.seeds:
        for data, (X, y) in loaded.items():
            for noise, name in ((noise, name) for noise in noises for name in names):
                if (data, name, f"{noise:g}", str(seed)) in done:
                    continue
                part = split(X, y, *sizes[data], noise, seed)
                lines = io.StringIO()
                writer = csv.writer(lines, lineterminator="\n")
                for row in compare(part, make_classifier(name, seed), cuts, seed):
                    writer.writerow([data, *sizes[data], name, f"{noise:g}", seed, *row])
                # One write per run, so that an interrupted script leaves only whole runs.
                with options.output.open("a", encoding="utf-8") as file:
                    file.write(lines.getvalue())
                print(f"{data}, {name}, {noise:.0%} wrong labels, seed {seed}: done", flush=True)


if __name__ == "__main__":
    main()
