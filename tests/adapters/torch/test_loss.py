"""The loss: its definition, its gradients, and torch.nn.CrossEntropyLoss's manners."""

import inspect
import math

import naive
import numpy as np
import pytest
import torch
from easiness_torch import SampleEasinessLoss, log_easiness, sample_easiness_loss
from easiness_torch.training import loss
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

import easiness_core as ec

# At sigma 0.01 and tail 3 many pairs of these lie beyond the bound, at 1.0 none.
SETTINGS = [
    {"sigma": 0.01, "tail": 3.0, "lambda_": 0.1},
    {"sigma": 0.05, "tail": 0.5, "lambda_": 2.0},
    {"sigma": 0.1, "tail": None, "lambda_": 0.1},
    {},
]


def make(rng, n=40, n_classes=6, *, dtype=torch.float64, spread=1.5):
    logits = torch.from_numpy(rng.normal(scale=spread, size=(n, n_classes))).to(dtype)
    return logits, torch.from_numpy(rng.integers(0, n_classes, n))


def each(logits, targets, **options):
    return sample_easiness_loss(logits, targets, reduction="none", **options)


@given(
    st.lists(st.lists(st.floats(-30, 30), min_size=3, max_size=3), min_size=1, max_size=8),
    st.integers(0, 2),
    st.sampled_from([0.02, 0.1, 1.0]),
    st.sampled_from([0.3, 3.0, 30.0]),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_is_the_papers_with_a_tangent_for_a_tail(rows, label, sigma, tail, lambda_):
    labels = np.full(len(rows), label)
    expected = naive.sample_easiness_loss(rows, labels, lambda_, sigma, tail)
    found = each(
        torch.tensor(rows, dtype=torch.float64),
        torch.from_numpy(labels),
        sigma=sigma,
        tail=tail,
        lambda_=lambda_,
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-11, atol=1e-13)


def test_unbounded_it_is_the_papers_divergence(rng):
    logits, targets = make(rng)
    kl = naive.kl_loss(logits.softmax(1).numpy(), targets.numpy(), 0.1)
    found = each(logits, targets, sigma=0.1, tail=None, lambda_=1.0)
    expected = cross_entropy(logits, targets, reduction="none").numpy() + kl
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-11)


def test_the_module_and_the_function_agree_on_options_and_defaults(rng):
    logits, targets = make(rng)
    of_module, of_function = (
        {name: p.default for name, p in inspect.signature(made).parameters.items()}
        for made in (SampleEasinessLoss, sample_easiness_loss)
    )
    assert of_module == {name: of_function[name] for name in of_module}
    options = {"lambda_": 0.3, "sigma": 0.2, "tail": 1.0, "ignore_index": 2, "reduction": "sum"}
    options |= {"label_smoothing": 0.1, "weight": torch.rand(6, dtype=torch.float64)}
    found = SampleEasinessLoss(**options)(logits, targets)
    assert torch.equal(found, sample_easiness_loss(logits, targets, **options))
    with pytest.raises(TypeError, match="positional"):
        SampleEasinessLoss(0.1)
    with pytest.raises(TypeError, match="positional"):
        sample_easiness_loss(logits, targets, 0.1)


def test_without_lambda_it_is_cross_entropy_and_costs_no_more(rng, monkeypatch):
    monkeypatch.setattr(loss, "sum_log_phi", None)
    logits, targets = make(rng, dtype=torch.float32)
    for reduction in ("none", "mean", "sum"):
        found = sample_easiness_loss(logits, targets, lambda_=0, reduction=reduction)
        assert torch.equal(found, cross_entropy(logits, targets, reduction=reduction))


@pytest.mark.parametrize("ignore_index", [-100, 3, 255])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_reductions_and_what_is_ignored(rng, ignore_index, weighted):
    logits, targets = make(rng)
    targets[::3] = ignore_index
    weight = torch.rand(6, dtype=torch.float64) + 0.1 if weighted else None
    options = {"weight": weight, "ignore_index": ignore_index, "sigma": 0.05}
    counted = targets != ignore_index
    w = torch.zeros(40, dtype=torch.float64)
    w[counted] = torch.ones(6, dtype=torch.float64)[targets[counted]]
    if weighted:
        w[counted] = weight[targets[counted]]
    plain = torch.zeros(40, dtype=torch.float64)
    plain[counted] = each(logits[counted], targets[counted], sigma=0.05)
    torch.testing.assert_close(each(logits, targets, **options), w * plain)
    total = sample_easiness_loss(logits, targets, reduction="sum", **options)
    torch.testing.assert_close(total, (w * plain).sum())
    mean = sample_easiness_loss(logits, targets, **options)
    torch.testing.assert_close(mean, (w * plain).sum() / w.sum())


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("rows", [0, 4])
def test_with_nothing_to_count_it_is_what_cross_entropy_is(reduction, rows):
    targets = torch.full((rows,), -100)
    results = []
    for function in (sample_easiness_loss, cross_entropy):
        logits = torch.ones(rows, 3, requires_grad=True)
        loss = function(logits, targets, reduction=reduction)
        loss.sum().backward()
        results.append((loss.detach(), logits.grad))
    torch.testing.assert_close(*results, equal_nan=True)
    assert results[0][1].eq(0).all()


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_label_smoothing_is_cross_entropys_alone(rng, reduction, weighted):
    logits, targets = make(rng)
    targets[::4] = -100
    options = {"reduction": reduction}
    if weighted:
        options["weight"] = torch.rand(6, dtype=torch.float64)
    sel = sample_easiness_loss(logits, targets, lambda_=1.0, **options) - cross_entropy(
        logits, targets, **options
    )
    smooth = cross_entropy(logits, targets, label_smoothing=0.2, **options)
    found = sample_easiness_loss(logits, targets, lambda_=1.0, label_smoothing=0.2, **options)
    torch.testing.assert_close(found, smooth + sel)


