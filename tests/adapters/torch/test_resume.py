"""Stopped and resumed, a run goes on as if it had not been: under torchdata, and without it."""

import copy
import io

import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from torch.utils.data import DataLoader, TensorDataset
from torchdata.stateful_dataloader import StatefulDataLoader

import easiness_core as ec

N = 120
BATCH = 8
KEEP = {ec.MHO: 0.9, ec.EO: 0.4}
# torchdata 0.11 calls what torch 2.13 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:'set_vital' is deprecated:UserWarning")


def make(**options):
    options = {"keep": KEEP, "warmup_epochs": 1, "refresh": "training", "min_samples": 1} | options
    return EasinessSampler(N, **options)


def logits_of(indices, epoch):
    """What a model might give in training: other scores each epoch."""
    generator = torch.Generator().manual_seed(epoch)
    return (torch.randn(N, 2, generator=generator) * 0.02)[indices]


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


class Run:
    """A training loop that writes down what it sees, and can be asked for its state midway."""

    def __init__(self, loader_class=StatefulDataLoader, num_workers=0, keep_state=through_a_file):
        self.sampler = make()
        data = TensorDataset(torch.arange(N).float(), torch.zeros(N, dtype=torch.int64))
        self.loader = loader_class(
            with_indices(data), batch_size=BATCH, sampler=self.sampler, num_workers=num_workers
        )
        self.seen, self.keep_state = [], keep_state

    def epoch(self, number, *, announce=False, save_after=None):
        """Train an epoch; the state after so many batches."""
        if announce:
            self.sampler.set_epoch(number)
        state = self.keep_state(self.loader.state_dict()) if save_after == 0 else None
        for step, (indices, _, labels) in enumerate(self.loader):
            self.seen.append((number, indices.tolist(), self.sampler.weights(indices).tolist()))
            self.sampler.update(indices, logits_of(indices, number), labels)
            if step + 1 == save_after:
                state = self.keep_state(self.loader.state_dict())
        return state


@pytest.mark.parametrize(
    ("num_workers", "announce", "keep_state", "epoch", "save_after"),
    [
        (0, True, through_a_file, 2, 1),
        (0, True, through_a_file, 0, 0),
        (0, False, lambda state: state, 0, 3),
        (0, False, through_a_file, 2, None),
        (2, False, through_a_file, 2, 1),
        (2, False, through_a_file, 0, None),
    ],
    ids=["announced", "before anything", "kept in memory", "between two epochs", "workers",
         "workers between two epochs"],
)  # fmt: skip
def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(
    num_workers, announce, keep_state, epoch, save_after
):
    undisturbed = Run(num_workers=num_workers, keep_state=keep_state)
    for number in range(5):
        if number == epoch:
            at = len(undisturbed.seen) + (save_after or 0)
            state = undisturbed.epoch(number, announce=announce, save_after=save_after)
            if save_after is None:
                state, at = keep_state(undisturbed.loader.state_dict()), len(undisturbed.seen)
        else:
            undisturbed.epoch(number, announce=announce)

    resumed = Run(num_workers=num_workers)
    resumed.loader.load_state_dict(state)
    for number in range(epoch + (save_after is None), 5):
        resumed.epoch(number, announce=announce)
    assert resumed.seen == undisturbed.seen[at:]
    assert len(resumed.seen) > 10
    assert resumed.sampler.history == undisturbed.sampler.history
    expected = undisturbed.sampler.state_dict()["scores"]
    for name, column in resumed.sampler.state_dict()["scores"].items():
        # Kept in memory, a state follows the numbering of its own epoch's rows.
        if name != "written_at" or keep_state is through_a_file:
            assert torch.equal(column[:N], expected[name][:N]), name


def test_the_loaders_and_the_samplers_own_state_agree():
    first = Run()
    first.epoch(0, announce=True)
    state = first.epoch(1, announce=True, save_after=2)
    resumed = Run()
    resumed.sampler.load_state_dict(state["_sampler_iter_state"]["sampler_state"])
    resumed.loader.load_state_dict(state)
    assert not resumed.sampler.refresh_due
    resumed.epoch(1, announce=True)
    assert resumed.seen == first.seen[-(-N // BATCH) + 2 :]


def test_with_a_plain_loader_an_interrupted_epoch_starts_again_with_its_plan():
    run = Run(DataLoader)
    run.epoch(0)
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
    assert [record["epoch"] for record in resumed.history] == [0, 1]
    # From there on it is the next one's turn, with the scores that were saved.
    run.sampler.set_epoch(2)
    assert list(resumed) == list(run.sampler)


def test_no_refresh_is_due_within_a_resumed_epoch_or_after_one_that_was_done():
    sampler = make(refresh=1, warmup_epochs=0)
    data = TensorDataset(torch.arange(N).float()[:, None], torch.zeros(N, dtype=torch.int64))
    sampler.refresh(torch.nn.Linear(1, 2), data)
    for begin in (lambda: None, lambda: next(iter(sampler))):
        begin()
        resumed = make(refresh=1, warmup_epochs=0)
        resumed.load_state_dict(through_a_file(sampler.state_dict()))
        assert not resumed.refresh_due
        assert len(resumed) == len(sampler)
    list(resumed)
    assert resumed.refresh_due


def test_another_epoch_may_be_asked_for_after_resuming():
    run = Run(DataLoader)
    run.epoch(0)
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


def test_a_state_saved_again_right_after_loading_is_the_same():
    run = Run(DataLoader)
    run.epoch(0)
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


GIVEN = {
    "n_samples": 500, "seed": 0, "keep": "fewer_easy", "total_epochs": 8, "step_budget": 70,
    "batch_size": 50,
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"n_samples": 490}, {"seed": 4}, {"total_epochs": 9}, {"step_budget": 75}, {"batch_size": 48}],
    ids=str,
)
def test_a_state_of_other_options_is_refused(change):
    state = EasinessSampler(**GIVEN).state_dict()
    ((name, value),) = change.items()
    message = f"with {name}={GIVEN[name]}, this one has {name}={value}; make the sampler with"
    with pytest.raises(ValueError, match=message):
        EasinessSampler(**GIVEN | change).load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("next"), "expected next to be int, got None; the state is incomplete"),
        (lambda s: s.update(history=None), "expected history to be list"),
        (lambda s: s["running"].pop("indices"), "expected running to be epoch, indices, weights"),
        (lambda s: s.pop("scores"), r"expected scores\['log_easiness'\] to be a tensor of shape"),
        (lambda s: s["scores"].pop("fault"), r"scores\['fault'\] to be a tensor .*got None"),
        (lambda s: s["scores"].update(loss=torch.zeros(7)), r"of shape \(121,\), got \(7,\)"),
        (lambda s: s.clear(), r"expected what EasinessSampler\.state_dict"),
    ],
)
def test_a_state_that_is_not_whole_changes_nothing(change, message):
    run = Run(DataLoader)
    run.epoch(0)
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
