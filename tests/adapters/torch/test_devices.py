"""Losses on any device: on a GPU where there is one, and as contracts on the meta device.

Tensors on "meta" have no values, so whatever reads one raises; and mixed with tensors on the host
they raise as those on a GPU do.
"""

import contextlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from easiness_torch import (
    EasinessSampler,
    SampleEasinessLoss,
    fit,
    log_easiness,
    score_dataset,
    with_indices,
)
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
N = 240
GUIDE = Path(__file__).parents[3] / "docs" / "torch.md"


@pytest.fixture(params=DEVICES)
def device(request):
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA GPU here")
    return request.param


@contextlib.contextmanager
def no_waiting(device):
    """Have whatever makes the host wait for a GPU raise."""
    if device == "cuda":
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        if device == "cuda":
            torch.cuda.set_sync_debug_mode("default")


def dataset():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (N,), generator=generator)
    x = torch.nn.functional.one_hot(y, 3) * 2.0 + torch.randn(N, 3, generator=generator)
    return TensorDataset(x, y)


def net(device):
    torch.manual_seed(0)
    return torch.nn.Linear(3, 3).to(device)


def losses_of(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


def first_loop():
    """The first loop of the guide, as code."""
    text = GUIDE.read_text("utf-8")
    snippets = re.findall(r"```pycon\n(.*?)```", text, re.DOTALL)
    snippet = next(one for one in snippets if "EasinessSampler(" in one)
    lines = [line[4:] for line in snippet.splitlines() if line[:3] in (">>>", "...")]
    return "\n".join(lines)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_the_guide_runs_on_a_gpu():
    found = {}
    exec(first_loop(), found)
    assert found["device"] == "cuda"
    assert found["logits"].is_cuda
    assert sum(record["usage"] for record in found["sampler"].history) < 6


def test_the_guide_on_the_meta_device_goes_on_until_scores_are_read():
    code = first_loop().replace('"cuda" if torch.cuda.is_available() else "cpu"', '"meta"')
    found = {}
    with pytest.raises(RuntimeError, match="scores: tensors on the meta device have no values"):
        exec(code, found)
    # A whole epoch, its last batch included: nothing was read, nothing mixed with the host.
    assert [record["epoch"] for record in found["sampler"].history] == [0]
    assert found["indices"].device.type == "cpu"
    assert found["losses"].device.type == "meta"
    with pytest.raises(RuntimeError, match="device"):
        found["losses"] * torch.ones(len(found["losses"]))


@pytest.mark.parametrize(
    "keep", ["fewer_easy", {ec.MHO: 1.0, ec.EO: 0.3}], ids=["fewer_easy", "rates"]
)
def test_losses_times_weights_without_waiting(device, keep):
    sampler = EasinessSampler(
        N, keep=keep, warmup_epochs=1, total_epochs=5, refresh="training", min_samples=1
    )
    model = net(device)
    loader = DataLoader(with_indices(dataset()), batch_size=40, sampler=sampler)
    for epoch in range(4):
        sampler.set_epoch(epoch)
        for indices, x, y in loader:
            x, y = x.to(device), y.to(device)
            with no_waiting(device):
                logits = model(x)
                sampler.update(indices, logits, y)
                losses = losses_of(logits, y)
                weighted = losses * sampler.weights(indices)
                weighted.mean().backward()
            assert weighted.device == losses.device
    assert sampler.history[-1]["n_selected"] < N


@pytest.mark.parametrize("given", ["cpu", "same"])
def test_weights_go_where_losses_are(device, given):
    for where in (device, "meta"):
        sampler = EasinessSampler(N, keep={ec.MHO: 0.9, ec.EO: 0.3}, warmup_epochs=0, seed=1)
        x, y = dataset().tensors
        sampler.update(range(N), x.to(device), y.to(device))
        chosen = torch.tensor(list(sampler))
        on_host = sampler.weights(chosen, device="cpu")
        sampler.update(range(N), x.to(where), y.to(where)) if where != "meta" else None
        weights = sampler.weights(chosen.to(where if given == "same" else "cpu"), device=where)
        assert weights.device.type == torch.device(where).type
        if where != "meta":
            assert torch.equal(weights.cpu(), on_host)
            assert torch.equal(sampler.weights(chosen).cpu(), on_host)
        assert weights.dtype == torch.float32


def test_before_any_score_weights_are_with_the_model_that_is_to_score():
    sampler = EasinessSampler(N, warmup_epochs=3)
    sampler.set_epoch(0)
    sampler.refresh(net("meta"), dataset())
    next(iter(sampler))
    assert sampler.weights(torch.arange(5)).device.type == "meta"
    named = EasinessSampler(N, warmup_epochs=3, device="meta")
    assert named.weights([1, 2]).device.type == "meta"
    assert EasinessSampler(N).weights([1, 2]).device.type == "cpu"


def test_scores_and_selections_are_those_of_the_host(device):
    model, data = net(device), dataset()
    found = score_dataset(model, data)
    logits = net("cpu")(data.tensors[0])
    expected = ec.score(logits.detach().softmax(1).numpy(), data.tensors[1].numpy())
    np.testing.assert_allclose(found.easiness, expected.easiness, atol=1e-4)
    sampler = EasinessSampler(N, keep=ec.EMO, warmup_epochs=0, min_samples=1)
    sampler.refresh(model, data)
    assert sorted(sampler) == ec.select(expected.level, ec.EMO).tolist()


def test_the_loss_and_log_easiness_without_waiting(device):
    x, y = (t.to(device) for t in dataset().tensors)
    x.requires_grad_()
    with no_waiting(device):
        SampleEasinessLoss()(x, y).backward()
        scores = log_easiness(x, y, estimator=ec.ClosedForm(sigma=0.3))
    expected = ec.log_easiness(
        x.detach().cpu().softmax(1).numpy(), y.cpu().numpy(), estimator=ec.ClosedForm(sigma=0.3)
    )
    np.testing.assert_allclose(scores.detach().cpu(), expected, rtol=1e-4, atol=1e-6)
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("method", ["SET", "SEL", "fewer_easy", "random"])
def test_fit_trains_there(device, method):
    data = dataset()
    result = fit(
        net("cpu"), data, data, method=method, n_epochs=6, batch_size=40, device=device,
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.3),
    )  # fmt: skip
    assert result.accuracy > 0.75
    assert len(result.history) == 6
