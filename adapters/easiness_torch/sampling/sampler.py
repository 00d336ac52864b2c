"""`EasinessSampler`: select the samples of each epoch by easiness."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.sampling.input import check_indices
from easiness_torch.sampling.keep import SampleScores
from easiness_torch.sampling.options import check_flag, check_options, check_shard
from easiness_torch.sampling.preset import filled_in
from easiness_torch.sampling.refresh import ScoredSampler
from easiness_torch.sampling.steps import expected_steps
from easiness_torch.scoring.device import indexed, moved


class EasinessSampler(ScoredSampler):
    """Sampler that selects samples for training by their latest easiness (SET).

    Warm-up epochs use all samples. After them, each epoch keeps each sample with a rate that
    depends on its score: `keep=ec.MO` keeps the medium samples. Scores come from `update`, or from
    `refresh`, which calls it. Samples without a score are always kept.

    The selection of an epoch is a pure function of seed, epoch number and the scores when its
    iteration begins. It is the same on CPU, GPU and all ranks. Scores that change during an epoch
    affect the next one.

    Parameters
    ----------
    n_samples : int
        Length of the data set; indices are 0 to n_samples - 1.
    keep : Level, str, mapping, tuple or callable, default MO
        Which samples to keep: levels, such as `ec.MO` or "hard|medium"; a rate in [0, 1] for each
        level, as in `{ec.MHO: 1.0, ec.EO: 0.3}`; an interval `(low, high)` of easiness, ends
        included; or a function of `SampleScores` that returns a tensor with one rate per scored
        sample. A rate between 0 and 1 is a probability; each epoch draws again. "fewer_easy" is a
        preset (docs/set.md): `smooth_rates` at sigma 0.3, budget 0.35, floor 0.1, weight_power 0.5,
        refresh "training", 1 warm-up epoch, and the last 15 % of epochs full. It needs
        `total_epochs`; options that you pass take precedence.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How `update` scores, and the thresholds between levels.
    total_epochs : int, optional
        Number of epochs; later ones use all samples. `final_epochs` and `step_budget` need it.
    warmup_epochs, final_epochs : int, default 5 and 0
        Number of epochs at the start (the paper: 10 to 20 % of all) and at the end that use all
        samples.
    refresh : int or "training", default 1
        Number of epochs between calls of the method `refresh`; or "training", if scores come from
        the training pass, by calls of `update` in the loop.
    seed : int, default 0
        Seed, the same on all ranks.

    Attributes
    ----------
    history : list of dict
        One record per epoch: `epoch`, `selective`, `n_selected`, `usage` (share of all samples),
        the numbers of `hard`, `medium`, `easy` and `unscored` samples, `n_filled` (samples added to
        fill up the epoch), `ties` (samples at a cut by rank with equal scores, chosen by index or
        at random), `mean_rate`, `excluded` (samples with a rate of 0), and `skipped` (samples with
        non-finite logits, on this rank).

    Other Parameters
    ----------------
    budget : float in (0, 1], optional
        *How many.* Mean rate, counting samples without a score as 1. Rates become `clip(c * rate,
        floor, 1)`, with c chosen to match. Each epoch then has this share of the samples, to the
        nearest whole number.
    step_budget, batch_size : int, optional
        *How many.* Total number of optimizer steps in all `total_epochs`, and the number of samples
        per step on one rank (with gradient accumulation, in all its batches). Selective epochs
        share the steps that full epochs leave, and have exactly that size: rates are scaled as by
        `budget`, and samples are added as by `min_samples` if needed.
    floor : float in [0, 1), default 0.0
        *How many.* Lower bound for all rates.
    min_samples : int, default 128
        *How many.* Smallest size of an epoch, on all ranks together. Smaller epochs are filled up
        with the samples closest to those kept, in log-odds of easiness (for a function: with the
        highest rates); ties are broken at random. With a loader that drops its last batch, use at
        least the batch size times the number of ranks.
    min_per_class : int, default 0
        *How many.* As `min_samples`, for each class, by the labels passed to `update`.
    rank_by : {"easiness", "loss"}, default "easiness"
        *Which.* "loss" is L-SET: each level has the number of samples that easiness gives, but
        levels are assigned by rank of loss, highest first; ties go to the smaller index.
    random_control : bool or sequence of int, default False
        *Which.* Select the number of samples that `keep` would, but uniformly at random, with
        weights of 1. `keep` uses the scores of this run, which drift from those of a run that
        trains on its selection. To match the sizes of another run, pass the list of its
        `n_selected` for each epoch; no scores are needed then.
    in_turn : bool, default False
        *Which.* Draw a random control of given sizes without replacement across epochs (RS2): each
        epoch takes the next samples of a shuffled list of all, which is shuffled again when too few
        are left.
    weight_power : float, default 1.0
        *Training.* Weights are (1 / rate)^weight_power: 1 is unbiased, 0 gives weights of 1.
    shuffle : bool, default True
        *Training.* Whether samples come in random order, or by index.
    on_nan : {"raise", "skip"}, default "raise"
        *Training.* What to do with non-finite logits: raise an error when the next epoch begins, or
        keep the samples' last scores.
    device : torch.device or str, optional
        *Processes and devices.* Where to store scores; by default, on the device of the first
        logits. Takes 33 bytes per sample.
    num_replicas, rank : int, optional
        *Processes and devices.* Number of shards, and the shard of this process; by default, those
        of torch.distributed when the epoch begins, if it is in use. Pass `num_replicas=1` if
        something else divides the data.
    drop_last : bool, default False
        *Processes and devices.* With several replicas, drop samples to make shards equally long,
        instead of repeating the first samples. Pass it if the loader drops its last batch, so that
        steps are counted correctly.
    merge_ranks : bool, default True
        *Processes and devices.* Merge the scores of all ranks before each epoch.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    Warns
    -----
    UserWarning
        If `total_epochs` is so small that no epoch selects, unless `warmup_epochs` was passed; and
        once, when an epoch after the last one begins.

    Notes
    -----
    Sources: Algorithm 1 (SET) and Section 4.2.1 (warm-up, L-SET) of the paper; 1 / rate is the
    weight of Horvitz and Thompson. `docs/torch.md` is the guide.

    Examples
    --------
    >>> import torch
    >>> import easiness_core as ec
    >>> from easiness_torch import EasinessSampler
    >>> sampler = EasinessSampler(4, keep=ec.MO, warmup_epochs=1, min_samples=1)
    >>> sorted(sampler)
    [0, 1, 2, 3]
    >>> probs = torch.tensor([[0.9, 0.1], [0.51, 0.49], [0.5, 0.5], [0.2, 0.8]])
    >>> sampler.update(range(4), probs=probs, labels=[0, 0, 0, 0])
    >>> sampler.check()  # raises if the probabilities were invalid
    >>> sorted(sampler)
    [1, 2]
    >>> sampler.history[-1]["usage"]
    0.5
    >>> resumed = EasinessSampler(4, keep=ec.MO, warmup_epochs=1, min_samples=1)
    >>> resumed.load_state_dict(sampler.state_dict())
    >>> resumed
    EasinessSampler(n_samples=4, next_epoch=2, usage=0.500)
    """

    def __init__(
        self,
        n_samples: int,
        *,
        keep: ec.Level
        | Mapping[ec.Level, float]
        | tuple[float, float]
        | Callable[[SampleScores], Tensor]
        | str = ec.MO,
        estimator: ec.ClosedForm | ec.MonteCarlo | None = None,
        total_epochs: int | None = None,
        warmup_epochs: int | None = None,
        final_epochs: int | None = None,
        refresh: int | str | None = None,
        seed: int = 0,
        budget: float | None = None,
        step_budget: int | None = None,
        batch_size: int | None = None,
        floor: float | None = None,
        min_samples: int = 128,
        min_per_class: int = 0,
        rank_by: str = "easiness",
        random_control: bool | Sequence[int] = False,
        in_turn: bool = False,
        weight_power: float | None = None,
        shuffle: bool = True,
        on_nan: str = "raise",
        device: torch.device | str | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        drop_last: bool = False,
        merge_ranks: bool = True,
    ) -> None:
        given = {
            "keep": keep, "estimator": estimator, "warmup_epochs": warmup_epochs,
            "final_epochs": final_epochs, "total_epochs": total_epochs, "rank_by": rank_by,
            "refresh": refresh, "weight_power": weight_power,
            "budget": budget, "step_budget": step_budget, "batch_size": batch_size,
            "floor": floor, "min_samples": min_samples,
            "min_per_class": min_per_class, "random_control": random_control,
            "in_turn": in_turn, "shuffle": shuffle, "on_nan": on_nan, "seed": seed,
            "drop_last": drop_last,
        }  # fmt: skip
        options = check_options(n_samples, **filled_in(given))
        preset = isinstance(keep, str) and keep == "fewer_easy"
        # A requested warm-up as long as the run means full training on purpose.
        if (preset or warmup_epochs is None) and not options.selects(options.warmup_epochs):
            warnings.warn(
                f"keep={keep if preset else options.policy!r} selects nothing in all "
                f"{options.total_epochs} epochs: the first {options.warmup_epochs} and the last "
                f"{options.final_epochs} take all samples; pass warmup_epochs=, or more "
                f"total_epochs",
                stacklevel=2,
            )
        super().__init__(
            options,
            shard=check_shard(num_replicas, rank),
            merge_ranks=check_flag(merge_ranks, "merge_ranks"),
            device=None if device is None else indexed(device),
        )

    def weights(
        self, indices: Tensor | Sequence[int], *, device: torch.device | str | None = None
    ) -> Tensor:
        """Return the weights for the losses of a batch of the current epoch.

        The weights are `(1 / rate)^weight_power`. With a power of 1, the expected value of a
        weighted sum over the epoch is the sum over all samples. The host does not wait for the
        device.

        Parameters
        ----------
        indices : Tensor or sequence of int, shape (n,)
            Indices selected in the current epoch, on any device; other indices get 0 in epochs with
            rates between 0 and 1.
        device : torch.device or str, optional
            Device of the result. By default that of `indices` if they are on a GPU, or else that of
            the latest logits (or of the model passed to `refresh`), where the losses are.

        Returns
        -------
        Tensor of shape (n,), float32
            Positive; 1 in full epochs, if no rate is between 0 and 1, and for samples that were
            added to fill up the epoch.

        Raises
        ------
        TypeError, ValueError
            If indices are not whole numbers, or, on the host, are out of range.

        Examples
        --------
        >>> import torch
        >>> from easiness_torch import EasinessSampler
        >>> sampler = EasinessSampler(2, keep="medium", floor=0.5, warmup_epochs=0, min_samples=1)
        >>> sampler.update([0, 1], probs=torch.tensor([[0.5, 0.5], [0.9, 0.1]]), labels=[0, 0])
        >>> sampler.set_epoch(3)
        >>> order = sorted(sampler)
        >>> order, sampler.weights(order)  # the easy sample has a rate of 0.5
        ([0, 1], tensor([1., 2.]))
        """
        indices = check_indices(indices, self.options.n_samples)
        if device is not None:
            where = indexed(device)
        elif indices.device.type != "cpu":
            where = indices.device
        else:
            where = self._losses_on or self._device or indices.device
        # A rank that never draws, because another one draws for all, uses the agreed epoch.
        plan = self._running or self._agreed
        if plan is None or plan.weights is None:
            return torch.ones(len(indices), dtype=torch.float32, device=where)
        if where not in self._weight_tables:
            self._weight_tables[where] = plan.weight_table(where)
        return self._weight_tables[where][moved(indices, where)]

    def expected_steps(
        self, batch_size: int | None = None, *, epochs: int | Iterable[int] | None = None
    ) -> int:
        """Return the number of optimizer steps, for a per-step learning-rate schedule.

        The number is exact with `step_budget`, with `random_control` by sizes, and with `budget` if
        no rate is 0 ("fewer_easy", or a rate above 0 for each level) and unscored samples fit in
        the budget. Otherwise it is an estimate, and a warning says so.

        Parameters
        ----------
        batch_size : int, optional
            Samples per step on one rank; by default, that of the sampler.
        epochs : int or iterable of int, optional
            Number of epochs, or epoch numbers; by default `total_epochs`.

        Returns
        -------
        int
            Number of batches of a loader on one rank; with `drop_last`, full batches only.

        Raises
        ------
        ValueError
            If the batch size or the number of epochs is not known.

        Warns
        -----
        UserWarning
            If the number is an estimate.

        Examples
        --------
        >>> from easiness_torch import EasinessSampler
        >>> sampler = EasinessSampler(1000, keep="fewer_easy", total_epochs=10)
        >>> sampler.expected_steps(50)  # 3 full epochs of 20 steps, 7 of 350 samples
        109
        """
        replicas = self._shard_of()[0]
        return expected_steps(self.options, replicas, batch_size, epochs, self._would_select)

    def _would_select(self) -> int | None:
        if self._table is None or self._table.clock == 0:
            return None
        # A selective epoch: the next one, if it is.
        epoch = max(self._next, self.options.warmup_epochs)
        if not self.options.selects(epoch):
            epoch = self.options.warmup_epochs
        return len(self._plan(epoch))
