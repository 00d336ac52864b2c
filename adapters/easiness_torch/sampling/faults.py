"""Deferred input errors, raised when the next epoch starts."""

from __future__ import annotations

from easiness_torch.sampling.scores import LABEL_OUTSIDE, NOT_FINITE, NOT_PROBS, ScoreTable


def first_fault(table: ScoreTable, *, on_nan: str) -> str | None:
    """Message about what is wrong with the rows given to `update`; here the host waits."""
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
            f"labels: {outside} samples were given labels outside the classes: indices "
            f"{table.named(LABEL_OUTSIDE)}; labels are class indices "
            f"from 0; leave out rows with ignored labels (-100)"
        )
    if not_probs:
        return (
            f"probs: {not_probs} samples have rows that are no probabilities: indices "
            f"{table.named(NOT_PROBS)}; pass logits as update(indices, logits, labels)"
        )
    if not_finite and on_nan == "raise":
        return (
            f"logits: {not_finite} samples have logits with NaN or infinity: indices "
            f"{table.named(NOT_FINITE)}; look for these samples in the data and for a learning "
            f'rate too high, or pass on_nan="skip" to keep their last scores'
        )
    return None
