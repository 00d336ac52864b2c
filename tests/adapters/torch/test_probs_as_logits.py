"""A softmax at the end of the model, where logits are expected: a warning, once."""

import warnings

import pytest
import torch
from easiness_torch import EasinessSampler, fit, score_dataset, select_batch
from torch.utils.data import TensorDataset

import easiness_core as ec

MESSAGE = r"logits: all rows of the first batch lie in \[0, 1\] and sum to 1, .*remove the softmax"
N = 60


def rows(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, 3, generator=generator) * 2
    return logits.to(dtype), torch.arange(N) % 3


def told(action):
    """Warnings of an action."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [warning for warning in caught if "probabilities" in str(warning.message)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_the_sampler_says_so_when_the_next_epoch_begins(dtype):
    logits, labels = rows(dtype)
    sampler = EasinessSampler(N, warmup_epochs=9)
    assert not told(lambda: sampler.update(range(N), logits.softmax(1), labels))
    with pytest.warns(UserWarning, match=MESSAGE):
        list(sampler)
    assert not told(lambda: sampler.update(range(N), logits.softmax(1), labels) or list(sampler))


def test_other_rows_are_not_suspected():
    logits, labels = rows()
    for given in (logits, logits.log_softmax(1), torch.rand(N, 3), torch.eye(3)[labels] * 1.1):
        sampler = EasinessSampler(N, warmup_epochs=9)
        sampler.update(range(N), given, labels)
        assert not told(lambda sampler=sampler: list(sampler))
    sampler = EasinessSampler(N, warmup_epochs=9)
    sampler.update(range(N), probs=logits.softmax(1), labels=labels)
    assert not told(lambda: list(sampler))


def test_other_functions_say_so_at_once():
    logits, labels = rows()
    data = TensorDataset(logits, labels)
    softmax = torch.nn.Softmax(dim=1)
    (one,) = told(lambda: score_dataset(softmax, data, batch_size=10))
    assert one.filename == __file__
    (one,) = told(lambda: select_batch(softmax(logits), labels, ec.MO))
    assert one.filename == __file__
    assert not told(lambda: score_dataset(torch.nn.Identity(), data))
    assert not told(lambda: select_batch(logits, labels, ec.MO))


@pytest.mark.parametrize("method", ["classic", "SET", "fewer_easy", "random"])
def test_fit_says_so_once(method):
    logits, labels = rows()
    data = TensorDataset(logits, labels)
    options = {"method": method, "n_epochs": 5, "batch_size": 10}
    (one,) = told(
        lambda: fit(
            torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Softmax(1)), data, **options
        )
    )
    assert "remove the softmax" in str(one.message)
    assert not told(lambda: fit(torch.nn.Linear(3, 3), data, data, **options))
