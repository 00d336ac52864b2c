"""The Lightning recipe: what is trained on is what was selected, each epoch, and it resumes."""

import itertools

import lightning
import pytest
import torch
from easiness_torch import EasinessSampler, with_indices
from easiness_torch.lightning import EasinessCallback
from lightning.pytorch.callbacks import ModelCheckpoint
from recipes import epochs_of, load_example, run_on_two
from torch.utils.data import DataLoader, TensorDataset

TRAINER = lightning.Trainer
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*is deprecated"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*number of training batches"),
    # torch's own, when Lightning sets up its strategy.
    pytest.mark.filterwarnings("ignore:.*will be changed to weights_only:FutureWarning"),
]


def test_each_epoch_trains_on_its_selection_once():
    classifier, _ = load_example("torch_lightning").main(num_workers=2)
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
def test_lightnings_checkpoints_resume_as_if_the_run_had_not_stopped(tmp_path, monkeypatch):
    recipe = load_example("torch_lightning")
    undisturbed, _ = recipe.main()
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    with monkeypatch.context() as patch:
        patch.setattr(
            recipe.L,
            "Trainer",
            lambda callbacks, enable_checkpointing, **options: TRAINER(
                callbacks=[*callbacks, saver], enable_checkpointing=True, **options
            ),
        )
        recipe.main()
    for epoch in (1, 3):
        resumed, _ = recipe.main(ckpt_path=tmp_path / f"epoch={epoch}.ckpt")
        assert resumed.seen == [entry for entry in undisturbed.seen if entry[0] > epoch]
        assert resumed.sampler.history == undisturbed.sampler.history
