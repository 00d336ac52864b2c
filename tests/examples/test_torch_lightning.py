"""The Lightning recipe: what is trained on is what was selected, each epoch, and it resumes."""

import itertools

import lightning
import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from easiness_torch.lightning import EasinessCallback
from recipes import epochs_of, load_example, run_on_two
from torch.utils.data import DataLoader, TensorDataset

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*is deprecated"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*number of training batches"),
    # torch's own, when Lightning sets up its strategy.
    pytest.mark.filterwarnings("ignore:.*will be changed to weights_only:FutureWarning"),
]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_each_epoch_trains_on_its_selection_once(num_workers):
    classifier, _ = load_example("torch_lightning").main(num_workers=num_workers)
    history = classifier.sampler.history
    assert [record["epoch"] for record in history] == list(range(5))
    assert [record["selective"] for record in history] == [False, False, True, True, True]
    batches = epochs_of(classifier.seen)
    for record in history:
        indices = list(itertools.chain(*batches[record["epoch"]]))
        assert len(indices) == len(set(indices)) == record["n_selected"]
        assert len(batches[record["epoch"]]) == -(-record["n_selected"] // 64)
    assert history[4]["n_selected"] < 1797
    x, y = classifier.dataset.tensors
    assert float((classifier(x).argmax(1) == y).float().mean()) > 0.9


def test_a_checkpointed_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    main = load_example("torch_lightning").main
    undisturbed, _ = main()
    _, trainer = main(max_epochs=3)
    trainer.save_checkpoint(tmp_path / "three.ckpt")
    resumed, _ = main(ckpt_path=tmp_path / "three.ckpt")
    assert resumed.seen == [entry for entry in undisturbed.seen if entry[0] >= 3]
    assert resumed.sampler.history == undisturbed.sampler.history


def test_two_processes_share_each_epoch(tmp_path):
    ((first, second),) = run_on_two("torch_lightning", "main(2)[0]", tmp_path)
    assert first["history"] == second["history"]
    for record in first["history"]:
        shards = [
            list(itertools.chain(*epochs_of(rank["seen"])[record["epoch"]]))
            for rank in (first, second)
        ]
        assert len(shards[0]) == len(shards[1]) == -(-record["n_selected"] // 2)
        assert len(set(shards[0]) & set(shards[1])) == record["n_selected"] % 2
        assert len(set(shards[0]) | set(shards[1])) == record["n_selected"]


@pytest.mark.parametrize(
    ("options", "loader", "message"),
    [
        ({}, {}, "reload_dataloaders_every_n_epochs: expected 1, or epochs are cut"),
        ({"reload_dataloaders_every_n_epochs": 1}, {"shuffle": True},
         "train_dataloader: expected a loader that draws from the callback's sampler, got Random"),
    ],
)  # fmt: skip
def test_trainers_that_would_not_follow_are_refused(options, loader, message):
    dataset = TensorDataset(torch.zeros(20, 64), torch.zeros(20, dtype=torch.int64))
    sampler = EasinessSampler(20)
    classifier = load_example("torch_lightning").Classifier(dataset, sampler)
    classifier.train_dataloader = lambda: DataLoader(
        with_indices(dataset), **(loader or {"sampler": sampler})
    )
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", callbacks=[EasinessCallback(sampler, dataset)],
        logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, **options,
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        trainer.fit(classifier)


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`")
def test_lightnings_own_checkpoints_resume(tmp_path):
    main = load_example("torch_lightning").main
    undisturbed, _ = main()
    from lightning.pytorch.callbacks import ModelCheckpoint

    recipe = load_example("torch_lightning")
    kind = recipe.L.Trainer
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1, every_n_epochs=1)
    try:
        recipe.L.Trainer = lambda callbacks, enable_checkpointing, **options: kind(
            callbacks=[*callbacks, saver], enable_checkpointing=True, **options
        )
        recipe.main(max_epochs=5)
    finally:
        recipe.L.Trainer = kind
    for epoch in (1, 3):
        resumed, _ = main(ckpt_path=tmp_path / f"epoch={epoch}.ckpt")
        assert resumed.seen == [entry for entry in undisturbed.seen if entry[0] > epoch]
        assert resumed.sampler.history == undisturbed.sampler.history
