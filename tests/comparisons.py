"""One table of implementations: what is timed is also compared for equality.

Each entry makes a function of (probs, labels) that returns what `computes` names. Peers are
imported when they are asked for, so that the table can be read without them.
"""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import easiness_core as ec

SIGMA = 0.01
SCALE = 1.0 / (SIGMA * np.sqrt(2.0))
DRAWS = 1000


@dataclass(frozen=True)
class Implementation:
    name: str
    computes: str
    make: Callable
    needs: str = "numpy"
    rtol: float = 1e-12
    atol: float = 1e-15
    largest: int = 1 << 62  # probabilities; beyond, a run takes minutes or the memory

    @property
    def available(self):
        return importlib.util.find_spec(self.needs) is not None


def ours(n_threads, estimator=None):
    return lambda: (
        lambda probs, labels: (
            ec.score(
                probs, labels, estimator=estimator or ec.ClosedForm(), n_threads=n_threads
            ).log_easiness
        )
    )


def numpy_scipy():
    """Vectorized `ndtr`: easiness by product. Underflows where log easiness does not."""
    from scipy.special import ndtr

    def easiness(probs, labels):
        rows = np.arange(len(labels))
        shares = ndtr((probs[rows, labels][:, None].astype(np.float64) - probs) * SCALE)
        shares[rows, labels] = 1.0
        return shares.prod(axis=1)

    return easiness


def numpy_scipy_log():
    """Vectorized `log_ndtr`: the same quantity as ours, to all digits."""
    from scipy.special import log_ndtr

    def log_easiness(probs, labels):
        rows = np.arange(len(labels))
        terms = log_ndtr((probs[rows, labels][:, None].astype(np.float64) - probs) * SCALE)
        terms[rows, labels] = 0.0
        return terms.sum(axis=1)

    return log_easiness


def numpy_filtered():
    """What a careful NumPy user writes: only rows that are not settled reach `log_ndtr`."""
    inner = numpy_scipy_log()

    def log_easiness(probs, labels):
        rows = np.arange(len(labels))
        own = probs[rows, labels].astype(np.float64)
        open_rows = np.flatnonzero(2.0 * own - probs.sum(axis=1, dtype=np.float64) < 38.7 / SCALE)
        result = np.zeros(len(labels))
        result[open_rows] = inner(probs[open_rows], labels[open_rows])
        return result

    return log_easiness


def torch_cpu():
    import torch

    torch.set_num_threads(2)

    def log_easiness(probs, labels):
        tensor = torch.from_numpy(probs).double()
        index = torch.from_numpy(labels)[:, None]
        terms = torch.special.log_ndtr((tensor.gather(1, index) - tensor) * SCALE)
        return terms.scatter_(1, index, 0.0).sum(dim=1).numpy()

    return log_easiness


def numpy_counting():
    """Monte Carlo by counting, a row at a time: draws x classes comparisons each."""
    a, b = ec.MonteCarlo(sigma=SIGMA, draws=DRAWS).noise()
    differences = b - a

    def log_easiness(probs, labels):
        result = np.zeros(len(labels))
        with np.errstate(divide="ignore"):
            for r, (h, i) in enumerate(zip(probs, labels, strict=True)):
                d = np.delete(h[i] - h.astype(np.float64), i)
                counts = np.count_nonzero(d[:, None] > differences, axis=1)
                product = 1.0
                for count in counts:  # in the order of the columns
                    product *= count / DRAWS
                # Where the product underflows its factors tell how far.
                result[r] = np.log(product) if product > 1e-300 else np.log(counts / DRAWS).sum()
        return result

    return log_easiness


def cleanlab_scores():
    from cleanlab.rank import get_label_quality_scores

    return lambda probs, labels: get_label_quality_scores(labels, probs)


def torchmetrics_calibration():
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    def error(probs, labels):
        return multiclass_calibration_error(
            torch.from_numpy(probs), torch.from_numpy(labels), num_classes=probs.shape[1], n_bins=5
        ).item()

    return error


def sklearn_log_loss():
    from sklearn.metrics import log_loss

    return lambda probs, labels: log_loss(labels, probs, labels=np.arange(probs.shape[1]))


