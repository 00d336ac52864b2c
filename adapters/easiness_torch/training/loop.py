"""Parts of `fit`: an epoch of training, an evaluation, and clocks for both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler

import easiness_core as ec
from easiness_torch.sampling.sampler import EasinessSampler
from easiness_torch.scoring.check import are_probs_likely, warn_of_probs
from easiness_torch.scoring.dataset import evaluating, logits_of
from easiness_torch.scoring.device import all_moved, moved
from easiness_torch.training.methods import PerSample

_WRAP = "wrap it in a module that returns the logits alone"
BatchRule = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Clock:
    """Seconds per activity: wall time, and processor time of all threads of this process."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        """Add the time of a block; on a GPU, until its work is done."""
        start, cpu = self._now()
        yield
        end, cpu_end = self._now()
        self.seconds[f"{what}_seconds"] = end - start
        self.seconds[f"{what}_cpu_seconds"] = cpu_end - cpu

    def _now(self) -> tuple[float, float]:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter(), time.process_time()


class Batches(Sampler[list[int]]):
    """Batches of a sampler's indices; a last batch of one or two samples joins the previous one.

    An epoch can have any number of samples. Batch norm has no statistics for one sample, and for
    two it leaves only their signs.
    """

    def __init__(self, sampler: Sampler[int], batch_size: int) -> None:
        self.batches = BatchSampler(sampler, batch_size, drop_last=False)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield lists of indices."""
        waiting: list[int] = []
        for batch in self.batches:
            if len(batch) < min(3, self.batches.batch_size):
                waiting = waiting + batch
                continue
            if waiting:
                yield waiting
            waiting = batch
        if waiting:
            yield waiting


@dataclass
class Trainer:
    """Trains an epoch batch by batch, with weights for the losses.

    Modules keep the modes set by the caller, such as a frozen batch norm, unless the whole model is
    in evaluation mode.
    """

    model: torch.nn.Module
    loader: DataLoader[Any]
    sampler: EasinessSampler
    optimizer: torch.optim.Optimizer
    criterion: PerSample
    device: torch.device
    amp: bool
    n_trained: int = 0

    def epoch(self, keep: BatchRule | None = None) -> float:
        """Train an epoch; return the mean of its weighted losses.

        `keep` selects the rows of a batch that count in the loss. The mean is nan if no batch has
        any. `n_trained` counts the samples.
        """
        if not self.model.training:
            self.model.train()
        options = self.sampler.options
        from_training = options.refresh == "training" and options.control_sizes is None
        total = torch.zeros((), device=self.device)
        self.n_trained = 0
        for indices, x, y in self.loader:
            x, y = all_moved(x, self.device), moved(y, self.device).long()
            with autocast(self.device, self.amp):
                logits = self._logits(x, len(y))
            if not self.sampler._told:
                # Only in the first batch, where the host may wait once.
                self.sampler._told = True
                if bool(are_probs_likely(logits)):
                    warn_of_probs(stacklevel=3)
            if from_training:
                self.sampler.update(indices, logits, y)
            if keep is not None:
                kept = keep(logits, y)
                if not len(kept):
                    continue
                indices, logits, y = indices[kept.to(indices.device)], logits[kept], y[kept]
            losses = self.criterion(logits.float(), y)
            if losses.shape != y.shape:
                raise ValueError(
                    f"loss: expected one loss per sample, shape {tuple(y.shape)}, got "
                    f'{tuple(losses.shape)}; make it with reduction="none"'
                )
            loss = (losses * self.sampler.weights(indices)).mean()
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            self.optimizer.step()
            total += loss.detach() * len(y)
            self.n_trained += len(y)
        if not self.n_trained:
            return math.nan
        mean = float(total) / self.n_trained
        if not math.isfinite(mean):
            raise ValueError(
                f"epoch {self.sampler.history[-1]['epoch']}: the training loss is {mean}; lower "
                f"the learning rate, or look for samples that are not finite"
            )
        return mean

    def _logits(self, x: Any, n: int) -> Tensor:
        """Run the model; explain why a batch of one cannot be run."""
        try:
            logits = logits_of(self.model(x), _WRAP)
        except ValueError as error:
            norms = [m for m in self.model.modules() if isinstance(m, _BatchNorm) and m.training]
            if n > 1 or not norms:
                raise
            raise ValueError(
                f"train: got a batch of 1 sample, of which {type(norms[0]).__name__} has no "
                f"statistics; raise batch_size or min_samples, or put the layer in eval mode"
            ) from error
        return logits


def autocast(device: torch.device, enabled: bool) -> torch.autocast:
    """Autocast to bfloat16 where it is safe, which needs no gradient scaling."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def evaluate(
    model: torch.nn.Module,
    data: Dataset[Any],
    estimator: ec.ClosedForm | ec.MonteCarlo,
    *,
    device: torch.device,
    amp: bool,
    batch_size: int,
    num_workers: int,
) -> tuple[ec.Scores, float]:
    """Return the scores of a data set, and its AUROC."""
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with evaluating(model), autocast(device, amp):
        for x, y in DataLoader(data, batch_size=batch_size, num_workers=num_workers):
            # In float64 on the host: Metal has none.
            logits.append(logits_of(model(all_moved(x, device)), _WRAP).cpu().double())
            labels.append(y.cpu().long())
    z, i = torch.cat(logits), torch.cat(labels).numpy()
    auroc = ec.auroc(z.numpy(), i, logits=True)
    return ec.score(z.softmax(1).numpy(), i, estimator=estimator), auroc
