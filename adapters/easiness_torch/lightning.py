"""`EasinessCallback`: the sampler in Lightning's Trainer."""

from __future__ import annotations

from typing import Any

from torch.utils.data import Dataset

from easiness_torch.sampling.sampler import EasinessSampler

try:
    import lightning
except ImportError as error:
    raise ImportError(
        "easiness_torch.lightning needs Lightning: pip install 'lightning>=2.4'"
    ) from error

__all__ = ["EasinessCallback"]


class EasinessCallback(lightning.Callback):
    """Use `EasinessSampler` with Lightning: set its epoch, refresh its scores, save its state.

    In your module, `train_dataloader` must return a `DataLoader` with this sampler, and
    `training_step` must multiply the losses by `sampler.weights(indices)`. With
    `refresh="training"`, it must also call `sampler.update`.

    Parameters
    ----------
    sampler : EasinessSampler
        The sampler that the training loader draws from.
    dataset : Dataset, optional
        The data set to score when a refresh is due, preferably without random augmentation; not
        needed with `refresh="training"`.
    **options
        `step`, `batch_size` and `num_workers` of `EasinessSampler.refresh`. Without `step`, the
        module is called with x and must return logits.

    Raises
    ------
    ImportError
        If Lightning is not installed (`pip install lightning`).
    ValueError
        When training starts, if the Trainer keeps one loader for all epochs, or its loader does not
        use the sampler.

    Examples
    --------
    >>> import warnings
    >>> import lightning, torch
    >>> from easiness_torch import EasinessSampler, with_indices
    >>> from easiness_torch.lightning import EasinessCallback
    >>> from sklearn.datasets import load_iris
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> class Classifier(lightning.LightningModule):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.model = torch.nn.Linear(4, 3)
    ...     def forward(self, x):
    ...         return self.model(x)
    ...     def train_dataloader(self):
    ...         return DataLoader(with_indices(dataset), batch_size=30, sampler=sampler)
    ...     def training_step(self, batch, _):
    ...         indices, x, y = batch
    ...         losses = torch.nn.functional.cross_entropy(self(x), y, reduction="none")
    ...         return (losses * sampler.weights(indices)).mean()
    ...     def configure_optimizers(self):
    ...         return torch.optim.Adam(self.parameters(), lr=0.03)
    >>> X, y = map(torch.tensor, load_iris(return_X_y=True))
    >>> dataset = TensorDataset(X.float(), y)
    >>> sampler = EasinessSampler(150, keep="hard|medium", warmup_epochs=2, min_samples=30)
    >>> trainer = lightning.Trainer(
    ...     max_epochs=4, callbacks=[EasinessCallback(sampler, dataset)],
    ...     reload_dataloaders_every_n_epochs=1, use_distributed_sampler=False,
    ...     accelerator="cpu", logger=False, enable_checkpointing=False,
    ...     enable_progress_bar=False, enable_model_summary=False,
    ... )
    >>> _ = torch.manual_seed(0)
    >>> with warnings.catch_warnings(action="ignore"):  # Lightning's, about its loader
    ...     trainer.fit(Classifier())
    >>> [record["n_selected"] for record in sampler.history]
    [150, 150, 50, 50]
    """

    def __init__(
        self, sampler: EasinessSampler, dataset: Dataset[Any] | None = None, **options: Any
    ) -> None:
        self.sampler = sampler
        self.dataset = dataset
        self.options: dict[str, Any] = options
        self._restored = False

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Check the Trainer, and prepare the first epoch, before its loader is made."""
        if trainer.reload_dataloaders_every_n_epochs != 1:
            raise ValueError(
                "reload_dataloaders_every_n_epochs: expected 1, or epochs are cut to the length "
                f"of the first one; got {trainer.reload_dataloaders_every_n_epochs}"
            )
        if not self._restored:
            # The Trainer does not know yet where a checkpoint resumes; the sampler does.
            self.sampler.set_epoch(trainer.current_epoch)
        self._restored = False
        self._refresh(pl_module)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Check that the loader draws from the sampler."""
        drawn_from = getattr(trainer.train_dataloader, "sampler", self.sampler)
        if drawn_from is not self.sampler:
            raise ValueError(
                f"train_dataloader: expected a loader that draws from the callback's sampler, got "
                f"{type(drawn_from).__name__}; make it with sampler=sampler, and on several "
                f"devices pass use_distributed_sampler=False to the Trainer"
            )

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Prepare the next epoch."""
        if trainer.max_epochs in (-1, None) or trainer.current_epoch + 1 < trainer.max_epochs:
            self.sampler.set_epoch(trainer.current_epoch + 1)
            self._refresh(pl_module)

    def state_dict(self) -> dict[str, Any]:
        """State of the sampler, for checkpoints."""
        return self.sampler.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the sampler from a checkpoint."""
        self.sampler.load_state_dict(state_dict)
        self._restored = True

    def _refresh(self, model: Any) -> None:
        if self.dataset is not None:
            self.sampler.refresh(model, self.dataset, **self.options)