COUNTED = ec.MonteCarlo(sigma=SIGMA, draws=DRAWS)
BIG = 20_000_000
COMPARISONS = (
    Implementation("easiness_core, 1 thread", "log easiness", ours(1)),
    Implementation("easiness_core, 2 threads", "log easiness", ours(2)),
    Implementation("NumPy + scipy.special.log_ndtr", "log easiness", numpy_scipy_log),
    Implementation("NumPy + scipy.special.ndtr", "easiness", numpy_scipy, atol=1e-12, rtol=0),
    Implementation("NumPy + SciPy on unsaturated rows", "log easiness", numpy_filtered),
    Implementation("torch, 2 threads", "log easiness", torch_cpu, needs="torch", rtol=1e-9),
    Implementation("easiness_core, Monte Carlo, 1 thread", "monte carlo", ours(1, COUNTED)),
    Implementation(
        "NumPy counting, 1,000 draws",
        "monte carlo",
        numpy_counting,
        largest=600_000,
        rtol=1e-15,
    ),
    Implementation("cleanlab label quality scores", "other", cleanlab_scores, needs="cleanlab"),
    Implementation(
        "torchmetrics calibration error", "other", torchmetrics_calibration, needs="torchmetrics"
    ),
    Implementation("scikit-learn log_loss", "log loss", sklearn_log_loss, needs="sklearn"),
)


def realistic_rows(n_samples, n_classes, dtype, seed=0):
    """Softmax rows like a trained network's: about nine in ten are settled by their sum."""
    rng = np.random.default_rng(seed)
    probs = rng.standard_normal((n_samples, n_classes))
    labels = rng.integers(0, n_classes, n_samples)
    probs[np.arange(n_samples), labels] += rng.normal(8 + np.log(n_classes), 5, n_samples)
    return _softmax(probs, 1.5, dtype), labels


def worst_rows(n_samples, n_classes, dtype, seed=0):
    """Nearly uniform rows: nothing is settled, and every pair needs log Phi."""
    rng = np.random.default_rng(seed)
    probs = rng.standard_normal((n_samples, n_classes))
    return _softmax(probs, 0.3, dtype), rng.integers(0, n_classes, n_samples)


def _softmax(logits, factor, dtype):
    # In place: at 100 million logits every copy counts.
    logits *= factor
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits.astype(dtype, copy=False)


ROWS = {"realistic": realistic_rows, "worst": worst_rows}


@dataclass(frozen=True)
class RealSet:
    """Probabilities of a real classifier, in the folder that EASINESS_DATA names."""

    title: str
    n_classes: int
    probs: tuple[str, ...]  # a file, and the array in it
    labels: tuple[str, ...]

    @property
    def name(self):
        """Its title; where the folder is unset, that of the rows that stand in for it."""
        if os.environ.get("EASINESS_DATA"):
            return self.title
        return f"synthetic rows in place of {self.title}"

    def rows(self, n_samples, dtype):
        """So many rows, the set over and over; each divided by its sum, as log loss wants it."""
        folder = os.environ.get("EASINESS_DATA")
        if not folder:
            return realistic_rows(n_samples, self.n_classes, dtype)
        probs, labels = (_array(Path(folder), *place) for place in (self.probs, self.labels))
        probs = probs.astype(dtype)
        probs /= probs.sum(axis=1, keepdims=True)
        again = np.arange(n_samples) % len(labels)
        return probs[again], labels.ravel().astype(np.int64)[again]


def _array(folder, name, key=None):
    loaded = np.load(folder / name, allow_pickle=False)
    if key is None:
        return loaded
    with loaded:
        return loaded[key]


def _cleanlab_set(title, n_classes, name):
    stem = f"cleanlab_label_errors/{name}_test_set"
    return RealSet(title, n_classes, (f"{stem}_pyx.npy",), (f"{stem}_original_labels.npy",))


NOISY = "label_error_detection/cifar-10__resnet18.npz"
WRN = "netcal_records/wideresnet-16-4-cifar-100.npz"
REAL_SETS = (
    _cleanlab_set("CIFAR-10, out of fold", 10, "cifar10"),
    _cleanlab_set("20news, out of fold", 20, "20news"),
    RealSet("CIFAR-10, 20 % wrong labels", 10, (NOISY, "pred_probs"), (NOISY, "noisy_labels")),
    RealSet("CIFAR-100, WideResNet", 100, (WRN, "predictions"), (WRN, "ground_truth")),
)
