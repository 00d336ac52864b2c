"""log Phi in torch, its first and its second derivative, against 50 digits."""

import math

import mpmath
import pytest
import torch
from easiness_torch.scoring.log_phi import _slope_at, slope, sum_log_phi


def exact_log_phi(x):
    y = mpmath.mpf(x) / mpmath.sqrt(2)
    return mpmath.log1p(-mpmath.erfc(y) / 2) if x > 0 else mpmath.log(mpmath.erfc(-y) / 2)


def exact_slope(x):
    return mpmath.npdf(x) * 2 / mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2))


def log_phi(x, tail=math.inf):
    # Two classes at scale 1: their difference is the argument itself.
    h = torch.stack([x, torch.zeros_like(x)], dim=1)
    return sum_log_phi(h, torch.zeros(len(x), dtype=torch.int64), 1.0, tail)


SEAMS = [-8.0, -7.99, -8.01, -40.0, -39.9, -40.1, -1.0, 0.0, 1.0, 0.999, 1.001]


@pytest.mark.parametrize(
    ("dtype", "below_1", "above_1", "end", "second"),
    [(torch.float32, 6e-7, 3e-5, 12.0, 2e-5), (torch.float64, 2e-15, 4e-13, 37.0, 2e-12)],
)
def test_log_phi_and_its_derivatives_against_50_digits(rng, dtype, below_1, above_1, end, second):
    ranges = [(-7071, -100), (-100, -30), (-45, -5), (-5, 0), (0, 3), (3, end)]
    places = [v for low, high in ranges for v in rng.uniform(low, high, 40)]
    x = torch.tensor([*places, *SEAMS, -1e4], dtype=dtype, requires_grad=True)
    value = log_phi(x)
    (plain,) = torch.autograd.grad(value.sum(), x, retain_graph=True)
    (first,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    (curve,) = torch.autograd.grad(first.sum(), x)
    assert torch.equal(plain, first)
    with mpmath.workdps(50):
        for k, at in enumerate(x.tolist()):
            bound = below_1 if at <= 1 else above_1
            s = exact_slope(at)
            for found, exact, limit in (
                (value[k], exact_log_phi(at), bound),
                (first[k], s, bound),
                (curve[k], -s * (s + mpmath.mpf(at)), max(second, bound)),
            ):
                error = abs(mpmath.mpf(found.item()) - exact)
                assert error <= limit * abs(exact), (at, found.item(), float(exact))


def test_the_slope_at_a_bound_is_the_slope():
    for x in [0.0, -0.5, -5.0, -20.0, -35.99, -36.01, -40.0, -100.0, -1e6]:
        exact = slope(torch.tensor([x], dtype=torch.float64)).item()
        assert _slope_at(x) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_phi_at_its_ends(dtype):
    x = torch.tensor([1e4, 1e15, -1e4], dtype=dtype, requires_grad=True)
    value = log_phi(x)
    (first,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    (curve,) = torch.autograd.grad(first.sum(), x)
    assert value[:2].tolist() == [0, 0]
    torch.testing.assert_close(first, torch.tensor([0, 0, 1e4], dtype=dtype))
    torch.testing.assert_close(curve, torch.tensor([0, 0, -1], dtype=dtype))


@pytest.mark.parametrize("tail", [0.5, 3.0, 38.0])
def test_below_its_bound_log_phi_goes_on_as_its_tangent(tail):
    x = torch.tensor([-1e4, -tail - 1, -tail, -tail + 0.25, 2.0], dtype=torch.float64)
    x.requires_grad_()
    value = log_phi(x, tail)
    (first,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    (curve,) = torch.autograd.grad(first.sum(), x)
    at = x.detach().clamp(min=-tail)
    torch.testing.assert_close(value, log_phi(at) + slope(at) * (x.detach() - at))
    torch.testing.assert_close(first, slope(at))
    assert curve[:2].tolist() == [0, 0]
    assert (curve[3:] < 0).all()
