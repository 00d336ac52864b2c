"""log Phi, the logarithm of the standard normal distribution function, summed over rivals.

The values are those of `torch.special.log_ndtr`, which are right; its float32 gradient is not
(955.6 instead of 1000 at x = -1000). Here

- the slope of log Phi is `phi(x) / Phi(x) = sqrt(2 / pi) / erfcx(-x / sqrt 2)`, which neither
  overflows nor cancels anywhere: about -x far below 0, 0 far above;
- the slope of that is `-slope (x + slope)`; far below 0, where the sum cancels, it comes from
  the asymptotic series of the Mills ratio (Abramowitz and Stegun, 26.2.12).

Below a bound, log Phi can continue as its tangent. The slope is then that at the bound, so the same
formula applies, with x clamped to the bound.

The gradient is hand-written, with half the operations that autograd would need: on a GPU, the cost
of a small batch is that of launching its operations.

Guarded by tests/adapters/torch/test_log_phi.py, against 50 digits.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
# Phi is 1 here and its slope 0, even in float64; used for the label's own entry.
_CERTAIN = 1e4
# Above, the sum x + slope loses digits with the square of x; below, the series is less accurate.
# Where both are equal, the relative error of the second derivative is 1e-5, or 1e-12 in float64.
_SERIES_BELOW = {torch.float32: -8.0, torch.float64: -40.0}


def sum_log_phi(
    h: Tensor, labels: Tensor, scale: float, tail: float = math.inf, own: Tensor | None = None
) -> Tensor:
    """Sum over j != i of log Phi((h_i - h_j) scale), i the label; differentiable in h, repeatedly.

    `h` is (..., n_classes), float32 or float64, and `labels` (...). Below -`tail`, log Phi
    continues as its tangent. `own` is h_i of shape (..., 1) if known: the compiler then need not
    store `h` only to look up h_i.
    """
    sums: Tensor
    # No public name shows this; torch's own functions check it in this way.
    if not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active():
        # torch.func's transforms refuse a plain function, and log_ndtr has no rule for vmap.
        _refuse_forward_over_forward()
        sums = _SumLogPhi.apply(h, labels, scale, tail)[0]  # type: ignore[no-untyped-call]
    elif torch.is_grad_enabled() and h.requires_grad:
        sums = _PlainSumLogPhi.apply(h, labels, scale, tail)  # type: ignore[no-untyped-call]
    else:
        sums = _values(h, labels, scale, tail, own)[0]
    return sums


def _refuse_forward_over_forward() -> None:
    """In the jvp of a custom function, torch treats outer tangents as constant: silently wrong."""
    levels = torch._C._functorch.get_interpreter_stack() or []
    forward = torch._C._functorch.TransformType.Jvp
    if sum(level.key() == forward for level in levels) > 1:
        raise NotImplementedError(
            "easiness: forward mode within forward mode, such as jacfwd(jacfwd(...)) or "
            "jvp(jvp(...)), is not supported; use torch.func.hessian, or jacrev for one of them"
        )


def _values(
    h: Tensor, labels: Tensor, scale: float, tail: float, own: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the sums, and the arguments of log Phi clamped to -tail."""
    x = _arguments(h, labels, scale, own)
    if tail == math.inf:
        return _log_ndtr(x).sum(-1), x
    held = x.clamp(min=-tail)
    return torch.add(_log_ndtr(held), x - held, alpha=_slope_at(-tail)).sum(-1), held


def _arguments(h: Tensor, labels: Tensor, scale: float, own: Tensor | None = None) -> Tensor:
    i = labels.unsqueeze(-1)
    x = ((h.gather(-1, i) if own is None else own) - h) * scale
    # The label's own log 1/2 is left out, never subtracted: sums near 0 keep their digits.
    if torch.compiler.is_compiling():
        # The compiler cannot fuse a scatter with its neighbors.
        return torch.where(torch.arange(h.shape[-1], device=h.device) == i, _CERTAIN, x)
    return _put(x, i, _CERTAIN)


def _gradient(ctx: Any, grad: Tensor) -> Tensor:
    h: Tensor
    labels: Tensor
    held: Tensor
    scale: float = ctx.scale
    tail: float = ctx.tail
    h, labels, held = ctx.saved_tensors
    if torch.is_grad_enabled():
        # To be differentiated again, starting from h.
        held = _arguments(h, labels, scale)
        held = held if tail == math.inf else held.clamp(min=-tail)
        to_rivals = slope(held) * (grad * -scale).unsqueeze(-1)
    else:
        to_rivals = _part_of_slope(held) * (grad * (-scale * _SQRT_2_OVER_PI)).unsqueeze(-1)
    # The label's own entry is still 0.
    return _put(to_rivals, labels.unsqueeze(-1), -to_rivals.sum(-1, keepdim=True))


