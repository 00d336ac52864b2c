"""Stopped and resumed, a run goes on as if it had not been: under torchdata, and without it."""

import copy

import pytest
import torch
from easiness_torch import EasinessSampler
from resume_cases import BATCH, N, Run, make, through_a_file
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

import easiness_core as ec

# torchdata 0.11 calls what torch 2.13 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:'set_vital' is deprecated:UserWarning")


@pytest.mark.parametrize(("epoch", "save_after"), [(0, 3), (0, None), (2, 1), (2, None)], ids=str)
@pytest.mark.parametrize(
    ("num_workers", "announce", "keeps"),
    [(0, True, "file"), (0, False, "memory"), (2, False, "file")],
)
def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(
    num_workers, announce, epoch, save_after, keeps
):
    undisturbed = Run(StatefulDataLoader, num_workers)
    undisturbed.keeps = keeps
    state = None
    for number in range(5):
        if number == epoch:
            at = len(undisturbed.seen) + (save_after or 0)
        saved = undisturbed.epoch(
            number, announce=announce, save_after=save_after if number == epoch else None
        )
        if number == epoch and save_after is None:
            # Between two epochs.
            saved = through_a_file(undisturbed.loader.state_dict())
            at = len(undisturbed.seen)
        state = saved or state

    resumed = Run(StatefulDataLoader, num_workers)
    resumed.loader.load_state_dict(state)
    for number in range(epoch + (save_after is None), 5):
        resumed.epoch(number, announce=announce)
    assert resumed.seen == undisturbed.seen[at:]
    assert len(resumed.seen) > 10
    assert resumed.sampler.history == undisturbed.sampler.history
    expected = undisturbed.sampler.state_dict()["scores"]
    for name, column in resumed.sampler.state_dict()["scores"].items():
        # Kept in memory, a state follows the numbering of its own epoch's rows.
        if name == "written_at" and keeps == "memory":
            continue
        assert torch.equal(column[:N], expected[name][:N]), name


def test_a_state_taken_before_the_first_batch_resumes():
    first = Run(StatefulDataLoader, 0)
    state = through_a_file(first.loader.state_dict())
    first.epoch(0, announce=False)
    second = Run(StatefulDataLoader, 0)
    second.loader.load_state_dict(state)
    second.epoch(0, announce=False)
    assert second.seen == first.seen


def test_the_loaders_and_the_samplers_own_state_agree():
    first = Run(StatefulDataLoader, 0)
    first.epoch(0, announce=True)
    state = first.epoch(1, announce=True, save_after=2)
    at = -(-N // BATCH) + 2
    resumed = Run(StatefulDataLoader, 0)
    resumed.sampler.load_state_dict(state["_sampler_iter_state"]["sampler_state"])
    resumed.loader.load_state_dict(state)
    assert not resumed.sampler.refresh_due
    resumed.epoch(1, announce=True)
    assert resumed.seen == first.seen[at:]


def test_with_a_plain_loader_an_interrupted_epoch_starts_again_with_its_plan():
    run = Run(DataLoader, 0)
    run.epoch(0, announce=False)
    for step, (indices, _, labels) in enumerate(run.loader):
        run.sampler.update(indices, torch.zeros(len(indices), 2), labels)
        if step == 2:
            break
    state = through_a_file(run.sampler.state_dict())
    indices = state["running"]["indices"].tolist()

    resumed = make()
    resumed.load_state_dict(state)
    assert len(resumed) == len(indices)
    assert not resumed.refresh_due
    assert set(resumed) == set(indices)
    assert resumed.history[-1]["epoch"] == 1
    assert [record["epoch"] for record in resumed.history] == [0, 1]
    # From there on it is the next one's turn, with the scores that were saved.
    run.sampler.set_epoch(2)
    assert list(resumed) == list(run.sampler)


def test_no_refresh_is_due_within_a_resumed_epoch():
    sampler = make(refresh=1, warmup_epochs=0)
    sampler.update(range(N), torch.zeros(N, 2), [0] * N)
    next(iter(sampler))
    resumed = make(refresh=1, warmup_epochs=0)
    resumed.load_state_dict(sampler.state_dict())
    assert not resumed.refresh_due
    list(resumed)
    assert resumed.refresh_due


def test_after_a_whole_epoch_the_next_one_comes():
    run = Run(DataLoader, 0)
    for number in range(2):
        run.epoch(number, announce=False)
    state = through_a_file(run.sampler.state_dict())
    run.epoch(2, announce=False)
    resumed = make()
    resumed.load_state_dict(state)
    assert len(resumed) == run.sampler.history[-1]["n_selected"]
    assert list(resumed) == [k for number, indices, _ in run.seen if number == 2 for k in indices]


def test_another_epoch_may_be_asked_for_after_resuming():
    run = Run(DataLoader, 0)
    run.epoch(0, announce=False)
    next(iter(run.loader))
    resumed = make()
    resumed.load_state_dict(copy.deepcopy(run.sampler.state_dict()))
    resumed.set_epoch(5)
    run.sampler.set_epoch(5)
    assert len(resumed) == len(run.sampler)
    assert list(resumed) == list(run.sampler)


def test_a_state_follows_the_scores_of_its_epoch_only():
    sampler = make(warmup_epochs=0, keep=ec.MO)
    sampler.update(range(N), torch.zeros(N, 2), [0] * N)
    list(sampler)
    state = sampler.state_dict()
    sampler.update([0], torch.tensor([[9.0, 0.0]]), [0])
    assert state["scores"]["log_easiness"][0] > -1e-9
    list(sampler)
    sampler.update([1], torch.tensor([[9.0, 0.0]]), [0])
    assert state["scores"]["log_easiness"][1] < -0.5


def test_an_older_iterator_that_ends_late_leaves_the_newer_epoch_finished():
    sampler = EasinessSampler(6, warmup_epochs=5)
    older = iter(sampler)
    next(older)
    newer = list(sampler)
    assert len(newer) == 6
    list(older)
    assert sampler.state_dict()["finished"]
