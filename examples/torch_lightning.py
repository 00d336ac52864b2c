"""EasinessSampler under Lightning, on one device or several.

    python examples/torch_lightning.py
    torchrun --nproc_per_node 2 examples/torch_lightning.py 2

The callback sets epochs, refreshes scores and saves them in checkpoints. Lightning must make a new
loader each epoch, because it asks for its length only once, and keep its own sampler off.
"""

# ruff: noqa: D101, D102 (the hooks are Lightning's, and described there)
import sys

import lightning as L
import torch
from easiness_torch import EasinessSampler, with_indices
from easiness_torch.lightning import EasinessCallback
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import easiness_core as ec


class Classifier(L.LightningModule):
    def __init__(self, dataset, sampler, **options):
        super().__init__()
        layers = (torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        self.model = torch.nn.Sequential(*layers)
        self.dataset, self.sampler, self.options = dataset, sampler, options
        self.seen = []

    def forward(self, x):
        return self.model(x)

    def train_dataloader(self):
        return DataLoader(with_indices(self.dataset), sampler=self.sampler, **self.options)

    def training_step(self, batch, _):
        indices, x, y = batch
        self.seen.append((self.current_epoch, indices.tolist()))
        losses = cross_entropy(self(x), y, reduction="none")
        return (losses * self.sampler.weights(indices)).mean()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=2e-3)


def main(devices=1, *, max_epochs=5, ckpt_path=None, **options):
    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    dataset = TensorDataset(torch.tensor(images / 16).float(), torch.tensor(labels))
    sampler = EasinessSampler(len(dataset), keep={ec.MHO: 1, ec.EO: 0.3}, warmup_epochs=2)
    classifier = Classifier(dataset, sampler, **{"batch_size": 64, **options})
    trainer = L.Trainer(
        max_epochs=max_epochs,
        devices=devices,
        accelerator="cpu",
        callbacks=[EasinessCallback(sampler, dataset)],
        use_distributed_sampler=False,
        reload_dataloaders_every_n_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(classifier, ckpt_path=ckpt_path)
    return classifier, trainer


if __name__ == "__main__":
    trained, _ = main(*map(int, sys.argv[1:]))
    for record in trained.sampler.history:
        print(f"epoch {record['epoch']}: {record['n_selected']} samples")
