"""`EasinessSampler`: which samples to train on in each epoch, chosen by easiness."""

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
    """Sampler of the samples worth training on, by their latest easiness (SET).

    Warm-up epochs take all samples. From then on each epoch keeps each sample with a rate that
    depends on its score: `keep=ec.MO` keeps the medium ones. Scores come from `update`, or from
    `refresh`, which calls it. Samples that were never scored are always kept.

    What an epoch takes is a pure function of seed, epoch and the scores when its iteration
    begins, the same on CPU and GPU and on all ranks; changes during an epoch affect the next.

    Parameters
    ----------
    n_samples : int
        Length of the data set; indices are 0 to n_samples - 1.
    keep : Level, str, mapping, tuple or callable, default MO
        Rate at which samples are kept: 1 for levels, such as `ec.MO` or "hard|medium", and 0 for
        the others; a rate in [0, 1] for each level, as in `{ec.MHO: 1.0, ec.EO: 0.3}`; 1 for
        easiness within an interval `(low, high)`, ends included; or what a function of
        `SampleScores` returns, a tensor of one rate a scored sample. A rate between 0 and 1 is a
        probability, drawn anew for each epoch. "lossless" is a preset (docs/set.md):
        `smooth_rates` at sigma 0.3, budget 0.35, floor 0.1, weight_power 0.5, refresh "training",
        1 epoch of warm-up and the last 15 % full, which needs `total_epochs`; options that are
        given take precedence.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How `update` scores, and where levels are cut.
    total_epochs : int, optional
        Number of epochs, which `final_epochs` and `step_budget` need.
    warmup_epochs, final_epochs : int, default 5 and 0
        Epochs at the start (the paper: 10 to 20 % of all) and at the end that take all samples.
    refresh : int or "training", default 1
        Scores come from the method `refresh` every so many epochs; or from the training pass
        itself, with `update` called in the loop.
    seed : int, default 0
        Seed, the same on all ranks.

    Attributes
    ----------
    history : list of dict
        An entry an epoch: `epoch`, `selective`, `n_selected`, `usage` (share of all samples),
        numbers of samples now `hard`, `medium`, `easy`, `unscored`, then `n_filled`, `ties`
        (samples at a cut by rank whose equal scores left the choice to index or lot), `mean_rate`,
        `excluded` (samples with a rate of 0), and `skipped` (samples whose logits were not
        finite, on this rank).

    Other Parameters
    ----------------
    budget : float in (0, 1], optional
        *How many.* Mean rate, where samples without a score count as 1: rates become
        `clip(c * rate, floor, 1)`, with c solved for. An epoch then has
        that share of the samples, to the nearest whole number.
    step_budget, batch_size : int, optional
        *How many.* Optimizer steps of all `total_epochs` together, and the samples of a step on
        one rank (with gradient accumulation, of all its batches). Epochs that select share the
        steps that full epochs leave, and have exactly as many samples: rates are scaled as by
        `budget`, and what they cannot reach is filled up as by `min_samples`.
    floor : float in [0, 1), default 0.0
        *How many.* Least rate of any sample.
    min_samples : int, default 128
        *How many.* An epoch of fewer (on all ranks together) is filled up with the samples
        nearest to what is kept, by log-odds of easiness (for a function: highest rate), then by
        lot. With a loader that drops its last batch, give at least batch size times ranks.
    min_per_class : int, default 0
        *How many.* As `min_samples`, for each class, by the labels that `update` was given.
    rank_by : {"easiness", "loss"}, default "easiness"
        *Which.* "loss" is L-SET: as many samples of each level as easiness counts, but given out
        by rank of loss, highest first, the smaller index first of equal ones.
    random_control : bool or sequence of int, default False
        *Which.* Take as many samples as the policy would, uniformly at random, with weights of
        1. The policy judges by this run's own scores, which drift from those of a run that
        follows it: to take as many as that run did, give its `n_selected` of each epoch; no
        scores are needed then.
    in_turn : bool, default False
        *Which.* Draw a random control of given sizes without replacement across epochs (RS2):
        each epoch takes the next samples of one shuffle of the data, which is shuffled anew when
        too few are left.
    weight_power : float, default 1.0
        *Training.* Weights are (1 / rate)^weight_power: 1 is unbiased, 0 gives weights of 1.
    shuffle : bool, default True
        *Training.* Random order, otherwise by index.
    on_nan : {"raise", "skip"}, default "raise"
        *Training.* Whether logits that are not finite are an error when the next epoch begins, or
        leave the samples with the scores that they have.
    device : torch.device or str, optional
        *Processes and devices.* Where scores are kept; by default where the first logits are. 33
        bytes a sample.
    num_replicas, rank : int, optional
        *Processes and devices.* Number of shards and which one to take; by default as
        torch.distributed says when the epoch begins, if it is in use. Pass `num_replicas=1` where
        something else shards.
    drop_last : bool, default False
        *Processes and devices.* With several replicas, cut to equal length rather than repeat the
        first samples. Pass it with a loader that drops its last batch, and steps are counted so.
    merge_ranks : bool, default True
        *Processes and devices.* Bring the scores of all ranks together before each epoch.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    Warns
    -----
    UserWarning
        If `total_epochs` are so few that none is left to select in, unless `warmup_epochs` says so.

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
    >>> sorted(sampler)
    [1, 2]
    >>> sampler.history[-1]["usage"]
    0.5
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
        preset = isinstance(keep, str) and keep == "lossless"
        # A warm-up as long as the run that was asked for is full training on purpose.
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
        """Weights by which the losses of a batch of the running epoch are to be multiplied.

        `(1 / rate)^weight_power`, so that with a power of 1 weighted sums over the epoch have
        the expectation that sums over all samples have. The host does not wait for the device.

        Parameters
        ----------
        indices : Tensor or sequence of int, shape (n,)
            Indices that the running epoch selected, on any device; others get 0 in epochs with
            rates between 0 and 1.
        device : torch.device or str, optional
            Where to return them. By default with `indices` if these are on a GPU; if they are on
            the host, where the latest logits (or the model given to `refresh`) were, and so where
            losses are.

        Returns
        -------
        Tensor of shape (n,), float32
            Positive; 1 in full epochs and where no rate is between 0 and 1, and for samples that
            only filled up an epoch.

        Raises
        ------
        TypeError, ValueError
            If indices are no whole numbers, or are on the host and out of range.
        """
        indices = check_indices(indices, self.options.n_samples)
        if device is not None:
            where = indexed(device)
        elif indices.device.type != "cpu":
            where = indices.device
        else:
            where = self._losses_on or self._device or indices.device
        # A rank that never draws, since another does for all, goes by what was agreed on.
        plan = self._running or self._agreed
        if plan is None or plan.weights is None:
            return torch.ones(len(indices), dtype=torch.float32, device=where)
        if where not in self._weight_tables:
            self._weight_tables[where] = plan.weight_table(where)
        return self._weight_tables[where][moved(indices, where)]

    def expected_steps(
        self, batch_size: int | None = None, *, epochs: int | Iterable[int] | None = None
    ) -> int:
        """Optimizer steps that epochs will take, for a learning-rate schedule by steps.

        Exact with `step_budget` or `random_control` by sizes, and with `budget` where no rate is
        0 ("lossless", or a rate above 0 for each level) and no more samples lack a score than the
        budget has room for. Otherwise an estimate, and a warning says so.

        Parameters
        ----------
        batch_size : int, optional
            Samples of a step on one rank; by default the sampler's.
        epochs : int or iterable of int, optional
            Number of epochs, or which; by default `total_epochs`.

        Returns
        -------
        int
            Batches of a loader on one rank; with `drop_last`, whole ones only.

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
        >>> sampler = EasinessSampler(1000, keep="lossless", total_epochs=10)
        >>> sampler.expected_steps(50)  # 3 full epochs of 20 steps, 7 of 350 samples
        109
        """
        replicas = self._shard_of()[0]
        return expected_steps(self.options, replicas, batch_size, epochs, self._would_select)

    def _would_select(self) -> int | None:
        if self._table is None or self._table.clock == 0:
            return None
        # An epoch that selects, the next one if it does.
        epoch = max(self._next, self.options.warmup_epochs)
        if not self.options.selects(epoch):
            epoch = self.options.warmup_epochs
        return len(self._plan(epoch))
