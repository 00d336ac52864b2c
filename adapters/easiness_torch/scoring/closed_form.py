"""Easiness of rows of logits or probabilities, with torch operations on their device."""

from __future__ import annotations

import math

import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.scoring.check import check_range, check_rows
from easiness_torch.scoring.log_phi import sum_log_phi
from easiness_torch.scoring.monte_carlo import log_easiness_by_counting

_DEFAULT = ec.ClosedForm()


def log_easiness(
    logits: Tensor, labels: Tensor, *, estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT
) -> Tensor:
    """Compute the natural logarithm of easiness from logits, on their device.

    `h = softmax(logits)`, and `log E = sum over j != i of log Phi((h_i - h_j) / (sigma sqrt 2))`
    for the label i. The host never waits for the device.

    Parameters
    ----------
    logits : Tensor of shape (n_samples, n_classes)
        Any floating-point dtype, at least 2 classes; -inf marks an impossible class.
        float16 and bfloat16 are computed in float32, under autocast too.
    labels : Tensor of shape (n_samples,), int64
        Given class of each sample, 0 to n_classes - 1, on the device of `logits`.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How to compute easiness, and its sigma. The closed form can be differentiated any number of
        times; Monte Carlo has no gradient, because it counts.

    Returns
    -------
    Tensor of shape (n_samples,)
        At most 0; higher is easier. float64 for float64 logits, otherwise float32. The closed form
        is finite; Monte Carlo gives -inf where it counts 0. NaN if a logit of the row is NaN.

    Raises
    ------
    TypeError
        If an argument is not a tensor of the right kind, or `estimator` is not an estimator.
    ValueError
        If shapes or devices do not match, if labels on the host are not classes (-100 included), or
        if sigma is below 1e-15 without float64 logits.

    Notes
    -----
    Values on a GPU are not checked, because the host would have to wait: there, labels outside the
    classes fail as in `torch.nn.functional.cross_entropy`. In float64 the result equals that of the
    core within a relative error of 1e-12. For float32, see docs/torch_loss.md. Source: *Medium
    Samples Are All You Need*, Definition 3.1 and Section 4.1.1.

    Examples
    --------
    >>> import torch
    >>> import easiness_torch
    >>> logits = torch.log(torch.tensor([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]]))
    >>> [f"{v:.3g}" for v in easiness_torch.log_easiness(logits, torch.tensor([0, 0, 0]))]
    ['0', '-0.0819', '-905']
    """
    check_rows(logits, labels, estimator)
    return _with_labels_named(torch.softmax(_widened(logits), dim=1), labels, estimator, "logits")


def log_easiness_from_probs(
    probs: Tensor, labels: Tensor, *, estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT
) -> Tensor:
    """Compute the natural logarithm of easiness from probabilities, on their device.

    For models that end in a softmax. It is not checked that probabilities are in [0, 1] or that
    rows sum to 1.

    Parameters
    ----------
    probs : Tensor of shape (n_samples, n_classes)
        Class probabilities, any floating-point dtype, at least 2 classes.
    labels : Tensor of shape (n_samples,), int64
        Given class of each sample, 0 to n_classes - 1, on the device of `probs`.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How easiness is estimated, and its sigma.

    Returns
    -------
    Tensor of shape (n_samples,)
        At most 0; float64 for float64 probabilities, otherwise float32. Monte Carlo uses the same
        noise as the core; from float64 it gives the same numbers except for rounding.

    Raises
    ------
    TypeError, ValueError
        As `log_easiness`.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Definition 3.1 and Section 4.1.1.

    Examples
    --------
    >>> import torch
    >>> import easiness_torch
    >>> probs = torch.tensor([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]])
    >>> easiness_torch.log_easiness_from_probs(probs, torch.tensor([0, 0, 0])).exp()
    tensor([1.0000, 0.9214, 0.0000])
    """
    check_rows(probs, labels, estimator, name="probs")
    return _with_labels_named(_widened(probs), labels, estimator, "probs")


def _with_labels_named(
    h: Tensor, labels: Tensor, estimator: ec.ClosedForm | ec.MonteCarlo, rows: str
) -> Tensor:
    """Log easiness; the error names labels on the host that are not classes."""
    if torch.compiler.is_compiling():
        return _log_easiness(h, labels, estimator)
    try:
        return _log_easiness(h, labels, estimator)
    except (IndexError, RuntimeError):
        if labels.device.type == "cpu":
            check_range(labels, "labels", h.shape[1], f"columns of {rows}")
        raise


def score_logits(
    logits: Tensor, labels: Tensor, estimator: ec.ClosedForm | ec.MonteCarlo
) -> tuple[Tensor, Tensor, Tensor]:
    """Log easiness, cross-entropy and predicted class of each row, of checked arguments.

    All three share one log-softmax, and operations are row by row, so that `torch.compile` needs
    few kernels. The loss is finite if the label's logit is.
    """
    log_h = torch.log_softmax(_widened(logits), dim=1)
    log_own = log_h.gather(1, labels.unsqueeze(1))
    log_e = _log_easiness(log_h.exp(), labels, estimator, log_own.exp())
    return log_e, -log_own.squeeze(1), logits.argmax(1)


def score_probs(
    probs: Tensor, labels: Tensor, estimator: ec.ClosedForm | ec.MonteCarlo
) -> tuple[Tensor, Tensor, Tensor]:
    """As `score_logits`, from probabilities: the loss is inf if that of the label is 0."""
    h = _widened(probs)
    # Rounding may put a probability outside [0, 1].
    own = h.gather(1, labels.unsqueeze(1)).squeeze(1).clamp(0.0, 1.0)
    return _log_easiness(h, labels, estimator), -own.log(), probs.argmax(1)


def _widened(rows: Tensor) -> Tensor:
    return rows if rows.dtype == torch.float64 else rows.float()


def _log_easiness(
    h: Tensor,
    labels: Tensor,
    estimator: ec.ClosedForm | ec.MonteCarlo,
    own: Tensor | None = None,
) -> Tensor:
    if isinstance(estimator, ec.MonteCarlo):
        return log_easiness_by_counting(h, labels, estimator).to(h.dtype)
    return sum_log_phi(h, labels, 1.0 / (estimator.sigma * math.sqrt(2.0)), own=own)
