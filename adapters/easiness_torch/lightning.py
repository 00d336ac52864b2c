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
    ::

        sampler = EasinessSampler(len(dataset), keep={ec.MHO: 1.0, ec.EO: 0.3})
        trainer = lightning.Trainer(
            callbacks=[EasinessCallback(sampler, dataset)],
            reload_dataloaders_every_n_epochs=1,
            use_distributed_sampler=False,
        )
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
