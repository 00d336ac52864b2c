"""`EasinessStream`: select samples of a stream by the hash of their ids."""

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
    """Stream that selects samples for training, for data without an index.

    The sample with id i is kept in epoch e if `hash(seed, e, i) < rate(i)`. This needs no state and
    no communication, and gives the same selection for any number of workers and processes.

    Parameters
    ----------
    dataset : iterable
        The stream: an `IterableDataset`, a webdataset pipeline, or any iterable that can be
        iterated once per epoch. It must divide itself among workers and processes, as webdataset
        and `datasets.IterableDataset` do; the selection does not depend on how.
    rates : mapping or callable
        Rate of each id, in [0, 1]; 1 for ids that are not in the mapping. Keys are int, str or
        bytes: for a tensor of ids, use `ids.tolist()`. A function must not change during an epoch.
    id_of : callable, optional
        Function that returns the id of a sample, an int, str or bytes. By default, the value of the
        key "id" or "__key__" of a mapping, or the first item of a tuple or list.
    seed : int, default 0
        Seed, the same in all processes.
    weight_power : float, default 1.0
        Weights are (1 / rate)^weight_power: 1 is unbiased, 0 gives weights of 1.

    Attributes
    ----------
    epoch : int
        Number of the epoch of the next iteration; persistent workers see it, too.
    rates : mapping or callable
        As given. Changes take effect at the next `set_epoch`.

    Raises
    ------
    TypeError, ValueError
        If an argument, or during iteration an id or a rate, has the wrong type or is out of range.
    RuntimeError
        During iteration, if the rates of worker processes differ from those of the main process.

    Warns
    -----
    UserWarning
        If an epoch is repeated because `set_epoch` was never called, or if an epoch ends and none
        of its ids was in `rates`.

    Notes
    -----
    Scores come from a pass over the stream, as in docs/torch.md, or from `log_easiness` in the
    training loop. Each call of `set_epoch` copies the mapping, and `weights` uses the copy: rates
    changed in place, or by `stream.rates = new`, take effect at the next `set_epoch`. Persistent
    workers keep the rates that they started with, so changed rates raise an error there.
    `state_dict` and `load_state_dict` are for torchdata's `StatefulDataLoader`. They use those of
    the data set if it has them; otherwise, resuming reads again, and skips, the samples that were
    read before.

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

    Stop in an epoch, and resume in another process:

    >>> stream.set_epoch(2)
    >>> epoch = iter(stream)
    >>> [next(epoch) for _ in range(3)]
    [('img0', 0), ('img1', 1), ('img2', 2)]
    >>> resumed = EasinessStream(samples, rates)
    >>> resumed.load_state_dict(stream.state_dict())
    >>> resumed.set_epoch(2)
    >>> next(iter(resumed))
    ('img3', 3)
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
                f"dataset: expected an iterable, got {type(dataset).__name__}; for a data set "
                f"with indices, use EasinessSampler"
            )
        if isinstance(dataset, Iterator) and not isinstance(dataset, Dataset):
            raise TypeError(
                f"dataset: expected an iterable that can be iterated in each epoch, got "
                f"{type(dataset).__name__}, which can be iterated only once; pass a list, or an "
                f"object whose __iter__ starts again"
            )
        self.dataset = dataset
        self.rates = rates
        self.id_of = id_of or first_id
        self.seed = check_count(seed, "seed", low=0)
        self.weight_power = check_number(weight_power, "weight_power", low=0.0, high=float("inf"))
        # Next epoch, version of the rates, and epochs completed (-1 after a call of set_epoch).
        # Shared, so that workers that persist see changes.
        self._shared = torch.zeros(3, dtype=torch.int64, device="cpu")
        self._shared.share_memory_()  # type: ignore[no-untyped-call]
        self._table: Rates = copied_rates(self.rates)
        self._version = 0
        # Epoch of the latest iteration, the samples it read, and whether it finished.
        self._running = self._read = 0
        self._finished = False
        self._resumed: dict[str, Any] | None = None

    @property
    def epoch(self) -> int:
        """Number of the epoch of the next iteration."""
        return int(self._shared[0])

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration, with the current rates.

        Call it before each epoch; otherwise every epoch has the same samples.

        Parameters
        ----------
        epoch : int
            Number of the epoch, 0 or more. It is passed on to `set_epoch` of the data set, if there
            is one.
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
            # A data set that saves its own position continues from there.
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
        """Return the weights for the losses of a batch.

        The weights are `(1 / rate)^weight_power`. With a power of 1, the expected value of a
        weighted sum over the epoch is the sum over all samples.

        Parameters
        ----------
        ids : Tensor or sequence, of n ids
            Ids of samples from the stream.
        device : torch.device or str, optional
            Device of the result; by default that of `ids` if they are a tensor, or else the CPU.

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
        """Return the current epoch, the samples read in this worker, and whether that was all.

        Returns
        -------
        dict
            `epoch`, `read`, `finished`, and `dataset`, the state of the data set, if it has one.
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
        """Continue where another stream with the same data and seed stopped.

        A finished epoch is followed by the next one. If `set_epoch` sets another epoch, before or
        after this call, that epoch starts from its beginning.

        Parameters
        ----------
        state : dict
            The result of `state_dict`.
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
        """Refuse rates in a worker that differ from those of `weights`."""
        if self._version != self._shared[1]:
            raise RuntimeError(
                "rates: changed, but persistent workers keep the rates that they started with; "
                "make the loader with persistent_workers=False, or a new loader"
            )
        if copied_rates(self.rates) != self._table:
            raise RuntimeError(
                "rates: changed since set_epoch; call stream.set_epoch(epoch) after changing them"
            )
