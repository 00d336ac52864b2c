"""Epochs: their start, selection, position and saved state.

`EasinessSampler` without its options and its scoring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler

from easiness_core.validation import check_count
from easiness_torch.sampling.faults import first_fault
from easiness_torch.sampling.iterator import EpochIterator
from easiness_torch.sampling.log import log_epoch
from easiness_torch.sampling.merge import agree, merge, world
from easiness_torch.sampling.options import Options
from easiness_torch.sampling.plan import Plan, plan_epoch
from easiness_torch.sampling.scores import ScoreTable
from easiness_torch.sampling.state import FORMAT, check_state, pack_options, pack_plan, unpack_plan
from easiness_torch.sampling.steps import check_step_budget, shard_length
from easiness_torch.scoring.check import warn_of_probs


class EpochSampler(Sampler[int]):
    """Sampler whose epochs are planned from a table of scores."""

    def __init__(
        self,
        options: Options,
        *,
        shard: tuple[int, int] | None,
        merge_ranks: bool,
        device: torch.device | None,
    ) -> None:
        self.options = options
        self._shard = shard
        self._merge_ranks = merge_ranks
        self._device = device
        self._table: ScoreTable | None = None
        # Incremented by every change of the scores; the versions of the last plan and merge.
        self._version = self._planned = self._merged = 0
        self._preview: tuple[tuple[int, int, int], Plan] | None = None
        # Agreed on by all ranks for the next epoch.
        self._agreed: Plan | None = None
        self._running: Plan | None = None
        self._finished = True
        self._next = 0
        # Whether len() is that of the next epoch instead of the running one.
        self._announced = True
        # Whether the running epoch was restored in the middle and will be repeated.
        self._replay = False
        self._refreshed_for = -1
        # Whether it was logged that scores no longer change.
        self._logged_stale = False
        self._lent = False
        # Whether a warning said that logits look like probabilities.
        self._told = False
        self._weight_tables: dict[torch.device, Tensor] = {}
        # Device of the latest logits, and so of the losses.
        self._losses_on: torch.device | None = None
        self.history: list[dict[str, Any]] = []
        check_step_budget(options, self._shard_of()[0])

    def __repr__(self) -> str:
        usage = f", usage={self.history[-1]['usage']:.3f}" if self.history else ""
        size = self.options.n_samples
        return f"{type(self).__name__}(n_samples={size}, next_epoch={self._next}{usage})"

    def __iter__(self) -> Iterator[int]:
        if self._replay:
            return EpochIterator(self, self._next, self._running)
        plan = None
        if not self._merging() and self._plannable(self._next):
            self.check()
            plan = self._plan(self._next)
        return EpochIterator(self, self._next, plan)

    def __len__(self) -> int:
        plan = self._running
        if plan is None or self._announced:
            plan = self._agreed_on(self._next)
            if plan is None and self._plannable(self._next):
                plan = self._plan(self._next)
        size = self.options.n_samples if plan is None else len(plan)
        return shard_length(size, self._shard_of()[0], self.options.drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Set the next epoch (zero-based), as `DistributedSampler.set_epoch` does.

        Without it, each iteration starts the epoch after the last one. With `torch.distributed`,
        all ranks must call it: it merges their scores and plans the epoch, so that `len` is right
        and a single rank may draw from it. It does not affect an iteration in progress.

        Parameters
        ----------
        epoch : int
            Number of the epoch, 0 or more.
        """
        self._next = check_count(epoch, "epoch", low=0)
        self._replay = self._replay and self._running is not None and self._running.epoch == epoch
        self._announced = not self._replay
        self._agreed = None
        if self._merging():
            self._synchronize(self._next)

    def check(self) -> None:
        """Raise now the errors that the start of the next epoch would raise; the host waits.

        Raises
        ------
        ValueError
            If `update` received indices or labels out of range, or, with `on_nan="raise"`,
            non-finite logits. The message names the samples; the errors are then cleared.

        Warns
        -----
        UserWarning
            Once, if the first logits look like probabilities.
        """
        if self._table is None:
            return
        if self._table.device.type == "meta":
            raise RuntimeError(
                "scores: tensors on the meta device have no values, so that no epoch after scores "
                "were given can begin; train on a device that has values"
            )
        suspect, self._table.suspect = self._table.suspect, None
        if suspect is not None and not self._told and bool(suspect):
            self._told = True
            warn_of_probs(stacklevel=3)
        fault = first_fault(self._table, on_nan=self.options.on_nan)
        if fault is not None:
            self._table.clear_faults()
            raise ValueError(fault)

    def state_dict(self) -> dict[str, Any]:
        """Return the state: scores, plan of the current epoch, history, and some options.

        It consists of plain tensors, numbers and containers, for `torch.save` and
        `weights_only=True`. As in a module's state, tensors are shared, not copied: until the next
        epoch begins, `update` also changes the scores in the state, so that a state taken by a
        prefetching loader is complete when it is saved. To keep a state in memory, make a
        `copy.deepcopy` of it.

        `StatefulDataLoader` saves and restores it with its own state. With a plain `DataLoader`, an
        interrupted epoch restarts from its beginning, with the same plan.

        Returns
        -------
        dict
            The state, for `load_state_dict`.
        """
        if self._table is None:
            # So that later scores are in the states that a prefetching loader takes.
            self._table = ScoreTable(self.options.n_samples, self._device or torch.device("cpu"))
        self._lent = True
        return {
            "format": FORMAT,
            **pack_options(self.options),
            "next": self._next,
            "finished": self._finished,
            "refreshed_for": self._refreshed_for,
            "running": pack_plan(self._running),
            "history": list(self.history),
            "scores": dict(self._table.columns()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state, in a sampler with the same options.

        Parameters
        ----------
        state : dict
            The result of `state_dict`.

        Raises
        ------
        ValueError
            If it is not a sampler's state, or `n_samples`, `seed`, `total_epochs`, `step_budget` or
            `batch_size` differ.
        """
        n_samples = self.options.n_samples
        check_state(state, self.options)
        running = unpack_plan(state["running"], n_samples)
        table = ScoreTable(n_samples, self._device or state["scores"]["written_at"].device)
        table.load(state["scores"])
        self._table, self._running = table, running
        self._finished = state["finished"]
        self._replay = not self._finished
        self._next = state["next"]
        if self._replay and self._running is not None:
            self._next = self._running.epoch
        self._announced = not self._replay
        self._refreshed_for = state["refreshed_for"]
        self.history = [dict(record) for record in state["history"]]
        self._version += 1
        self._weight_tables = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_weight_tables": {}, "_preview": None}

    # Called by iterators.

    def _begin(self, epoch: int, plan: Plan | None) -> Tensor:
        """Start an epoch: its indices in order, for this rank."""
        plan = plan or self._agreed_on(epoch)
        if plan is None:
            self._synchronize(epoch)
            if not self._plannable(epoch):
                raise RuntimeError(
                    f"epoch {epoch} selects by score, but no sample has a score: first call "
                    f"sampler.refresh(model, dataset), or in training, "
                    f"sampler.update(indices, logits, labels)"
                )
            plan = self._plan(epoch)
        elif not self._merging():
            # The plan was made some time ago.
            self.check()
        if self._table is not None:
            self._table.clear_faults()
            if self._lent:
                # States that were handed out keep the scores of their epoch.
                self._table = self._table.copied(self._table.device)
                self._lent = False
        if world()[1] == 0:
            fresh = self._planned != self._version
            stale = not fresh and self.options.refreshes(epoch) and self._refreshed_for != epoch
            log_epoch(
                plan, self.options, self.history, stale=stale, stale_before=self._logged_stale
            )
            self._logged_stale |= stale
        if self.history and self.history[-1]["epoch"] == epoch:
            self.history.pop()
        self.history.append(plan.record)
        self._running, self._finished, self._replay = plan, False, False
        self._agreed = None
        self._next, self._announced = epoch + 1, False
        self._planned = self._version
        self._weight_tables = {}
        return plan.order(self.options, *self._shard_of())

    def _finish(self, epoch: int) -> None:
        if self._running is not None and self._running.epoch == epoch:
            self._finished = True

    def _resumed(self, epoch: int) -> Plan | None:
        """Plan of a restored epoch, for the iterator that continues it."""
        if self._running is not None and self._running.epoch == epoch:
            self._next = epoch + 1
            return self._running
        return None

    # Planning.

    def _shard_of(self) -> tuple[int, int]:
        return self._shard or world()

    def _plannable(self, epoch: int) -> bool:
        scored = self._table is not None and self._table.clock > 0
        return scored or not self.options.needs_scores(epoch)

    def _plan(self, epoch: int) -> Plan:
        replicas = self._shard_of()[0]
        key = (epoch, self._version, replicas)
        if self._preview is None or self._preview[0] != key:
            check_step_budget(self.options, replicas)
            self._preview = key, plan_epoch(epoch, self._table, self.options, replicas)
        return self._preview[1]

    def _agreed_on(self, epoch: int) -> Plan | None:
        plan = self._agreed
        return plan if plan is not None and plan.epoch == epoch else None

    def _table_on(self, device: torch.device) -> ScoreTable:
        if self._device is None:
            self._device = device
        if self._table is None:
            self._table = ScoreTable(self.options.n_samples, self._device)
        elif self._table.device != self._device:
            self._table = self._table.copied(self._device)
        return self._table

    def _merging(self) -> bool:
        return self._merge_ranks and world()[0] > 1

    def _synchronize(self, epoch: int) -> None:
        """Refuse bad input on all ranks at once, and merge their scores."""
        if not self._merging():
            return self.check()
        try:
            self.check()
            fault = None
        except ValueError as error:
            fault = error
        device = self._device or torch.device("cpu")
        changed = self._version != self._merged
        try:
            changed = agree(
                changed=changed, faulty=fault is not None, seed=self.options.seed, epoch=epoch,
                device=device,
            )  # fmt: skip
        finally:
            if fault is not None:
                raise fault
        if changed:
            if self._table is None:
                self._table = ScoreTable(self.options.n_samples, device)
            merge(self._table)
            self._version += 1
            self._merged = self._version
        self._agreed = self._plan(epoch) if self._plannable(epoch) else None
        self._weight_tables = {}
        return None