def test_more_dimensions_and_none(rng):
    logits = torch.from_numpy(rng.normal(size=(2, 5, 3, 4)))
    targets = torch.from_numpy(rng.integers(0, 5, (2, 3, 4)))
    targets[0, 0, 0] = -100
    flat = logits.movedim(1, -1).reshape(-1, 5), targets.reshape(-1)
    for options in SETTINGS:
        found = each(logits, targets, **options)
        torch.testing.assert_close(found, each(*flat, **options).reshape(2, 3, 4))
        for reduction in ("mean", "sum"):
            both = (
                sample_easiness_loss(*case, reduction=reduction, **options)
                for case in ((logits, targets), flat)
            )
            torch.testing.assert_close(*both)
    one = sample_easiness_loss(flat[0][1], flat[1][1])
    torch.testing.assert_close(one, sample_easiness_loss(flat[0][1:2], flat[1][1:2]))
    assert one.shape == ()


@pytest.mark.parametrize("options", SETTINGS)
def test_gradients_by_finite_differences(rng, options):
    logits, targets = make(rng, 6, 4)
    targets[1] = -100
    step = 1e-4 * options.get("sigma", 1.0)

    def loss(z):
        return each(z, targets, **options)

    assert torch.autograd.gradcheck(loss, logits.requires_grad_(), eps=step, rtol=1e-5)
    assert torch.autograd.gradgradcheck(loss, logits, eps=step, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("sigma", "reached"), [(6.5e-4, -1e3), (9.5e-5, -7e3)])
@pytest.mark.parametrize("tail", [3.0, None])
def test_gradients_in_the_far_tail(sigma, reached, tail):
    logits = torch.tensor([[5.0, 0.0, 1.0], [-1.0, 0.0, 6.0]], dtype=torch.float64)
    targets = torch.tensor([1, 0])
    h = logits.softmax(1)
    assert (h[0, 1] - h[0, 0]) / sigma / math.sqrt(2) < reached

    def loss(z):
        return each(z, targets, sigma=sigma, tail=tail, lambda_=1.0)

    loss(logits.requires_grad_()).sum().backward()
    size = logits.grad.abs().max().item()
    assert size > 50  # beside it, cross-entropy's 1 is nothing
    assert torch.autograd.gradcheck(loss, logits, eps=1e-6, rtol=1e-5, atol=1e-7 * size)


@pytest.mark.parametrize("options", SETTINGS)
def test_float32_is_float64_rounded(rng, options):
    logits, targets = make(rng, 200, 10, dtype=torch.float32)
    losses, gradients = [], []
    for dtype in (torch.float32, torch.float64):
        z = logits.detach().to(dtype, copy=True).requires_grad_()
        loss = sample_easiness_loss(z, targets, **options)
        loss.backward()
        assert loss.dtype == dtype
        losses.append(loss.double())
        gradients.append(z.grad.double())
    torch.testing.assert_close(*losses, rtol=1e-5, atol=0)
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=2e-5 * gradients[1].abs().max())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("options", SETTINGS)
def test_half_types_are_computed_in_float32_under_autocast_too(rng, dtype, options):
    logits, targets = make(rng, dtype=dtype)
    expected = sample_easiness_loss(logits.float(), targets, **options)
    assert torch.equal(sample_easiness_loss(logits, targets, **options), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for given in (logits, logits.float()):
            assert torch.equal(sample_easiness_loss(given, targets, **options), expected)
    extreme = torch.tensor([[-6e4, 6e4], [6e4, -6e4], [0.0, 0.0]], dtype=dtype)
    extreme.requires_grad_()
    loss = sample_easiness_loss(extreme, torch.tensor([0, 0, 1]), **options)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert extreme.grad.dtype == dtype
    assert extreme.grad.isfinite().all()


@pytest.mark.parametrize("sigma", [0.001, 0.01])
@pytest.mark.parametrize("tail", [0.5, 3.0, 10.0])
def test_the_bounded_tail_bounds_the_gradient_and_keeps_its_direction(sigma, tail):
    # A row in two minds, neither of them the label's: the slope there is as steep as it gets.
    logits = torch.tensor([[0.0, 2.0, 2.1]], requires_grad=True)
    gradients = []
    for bound in (tail, None):
        loss = sample_easiness_loss(logits, torch.tensor([0]), sigma=sigma, tail=bound, lambda_=1.0)
        gradients.append(torch.autograd.grad(loss, logits)[0][0])
    # Two rivals' slopes, at most tail + 1 / tail each, times dh/dz, at most 1/4 for each pair.
    limit = 1.0 + 2 * (tail + 1 / tail) / (sigma * math.sqrt(2)) / 2
    assert gradients[0].abs().max() <= limit
    assert gradients[1].abs().max() > 2 * gradients[0].abs().max()
    assert gradients[0][0] < 0
    assert torch.equal(gradients[0].sign(), gradients[1].sign())


def test_the_log_easiness_that_it_trains_is_the_one_that_is_scored(rng):
    logits, targets = make(rng)
    sel = each(logits, targets, sigma=0.02, tail=None, lambda_=1.0) - each(
        logits, targets, lambda_=0.0
    )
    expected = -log_easiness(logits, targets, estimator=ec.ClosedForm(sigma=0.02))
    torch.testing.assert_close(sel, expected)
