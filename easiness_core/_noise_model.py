"""The noise model: how classes are mislabeled, and what each sample's true class may be.

For a sample with probabilities p and label y, k its true class:

    P(k | p, y) proportional to w_k g_k T[k, y],   g_k proportional to (p_k / sqrt(t_k))^beta

with the noise matrix T (row true class, column label), self-confidence t, sharpness beta and class
weights w, each estimated from all samples. docs/label_errors_measured.md measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from easiness_core._config import (
    ANCHOR_SMOOTHING,
    BALANCE_SAMPLES,
    CONVERTED_BLOCK_ELEMENTS,
    LEAST_PROBABILITY,
    LEAST_SELF_CONFIDENCE,
    SHARPNESS_ROWS,
    SHARPNESS_STEPS,
    STORED_ELEMENTS,
    WEIGHT_STEPS,
)

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
# Returns rows (a slice or row numbers) as float64 probabilities.
Read = Callable[[slice | Labels], Array]


@dataclass(frozen=True)
class NoiseModel:
    """Estimates from all samples; `posterior` applies them to some of the samples."""

    log_balance: Array
    beta: float
    log_prior: Array
    log_noise: Array

    def posterior(self, probs: Array, labels: Labels) -> tuple[Array, Array]:
        """Probability of each true class, and the log odds that the label is wrong."""
        joint = log_balanced(probs, self.log_balance)
        joint *= self.beta
        joint += self.log_prior
        joint += self.log_noise.T[labels]
        row = np.arange(len(labels))
        own = joint[row, labels]
        posterior = np.exp(joint - _log_sum(joint)[:, None])
        joint[row, labels] = -np.inf
        return posterior, _log_sum(joint) - own


def fit_noise_model(read: Read, labels: Labels, n_classes: int) -> NoiseModel:
    """Estimate noise matrix, sharpness and class weights from all samples, at least one."""
    own, spread = np.empty((2, labels.size))
    for rows in blocks(labels.size, n_classes):
        floored = _floored(read(rows))
        own[rows] = floored[np.arange(len(floored)), labels[rows]]
        spread[rows] = np.einsum("ij,ij->i", floored, floored)
    count = np.bincount(labels, minlength=n_classes)
    total = np.bincount(labels, weights=own, minlength=n_classes)
    confidence = (total + BALANCE_SAMPLES * own.mean()) / (count + BALANCE_SAMPLES)
    log_balance = 0.5 * np.log(np.maximum(confidence, LEAST_SELF_CONFIDENCE))

    winner = np.empty(labels.size, dtype=np.int64)
    lead = np.empty(labels.size)
    for rows in blocks(labels.size, n_classes):
        balanced = log_balanced(read(rows), log_balance)
        winner[rows] = balanced.argmax(axis=1)
        lead[rows] = balanced.max(axis=1) - _log_sum(balanced)
    noise = _noise_matrix(winner, lead, labels, n_classes)

    # Sorted by their probabilities, so that neither the order of samples nor that of classes
    # matters; ties (votes, neighbors) are sorted by the confidence of the label's class.
    keys = (spread, lead, confidence[labels], own)
    ranked = np.lexsort([np.round(key, 12) for key in keys])
    size = min(labels.size, SHARPNESS_ROWS)
    chosen = ranked[np.arange(size) * (labels.size - 1) // max(size - 1, 1)]
    beta = _sharpness(read, labels, chosen, log_balance, noise)
    weights = _class_weights(read, labels, log_balance, beta, noise)
    with np.errstate(divide="ignore"):
        # 0 for labels without samples.
        log_noise = np.log(noise)
    return NoiseModel(log_balance, beta, np.log(weights), log_noise)


def n_passes(n_rows: int, n_classes: int) -> int:
    """How often `fit_noise_model` reads each row."""
    return 3 if n_rows * n_classes <= STORED_ELEMENTS else 2 + WEIGHT_STEPS


def blocks(n_rows: int, n_classes: int) -> Iterator[slice]:
    """Yield rows in blocks that stay in cache."""
    size = max(1, CONVERTED_BLOCK_ELEMENTS // n_classes)
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def log_balanced(probs: Array, log_balance: Array) -> Array:
    """Log of p_k / sqrt(t_k), not normalized."""
    floored = _floored(probs)
    np.log(floored, out=floored)
    floored -= log_balance
    return floored


def _floored(probs: Array) -> Array:
    """Rows that sum to 1, with no exact zeros."""
    floored = probs + LEAST_PROBABILITY
    floored /= floored.sum(axis=1, keepdims=True)
    return floored


def _log_sum(logs: Array) -> Array:
    top = logs.max(axis=1)
    summed: Array = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
    return summed


def _noise_matrix(winner: Labels, lead: Array, labels: Labels, n_classes: int) -> Array:
    """Probability of each label given the true class, estimated from anchors."""
    median = np.zeros(n_classes)
    order = np.argsort(winner, kind="stable")
    ends = np.searchsorted(winner[order], np.arange(n_classes + 1))
    for k in range(n_classes):
        if ends[k] < ends[k + 1]:
            # Of probabilities, not logarithms: the median may be a mean of two values.
            median[k] = np.median(np.exp(lead[order[ends[k] : ends[k + 1]]]))
    anchor = np.exp(lead) >= median[winner]
    pairs = winner[anchor] * n_classes + labels[anchor]
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    # Classes with few anchors get the label frequencies of all samples.
    base = np.bincount(labels, minlength=n_classes) / labels.size
    pseudo = ANCHOR_SMOOTHING * np.sqrt(labels.size)
    noise: Array = (counts + pseudo * base) / (counts.sum(axis=1, keepdims=True) + pseudo)
    return noise


def _sharpness(
    read: Read, labels: Labels, chosen: Labels, log_balance: Array, noise: Array
) -> float:
    """Power of the probabilities with the largest likelihood of the labels."""
    fit = np.zeros(len(SHARPNESS_STEPS))
    for rows in blocks(chosen.size, len(noise)):
        part = chosen[rows]
        balanced = log_balanced(read(part), log_balance)
        balanced -= balanced.max(axis=1, keepdims=True)
        chance = noise.T[labels[part]]
        for step, beta in enumerate(SHARPNESS_STEPS):
            powers = np.exp(beta * balanced)
            likely = np.einsum("ij,ij->i", powers, chance) / powers.sum(axis=1)
            fit[step] += np.log(likely).sum()
    best: float = SHARPNESS_STEPS[int(fit.argmax())]
    return best


def _class_weights(
    read: Read, labels: Labels, log_balance: Array, beta: float, noise: Array
) -> Array:
    """Weights that make each class equally frequent with the labels known and without."""
    n_classes = len(noise)

    def sharpened(rows: slice) -> NDArray[np.float32]:
        powers = log_balanced(read(rows), log_balance)
        powers -= powers.max(axis=1, keepdims=True)
        powers *= beta
        np.exp(powers, out=powers)
        # float32 halves the memory; rounding does not depend on the position of a row.
        return powers.astype(np.float32)

    spans = list(blocks(labels.size, n_classes))
    stored = labels.size * n_classes <= STORED_ELEMENTS
    kept = [sharpened(rows) for rows in spans] if stored else None
    weights = np.ones(n_classes)
    for _ in range(WEIGHT_STEPS):
        without, with_label = np.full((2, n_classes), float(BALANCE_SAMPLES))
        for index, rows in enumerate(spans):
            weighted = weights * (sharpened(rows) if kept is None else kept[index])
            without += (1.0 / weighted.sum(axis=1)) @ weighted
            weighted *= noise.T[labels[rows]]
            with_label += (1.0 / weighted.sum(axis=1)) @ weighted
        weights *= with_label / without
        weights /= weights.mean()
    return weights
