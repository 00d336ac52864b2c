"""`EasinessStream`: samples of a stream kept at their rates, each by the hash of its id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from easiness_core.validation import check_count, check_number

# Keys under which samples that are mappings have their ids; the second is webdataset's.
_KEYS = ("id", "__key__")


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
        Rate of each id, in [0, 1]; of ids that a mapping lacks it is 1.
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

    Raises
    ------
    TypeError, ValueError
        If an argument, or in iteration an id or a rate, is of the wrong type or out of range.

    Notes
    -----
    Scores come from a pass over the stream, as in the example, or from `log_easiness` in the
    training loop. A new table of rates holds from the next iteration on, except in workers that
    persist. Where the data set has `state_dict` and `load_state_dict`, so does the stream, for
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
                f"dataset: expected something to iterate over, got {type(dataset).__name__}"
            )
        if not isinstance(rates, Mapping) and not callable(rates):
            raise TypeError(
                f"rates: expected a mapping of ids to rates, or a function of the id, got "
                f"{type(rates).__name__}"
            )
        self.dataset = dataset
        self.rates = rates
        self.id_of = id_of or _id_of
        self.seed = check_count(seed, "seed", low=0)
        self.weight_power = check_number(weight_power, "weight_power", low=0.0, high=float("inf"))
        # Shared, so that workers that persist see changes.
        self._epoch = torch.zeros(1, dtype=torch.int64, device="cpu")
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]
        self._read = 0
        self._resumed: dict[str, Any] | None = None

    @property
    def epoch(self) -> int:
        """Number of the epoch that the next iteration goes through."""
        return int(self._epoch[0])

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration; by default it stays the same.

        Parameters
        ----------
        epoch : int
            Number of the epoch, 0 or more. The data set is told too if it has `set_epoch`.
        """
        self._epoch[0] = check_count(epoch, "epoch", low=0)
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)

    def __iter__(self) -> Iterator[Any]:
        state, self._resumed = self._resumed, None
        epoch = self.epoch if state is None else state["epoch"]
        prefix = _prefix(self.seed, epoch)
        skip = self._read = 0
        if state is not None:
            self._read = state["read"]
            # A data set that saves its own place goes on from there.
            skip = 0 if "dataset" in state else self._read
        for place, sample in enumerate(self.dataset):
            if place < skip:
                continue
            self._read += 1
            name = _plain(self.id_of(sample))
            rate = self._rate(name)
            if rate == 1.0 or _uniform(prefix, name) < rate:
                yield sample

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
        if isinstance(ids, Tensor):
            device = ids.device if device is None else device
            ids = ids.tolist()
        rates = [self._rate(_plain(name)) for name in ids]
        weights = [rate**-self.weight_power if rate > 0.0 else 0.0 for rate in rates]
        return torch.tensor(weights, dtype=torch.float32, device=device or "cpu")

    def state_dict(self) -> dict[str, Any]:
        """Epoch, and number of samples read in this worker; with the data set's own state."""
        state: dict[str, Any] = {"epoch": self.epoch, "read": self._read}
        if hasattr(self.dataset, "state_dict"):
            state["dataset"] = self.dataset.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another stream, over the same data and with the same seed, was."""
        self._resumed = dict(state)
        self._epoch[0] = state["epoch"]
        self._read = state["read"]
        if "dataset" in state:
            self.dataset.load_state_dict(state["dataset"])  # type: ignore[attr-defined]

    def _rate(self, name: Any) -> float:
        rates = self.rates
        rate = float(rates.get(name, 1.0) if isinstance(rates, Mapping) else rates(name))
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"rates: expected values in [0, 1], got {rate} for id {name!r}")
        return rate


def _id_of(sample: Any) -> Any:
    if isinstance(sample, Mapping):
        for key in _KEYS:
            if key in sample:
                return sample[key]
        raise ValueError(
            f"dataset: expected an id under the key 'id' or '__key__', got "
            f"{', '.join(map(repr, sample))}; pass id_of=, a function of the sample"
        )
    if isinstance(sample, (tuple, list)) and sample:
        return sample[0]
    raise ValueError(
        f"dataset: expected samples that begin with their id, got {type(sample).__name__}; pass "
        f"id_of=, a function of the sample"
    )


def _plain(name: Any) -> int | str | bytes:
    """Give an id as Python's own type: a whole number of NumPy's or torch's is that number."""
    if isinstance(name, (str, bytes)):
        return name
    if isinstance(name, bool) or not hasattr(name, "__index__"):
        raise TypeError(f"ids: expected int, str or bytes, got {name!r:.80}; pass id_of=")
    return int(name.__index__())


def _prefix(seed: int, epoch: int) -> Any:
    return hashlib.blake2b(f"{seed} {epoch} ".encode(), digest_size=8)


def _uniform(prefix: Any, name: int | str | bytes) -> float:
    """Give the place in [0, 1) of an id in an epoch; the same on every machine."""
    if isinstance(name, int):
        data = b"i%d" % name
    else:
        data = b"s" + name.encode() if isinstance(name, str) else b"b" + name
    digest = prefix.copy()
    digest.update(data)
    # 53 bits, which a float holds.
    return (int.from_bytes(digest.digest(), "big") >> 11) * 2.0**-53
