"""The Trainer recipe, on one process and on two."""

import pytest
from accelerate.state import AcceleratorState, GradientState
from recipes import load_example, run_on_two

pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def no_traces():
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def test_two_processes_train_on_what_one_would(tmp_path):
    call = "main(num_train_epochs=4, max_steps=60)"
    ((first, second),) = run_on_two("torch_trainer", call, tmp_path)
    assert first["history"] == second["history"]
    mine, theirs = ([indices for _, indices in rank["seen"]] for rank in (first, second))
    assert len(mine) == len(theirs) == 60
    assert {len(batch) for batch in mine + theirs} == {32}
    # The two take turns at the batches of one order, in which each epoch is there once.
    order = [index for pair in zip(mine, theirs, strict=True) for batch in pair for index in batch]
    at = 0
    for record in first["history"]:
        part = order[at : at + record["n_selected"]]
        assert len(set(part)) == len(part)
        at += record["n_selected"]
    assert [record["selective"] for record in first["history"][:4]] == [False, True, True, False]
    assert first["history"][1]["hard"] + first["history"][1]["medium"] > 0
    # Loaders fetch ahead: the last batches of the warm-up have no scores yet.
    assert first["history"][1]["unscored"] < 3 * 64


def test_one_process_learns(capsys):
    trainer = load_example("torch_trainer").main()
    assert trainer.lr_scheduler.get_last_lr()[0] == pytest.approx(0.0, abs=1e-9)
    assert trainer.state.global_step == len(trainer.seen)
    assert trainer.evaluate()["eval_accuracy"] > 0.85
