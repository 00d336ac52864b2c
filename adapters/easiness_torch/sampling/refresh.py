"""Scores for the sampler, from the training loop or from a pass over the data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from easiness_torch.sampling.epochs import EpochSampler
from easiness_torch.sampling.input import check_update
from easiness_torch.sampling.merge import greatest, world
from easiness_torch.sampling.scores import ScoreTable
from easiness_torch.scoring.batches import drops_samples
from easiness_torch.scoring.dataset import Step, check_model, length_of, score_batches
from easiness_torch.scoring.device import device_of


class ScoredSampler(EpochSampler):
    """Sampler that receives scores."""

    def update(
        self,
        indices: Tensor | Sequence[int],
        logits: Tensor | None = None,
        labels: Tensor | Sequence[int] | None = None,
        *,
        probs: Tensor | None = None,
    ) -> None:
        """Score a batch, and store its scores for the next epochs.

        Everything happens on the device of `logits`, and the host never waits for it. So values on
        a GPU are checked only when the next epoch begins, or by `check`.

        Parameters
        ----------
        indices : Tensor or sequence of int, shape (n,)
            Indices of the samples in the data set; any integer dtype, on any device. If an index
            occurs several times, the last row counts.
        logits : Tensor of shape (n, n_classes)
            Output of the model, any floating-point dtype; gradients are not affected.
        labels : Tensor or sequence of int, shape (n,)
            Given classes, 0 to n_classes - 1.
        probs : Tensor of shape (n, n_classes), optional
            Probabilities instead of logits, from a model that ends in a softmax.

        Raises
        ------
        TypeError, ValueError
            If types or shapes are wrong, or indices or labels on the host are out of range.

        Examples
        --------
        >>> import torch
        >>> from easiness_torch import EasinessSampler
        >>> sampler = EasinessSampler(3, keep="hard", warmup_epochs=0, min_samples=1)
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 3.0]])
        >>> sampler.update([0, 1, 2], logits, [0, 0, 0])
        >>> sampler.set_epoch(1)
        >>> sorted(sampler)
        [2]
        """
        checked = check_update(indices, logits, labels, probs, self.options.n_samples)
        if len(checked.indices):
            self._losses_on = checked.rows.device
            table = self._table_on(checked.rows.device)
            table.update(estimator=self.options.estimator, **checked._asdict())
            self._version += 1

    @property
    def refresh_due(self) -> bool:
        """Whether all samples must be scored before the next epoch.

        True if the next epoch selects and is a multiple of `refresh` after the warm-up, until
        `refresh` is called; also true if it selects and no sample has a score.

        Examples
        --------
        >>> from easiness_torch import EasinessSampler
        >>> sampler = EasinessSampler(3, warmup_epochs=5)
        >>> sampler.refresh_due  # before epoch 0, which is full
        False
        >>> sampler.set_epoch(5)
        >>> sampler.refresh_due
        True
        """
        if self._replay or not self.options.needs_scores(self._next):
            return False
        if self._table is None or self._table.clock == 0:
            return True
        return self.options.refreshes(self._next) and self._refreshed_for != self._next

    def refresh(
        self,
        model: torch.nn.Module,
        data: Dataset[Any] | DataLoader[Any],
        *,
        step: Step | None = None,
        device: torch.device | str | None = None,
        batch_size: int = 512,
        num_workers: int = 0,
    ) -> None:
        """Score all samples with a model if that is due before the next epoch.

        Call it before each epoch, if scores come from separate passes over the data; it does
        nothing if no pass is due. The model is scored in evaluation mode; its modes and the random
        number generators are restored afterward.

        Parameters
        ----------
        model : torch.nn.Module
            A model that returns logits. For mixed precision, call this within `torch.autocast`.
        data : Dataset or DataLoader
            The sampler's data set, with or without `with_indices`, preferably without random
            augmentation; or a loader over all of it. With torch.distributed, call this on all
            ranks: each scores its share of a data set, unless `merge_ranks` is False.
        step : callable, optional
            As in `score_dataset`.
        device : torch.device or str, optional
            As in `score_dataset`.
        batch_size, num_workers : int, default 512 and 0
            As in `score_dataset`.

        Raises
        ------
        TypeError, ValueError
            As for `score_dataset`; or if the length of the data set is not that of the sampler.

        Examples
        --------
        >>> import torch
        >>> from easiness_torch import EasinessSampler
        >>> from torch.utils.data import TensorDataset
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.01], [0.0, 3.0]])
        >>> dataset = TensorDataset(logits, torch.tensor([0, 0, 0, 0]))
        >>> sampler = EasinessSampler(4, keep="medium", warmup_epochs=0, min_samples=1)
        >>> sampler.refresh(torch.nn.Identity(), dataset)
        >>> sorted(sampler)
        [1, 2]
        """
        check_model(model)
        n_samples = length_of(data)
        if isinstance(data, DataLoader) and drops_samples(data):
            raise ValueError(
                "data: this loader drops its last batch, whose samples would not be scored; make "
                "it with drop_last=False, or pass the data set itself"
            )
        if n_samples != self.options.n_samples:
            raise ValueError(
                f"data: expected {self.options.n_samples} samples, the size of the sampler, "
                f"got {n_samples}"
            )
        self._losses_on = device_of(model, device)
        shard = self._shard_to_score()
        self._announced = not self._replay
        if shard is None:
            return
        score_batches(
            model, data, self.update, shard=shard, step=step, device=self._losses_on,
            batch_size=batch_size, num_workers=num_workers,
        )  # fmt: skip
        self._refreshed_for = self._next
        if self._merging():
            self._synchronize(self._next)

    def _shard_to_score(self) -> tuple[int, int] | None:
        """Return the number of shards and the one to score here, or None if none is due."""
        if not self._merging():
            return (1, 0) if self.refresh_due else None
        # Due if due on any rank: a single rank would wait for the others forever.
        device = self._device or torch.device("cpu")
        clock = 0 if self._table is None else self._table.clock
        due, clock = greatest([int(self.refresh_due), clock], device)
        if not due:
            return None
        # Rows are numbered from the same number on all ranks, so that later scores are the latest.
        if self._table is None:
            self._table = ScoreTable(self.options.n_samples, device)
        self._table.clock = clock
        return world()
