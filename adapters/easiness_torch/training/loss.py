"""Cross-entropy plus the sample-easiness loss, with the interface of torch.nn.CrossEntropyLoss."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from easiness_torch.scoring.log_phi import sum_log_phi
from easiness_torch.training.loss_check import check_loss_input, check_loss_options


class SampleEasinessLoss(torch.nn.Module):
    """Cross-entropy plus `lambda_` times the sample-easiness loss, SEL.

    SEL is minus log easiness in closed form: `-sum over j != i of log Phi((h_i - h_j) / (sigma
    sqrt 2))` for the label i and `h = softmax(logits)`. It equals the divergence
    `KL(eps_hat || eps)` of the paper, without sampling.

    Parameters
    ----------
    lambda_ : float, default 0.1
        Weight of SEL, 0 or more; the default is the paper's. 0 means cross-entropy alone.
    sigma : float, default 1.0
        Standard deviation of the noise of this loss, at least 1e-15. The default is provisional,
        and much wider than 0.01, the default of the estimators, at which mislabeled samples
        harm training.
    tail : float or None, default 3.0
        Below `-tail`, log Phi continues as its tangent, so that the slope of a pair of classes is
        at most `tail + 1 / tail`. Provisional; it has no effect at the default sigma, where the
        arguments of Phi stay within 0.71. None means unbounded, as in the paper: with a small
        sigma, a few samples then dominate the gradient.
    weight : Tensor of shape (n_classes,), optional
        Weight of each class, for both parts.
    ignore_index : int, default -100
        Targets with this value are ignored in both parts.
    reduction : {"mean", "sum", "none"}, default "mean"
        As in `torch.nn.CrossEntropyLoss`: the mean is weighted and skips ignored targets.
    label_smoothing : float in [0, 1], default 0.0
        Label smoothing of the cross-entropy only.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    Notes
    -----
    SEL is a sum over classes: relative to cross-entropy, it grows with the number of classes.

    Softmax and everything after it run in float32 or better, also for half types and under
    autocast. The host never waits for the device, and `torch.compile(fullgraph=True)` works.
    For cost, numerics and the choice of sigma and tail, see docs/torch_loss.md. Source: *Medium
    Samples Are All You Need*, Equations 2 and 3.

    Examples
    --------
    >>> import torch
    >>> from easiness_torch import SampleEasinessLoss
    >>> criterion = SampleEasinessLoss()
    >>> logits = torch.tensor([[2.0, 0.0, -1.0], [0.1, 0.0, 0.0]], requires_grad=True)
    >>> loss = criterion(logits, torch.tensor([0, 2]))
    >>> loss.backward()
    >>> logits.grad[1].topk(1, largest=False).indices.item()  # the label's logit should rise
    2
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        lambda_: float = 0.1,
        sigma: float = 1.0,
        tail: float | None = 3.0,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        check_loss_options(lambda_, sigma, tail, weight, reduction, label_smoothing)
        self.lambda_ = float(lambda_)
        self.sigma = float(sigma)
        self.tail = None if tail is None else float(tail)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of logits (n, n_classes, ...) for int64 targets (n, ...).

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes), (n, n_classes, d1, ...) or (n_classes,)
            Any floating-point dtype, at least 2 classes.
        targets : Tensor of the shape of `logits` without its classes, int64
            Class of each sample, 0 to n_classes - 1, or `ignore_index`.

        Returns
        -------
        Tensor, float64 for float64 logits, otherwise float32
            A scalar, or the shape of `targets` with reduction "none".

        Raises
        ------
        TypeError, ValueError
            If types, shapes or devices do not match.
        IndexError
            If a target on the CPU is not a class; on a GPU, as in `torch.nn.CrossEntropyLoss`.
        """
        return _loss(
            logits, targets, self.lambda_, self.sigma, self.tail, self.weight, self.ignore_index,
            self.reduction, self.label_smoothing,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the options, for `repr`."""
        parts = [f"lambda_={self.lambda_:g}", f"sigma={self.sigma:g}"]
        parts.append("tail=None" if self.tail is None else f"tail={self.tail:g}")
        if self.weight is not None:
            parts.append(f"weight=({self.weight.numel()} classes)")
        parts += [f"ignore_index={self.ignore_index}", f"reduction={self.reduction!r}"]
        if self.label_smoothing:
            parts.append(f"label_smoothing={self.label_smoothing:g}")
        return ", ".join(parts)


