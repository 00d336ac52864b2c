"""What options are refused, and what presets and random controls mean."""

import pickle

import pytest
import torch
from easiness_torch import EasinessSampler, smooth_rates
from torch.utils.data import TensorDataset

import easiness_core as ec

STEPS = {"total_epochs": 10, "warmup_epochs": 1, "step_budget": 100, "batch_size": 32}
DATA = TensorDataset(torch.zeros(3))
BAD = [
    ({"n_samples": 0}, ValueError, "n_samples: expected 1 or more, got 0"),
    ({"n_samples": 2.0}, TypeError, "n_samples: expected a whole number"),
    ({"n_samples": DATA}, TypeError, r"got TensorDataset; pass len\(dataset\)"),
    ({"keep": "fewer_eassy"}, ValueError, "keep: .*'fewer_eassy'.*'fewer_easy'"),
    ({"keep": ec.Level}, TypeError, "keep: expected levels such as ec.MO or 'medium', a rate"),
    ({"keep": True}, TypeError, "keep: expected levels"),
    ({"keep": 8}, ValueError, "keep: expected words .* or a union of Level; got 8"),
    ({"keep": {ec.EO: 0.3}}, ValueError, "got none for HARD, MEDIUM; unions may share one"),
    ({"keep": {ec.EMO: 0.3, ec.MHO: 1}}, ValueError, "got two rates for MEDIUM"),
    ({"keep": {ec.EMHO: 0}}, ValueError, "above 0 for some level"),
    ({"keep": {ec.EMHO: 1.5}}, ValueError, "keep.*below 1, got 1.5"),
    ({"keep": {None: 1.0}}, TypeError, "keep: expected levels"),
    ({"keep": (0.5, 0.2)}, ValueError, "low <= high"),
    ({"keep": (0.5,)}, ValueError, r"interval \(low, high\)"),
    ({"keep": [0.2, 0.8]}, TypeError, r"got \[0.2, 0.8\]; pass tuple\(keep\)"),
    ({"keep": "fewer_easy"}, ValueError, "total_epochs: expected the number of epochs, since keep"),
    ({"keep": "fewer_easy", "total_epochs": 3, "floor": False}, TypeError, "floor"),
    ({"estimator": "closed"}, TypeError, "estimator: expected ClosedForm"),
    ({"final_epochs": 2}, ValueError, "total_epochs: expected the number of epochs"),
    ({"rank_by": "entropy"}, ValueError, "rank_by: expected 'easiness' or 'loss'"),
    ({"refresh": "never"}, ValueError, "refresh: expected a number of epochs or 'training'"),
    ({"on_nan": "ignore"}, ValueError, "on_nan: expected 'raise' or 'skip'"),
    ({"budget": 1.5}, ValueError, "budget: .*got 1.5"),
    ({"budget": 0.1, "floor": 0.2}, ValueError, "budget: expected a value at least 0.2"),
    ({"floor": 1.0}, ValueError, "floor: expected a value at least 0 and below 1"),
    ({"weight_power": -1}, ValueError, "weight_power: expected a value at least 0"),
    ({"min_samples": 0}, ValueError, "min_samples: expected 1 or more"),
    ({"min_per_class": -1}, ValueError, "min_per_class: expected 0 or more"),
    ({"seed": -1}, ValueError, "seed: expected 0 or more"),
    ({"shuffle": 1}, TypeError, "shuffle: expected True or False"),
    ({"rank": 0}, ValueError, "rank: expected num_replicas too"),
    ({"num_replicas": 2}, ValueError, "num_replicas: expected rank too"),
    ({"num_replicas": 2, "rank": 2}, ValueError, "rank: expected 0 to 1, got 2"),
    ({"in_turn": True}, ValueError, r"in_turn: .* pass random_control=\[...\]"),
    ({"random_control": [11]}, ValueError, "random_control: each size"),
    ({"random_control": [True]}, TypeError, "random_control: each size"),
    ({"random_control": "yes"}, TypeError, "random_control: expected True or False"),
    (STEPS | {"step_budget": 18}, ValueError, r"expected 10 to 10 steps, got 18: 10 epochs, of"),
    (STEPS | {"step_budget": 0}, ValueError, "step_budget: expected 1 or more"),
    (STEPS | {"total_epochs": None}, ValueError, "total_epochs: expected a number, because step"),
    (STEPS | {"batch_size": None}, ValueError, "batch_size: expected a number, because step_b"),
    (STEPS | {"budget": 0.5}, ValueError, "budget and step_budget both set the epoch size"),
    (STEPS | {"min_per_class": 2}, ValueError, "min_per_class and step_budget both set"),
    (STEPS | {"random_control": [3]}, ValueError, "random_control and step_budget both set"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=range(len(BAD)))
def test_bad_options_are_refused_at_once(options, error, message):
    with pytest.raises(error, match=message):
        EasinessSampler(**{"n_samples": 10, **options})


@pytest.mark.parametrize(
    ("keep", "total", "first"),
    [(ec.MO, 4, 5), ("fewer_easy", 2, 1), ((0.2, 0.8), 5, 5)],
    ids=["levels", "fewer_easy", "interval"],
)
def test_a_run_that_never_selects_is_warned_of(keep, total, first):
    message = f"selects nothing in all {total} epochs: the first {first} a"
    with pytest.warns(UserWarning, match=message):
        EasinessSampler(10, keep=keep, total_epochs=total)
    # Full training on purpose.
    EasinessSampler(10, keep=ec.MO, total_epochs=4, warmup_epochs=4)


def test_a_sampler_pickles_with_its_scores():
    sampler = EasinessSampler(4, keep=smooth_rates, warmup_epochs=0, min_samples=1)
    sampler.update([0, 1, 2, 3], torch.tensor([[1.0, 1.0]]).repeat(4, 1), [0] * 4)
    copy = pickle.loads(pickle.dumps(sampler))
    sampler.set_epoch(7)
    copy.set_epoch(7)
    assert list(copy) == list(sampler)


@pytest.mark.parametrize("kind", [list, torch.tensor], ids=["list", "tensor"])
def test_a_control_of_given_sizes_needs_no_scores(kind):
    sampler = EasinessSampler(50, warmup_epochs=1, random_control=kind([50, 20, 7]))
    for epoch, size in enumerate((50, 20, 7)):
        sampler.set_epoch(epoch)
        assert not sampler.refresh_due
        indices = list(sampler)
        assert len(set(indices)) == len(indices) == sampler.history[-1]["n_selected"] == size
        assert sampler.weights(torch.tensor(indices)).tolist() == [1.0] * size
    sampler.set_epoch(3)
    with pytest.raises(RuntimeError, match="sizes for 3 epochs, and none for epoch 3"):
        list(sampler)


def test_a_control_in_turn_comes_back_to_no_sample_before_all_were_taken():
    sizes = [10, 3, 4, 2, 4, 10, 1, 10]
    sampler = EasinessSampler(10, warmup_epochs=1, random_control=sizes, in_turn=True)
    epochs = [list(sampler) for _ in sizes]
    assert [len(epoch) for epoch in epochs] == sizes
    assert all(len(set(epoch)) == len(epoch) for epoch in epochs)
    # 3 + 4 + 2 of one shuffle; 4 more do not fit into it, nor 10 into the rest of the next.
    assert len(set(epochs[1] + epochs[2] + epochs[3])) == 9
    again = EasinessSampler(10, warmup_epochs=1, random_control=sizes, in_turn=True)
    again.set_epoch(3)  # an epoch depends on no iteration before it
    assert list(again) == epochs[3]
    assert sorted(epochs[5]) == sorted(epochs[7]) == list(range(10))


def test_fewer_easy_is_what_it_says():
    def epochs(sampler):
        generator = torch.Generator().manual_seed(0)
        taken = []
        for epoch in range(10):
            sampler.set_epoch(epoch)
            indices = list(sampler)
            taken.append((indices, sampler.weights(indices).tolist()))
            logits = 3 * torch.randn(200, 4, generator=generator)
            sampler.update(range(200), logits, torch.arange(200) % 4)
        return taken

    options = {"keep": smooth_rates, "estimator": ec.ClosedForm(sigma=0.3), "budget": 0.35,
               "floor": 0.1, "weight_power": 0.5, "refresh": "training", "warmup_epochs": 1,
               "final_epochs": 2, "total_epochs": 10, "min_samples": 8}  # fmt: skip
    spelled = epochs(EasinessSampler(200, **options))
    assert (
        epochs(EasinessSampler(200, keep="fewer_easy", total_epochs=10, min_samples=8)) == spelled
    )
    assert [len(indices) == 200 for indices, _ in spelled] == [True] + [False] * 7 + [True] * 2
    own = {"budget": 0.5, "warmup_epochs": 5, "total_epochs": 10, "min_samples": 8, "floor": 0.0,
           "final_epochs": 0, "weight_power": 1.0, "refresh": 1}  # fmt: skip
    # The plain defaults too, where they are given.
    expected = epochs(EasinessSampler(200, **options | own))
    assert epochs(EasinessSampler(200, keep="fewer_easy", **own)) == expected
