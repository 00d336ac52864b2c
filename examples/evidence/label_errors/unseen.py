"""Sets made after `method="noise_model"` was frozen, in two batches; nothing was tuned on them.

scikit-learn's digits, UCI letter with classifiers that the tuned sets lack, and 20,000 images of
CIFAR-10 as histograms of gradients. The label errors are synthetic; probabilities are out of fold.
The first batch led to one change, the upper end of sharpness; the second was made after it, with
other classifiers, noises and seeds.
"""

import io
import itertools

import numpy as np
from sets import LabeledSet, data_folder
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

CLASSIFIERS = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
    "forest": lambda: RandomForestClassifier(200, random_state=0),
    "k-NN": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(15, weights="distance")),
    "naive Bayes": lambda: make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1e-2)),
    "AdaBoost": lambda: AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=3), n_estimators=100, random_state=0
    ),
    "AdaBoost, shallow": lambda: AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=2), n_estimators=60, random_state=0
    ),
    "bagged trees": lambda: BaggingClassifier(DecisionTreeClassifier(), 30, random_state=0),
    "discriminant": lambda: LinearDiscriminantAnalysis(),
    "extra trees": lambda: ExtraTreesClassifier(150, min_samples_leaf=2, random_state=0),
    "network": lambda: make_pipeline(
        StandardScaler(),
        MLPClassifier((64,), max_iter=15, early_stopping=False, random_state=0),
    ),
}
# By batch and data set: the seed of the first noise, noises, classifiers.
BATCHES = {
    "first": {
        "digits": (
            100,
            (("pair", 0.2), ("symmetric", 0.1), ("symmetric", 0.4), ("second", 0.1)),
            ("logistic", "forest", "k-NN", "naive Bayes", "AdaBoost", "network"),
        ),
        "letter": (
            100,
            (("pair", 0.1), ("symmetric", 0.3), ("second", 0.1)),
            ("k-NN", "naive Bayes", "AdaBoost", "extra trees", "network"),
        ),
        "cifar10": (
            100,
            (("pair", 0.2), ("symmetric", 0.3), ("second", 0.1)),
            ("logistic", "network"),
        ),
    },
    "unseen": {
        "digits": (
            200,
            (("pair", 0.1), ("symmetric", 0.2), ("second", 0.2)),
            ("logistic", "forest", "discriminant", "AdaBoost, shallow", "network", "bagged trees"),
        ),
        "letter": (
            200,
            (("pair", 0.3), ("symmetric", 0.1), ("second", 0.1)),
            ("discriminant", "AdaBoost, shallow", "network", "bagged trees"),
        ),
        "cifar10": (
            200,
            (("pair", 0.1), ("symmetric", 0.2), ("second", 0.2)),
            ("discriminant", "k-NN"),
        ),
    },
}


def made_sets(batch, name):
    """Yield the sets of a batch that are made of one data set; each noise has its own seed."""
    first_seed, noises, models = BATCHES[batch][name]
    x, true = {"digits": _digits, "letter": _letter, "cifar10": _cifar10}[name]()
    reference = None
    for seed, (noise, share) in enumerate(noises, start=first_seed):
        if noise == "second":
            reference = _out_of_fold("extra trees", x, true, seed=first_seed - 1)
        labels = mislabeled(true, noise, share, reference, np.random.default_rng(seed))
        for model in models:
            probs = _out_of_fold(model, x, labels, seed)
            full = f"{name} {noise} {share:g}, {model}"
            yield LabeledSet(full, probs, labels, labels != true, np.arange(len(labels)))


def mislabeled(true, noise, share, reference, rng):
    """Labels of which a share is wrong: c to c + 1, any other, or the second most likely class."""
    n_classes = int(true.max()) + 1
    rows = rng.permutation(len(true))[: round(share * len(true))]
    labels = true.copy()
    if noise == "pair":
        labels[rows] = (true[rows] + 1) % n_classes
    elif noise == "symmetric":
        labels[rows] = (true[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
    else:
        # Like human errors: where a model of the true labels is uncertain.
        others = reference.copy()
        others[np.arange(len(true)), true] = -1.0
        weight = others.max(axis=1) + 1e-3
        rows = rng.choice(len(true), len(rows), replace=False, p=weight / weight.sum())
        labels[rows] = others[rows].argmax(axis=1)
    return labels


def _out_of_fold(model, x, labels, seed):
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    probs = cross_val_predict(CLASSIFIERS[model](), x, labels, cv=folds, method="predict_proba")
    return probs / probs.sum(axis=1, keepdims=True)


def _digits():
    return load_digits(return_X_y=True)


def _letter():
    with np.load(data_folder() / "uci_letter" / "letter.npz", allow_pickle=False) as arrays:
        x, y = (arrays[key] for key in (("x", "y") if "x" in arrays.files else ("X", "y")))
    return x, np.unique(y, return_inverse=True)[1]


def _cifar10():
    from PIL import Image

    with np.load(data_folder() / "cifar10" / "train.npz", allow_pickle=False) as arrays:
        jpeg, offsets, y = arrays["jpeg"].tobytes(), arrays["offsets"], arrays["y"]
    images = [
        np.asarray(Image.open(io.BytesIO(jpeg[start:stop])), dtype=np.float32) / 255
        for start, stop in itertools.pairwise(offsets)
    ]
    return features(np.stack(images)), y.astype(np.int64)


def features(images):
    """Histograms of gradients in 4 x 4 cells (8 directions), and the mean color of each."""
    gray = images.mean(axis=3)
    dy, dx = np.gradient(gray, axis=(1, 2))
    strength = np.hypot(dx, dy)
    direction = ((np.arctan2(dy, dx) + np.pi) / (2 * np.pi) * 8).astype(int) % 8
    planes = [np.where(direction == d, strength, 0.0) for d in range(8)]
    planes += [images[..., c] for c in range(3)]
    cells = [p.reshape(len(p), 8, 4, 8, 4).mean(axis=(2, 4)).reshape(len(p), -1) for p in planes]
    return np.sqrt(np.concatenate(cells, axis=1))
