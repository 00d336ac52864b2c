"""`EasinessStream`: samples of a stream kept at their rates, each by the hash of its id."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from easiness_core.validation import check_count, check_number
from easiness_torch.sampling.ids import first_id, hash_of, plain_id, uniform
from easiness_torch.sampling.stream_rates import Rates, copied_rates, rate_of


class EasinessStream(IterableDataset[Any]):
    """Stream of the samples worth training on, for data without an index.

    The sample with id i is kept in epoch e if `hash(seed, e, i) < rate(i)`: no state, no
    communication, and the same choice on any number of workers and processes.

    Parameters
    ----------
    dataset : iterable
        The stream: an `IterableDataset`, a webdataset pipe, or any iterable
        again each epoch. It divides itself among workers and processes, as webdataset and
        `datasets.IterableDataset` do; selection does not depend on how.
    rates : mapping or callable
        Rate of each id, in [0, 1]; of ids that a mapping lacks it is 1. Keys are int, str or
        bytes: of a tensor of ids, `ids.tolist()`. A function must not change during an epoch.
    id_of : callable, optional
        Takes a sample and gives its id, an int, str or bytes. By default the value under "id" or
        "__key__" of a mapping, and the first value of a tuple or list.
    seed : int, default 0
        Seed, the same in all processes.
    weight_power : float, default 1.0
        Weights are (1 / rate)^weight_power: 1 is unbiased, 0 gives weights of 1.

    Attributes
    ----------
    epoch : int
        Number of the epoch that the next iteration goes through; workers that persist see it.
    rates : mapping or callable
        As given. What changes holds from the next `set_epoch` on.

    Raises
    ------
    TypeError, ValueError
        If an argument, or in iteration an id or a rate, is of the wrong type or out of range.
    RuntimeError
        In iteration, if worker processes hold other rates than the main process.

    Warns
    -----
    UserWarning
        If an epoch is repeated because `set_epoch` was never called, or if an epoch ends and
        `rates` had none of its ids.

    Notes
    -----
    Scores come from a pass over the stream, as in the example, or from `log_easiness` in the
    training loop. Each call of `set_epoch` copies the mapping, and `weights` go by the copy: rates
    that change, in place or by `stream.rates = new`, hold from the next `set_epoch` on. Workers
    that persist keep the rates that they started with, so other rates are refused there. Where
    the data set has `state_dict` and `load_state_dict`, so does the stream, for
    torchdata's `StatefulDataLoader`; otherwise it goes through what was read before.

    Examples
    --------
    >>> from easiness_torch import EasinessStream
    >>> samples = [(f"img{k}", k) for k in range(1000)]
    >>> rates = {name: 0.3 for name, k in samples if k >= 500}
    >>> stream = EasinessStream(samples, rates)
    >>> kept = [name for name, _ in stream]
    >>> len(kept)
    643
    >>> stream.weights(["img1", "img999"])
    tensor([1.0000, 3.3333])
    >>> stream.set_epoch(1)
    >>> kept == [name for name, _ in stream]
    False
    """

    def __init__(
        self,
        dataset: Iterable[Any],
        rates: Mapping[Any, float] | Callable[[Any], float],
        *,
        id_of: Callable[[Any], Any] | None = None,
        seed: int = 0,
        weight_power: float = 1.0,
    ) -> None:
        if not hasattr(dataset, "__iter__"):
            raise TypeError(
                f"dataset: expected something to iterate over, got {type(dataset).__name__}; for "
                f"a data set with indices use EasinessSampler"
            )
        if isinstance(dataset, Iterator) and not isinstance(dataset, Dataset):
            raise TypeError(
                f"dataset: expected something to iterate over again each epoch, got "
                f"{type(dataset).__name__}, which ends for good; pass an object whose __iter__ "
                f"starts anew, or a list"
            )
        self.dataset = dataset
        self.rates = rates
        self.id_of = id_of or first_id
        self.seed = check_count(seed, "seed", low=0)
        self.weight_power = check_number(weight_power, "weight_power", low=0.0, high=float("inf"))
        # Next epoch, version of the rates, and epochs gone through, -1 once set_epoch was called.
        # Shared, so that workers that persist see changes.
        self._shared = torch.zeros(3, dtype=torch.int64, device="cpu")
        self._shared.share_memory_()  # type: ignore[no-untyped-call]
        self._table: Rates = copied_rates(self.rates)
        self._version = 0
        # Epoch of the latest iteration, its samples read, and whether it came to its end.
        self._running = self._read = 0
        self._finished = False
        self._resumed: dict[str, Any] | None = None

    @property
    def epoch(self) -> int:
        """Number of the epoch that the next iteration goes through."""
        return int(self._shared[0])

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration, and take over the rates as they are now.

        Call it before each epoch: otherwise every one has the same samples.

        Parameters
        ----------
        epoch : int
            Number of the epoch, 0 or more. If the data set has `set_epoch`, it is called with it.
        """
        self._shared[0] = check_count(epoch, "epoch", low=0)
        self._shared[2] = -1
        self._take_rates()
        if self._resumed is not None and self._resumed["epoch"] != epoch:
            self._resumed, self._read = None, 0
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        if worker is None:
            self._take_rates()
        else:
            self._check_rates()
        state, self._resumed = self._resumed, None
        epoch = self.epoch if state is None else state["epoch"]
        prefix = hash_of(self.seed, epoch)
        self._running, self._read, self._finished = epoch, 0, False
        skip = 0
        if state is not None:
            self._read = state["read"]
            # A data set that saves its own place goes on from there.
            skip = 0 if "dataset" in state else self._read
            if hasattr(self.dataset, "set_epoch"):
                self.dataset.set_epoch(epoch)
            if "dataset" in state:
                self.dataset.load_state_dict(state["dataset"])  # type: ignore[attr-defined]
        elif self._shared[2] > 0:
            warnings.warn(
                f"EasinessStream: epoch {epoch} again, with the same samples; call "
                f"stream.set_epoch(epoch) before each epoch",
                stacklevel=2,
            )
        table = self._table
        matched = not isinstance(table, dict) or not table
        for place, sample in enumerate(self.dataset):
            if place < skip:
                continue
            self._read += 1
            name = plain_id(self.id_of(sample))
            matched = matched or name in table  # type: ignore[operator]
            rate = rate_of(table, name)
            if rate == 1.0 or uniform(prefix, name) < rate:
                yield sample
        self._finished = True
        if self._shared[2] >= 0 and (worker is None or worker.id == 0):
            self._shared[2] += 1
        if isinstance(table, dict) and not matched and self._read > skip:
            warnings.warn(
                f"rates: none of the {self._read - skip} ids read is in the mapping: the last is "
                f"{name!r:.80}, and a key is {next(iter(table))!r:.80}",
                stacklevel=2,
            )

    def weights(self, ids: Any, *, device: torch.device | str | None = None) -> Tensor:
        """Weights by which the losses of a batch are to be multiplied.

        `(1 / rate)^weight_power`, so that with a power of 1 weighted sums over an epoch have the
        expectation that sums over all samples have.

        Parameters
        ----------
        ids : Tensor or sequence, of n ids
            Ids of samples that the stream gave.
        device : torch.device or str, optional
            Where to return them; by default where `ids` are if they are a tensor, else the CPU.

        Returns
        -------
        Tensor of shape (n,), float32
            Positive; 0 for a rate of 0.
        """
        if isinstance(ids, (str, bytes)):
            raise TypeError(f"ids: expected a sequence of ids, got {ids!r:.80}; pass [id] for one")
        if isinstance(ids, Tensor):
            device = ids.device if device is None else device
            ids = ids.tolist()
        rates = [rate_of(self._table, plain_id(name)) for name in ids]
        weights = [rate**-self.weight_power if rate > 0.0 else 0.0 for rate in rates]
        return torch.tensor(weights, dtype=torch.float32, device=device or "cpu")

    def state_dict(self) -> dict[str, Any]:
        """Epoch that is being gone through, samples read in this worker, and whether all were.

        With the data set's own state, if it has one.
        """
        if self._resumed is not None:
            return dict(self._resumed)
        begun = self._read > 0 or self._finished
        state: dict[str, Any] = {
            "epoch": self._running if begun else self.epoch,
            "read": self._read,
            "finished": self._finished,
        }
        if hasattr(self.dataset, "state_dict"):
            state["dataset"] = self.dataset.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another stream, over the same data and with the same seed, was.

        An epoch that was at its end is followed by the next. If `set_epoch` names another epoch,
        before or afterwards, that one starts from its beginning.
        """
        self._resumed, self._read, self._finished = None, 0, False
        if self._shared[2] >= 0:
            self._shared[0] = state["epoch"] + state["finished"]
        if not state["finished"] and state["epoch"] == self.epoch:
            self._resumed = dict(state)
            self._running, self._read = state["epoch"], state["read"]

    def _take_rates(self) -> None:
        table = copied_rates(self.rates)
        if table != self._table:
            self._table = table
            self._version += 1
            self._shared[1] = self._version

    def _check_rates(self) -> None:
        """Refuse other rates in a worker than `weights` goes by."""
        if self._version != self._shared[1]:
            raise RuntimeError(
                "rates: changed, but workers that persist keep those that they started with; make "
                "the loader with persistent_workers=False, or a new loader"
            )
        if copied_rates(self.rates) != self._table:
            raise RuntimeError(
                "rates: changed since set_epoch; call stream.set_epoch(epoch) after changing them"
            )
