"""`EasinessTrainerMixin`: easiness sampling in Hugging Face's Trainer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from easiness_torch.sampling.sampler import EasinessSampler
from easiness_torch.sampling.steps import step_range
from easiness_torch.sampling.whole_run import TrainingRun
from easiness_torch.scoring.dataset import logits_of
from easiness_torch.training.weighted import INDEX, WEIGHT, WeightedCollator, WeightedData

try:
    from transformers import TrainerCallback
    from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, get_last_checkpoint
except ImportError as error:
    raise ImportError(
        "easiness_torch.huggingface needs transformers: pip install 'transformers[torch]'"
    ) from error

if TYPE_CHECKING:
    from transformers import Trainer as _Base
else:
    _Base = object

__all__ = ["EasinessTrainerMixin"]

_HINT = "override compute_loss for models of other outputs"


class EasinessTrainerMixin(_Base):
    """Train a Hugging Face classifier on samples selected by `EasinessSampler`.

    Put it before `Trainer`, or a subclass, in the list of base classes. Scores come from the
    training pass. Evaluation and prediction are unchanged.

    A run has a fixed number of steps, so that the learning-rate schedule ends in the right place:
    `max_steps` if it is set, otherwise the number that `budget` gives for `num_train_epochs`. The
    Trainer counts, logs and evaluates by epochs of equal length, `num_train_epochs` in all. The
    epochs of the sampler are long in the warm-up and at the end, and short in between.

    Parameters
    ----------
    *args
        Positional arguments of `transformers.Trainer`.
    sampler_options : mapping, optional
        Options of `EasinessSampler`; by default `{"keep": "fewer_easy"}`. `total_epochs`,
        `step_budget`, `batch_size`, `refresh`, `device` and `num_replicas` follow from the
        training arguments.
    **kwargs
        Keyword arguments of `transformers.Trainer`. `train_dataset` must have a length, and its
        batches must be mappings with class indices under "labels", or under the key that
        `label_names` of the training arguments gives.

    Attributes
    ----------
    sampler : EasinessSampler or None
        The sampler of the latest call of `train`; its `history` shows what was selected.

    Raises
    ------
    ImportError
        If transformers is not installed (`pip install 'transformers[torch]'`).
    ValueError
        If `compute_loss_func` is passed: override `sample_losses` instead. In `train`, if the
        number of steps is unknown, or a checkpoint has no state of the sampler.

    Notes
    -----
    Written for transformers 5. It overrides `train`, `get_train_dataloader` and `compute_loss` of
    the Trainer, and calls one private method, which removes unused columns. Each process saves the
    sampler's state in the checkpoint.

    Examples
    --------
    >>> import tempfile, torch
    >>> from easiness_torch.huggingface import EasinessTrainerMixin
    >>> from transformers import Trainer, TrainingArguments
    >>> class Classifier(EasinessTrainerMixin, Trainer):
    ...     pass
    >>> class Model(torch.nn.Linear):
    ...     def forward(self, x, labels=None):
    ...         return {"logits": super().forward(x)}
    >>> train = [{"x": torch.eye(2)[k % 2], "labels": k % 2} for k in range(100)]
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     args = TrainingArguments(folder, num_train_epochs=4, per_device_train_batch_size=10,
    ...                              use_cpu=True, report_to=[])
    ...     trainer = Classifier(Model(2, 2), args, train_dataset=train,
    ...                          sampler_options={"keep": "fewer_easy", "min_samples": 10})
    ...     result = trainer.train()
    {'train_runtime': ...}
    >>> [record["n_selected"] for record in trainer.sampler.history]
    [100, 40, 40, 100]
    >>> trainer.sample_losses(torch.zeros(1, 2), torch.tensor([0]))
    tensor([0.6931])
    """

    sampler: EasinessSampler | None

    def __init__(
        self, *args: Any, sampler_options: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if self.compute_loss_func is not None:
            raise ValueError(
                "compute_loss_func: returns one loss per batch, but weighting needs one per "
                "sample; override sample_losses(logits, labels) instead"
            )
        self.sampler_options = {"keep": "fewer_easy", **(sampler_options or {})}
        self.sampler = None
        self._run: TrainingRun | None = None
        self._trains = False
        self._resume_from: str | None = None
        # The loss is a mean over the batch; the Trainer divides it if gradients accumulate.
        self.model_accepts_loss_kwargs = False
        self.add_callback(_SaveSampler(self))

    def train(self, resume_from_checkpoint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train, as `Trainer.train` does."""
        folder = resume_from_checkpoint or None
        if folder is True:
            folder = get_last_checkpoint(self.args.output_dir)  # type: ignore[no-untyped-call]
        self._resume_from, self._run = folder, None
        self._trains = True
        try:
            return super().train(resume_from_checkpoint, *args, **kwargs)
        finally:
            self._trains = False

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Make the loader of a run, with a new sampler.

        Each call replaces `sampler`; during a run, this is a RuntimeError.
        """
        args = self.args
        data: Any = self.train_dataset
        if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
            raise ValueError(
                f"train_dataset: expected a data set with a length, got {type(data).__name__}; "
                f"for streams use EasinessStream"
            )
        n_epochs = int(args.num_train_epochs)
        if n_epochs != args.num_train_epochs or n_epochs < 1:
            raise ValueError(
                f"num_train_epochs: expected a whole number, 1 or more, got "
                f"{args.num_train_epochs}; for another number of steps set max_steps"
            )
        # Smaller than in the arguments if auto_find_batch_size has reduced it.
        batch_size: int = self._train_batch_size
        per_step = batch_size * args.gradient_accumulation_steps * args.world_size
        if self._trains and self._run is not None and self._run.per_step == per_step:
            raise RuntimeError(
                "get_train_dataloader: a new loader would replace the sampler of this run; to read "
                "the training data during a run, make a DataLoader of train_dataset"
            )
        options = {
            "seed": args.seed if args.data_seed is None else args.data_seed,
            **self.sampler_options, "total_epochs": n_epochs, "refresh": "training",
            "device": args.device, "num_replicas": 1,
        }  # fmt: skip
        n_steps = args.max_steps
        if n_steps <= 0:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the sampler of the run warns
                budgeted = EasinessSampler(len(data), **options)
            if budgeted.options.budget is None:
                raise ValueError(
                    "max_steps: expected the number of steps, since how many samples will be "
                    "selected is not known; set max_steps in TrainingArguments, or pass "
                    'sampler_options={"budget": ...}'
                )
            # In equal parts, rounded up, because fewer steps may not suffice for the full epochs.
            with warnings.catch_warnings():
                # An estimate becomes the step budget, which is met exactly.
                warnings.simplefilter("ignore", UserWarning)
                n_steps = -(-budgeted.expected_steps(per_step) // n_epochs) * n_epochs
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                probe_options = {**options, "step_budget": None, "batch_size": per_step}
                probe = EasinessSampler(len(data), **probe_options)
            low, high = step_range(probe.options, 1)
            if not low <= n_steps <= high:
                raise ValueError(
                    f"max_steps: {n_epochs} epochs (num_train_epochs) can take {low} to {high} "
                    f"steps, got {n_steps}; set another max_steps or num_train_epochs"
                )
        options |= {"step_budget": n_steps, "batch_size": per_step, "budget": None}
        self.sampler = EasinessSampler(len(data), **options)
        self._run = TrainingRun(self.sampler, -(-n_steps // n_epochs), per_step)
        if self._resume_from is not None:
            path = _path(self._resume_from, args.process_index)
            if not os.path.exists(path):
                raise ValueError(
                    f"resume_from_checkpoint: expected {path}, saved by a trainer with easiness "
                    f"sampling with the same number of processes"
                )
            state = torch.load(path, map_location="cpu", weights_only=True)
            self._run.load_state_dict(state)
        collate = self._get_collator_with_removed_columns(self.data_collator, "training")
        loader = DataLoader(
            WeightedData(data),
            batch_size=batch_size,
            sampler=self._run,
            collate_fn=WeightedCollator(collate),
            num_workers=args.dataloader_num_workers,
            pin_memory=args.dataloader_pin_memory,
            persistent_workers=args.dataloader_persistent_workers,
            prefetch_factor=args.dataloader_prefetch_factor,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Weight the losses of a training batch and update the sampler, or do as Trainer does."""
        if INDEX not in inputs or self.sampler is None:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        inputs = dict(inputs)
        indices, weights = inputs.pop(INDEX), inputs.pop(WEIGHT)
        # The Trainer's own guess has every argument of the model with "label" in its name.
        guess = ["labels"] if "labels" in inputs else self.label_names
        key = next((name for name in self.args.label_names or guess if name in inputs), "labels")
        labels = inputs.pop(key, None)
        if labels is None:
            raise ValueError(
                f"inputs: expected class indices under the key 'labels', got {', '.join(inputs)}; "
                f"pass the name of another key as label_names=[...] in TrainingArguments"
            )
        outputs = model(**inputs)
        logits = logits_of(outputs, _HINT)
        losses = self.sample_losses(logits, labels)
        self.sampler.update(indices, logits, labels)
        loss = (losses * weights).mean()
        return (loss, outputs) if return_outputs else loss

    def sample_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of each sample; override it for another loss.

        By default, it is cross-entropy with the label smoothing of the training arguments.

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes)
            Output of the model.
        labels : Tensor of shape (n,), int64
            Given classes.

        Returns
        -------
        Tensor of shape (n,)
            Losses, in float32 by default.
        """
        return torch.nn.functional.cross_entropy(
            logits.float(), labels, reduction="none",
            label_smoothing=self.args.label_smoothing_factor,
        )  # fmt: skip


class _SaveSampler(TrainerCallback):
    """Tracks the progress of training, and writes the sampler's state into each checkpoint."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Drop the epochs that have been trained."""
        run = self.trainer._run
        run.trained(state.global_step * run.per_step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write the state of this process."""
        folder = os.path.join(args.output_dir, f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}")
        os.makedirs(folder, exist_ok=True)
        run_state = self.trainer._run.state_dict(state.global_step)
        torch.save(run_state, _path(folder, args.process_index))


def _path(folder: str, process: int) -> str:
    return os.path.join(folder, f"easiness_{process}.pt")
