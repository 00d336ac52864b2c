"""Probabilities in place of logits: what is none is refused, what is rounded is not."""

import pytest
import torch
from easiness_torch import EasinessSampler
from sampler_cases import scores_of

import easiness_core as ec


@pytest.mark.parametrize(
    "row",
    [[3.0, -1.0], [0.5, 0.4], [1.2, -0.2], [60.0, 40.0], [float("nan"), 1.0], [1.00001, -1e-5]],
)
def test_rows_that_are_no_probabilities_are_refused(row):
    sampler = EasinessSampler(10)
    rows = torch.tensor([[0.3, 0.7], row])
    sampler.update([4, 8], probs=rows, labels=[1, 1])
    assert scores_of(sampler).indices.tolist() == [4]
    with pytest.raises(ValueError, match=r"(probs|logits): got .* for 1 sample: indices 8; "):
        sampler.check()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_rounding_is_forgiven_as_in_the_core(dtype):
    half = dtype in (torch.float16, torch.bfloat16)
    for negative in (5e-7, 5e-6, 5e-4, 5e-3):
        rows = torch.tensor([[1.0, -negative, 0.0]], dtype=dtype)
        sampler = EasinessSampler(10)
        sampler.update([4], probs=rows, labels=[1])
        try:
            # numpy has no bfloat16: the core takes it from torch.
            ec.score(rows if half else rows.numpy(), [1])
        except ValueError:
            assert negative > (1e-3 if half else 1e-6)
            with pytest.raises(ValueError, match=r"for 1 sample: indices 4; "):
                sampler.check()
        else:
            assert negative < (1e-3 if half else 1e-6)
            sampler.check()


def test_sums_of_half_types_may_be_off():
    sampler = EasinessSampler(10)
    half = torch.tensor([[0.33, 0.33, 0.335]], dtype=torch.float16)
    sampler.update([4], probs=half, labels=[1])
    sampler.check()
