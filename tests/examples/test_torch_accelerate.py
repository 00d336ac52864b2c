"""The accelerate recipe: one sampler, whose batches accelerate hands out to its processes."""

import itertools

import pytest
from accelerate.state import AcceleratorState, GradientState
from recipes import epochs_of, load_example, run_on_two


@pytest.fixture(autouse=True)
def no_traces():
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def test_each_epoch_trains_on_its_selection_once():
    sampler, seen = load_example("torch_accelerate").main(num_workers=2)
    assert [record["epoch"] for record in sampler.history] == list(range(5))
    batches = epochs_of(seen)
    for record in sampler.history:
        indices = list(itertools.chain(*batches[record["epoch"]]))
        assert len(indices) == len(set(indices)) == record["n_selected"]
    assert sampler.history[4]["n_selected"] < 1797


def test_two_processes_share_the_batches_of_each_epoch(tmp_path):
    ((first, second),) = run_on_two("torch_accelerate", "main()", tmp_path)
    assert first["history"] == second["history"]
    for record in first["history"]:
        mine, theirs = (epochs_of(rank["seen"])[record["epoch"]] for rank in (first, second))
        assert len(mine) == len(theirs)
        # Batches are all full: the last are filled up from the epoch's own first.
        assert {len(batch) for batch in mine + theirs} == {64}
        indices = list(itertools.chain(*mine, *theirs))
        assert len(set(indices)) == record["n_selected"]
        assert 0 <= len(indices) - record["n_selected"] < 2 * 64


DISPATCH = """
from accelerate import DataLoaderConfiguration
from functools import partial
recipe.Accelerator = partial(
    recipe.Accelerator, dataloader_config=DataLoaderConfiguration(dispatch_batches=True)
)
"""


def test_dispatched_batches_are_those_of_the_selection(tmp_path):
    # Process 0 draws for both: one alone must not wait for the other.
    ((first, second),) = run_on_two("torch_accelerate", "main()", tmp_path, setup=DISPATCH)
    assert second["history"] == []
    for record in first["history"]:
        mine, theirs = (epochs_of(rank["seen"])[record["epoch"]] for rank in (first, second))
        indices = list(itertools.chain(*mine, *theirs))
        assert len(set(indices)) == record["n_selected"]
        assert 0 <= len(indices) - record["n_selected"] < 2 * 64
    assert first["history"][4]["n_selected"] < 1797
