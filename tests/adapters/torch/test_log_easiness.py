"""log easiness in torch: equal to the core's, with true gradients, and without waiting."""

import math

import easiness_torch
import naive
import numpy as np
import pytest
import torch
from easiness_torch.scoring.closed_form import score_logits, score_probs
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import probs_and_labels

CLOSED = st.builds(ec.ClosedForm, sigma=st.sampled_from([1e-4, 1e-3, 0.01, 0.1, 1.0]))
MONTE = st.builds(
    ec.MonteCarlo,
    sigma=st.sampled_from([1e-3, 0.01, 0.3]),
    draws=st.sampled_from([1, 10, 200]),
    seed=st.integers(0, 3),
)


def assert_like_core(found, expected, n_classes, *, rtol=1e-12):
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected, rtol=rtol, atol=1e-15 * n_classes)


def make_logits(rng, n_samples, n_classes, *, dtype=torch.float64, spread=3.0):
    logits = torch.from_numpy(rng.normal(scale=spread, size=(n_samples, n_classes))).to(dtype)
    labels = torch.from_numpy(rng.integers(0, n_classes, n_samples))
    logits[torch.arange(n_samples // 2), labels[: n_samples // 2]] += 3 * spread
    return logits, labels


@given(probs_and_labels(), CLOSED)
def test_probs_give_the_cores_numbers(case, estimator):
    probs, labels = case
    found = easiness_torch.log_easiness_from_probs(
        torch.from_numpy(probs), torch.from_numpy(labels), estimator=estimator
    )
    assert_like_core(found, ec.log_easiness(*case, estimator=estimator), probs.shape[1])
    assert (found <= 0).all()
    assert found.isfinite().all()


@given(probs_and_labels(), MONTE)
def test_counting_gives_the_cores_numbers(case, estimator):
    found = easiness_torch.log_easiness_from_probs(
        *map(torch.from_numpy, case), estimator=estimator
    )
    # The products are equal; each takes their logarithm in its own way.
    expected = ec.log_easiness(*case, estimator=estimator)
    np.testing.assert_array_max_ulp(found.numpy(), expected, 4)


def test_counting_goes_on_where_the_product_underflows():
    probs, labels = np.full((2, 1300), 1 / 1300), np.array([0, 1299])
    estimator = ec.MonteCarlo(sigma=0.001, draws=301, seed=1)
    found = easiness_torch.log_easiness_from_probs(
        torch.from_numpy(probs), torch.from_numpy(labels), estimator=estimator
    )
    expected = ec.log_easiness(probs, labels, estimator=estimator)
    assert (expected < -750).all()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)


def test_counting_does_not_count_a_noise_that_only_ties():
    estimator = ec.MonteCarlo(sigma=0.1, draws=40)
    a, b = estimator.noise()
    ties = np.abs(b - a)
    probs = np.where((b > a)[:, None], np.stack([ties, 0 * ties], 1), np.stack([0 * ties, ties], 1))
    labels = np.zeros(40, dtype=np.int64)
    _, expected = naive.monte_carlo(probs, labels, a, b)
    found = easiness_torch.log_easiness_from_probs(
        torch.from_numpy(probs), torch.from_numpy(labels), estimator=estimator
    )
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize(("sigma", "n_classes"), [(0.01, 2), (0.1, 10), (1.0, 1000)])
def test_logits_give_the_cores_numbers(rng, sigma, n_classes):
    for spread in (0.01, 1.0, 5.0):
        logits, labels = make_logits(rng, 60, n_classes, spread=spread)
        estimator = ec.ClosedForm(sigma=sigma)
        expected = ec.log_easiness(ec.softmax(logits), labels, estimator=estimator)
        found = easiness_torch.log_easiness(logits, labels, estimator=estimator)
        assert_like_core(found, expected, n_classes)


@pytest.mark.parametrize(("sigma", "n_classes"), [(0.01, 2), (0.01, 100), (0.1, 10), (1.0, 10)])
def test_float32_keeps_what_its_probabilities_hold(rng, sigma, n_classes):
    for spread in (0.01, 1.0, 5.0):
        logits, labels = make_logits(rng, 200, n_classes, spread=spread, dtype=torch.float32)
        estimator = ec.ClosedForm(sigma=sigma)
        exact = ec.log_easiness(ec.softmax(logits), labels, estimator=estimator)
        found = easiness_torch.log_easiness(logits, labels, estimator=estimator)
        assert found.dtype == torch.float32
        error, size = np.abs(found.numpy() - exact), np.abs(exact)
        hard, easiest = size > 1e-2, size < 1e-30
        assert (error[hard] <= 1e-5 * size[hard]).all()
        assert (error[~hard] <= 1e-7).all()
        assert (error[~easiest] <= 1e-4 * size[~easiest]).all()


def test_the_easy_end_keeps_its_digits_in_float32():
    # Arguments up to 13, where float32's range ends; log 1/2 subtracted from a sum leaves none.
    gaps = torch.linspace(3.0, 12.5, 100) * 0.01 * math.sqrt(2)
    probs = torch.stack([0.5 + gaps / 2, 0.5 - gaps / 2], dim=1)
    labels = torch.zeros(100, dtype=torch.int64)
    found = easiness_torch.log_easiness_from_probs(probs, labels)
    expected = ec.log_easiness(probs, labels)
    np.testing.assert_allclose(found, expected, rtol=2e-4)
    assert -1e-34 < found[-1] < 0.0


def test_gradients_by_finite_differences_far_tail_included(rng):
    logits, labels = make_logits(rng, 6, 4, spread=1.0)
    logits[0] = torch.tensor([9.0, 0.0, 0.0, 0.0])
    labels[0] = 1
    logits.requires_grad_()
    for sigma in (1e-4, 0.01, 1.0):  # arguments reach -7071

        def log_e(z, sigma=sigma):
            estimator = ec.ClosedForm(sigma=sigma)
            return easiness_torch.log_easiness(z, labels, estimator=estimator) * sigma**2

        # Differences are taken over steps that are small beside sigma.
        step = 1e-3 * sigma
        assert torch.autograd.gradcheck(log_e, logits, eps=step, rtol=1e-4, atol=1e-6)
        if sigma > 1e-4:
            assert torch.autograd.gradgradcheck(log_e, logits, eps=step, rtol=1e-3, atol=1e-5)


def test_losses_at_the_ends_of_the_range():
    logits = torch.tensor([[1000.0, -1000.0, 0.0], [-math.inf, 0.0, 0.0]])
    _, loss, predicted = score_logits(logits, torch.tensor([1, 0]), ec.ClosedForm())
    assert loss.tolist() == [2000.0, math.inf]
    assert predicted.tolist() == [0, 1]  # the first of several
    probs = torch.tensor([[1.0 + 1e-6, -1e-6], [1.0 + 1e-6, -1e-6]])
    _, loss, _ = score_probs(probs, torch.tensor([0, 1]), ec.ClosedForm())
    assert loss.tolist() == [0.0, math.inf]


@pytest.mark.parametrize("estimator", [ec.ClosedForm(), ec.MonteCarlo()])
def test_nan_stays_in_its_row(estimator):
    logits = torch.tensor([[0.0, math.nan, 1.0], [2.0, 0.0, 1.0], [0.0, math.inf, 1.0]])
    labels = torch.tensor([0, 0, 2])
    found = easiness_torch.log_easiness(logits, labels, estimator=estimator)
    assert found.isnan().tolist() == [True, False, True]
    probs = torch.tensor([[1.0, math.nan], [math.nan, 1.0], [1.0, 0.0]])
    found = easiness_torch.log_easiness_from_probs(
        probs, torch.tensor([0, 0, 0]), estimator=estimator
    )
    assert found.isnan().tolist() == [True, True, False]


def test_counting_has_no_gradient_and_works_in_and_after_inference_mode(rng):
    logits, labels = make_logits(rng, 5, 3)
    estimator = ec.MonteCarlo(seed=987)
    with torch.inference_mode():
        inside = easiness_torch.log_easiness(logits, labels, estimator=estimator)
    after = easiness_torch.log_easiness(logits.requires_grad_(), labels, estimator=estimator)
    assert not after.requires_grad
    assert torch.equal(inside, after)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened_first_and_autocast_changes_nothing(rng, dtype):
    logits, labels = make_logits(rng, 50, 10, dtype=dtype)
    expected = easiness_torch.log_easiness(logits.float(), labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = easiness_torch.log_easiness(logits, labels)
        wide = easiness_torch.log_easiness(logits.float(), labels)
    for found in (easiness_torch.log_easiness(logits, labels), inside, wide):
        assert found.dtype == torch.float32
        assert torch.equal(found, expected)
    probs = logits.float().softmax(1).to(dtype)
    found = easiness_torch.log_easiness_from_probs(probs, labels)
    assert torch.equal(found, easiness_torch.log_easiness_from_probs(probs.float(), labels))