def _put(x: Tensor, i: Tensor, value: Any) -> Tensor:
    """Write into `x`, which is not shared, or into a copy if derivatives may be taken."""
    result: Tensor = (
        x.scatter(-1, i, value) if torch.is_grad_enabled() else x.scatter_(-1, i, value)
    )
    return result


class _PlainSumLogPhi(torch.autograd.Function):
    """The sums with their gradient, for plain autograd.

    Saves 30 microseconds per call over `_SumLogPhi`, whose arguments torch looks up by `inspect`.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, labels: Tensor, scale: float, tail: float) -> Tensor:
        sums, held = _values(h, labels, scale, tail)
        ctx.scale, ctx.tail = scale, tail
        ctx.save_for_backward(h, labels, held)
        return sums

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return _gradient(ctx, grad), None, None, None


class _SumLogPhi(torch.autograd.Function):
    """As `_PlainSumLogPhi`, for torch.func; also returns the arguments."""

    @staticmethod
    def forward(h: Tensor, labels: Tensor, scale: float, tail: float) -> tuple[Tensor, Tensor]:
        return _values(h, labels, scale, tail)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        h, labels, ctx.scale, ctx.tail = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(h, labels, output[1])
        ctx.save_for_forward(h, labels)

    @staticmethod
    def jvp(ctx: Any, h_tangent: Tensor, *_: Any) -> tuple[Tensor, None]:
        h, labels = ctx.saved_tensors[:2]
        held = _arguments(h, labels, ctx.scale).clamp(min=-ctx.tail)
        # The label's own entry has a slope of 0.
        rise = (h_tangent.gather(-1, labels.unsqueeze(-1)) - h_tangent) * ctx.scale
        return (slope(held) * rise).sum(-1), None

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None, _: None) -> tuple[Tensor | None, None, None, None]:
        if grad is None:
            return None, None, None, None
        return _gradient(ctx, grad), None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], h: Tensor, labels: Tensor, scale: float, tail: float
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        h, labels = (
            t.expand(info.batch_size, *t.shape) if dim is None else t.movedim(dim, 0)
            for t, dim in ((h, in_dims[0]), (labels, in_dims[1]))
        )
        return _SumLogPhi.apply(h, labels, scale, tail), (0, 0)  # type: ignore[no-untyped-call]


class _Slope(torch.autograd.Function):
    """phi / Phi, with a gradient of its own."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return _slope_of(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * _slope_of_slope(*ctx.saved_tensors)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        return tangent * _slope_of_slope(*ctx.saved_tensors)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], x: Tensor) -> tuple[Tensor, int]:
        return slope(x), in_dims[0]


def slope(x: Tensor) -> Tensor:
    """Slope of log Phi, `phi(x) / Phi(x)`, differentiable."""
    result: Tensor = _Slope.apply(x)  # type: ignore[no-untyped-call]
    return result


def _slope_of_slope(x: Tensor) -> Tensor:
    s = slope(x)
    below = _SERIES_BELOW[x.dtype]
    q = 1.0 / x.clamp(max=below).square()
    # slope = -x / (1 - q + 3 q^2 - ...), so x + slope = -x (q - 2 q^2 + 10 q^3 - 74 q^4 ...).
    far = -x * q * (1.0 - q * (2.0 - q * (10.0 - q * (74.0 - 706.0 * q))))
    return -s * torch.where(x < below, far, x + s)


def _slope_of(x: Tensor) -> Tensor:
    return _part_of_slope(x) * _SQRT_2_OVER_PI


def _part_of_slope(x: Tensor) -> Tensor:
    result: Tensor = torch.special.erfcx(x * -_SQRT_HALF).reciprocal()
    return result


def _slope_at(x: float) -> float:
    # With Python's erfc, so that nothing waits for a device; it underflows below -37.
    if x < -36.0:
        q = 1.0 / (x * x)
        return -x / (1.0 - q * (1.0 - q * (3.0 - q * (15.0 - q * (105.0 - 945.0 * q)))))
    return _SQRT_2_OVER_PI * math.exp(-0.5 * x * x) / math.erfc(-x * _SQRT_HALF)


def _log_ndtr(x: Tensor) -> Tensor:
    result: Tensor = torch.special.log_ndtr(x)
    return result
