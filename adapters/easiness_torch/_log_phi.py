"""log Phi, the logarithm of the standard normal distribution function, with true gradients.

The values are `torch.special.log_ndtr`'s, which are right; its float32 gradient is not
(955.6 in place of 1000 at x = -1000). Here

- the slope of log Phi is `phi(x) / Phi(x) = sqrt(2 / pi) / erfcx(-x / sqrt 2)`, which neither
  overflows nor cancels anywhere: -x far below 0, 0 far above;
- the slope of that is `-slope (x + slope)`; far below 0, where the sum cancels, it comes from
  the asymptotic series of the Mills ratio (Abramowitz and Stegun, 26.2.12).

Guarded by tests/adapters/test_torch_log_easiness.py, which holds all three to mpmath.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
# Above, the sum x + slope loses digits with the square of x; below, the series lacks some. Where
# both are equal, 1e-5 of the second derivative is lost in float32, 1e-12 in float64.
_SERIES_BELOW = {torch.float32: -8.0, torch.float64: -40.0}


class _LogPhi(torch.autograd.Function):
    """log Phi with its slope as gradient."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return _log_ndtr(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        # A second function is for the second derivative only, and costs a call.
        return grad * (slope(x) if torch.is_grad_enabled() else slope_of(x))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], x: Tensor) -> tuple[Tensor, int]:
        return log_phi(x), in_dims[0]


class _Slope(torch.autograd.Function):
    """phi / Phi with its own slope as gradient."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return slope_of(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = slope(x) if torch.is_grad_enabled() else slope_of(x)
        below = _SERIES_BELOW[x.dtype]
        q = 1.0 / x.clamp(max=below).square()
        # slope = -x / (1 - q + 3 q^2 - ...), so x + slope = -x (q - 2 q^2 + 10 q^3 - 74 q^4).
        far = -x * q * (1.0 - q * (2.0 - q * (10.0 - q * (74.0 - 706.0 * q))))
        # Where the slope underflows to 0, x may be infinite.
        curve = s * torch.where(x < below, far, x + s)
        return -grad * torch.where(s == 0.0, 0.0, curve)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], x: Tensor) -> tuple[Tensor, int]:
        return slope(x), in_dims[0]


def log_phi(x: Tensor) -> Tensor:
    """Natural logarithm of Phi(x), element by element; float32 or float64.

    Within 2 units in the last place below 1, 1e-5 (float32) or 2e-13 (float64) of itself above,
    where it is near 0. Differentiable, twice and more.
    """
    if not (torch.is_grad_enabled() and x.requires_grad):
        return _log_ndtr(x)
    result: Tensor = _LogPhi.apply(x)  # type: ignore[no-untyped-call]
    return result


def slope(x: Tensor) -> Tensor:
    """Slope of log Phi, differentiable."""
    result: Tensor = _Slope.apply(x)  # type: ignore[no-untyped-call]
    return result


def slope_of(x: Tensor) -> Tensor:
    """Slope of log Phi, `phi(x) / Phi(x)`: its values alone."""
    result: Tensor = _SQRT_2_OVER_PI / torch.special.erfcx(x * -_SQRT_HALF)
    return result


def _log_ndtr(x: Tensor) -> Tensor:
    result: Tensor = torch.special.log_ndtr(x)
    return result
