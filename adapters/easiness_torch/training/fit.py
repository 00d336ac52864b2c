"""`fit`: train on samples selected by easiness, or by a method to compare with."""

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
from easiness_torch.scoring.device import device_of
from easiness_torch.scoring.indices import with_indices
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
    """Train a model on samples selected by easiness (SET), or by a baseline method.

    A plain training loop around `EasinessSampler`. Before each selective epoch, all samples are
    scored in evaluation mode; some methods use scores from the training pass instead. The model
    is then trained on the selected samples. Methods:

    - "classic": all samples in all epochs; "SEL": the same with `SampleEasinessLoss`;
    - "SET", "L-SET", "SEL-SET": the paper's methods; they keep medium samples unless `keep` is
      given;
    - "random": random samples; with `reference`, the number that this run used in each epoch;
      without it, the number that SET would select with the current model, which may drift;
    - "RS2": as "random" with `reference`, but without replacement across epochs (Okanovic et al.,
      ICLR 2024);
    - "SET per batch": Algorithm 1 taken literally: all samples go through the model, and the
      loss of each batch is that of its medium samples; batches without any are skipped;
    - "warm-up": only the warm-up epochs of SET, with its learning rates;
    - "InfoBatch": drops half of the samples below the mean loss, doubles the weights of the other
      half, and uses all samples in the last 12.5 % of epochs (Qin et al., ICLR 2024);
    - "fewer_easy": smooth sampling rates 1 - E at sigma 0.3; see docs/set.md.

    Parameters
    ----------
    model : torch.nn.Module
        Returns logits of shape (n, n_classes). Trained in place, and left in training mode.
    train : map-style Dataset
        Training samples: pairs (x, y), y a class index.
    validation : map-style Dataset, optional
        Validation samples in the same form; scored after each epoch.
    method : str, default "SET"
        One of the above.
    n_epochs : int, default 30
        Number of epochs.
    warmup_epochs : int, optional
        Number of initial epochs with all samples. Default: 15 % of the epochs (the paper: 10 to
        20 %), or 1 for methods that use scores from the training pass.
    keep : levels, rates, interval or callable, optional
        Which samples to keep, as for `EasinessSampler`; overrides the default of the method.
    reference : FitResult, optional
        For "random" and "RS2" (required there): the run whose numbers of samples to match. It must
        have the same number of epochs. No scores are needed.
    sampler_options : mapping, optional
        Further options of `EasinessSampler`; they override those of the method.
    loss : callable, optional
        Function of logits and labels that returns one loss per sample; overrides the loss of the
        method.
    optimizer : callable, optional
        Function of the parameters that returns an optimizer. Default: SGD with learning rate
        0.05, momentum 0.9 and weight decay 5e-4.
    scheduler : callable, optional
        Function of the optimizer and `n_epochs` that returns a scheduler, stepped once per epoch,
        or None for a constant learning rate. Default: half a cosine, down to 0.
    batch_size : int, default 128
        Samples per training batch.
    score_batch_size : int, default 512
        Samples per batch in scoring and validation.
    score_data : map-style Dataset, optional
        Samples to score: `train` in the same order, without random augmentation. Default:
        `train`.
    num_workers : int, default 0
        Worker processes of each loader.
    device : torch.device or str, optional
        Device for training; by default that of the model.
    amp : bool, default False
        Train and score with bfloat16 autocast.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        Estimator of the validation scores. Set that of the sampler in `sampler_options`.
    seed : int, default 0
        Seed of selections, order, and torch's random numbers during training. The global generators
        are restored afterward, except on accelerators other than CUDA. Initial weights are not
        affected.
    callbacks : iterable of callables, default ()
        Called after each epoch with its history record and the model. Training stops if one
        returns True.
    progress : bool, default False
        Show a progress bar; needs tqdm.
    history : path, optional
        CSV file for the history, rewritten after each epoch.

    Returns
    -------
    FitResult
        History, validation scores, accuracy, run times and data usage.

    Raises
    ------
    TypeError, ValueError
        If an option is invalid or not used by the method, `loss` does not return one loss per
        sample, or the training loss is not finite.
    ImportError
        If `progress` is set and tqdm is not installed.

    Notes
    -----
    Source: *Medium Samples Are All You Need*, Algorithm 1 and Sections 4.2.1 and 4.2.2. The
    methods are compared in docs/set.md.

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
    numbered = with_indices(train)
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
                    sampler.refresh(
                        model, scored, device=where, batch_size=score_batch_size,
                        num_workers=num_workers,
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
            # All are called, even if an earlier one returned True.
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
    """Seed the generators that are restored afterward, and those of no other device."""
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
