"""EasinessSampler in Hugging Face's Trainer, on one device or several.

    python examples/torch_trainer.py
    torchrun --nproc_per_node 2 examples/torch_trainer.py

A small ResNet, made from its configuration, learns the digits. Nothing is downloaded.
The budget and the epochs determine the number of steps, so that the schedule ends at 0.
"""

import tempfile

import numpy as np
import torch
from easiness_torch.huggingface import EasinessTrainerMixin
from sklearn.datasets import load_digits
from torch.utils.data import Subset
from transformers import ResNetConfig, ResNetForImageClassification, Trainer, TrainingArguments


class EasinessTrainer(EasinessTrainerMixin, Trainer):
    """Trainer that samples easy examples less often."""

    seen = ()

    def compute_loss(self, model, inputs, *args, **kwargs):
        """Write down which samples were trained on."""
        if "sample_index" in inputs:
            self.seen = [*self.seen, (int(self.state.epoch), inputs["sample_index"].tolist())]
        return super().compute_loss(model, inputs, *args, **kwargs)


def main(folder=None, **arguments):
    torch.manual_seed(0)
    pixels, labels = load_digits(return_X_y=True)
    samples = [
        {"pixel_values": torch.tensor(image).float(), "labels": int(label)}
        for image, label in zip(pixels.reshape(-1, 1, 8, 8) / 16, labels, strict=True)
    ]
    config = ResNetConfig(
        num_channels=1, embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1],
        layer_type="basic", num_labels=10,
    )  # fmt: skip
    defaults = {
        "per_device_train_batch_size": 32, "num_train_epochs": 10, "learning_rate": 5e-3,
        "warmup_steps": 20, "lr_scheduler_type": "cosine", "save_strategy": "no",
        "report_to": [], "use_cpu": True, "disable_tqdm": True,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        trainer = EasinessTrainer(
            ResNetForImageClassification(config),
            TrainingArguments(folder or temporary, **defaults | arguments),
            train_dataset=Subset(samples, range(1500)),
            eval_dataset=Subset(samples, range(1500, len(samples))),
            compute_metrics=lambda p: {"accuracy": np.mean(p.predictions.argmax(1) == p.label_ids)},
        )
        trainer.train()
    return trainer


if __name__ == "__main__":
    trained = main()
    for record in trained.sampler.history:
        print(f"epoch {record['epoch']}: {record['n_selected']} samples")
    print(f"steps: {trained.state.global_step}, rate: {trained.lr_scheduler.get_last_lr()[0]:.2g}")
    print(f"accuracy: {trained.evaluate()['eval_accuracy']:.3f}")
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
