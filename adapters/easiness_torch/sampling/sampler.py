"""`EasinessSampler`: which samples to train on in each epoch, chosen by easiness."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.sampling.epochs import EpochSampler
from easiness_torch.sampling.input import check_ids, check_update
from easiness_torch.sampling.keep import SampleScores
from easiness_torch.sampling.merge import greatest, world
from easiness_torch.sampling.options import check_flag, check_options, check_shard
from easiness_torch.sampling.preset import filled_in
from easiness_torch.sampling.scores import ScoreTable
from easiness_torch.scoring.device import indexed


class EasinessSampler(EpochSampler):
    """Sampler of the samples worth training on, by their latest easiness (SET).

    Warm-up epochs take all samples. From then on each epoch keeps each sample with a rate that
    depends on its score: `keep=ec.MO` keeps the medium ones. Scores come from `update`, or from
    `score_dataset`, which calls it. Samples that were never scored are always kept.

    What an epoch takes is a pure function of seed, epoch and the scores when its iteration
    begins, the same on CPU and GPU and on all ranks; changes during an epoch affect the next.

    Parameters
    ----------
    n_samples : int
        Length of the data set; ids are 0 to n_samples - 1.
    keep : Level, mapping, tuple, callable or "lossless", default MO
        Rate at which samples are kept: 1 for a union of levels and 0 for the others; a rate in
        [0, 1] for each level, as in `{ec.MHO: 1.0, ec.EO: 0.3}`; 1 for easiness within an
        interval `(low, high)`, ends included; or what a function of `SampleScores` returns, a
        tensor of one rate a scored sample. A rate between 0 and 1 is a probability, drawn anew
        for each epoch. "lossless" is a preset (docs/set.md): `smooth_rates` at sigma 0.3, budget
        0.35, floor 0.1, weight_power 0.5, refresh "training", 1 epoch of warm-up and the last
        15 % full, which needs `total_epochs`; those that are given are taken as given.
    estimator : ClosedForm or MonteCarlo, default ClosedForm()
        How `update` scores, and where levels are cut.
    warmup_epochs : int, default 5
        Epochs at the start that take all samples (the paper: 10 to 20 % of all).
    final_epochs, total_epochs : int, default 0 and None
        Epochs at the end that take all samples; they are counted back from `total_epochs`.
    rank_by : {"easiness", "loss"}, default "easiness"
        "loss" is L-SET: as many samples of each level as easiness counts, but given out by rank
        of loss, highest first, the smaller id first of equal ones.
    refresh : int or "training", default 1
        Scores come from `score_dataset` every so many epochs, which `refresh_due` tells; or from
        the training pass itself, with `update` called in the loop.
    rescale : bool, default False
        Divide weights by their mean over the epoch's selection.
    weight_power : float, default 1.0
        Weights are (1 / rate)^weight_power: 1 is unbiased, 0 gives weights of 1.
    budget : float in (0, 1], optional
        Mean rate of the scored samples: rates become `clip(c * rate, floor, 1)`, with c solved
        for.
    floor : float in [0, 1), default 0.0
        Least rate of any sample.
    min_samples : int, default 128
        An epoch of fewer (on all ranks together) is filled up with the samples nearest to what is
        kept, by log-odds of easiness (for a function: highest rate), then by lot. With a loader
        that drops its last batch, give at least batch size times ranks.
    min_per_class : int, default 0
        As `min_samples`, for each class, by the labels that `update` was given.
    random_control : bool or sequence of int, default False
        Take as many samples as the policy would, uniformly at random, with weights of 1. The
        policy judges by this run's own scores, which drift from those of a run that follows it:
        to take as many as that run did, give its `n_selected` of each epoch; no scores are
        needed then.
    in_turn : bool, default False
        Draw a random control of given sizes without replacement across epochs (RS2): each epoch
        takes the next samples of one shuffle of the data, which is shuffled anew when too few
        are left.
    shuffle : bool, default True
        Random order, otherwise by id.
    on_nan : {"raise", "skip"}, default "raise"
        Whether logits that are not finite are an error when the next epoch begins, or leave the
        samples with the scores that they have.
    seed : int, default 0
        Seed, the same on all ranks.
    num_replicas, rank : int, optional
        Number of shards and which one to take; by default as torch.distributed says when the
        epoch begins, if it is in use. Pass `num_replicas=1` where something else shards.
    drop_last : bool, default False
        With several replicas, cut to equal length rather than repeat the first samples.
    merge_ranks : bool, default True
        Bring the scores of all ranks together whenever an epoch begins.
    device : torch.device or str, optional
        Where scores are kept; by default where the first logits are. 33 bytes a sample.

    Attributes
    ----------
    history : list of dict
        An entry an epoch: `epoch`, `selective`, `n_selected`, `usage` (share of all samples),
        numbers of samples now `hard`, `medium`, `easy`, `unscored`, then `n_filled`, `ties`
        (samples at a cut by rank whose equal scores left the choice to id or lot), `mean_rate`,
        `excluded` (samples with a rate of 0), and `skipped` (samples whose logits were not
        finite, on this rank).

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.

    Warns
    -----
    UserWarning
        If "lossless" has so few epochs that none is left to select in.

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
        warmup_epochs: int | None = None,
        final_epochs: int | None = None,
        total_epochs: int | None = None,
        rank_by: str = "easiness",
        refresh: int | str | None = None,
        rescale: bool = False,
        weight_power: float | None = None,
        budget: float | None = None,
        floor: float | None = None,
        min_samples: int = 128,
        min_per_class: int = 0,
        random_control: bool | Sequence[int] = False,
        in_turn: bool = False,
        shuffle: bool = True,
        on_nan: str = "raise",
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
        drop_last: bool = False,
        merge_ranks: bool = True,
        device: torch.device | str | None = None,
    ) -> None:
        given = {
            "keep": keep, "estimator": estimator, "warmup_epochs": warmup_epochs,
            "final_epochs": final_epochs, "total_epochs": total_epochs, "rank_by": rank_by,
            "refresh": refresh, "rescale": rescale, "weight_power": weight_power,
            "budget": budget, "floor": floor, "min_samples": min_samples,
            "min_per_class": min_per_class, "random_control": random_control,
            "in_turn": in_turn, "shuffle": shuffle, "on_nan": on_nan, "seed": seed,
            "drop_last": drop_last,
        }  # fmt: skip
        options = check_options(n_samples, **filled_in(given))
        if isinstance(keep, str) and not options.selects(options.warmup_epochs):
            warnings.warn(
                f"keep='lossless' selects in none of {options.total_epochs} epochs: the first "
                f"{options.warmup_epochs} and the last {options.final_epochs} take all samples",
                stacklevel=2,
            )
        super().__init__(
            options,
            shard=check_shard(num_replicas, rank),
            merge_ranks=check_flag(merge_ranks, "merge_ranks"),
            device=None if device is None else indexed(device),
        )

    def update(
        self,
        ids: Tensor | Sequence[int],
        logits: Tensor | None = None,
        labels: Tensor | Sequence[int] | None = None,
        *,
        probs: Tensor | None = None,
    ) -> None:
        """Score a batch, and keep its scores for the epochs to come.

        All of it happens on the device of `logits`; the host never waits for it. So what is on
        another device than the host is looked at only when the next epoch begins, or by `check`.

        Parameters
        ----------
        ids : Tensor or sequence of int, shape (n,)
            Ids of the samples, any integer dtype, on any device. Of several rows with one id
            the last counts.
        logits : Tensor of shape (n, n_classes)
            What the model gives, any floating-point dtype; gradients are not touched.
        labels : Tensor or sequence of int, shape (n,)
            Given classes, 0 to n_classes - 1.
        probs : Tensor of shape (n, n_classes), optional
            Probabilities in place of logits, from a model that ends in a softmax.

        Raises
        ------
        TypeError, ValueError
            If types or shapes are wrong, or ids or labels on the host are out of range.
        """
        checked = check_update(ids, logits, labels, probs, self.options.n_samples)
        if len(checked.ids):
            table = self._table_on(checked.rows.device)
            table.update(estimator=self.options.estimator, **checked._asdict())
            self._version += 1

    def weights(self, ids: Tensor | Sequence[int]) -> Tensor:
        """Weights by which the losses of a batch of the running epoch are to be multiplied.

        `(1 / rate)^weight_power`, so that with a power of 1 weighted sums over the epoch have
        the expectation that sums over all samples have.

        Parameters
        ----------
        ids : Tensor or sequence of int, shape (n,)
            Ids that the running epoch selected; others get 0 in epochs with rates between 0
            and 1.

        Returns
        -------
        Tensor of shape (n,), float32
            Positive, on the device of `ids`; 1 in full epochs and where no rate is between 0
            and 1, and for samples that only filled up an epoch.

        Raises
        ------
        TypeError, ValueError
            If ids are no whole numbers, or are on the host and out of range.
        """
        ids = check_ids(ids, self.options.n_samples)
        if self._running is None or self._running.weights is None:
            return torch.ones(len(ids), dtype=torch.float32, device=ids.device)
        if ids.device not in self._weight_tables:
            self._weight_tables[ids.device] = self._running.weight_table(ids.device)
        return self._weight_tables[ids.device][ids]

    @property
    def refresh_due(self) -> bool:
        """Whether all samples are to be scored before the next epoch.

        True if that epoch selects and is a multiple of `refresh` after the warm-up, until
        `score_dataset` has been there; and if it selects while no sample has a score.
        """
        if self._replay or not self.options.needs_scores(self._next):
            return False
        if self._table is None or self._table.clock == 0:
            return True
        return self.options.refreshes(self._next) and self._refreshed_for != self._next

    def _begin_refresh(self, n_samples: int) -> tuple[int, int] | None:
        if n_samples != self.options.n_samples:
            raise ValueError(
                f"data: expected {self.options.n_samples} samples, as the sampler was made for, "
                f"got {n_samples}"
            )
        due, shard = int(self.refresh_due), (1, 0)
        if self._merging():
            # On any rank: one alone would wait for the others for ever.
            shard = world()
            device = self._device or torch.device("cpu")
            clock = 0 if self._table is None else self._table.clock
            due, clock = greatest([due, clock], device)
            if due:
                # Rows are numbered from the same number on: scores to come are the latest.
                if self._table is None:
                    self._table = ScoreTable(n_samples, device)
                self._table.clock = clock
        if due:
            return shard
        self._announced = not self._replay
        return None

    def _end_refresh(self) -> None:
        self._announced = not self._replay
        self._refreshed_for = self._next
        if self._merging():
            self._synchronize(self._next)