def sample_easiness_loss(
    logits: Tensor,
    targets: Tensor,
    *,
    lambda_: float = 0.1,
    sigma: float = 1.0,
    tail: float | None = 3.0,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Compute cross-entropy plus `lambda_` times the sample-easiness loss.

    This is the function behind `SampleEasinessLoss`, which explains the parameters in more detail.

    Parameters
    ----------
    logits : Tensor of shape (n, n_classes), (n, n_classes, d1, ...) or (n_classes,)
        Any floating-point dtype, at least 2 classes.
    targets : Tensor of the shape of `logits` without its classes, int64
        Class of each sample, 0 to n_classes - 1, or `ignore_index`.
    lambda_ : float, default 0.1
        Weight of the sample-easiness loss, 0 or more.
    sigma : float, default 1.0
        Standard deviation of its noise, at least 1e-15.
    tail : float or None, default 3.0
        Below `-tail`, log Phi continues as its tangent, which bounds gradients. None: no bound.
    weight : Tensor of shape (n_classes,), optional
        Weight of each class, for both parts.
    ignore_index : int, default -100
        Targets with this value are ignored.
    reduction : {"mean", "sum", "none"}, default "mean"
        As in `torch.nn.functional.cross_entropy`.
    label_smoothing : float in [0, 1], default 0.0
        Label smoothing of the cross-entropy only.

    Returns
    -------
    Tensor, float64 for float64 logits, otherwise float32
        A scalar, or the shape of `targets` with reduction "none".

    Raises
    ------
    TypeError, ValueError
        If an option is invalid, or types, shapes or devices do not match.
    IndexError
        If a target on the CPU is not a class.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Equations 2 and 3.

    Examples
    --------
    >>> import torch
    >>> from easiness_torch import sample_easiness_loss
    >>> logits = torch.tensor([[2.0, 0.0, -1.0], [0.1, 0.0, 0.0]])
    >>> sample_easiness_loss(logits, torch.tensor([0, 2]), reduction="none")
    tensor([0.2395, 1.2736])
    """
    check_loss_options(lambda_, sigma, tail, weight, reduction, label_smoothing)
    return _loss(
        logits, targets, lambda_, sigma, tail, weight, ignore_index, reduction, label_smoothing
    )


def _loss(
    logits: Any,
    targets: Any,
    lambda_: float,
    sigma: float,
    tail: float | None,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    class_dim = check_loss_input(logits, targets, weight)
    z = logits if logits.dtype == torch.float64 else logits.float()
    shared: dict[str, Any] = {
        "weight": None if weight is None else weight.to(z.dtype),
        "ignore_index": ignore_index,
        "reduction": reduction,
    }
    if lambda_ == 0.0:
        return functional.cross_entropy(z, targets, **shared, label_smoothing=label_smoothing)
    log_h = torch.log_softmax(z, dim=class_dim)
    # Ignored targets need a valid index; targets that are not classes are refused below.
    labels = targets.clamp(0, z.shape[class_dim] - 1)
    scale = 1.0 / (sigma * math.sqrt(2.0))
    # Probabilities differ by at most 1, so a wide sigma never reaches the tail.
    bound = math.inf if tail is None or scale < tail else tail
    h = log_h.exp().movedim(class_dim, -1)
    log_e = sum_log_phi(h, labels, scale, bound)
    log_e = log_e.unsqueeze(class_dim)
    # nll_loss picks the label's entry, here log h_i + lambda log E, and applies weights, ignoring
    # and the mean like cross-entropy.
    if label_smoothing == 0.0:
        rows = torch.add(log_h, log_e, alpha=lambda_)
        return functional.nll_loss(rows, targets, **shared)
    loss = functional.cross_entropy(z, targets, **shared, label_smoothing=label_smoothing)
    sel = functional.nll_loss(log_e.expand(z.shape), targets, **shared)
    return torch.add(loss, sel, alpha=lambda_)
