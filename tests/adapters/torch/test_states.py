"""What the sampler saves, and what it makes of it when it loads."""

import copy

import pytest
import torch
from easiness_torch import EasinessSampler
from resume_cases import N, Run, make, through_a_file
from torch.utils.data import DataLoader, TensorDataset


def test_states_are_plain_and_of_this_sampler():
    sampler = make()
    state = through_a_file(sampler.state_dict())
    fresh = make()
    fresh.load_state_dict(state)
    assert list(fresh) == list(sampler)
    for other, message in (
        ({"n_samples": 7}, "state: saved by a sampler with n_samples=120, this one has n_samples"),
        ({"seed": 4}, "state: .* with seed=0, this one has seed=4; make the sampler with seed=0"),
    ):
        options = {"n_samples": N, **other}
        with pytest.raises(ValueError, match=message):
            EasinessSampler(options.pop("n_samples"), **options).load_state_dict(state)
    with pytest.raises(ValueError, match=r"expected what EasinessSampler\.state_dict"):
        sampler.load_state_dict({"epoch": 3})
    with pytest.raises(ValueError, match=r"expected what EasinessSampler\.state_dict"):
        sampler.load_state_dict([1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("next"), "expected next to be int, got None; the state is incomplete"),
        (lambda s: s.update(history=None), "expected history to be list"),
        (
            lambda s: s["running"].pop("indices"),
            "expected running to be epoch, indices, weights",
        ),
        (lambda s: s.pop("scores"), r"expected scores\['log_easiness'\] to be a tensor of shape"),
        (lambda s: s["scores"].pop("fault"), r"scores\['fault'\] to be a tensor .*got None"),
        (
            lambda s: s["scores"].update(loss=torch.zeros(7)),
            r"scores\['loss'\] to be a tensor of shape \(121,\), got \(7,\)",
        ),
    ],
)
def test_a_state_that_is_not_whole_changes_nothing(change, message):
    run = Run(DataLoader, 0)
    run.epoch(0, announce=False)
    state = copy.deepcopy(run.sampler.state_dict())
    change(state)
    sampler = make()
    sampler.update(range(N), torch.zeros(N, 2), [0] * N)
    list(sampler)
    before = copy.deepcopy(sampler.state_dict())
    with pytest.raises(ValueError, match=message):
        sampler.load_state_dict(state)
    after = sampler.state_dict()
    for name, column in before["scores"].items():
        assert torch.equal(column, after["scores"][name]), name
    assert after["history"] == before["history"]
    assert after["next"] == before["next"] == 1


def test_a_state_saved_again_right_after_loading_is_the_same():
    run = Run(DataLoader, 0)
    run.epoch(0, announce=False)
    indices = iter(run.sampler)
    for _ in range(5):
        next(indices)
    state = through_a_file(run.sampler.state_dict())
    once, twice = make(), make()
    once.load_state_dict(state)
    twice.load_state_dict(through_a_file(once.state_dict()))
    assert list(twice) == list(once)
    assert twice.history == once.history
    for name, column in state["scores"].items():
        assert torch.equal(column, twice.state_dict()["scores"][name]), name


def test_a_refresh_that_was_done_is_not_due_again_after_resuming():
    sampler = make(refresh=1, warmup_epochs=0)
    model = torch.nn.Linear(1, 2)
    data = TensorDataset(torch.arange(N).float()[:, None], torch.zeros(N, dtype=torch.int64))
    sampler.refresh(model, data)
    assert not sampler.refresh_due
    resumed = make(refresh=1, warmup_epochs=0)
    resumed.load_state_dict(through_a_file(sampler.state_dict()))
    assert not resumed.refresh_due
    assert len(resumed) == len(sampler)


def test_weights_are_those_of_the_epoch_that_was_loaded():
    samplers = make(warmup_epochs=0), make(warmup_epochs=0)
    for sampler, logit in zip(samplers, (0.0, 9.0), strict=True):
        sampler.update(range(N), torch.tensor([[logit, 0.0]]).repeat(N, 1), [0] * N)
        list(sampler)
    medium, easy = (sampler.weights(range(N)) for sampler in samplers)
    assert medium.max() == pytest.approx(1 / 0.9)
    assert easy.max() == pytest.approx(1 / 0.4)
    samplers[0].load_state_dict(samplers[1].state_dict())
    assert torch.equal(samplers[0].weights(range(N)), easy)
