"""Deferred input errors, raised when the next epoch starts."""

from __future__ import annotations

from easiness_torch.sampling.scores import LABEL_OUTSIDE, NOT_FINITE, NOT_PROBS, ScoreTable


def first_fault(table: ScoreTable, *, on_nan: str) -> str | None:
    """Message about bad rows passed to `update`; here the host waits."""
    low, high = table.strays()
    if low < 0 or high > 0:
        extremes = f"{low} and {high}" if low < 0 and high > 0 else f"{low or high}"
        return (
            f"indices: expected 0 to {table.n_samples - 1} (n_samples = {table.n_samples}), got "
            f"{extremes}; pass the indices of the data set that the sampler was made for"
        )
    not_finite, outside, not_probs = table.faults()
    if outside:
        return (
            f"labels: got labels outside the classes for {_samples(outside)}: indices "
            f"{table.named(LABEL_OUTSIDE)}; labels are class indices "
            f"from 0; leave out rows with ignored labels (-100)"
        )
    if not_probs:
        return (
            f"probs: got rows that are not probabilities for {_samples(not_probs)}: indices "
            f"{table.named(NOT_PROBS)}; pass logits as update(indices, logits, labels)"
        )
    if not_finite and on_nan == "raise":
        return (
            f"logits: got NaN or infinity for {_samples(not_finite)}: indices "
            f"{table.named(NOT_FINITE)}; look for these samples in the data, lower the "
            f'learning rate, or pass on_nan="skip" to keep their last scores'
        )
    return None


def _samples(count: int) -> str:
    return f"{count} sample{'s' * (count != 1)}"
