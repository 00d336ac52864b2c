"""`fit`: training on what easiness selects, beside the methods that it is to be compared with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

import easiness_core as ec
from easiness_core.validation import check_count
from easiness_torch.sampling.sampler import EasinessSampler
from easiness_torch.scoring.batch import select_batch
from easiness_torch.scoring.dataset import score_dataset
from easiness_torch.scoring.device import device_of
from easiness_torch.scoring.ids import with_ids
from easiness_torch.training.check import (
    check_data,
    check_optimizer,
    check_schedule,
    check_used,
    is_true,
    sizes_of,
)
from easiness_torch.training.loop import Batches, Clock, Trainer, autocast, evaluate
from easiness_torch.training.methods import PerSample, method_of
from easiness_torch.training.result import FitResult

Callback = Callable[[dict[str, Any], torch.nn.Module], Any]
_DEFAULT = ec.ClosedForm()


def fit(
    model: torch.nn.Module,
    train: Dataset[Any],
    validation: Dataset[Any] | None = None,
    *,
    method: str = "SET",
    n_epochs: int = 30,
    warmup_epochs: int | None = None,
    keep: Any = None,
    reference: FitResult | None = None,
    sampler_options: Mapping[str, Any] | None = None,
    loss: PerSample | None = None,
    optimizer: Callable[[Iterable[torch.nn.Parameter]], torch.optim.Optimizer] | None = None,
    scheduler: Callable[[torch.optim.Optimizer, int], Any] | None = None,
    batch_size: int = 128,
    score_batch_size: int = 512,
    score_data: Dataset[Any] | None = None,
    num_workers: int = 0,
    device: torch.device | str | None = None,
    amp: bool = False,
    estimator: ec.ClosedForm | ec.MonteCarlo = _DEFAULT,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
    progress: bool = False,
    history: str | os.PathLike[str] | None = None,
) -> FitResult:
    """Train a model on what easiness selects (SET), or by a method to compare with.

    A plain loop around `EasinessSampler`: before each epoch that selects, all samples are scored
    in evaluation mode (or, for methods that say so, scores come from the training pass), then the
    selection is trained on. Methods:

    - "classic": all samples, all epochs; "SEL": the same with `SampleEasinessLoss`;
    - "SET", "L-SET", "SEL-SET": the paper's, medium samples unless `keep` says otherwise;
    - "random": at random, with `reference` exactly as many samples in each epoch as that run
      took; without, as many as SET would take by the scores of the model so trained, which drift;
    - "RS2": as "random" with `reference`, but without replacement across epochs (Okanovic et al.,
      ICLR 2024);
    - "SET per batch": Algorithm 1 as it is written: all samples go through the model, and each
      batch's loss is that of its medium samples; batches without any are skipped;
    - "warm-up": SET's warm-up alone, under SET's learning rates, and no more;
    - "InfoBatch": half of the samples below the mean loss left out, weights of 2 for the other
      half, the last 12.5 % of epochs full (Qin et al., ICLR 2024);
    - "lossless": smooth rates 1 - E at sigma 0.3, docs/set.md.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits of shape (n, n_classes). Trained in place, and left in training mode.
    train, validation : map-style Dataset
        Of pairs (x, y), y a class index.
    method : str, default "SET"
        One of the above.
    n_epochs : int, default 30
        Number of epochs.
    warmup_epochs : int, optional
        Epochs at the start that take all samples: 15 % by default (the paper: 10 to 20 %), or 1
        for methods scored in training.
    keep, sampler_options : optional
        What to keep, and other options of `EasinessSampler`, in place of the method's.
    reference : FitResult, optional
        For "random" and "RS2", which needs one: the run to compare with, of as many epochs. No
        scores are needed.
    loss : callable, optional
        Takes logits and labels, gives one loss a sample, in place of the method's.
    optimizer : callable, optional
        Takes parameters, gives an optimizer. Default: SGD, learning rate 0.05, momentum 0.9,
        weight decay 5e-4.
    scheduler : callable, optional
        Takes the optimizer and `n_epochs`, gives a scheduler, stepped once an epoch, or None
        for a constant rate. Default: half a cosine, down to 0.
    batch_size, score_batch_size : int, default 128 and 512
        Samples a batch, in training, and in scoring and validation.
    score_data : Dataset, optional
        The training samples in the same order without random augmentation, to be scored;
        `train` by default.
    num_workers : int, default 0
        Worker processes of each loader.
    device : torch.device or str, optional
        Where to train; by default where the model is.
    amp : bool, default False
        Train and score in bfloat16 where autocast holds that to be safe.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        For the validation scores. The sampler's is among `sampler_options`.
    seed : int, default 0
        Seed of selections, order and torch's random numbers within; those outside are left as
        they were (but not those of an accelerator that is no CUDA device). The model's initial
        weights are the caller's.
    callbacks : iterable of callables
        Called after each epoch with its entry of the history and the model; training ends after
        an epoch for which one returns True.
    progress : bool, default False
        Show a bar (needs tqdm).
    history : path, optional
        Where to write the history as CSV, anew after each epoch.

    Returns
    -------
    FitResult
        History, validation scores, accuracy, run times and data usage.

    Raises
    ------
    TypeError, ValueError
        If an option is wrong or has no part in the method, `loss` does not give one loss a
        sample, or the training loss is not finite.

    Notes
    -----
    Sources: Algorithm 1 and Sections 4.2.1 and 4.2.2 of the paper. What each method is worth:
    docs/set.md.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from easiness_torch import fit
    >>> _ = torch.manual_seed(0)
    >>> y = torch.randint(0, 3, (600,))
    >>> x = torch.nn.functional.one_hot(y, 3) * 2.0 + torch.randn(600, 3)
    >>> result = fit(torch.nn.Linear(3, 3), TensorDataset(x, y), method="SET", n_epochs=6)
    >>> [record["selective"] for record in result.history]
    [False, True, True, True, True, True]
    >>> result.usage < 1
    True
    """
    spec = method_of(method)
    gpu_data = check_data(train, "train")
    if validation is not None:
        check_data(validation, "validation")
    n_epochs = check_count(n_epochs, "n_epochs", low=1)
    seed = check_count(seed, "seed", low=0)
    warmup, final = spec.epochs(n_epochs)
    check_used(spec, method, warmup_epochs=warmup_epochs, keep=keep, options=sampler_options)
    if warmup_epochs is not None:
        warmup = check_count(warmup_epochs, "warmup_epochs", low=int(spec.stops))
    batch_size = check_count(batch_size, "batch_size", low=1)
    options = {
        "warmup_epochs": warmup, "final_epochs": final, "total_epochs": n_epochs, "seed": seed,
        "min_samples": batch_size, **spec.sampler, **(sampler_options or {}),
    }  # fmt: skip
    if keep is not None:
        options["keep"] = keep
    if method == "RS2" and reference is None:
        raise ValueError('reference: expected a run to take the sizes from, "RS2" needs one')
    if reference is not None:
        options |= sizes_of(reference, method, n_epochs, len(train))  # type: ignore[arg-type]
    rule = None
    if spec.per_batch:
        rule = partial(
            select_batch, keep=options.pop("keep"), estimator=options.pop("estimator", _DEFAULT)
        )
        options["warmup_epochs"] = n_epochs
    where = device_of(model, device)
    model.to(where)
    sampler = EasinessSampler(len(train), device=where, **options)  # type: ignore[arg-type]
    numbered = with_ids(train)
    trainer = Trainer(
        model,
        DataLoader(
            numbered, batch_sampler=Batches(sampler, batch_size), num_workers=num_workers,
            pin_memory=where.type == "cuda" and not gpu_data,
        ),
        sampler,
        check_optimizer((optimizer or _sgd)(model.parameters())),
        loss or spec.loss(),
        where,
        amp,
    )  # fmt: skip
    schedule = check_schedule((scheduler or _cosine)(trainer.optimizer, n_epochs))
    result = FitResult(method, warmup if rule else sampler.options.warmup_epochs)
    last = sampler.options.warmup_epochs if spec.stops else n_epochs
    callbacks = list(callbacks)
    cuda = [where] if where.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        _seed(where, seed)
        for epoch in _shown(range(min(last, n_epochs)), method, progress):
            clock = Clock(where)
            sampler.set_epoch(epoch)
            with clock.measure("score"), autocast(where, amp):
                if sampler.options.refresh != "training":
                    scored = train if score_data is None else score_data
                    score_dataset(
                        model, scored, sampler=sampler, device=where,
                        batch_size=score_batch_size, num_workers=num_workers,
                    )  # fmt: skip
            rate = float(trainer.optimizer.param_groups[0]["lr"])
            with clock.measure("train"):
                selecting = rule if epoch >= warmup else None
                train_loss = trainer.epoch(selecting)
            if schedule is not None:
                schedule.step()
            record = {**sampler.history[-1], "learning_rate": rate, "train_loss": train_loss}
            if selecting is not None:
                usage = trainer.n_trained / len(train)  # type: ignore[arg-type]
                record |= {"selective": True, "n_selected": trainer.n_trained, "usage": usage}
            with clock.measure("validation"):
                if validation is not None:
                    result.scores, auroc = evaluate(
                        model, validation, estimator, device=where, amp=amp,
                        batch_size=score_batch_size, num_workers=num_workers,
                    )  # fmt: skip
                    record |= _measured(result.scores, auroc)
            result.history.append(record | clock.seconds)
            if history is not None:
                result.to_csv(history)
            # All are called, whatever an earlier one says.
            answers = [callback(result.history[-1], model) for callback in callbacks]
            if any(is_true(answer) for answer in answers):
                break
    return result


def _measured(scores: ec.Scores, auroc: float) -> dict[str, float]:
    summary = scores.summary
    return {
        "accuracy": summary.accuracy,
        "auroc": auroc,
        "msr": summary.msr,
        "ese": summary.ese,
        "validation_loss": summary.mean_loss,
    }


def _seed(device: torch.device, seed: int) -> None:
    """Seed the generators that are put back afterwards, and no other device's."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type not in ("cpu", "meta"):  # cannot be forked alike on all of them
        torch.get_device_module(device).manual_seed(seed)


def _sgd(parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=5e-4)


def _cosine(optimizer: torch.optim.Optimizer, n_epochs: int) -> Any:
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)


def _shown(epochs: range, method: str, progress: bool) -> Iterable[int]:
    if not progress:
        return epochs
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from error
    shown: Iterable[int] = tqdm(epochs, desc=method, unit="epoch")
    return shown
