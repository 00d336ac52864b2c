"""Measure the area under the margin and the mean easiness of each sample in any training loop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_aum import _csv, _state
from easiness_aum._csv_check import check_records
from easiness_aum._faults import check_kind, check_same_labels, not_finite
from easiness_aum._input import Id, to_host, to_ids
from easiness_aum._measure import measure
from easiness_aum._table import UNIT, Log, Table
from easiness_aum.values import AUMValues
from easiness_core.validation import check_count, check_labels, check_logits


class AreaUnderMargin:
    """Average the margin and the easiness of each sample over a training run.

    Parameters
    ----------
    estimator : ClosedForm, MonteCarlo or None, default ClosedForm()
        How to compute easiness in the same pass; None means margins only.
    skip_epochs : int, default 0
        Number of first epochs to ignore (AUM's own experiments ignore one); requires `set_epoch`.
    on_nan : {"raise", "skip"}, default "raise"
        What to do with a row whose margin is not finite: raise an error that names the samples, or
        skip the row and count it in `n_not_finite`.
    keep_records : bool, default False
        Keep every measurement, 48 bytes each, for `full_aum_records.csv`.
    keep_probs : bool, default False
        Keep the mean softmax of each sample, 8 bytes per class, for `values().probs`.

    Notes
    -----
    `AUM = 1/T sum_t (z_y - max over k != y of z_k)` over a sample's T measurements, on raw
    logits. Source: Pleiss et al. 2020; Section 4.3 of the paper. For float32 and float64 logits the
    results equal those of the package `aum` 1.0.2. For half types that package subtracts in half
    precision, and this class in float32.

    Examples
    --------
    >>> from easiness_aum import AreaUnderMargin
    >>> area = AreaUnderMargin(skip_epochs=1)
    >>> for epoch in range(3):
    ...     area.set_epoch(epoch)
    ...     area.update([7, 3], [[4.0 + epoch, 1.0], [0.0, 2.5]], [0, 0])  # once per batch
    >>> values = area.values([3, 7])
    >>> values.aum, values.easiness.round(3)
    (array([-2.5,  4.5]), array([0., 1.]))

    Save and resume, merge two workers, and write the files of the package `aum`:

    >>> import tempfile
    >>> resumed = AreaUnderMargin(skip_epochs=1)
    >>> resumed.load_state_dict(area.state_dict())
    >>> other = AreaUnderMargin(skip_epochs=1)
    >>> other.set_epoch(1)
    >>> other.update([9], [[1.0, 2.0]], [0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     resumed.merge(other).to_csv(folder)
    ...     AreaUnderMargin.read_csv(f"{folder}/aum_values.csv").values([3, 7, 9]).aum
    array([-2.5,  4.5, -1. ])
    """

    def __init__(
        self,
        *,
        estimator: ec.ClosedForm | ec.MonteCarlo | None = ec.ClosedForm(),  # noqa: B008
        skip_epochs: int = 0,
        on_nan: str = "raise",
        keep_records: bool = False,
        keep_probs: bool = False,
    ) -> None:
        if estimator is not None and not isinstance(estimator, (ec.ClosedForm, ec.MonteCarlo)):
            raise TypeError(
                f"estimator: expected ClosedForm(...), MonteCarlo(...) or None, got {estimator!r}"
            )
        if on_nan not in ("raise", "skip"):
            raise ValueError(f'on_nan: expected "raise" or "skip", got {on_nan!r}')
        self.estimator = estimator
        self.skip_epochs = check_count(skip_epochs, "skip_epochs", low=0)
        self.on_nan = on_nan
        self.keep_records = bool(keep_records)
        self.keep_probs = bool(keep_probs)
        self.n_skipped = 0
        self.n_not_finite = 0
        self._epoch: int | None = None
        self._table = Table()
        self._logs: list[Log] = []
        self._final: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        measured = int(self._table.sums.count.sum())
        return f"AreaUnderMargin(n_samples={len(self)}, n_measurements={measured})"

    def set_epoch(self, epoch: int) -> None:
        """Set the current epoch, an int, counted from 0; needed with `skip_epochs`."""
        self._epoch = check_count(epoch, "epoch", low=0)

    def update(self, ids: Any, logits: Any, labels: Any) -> None:
        """Add one measurement for each row of a batch; on an error, none is added.

        Parameters
        ----------
        ids : array, tensor or sequence of shape (n_rows,)
            Whole numbers or strings; a sample may occur more than once.
        logits : array or tensor of shape (n_rows, n_classes)
            Raw logits of any real dtype, on any device; they are copied to the host.
        labels : array or tensor of shape (n_rows,)
            Class that each sample is trained as, 0 to n_classes - 1.

        Raises
        ------
        TypeError, ValueError
            If an argument has the wrong type, shape or range; if a sample's label differs from
            before; or if a margin is not finite and `on_nan` is "raise".
        RuntimeError
            If `skip_epochs` is set and `set_epoch` was not called, or if the values were read from
            a file without numbers of measurements.
        """
        self._check_can_grow()
        array = check_logits(to_host(logits, "logits"))
        names = to_ids(ids, array.shape[0])
        given = check_labels(to_host(labels, "labels"), *array.shape, of="logits")
        row = self._find(names, given)
        if self._skips():
            self.n_skipped += len(names)
            return
        measured = ec.margins(array, given, on_nan="keep")
        bad = np.isnan(measured.margin)
        if bad.any():
            if self.on_nan == "raise":
                raise ValueError(not_finite(bad, names))
            keep = np.flatnonzero(~bad)
            if keep.size:
                # Ids that occur only in bad rows get no row.
                self.update([names[k] for k in keep], array[keep], given[keep])
            self.n_not_finite += int(bad.sum())
            return
        easiness, rival = measure(array, given, self.estimator)
        if self.keep_probs:
            self._table.keep_probs(array.shape[1])
        self._append(
            names,
            Log(row, given.copy(), measured.target_value, measured.other, measured.other_value,
                measured.margin),
        )  # fmt: skip
        sums = self._table.sums
        np.add.at(sums.easiness, row, easiness)
        np.add.at(sums.rival, row, rival)
        if self.keep_probs:
            np.add.at(sums.probs, row, np.rint(ec.softmax(array) / UNIT).astype(np.int64))

    def _append(self, ids: list[Id], log: Log) -> None:
        """Add measurements of margins; an id that occurs twice is measured twice."""
        self._table.enter(ids, log.row, log.target)
        sums = self._table.sums
        np.add.at(sums.count, log.row, 1)
        np.add.at(sums.margin, log.row, log.margin)
        if self.keep_records:
            self._logs.append(log)

    def merge(self, other: AreaUnderMargin) -> AreaUnderMargin:
        """Merge the measurements of two objects, such as two workers of one run.

        Counts and easiness are exact: any split of the updates, merged in any order, gives the
        same result. Sums of margins are float64: `a.merge(b)` equals `b.merge(a)`, but merging
        three or more in another order may change the last bits. For float32 logits the sums are
        exact in practice.

        Returns
        -------
        AreaUnderMargin
            A new object, with this one's samples and records first; neither is changed.

        Raises
        ------
        TypeError, ValueError
            If `other` is not an AreaUnderMargin, has other options, or has other labels.
        """
        if not isinstance(other, AreaUnderMargin):
            raise TypeError(f"merge: expected an AreaUnderMargin, got {type(other).__name__}")
        for area in (self, other):
            area._check_can_grow()
        options = ("estimator", "skip_epochs", "on_nan", "keep_records", "keep_probs")
        for name in options:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError(f"merge: made with {name}={mine!r} and {name}={theirs!r}")
        merged = AreaUnderMargin(**{name: getattr(self, name) for name in options})
        # Training resumes from the epoch of the worker that is ahead.
        merged._epoch = max((e for e in (self._epoch, other._epoch) if e is not None), default=None)
        for area in (self, other):
            if area._table.n_classes:
                merged._table.keep_probs(area._table.n_classes)
            row = merged._find(area._table.ids, area._table.sums.label)
            merged._table.add(area._table, row)
            merged._logs += [log.moved(row) for log in area._logs]
            merged.n_skipped += area.n_skipped
            merged.n_not_finite += area.n_not_finite
        return merged

    def values(self, ids: Any = None) -> AUMValues:
        """Return the means so far.

        Parameters
        ----------
        ids : array or sequence of shape (n_samples,), optional
            Samples to return, in this order; by default all, in the order of their first
            measurement.

        Returns
        -------
        AUMValues
            One entry per sample.

        Raises
        ------
        ValueError
            If one of `ids` was never measured.
        """
        names = self._table.ids if ids is None else to_ids(ids)
        return self._table.means(
            names, aum=self._final, easiness=self.estimator is not None, probs=self.keep_probs
        )

    def to_csv(self, folder: str | os.PathLike[str]) -> None:
        """Write `aum_values.csv` and, with `keep_records`, `full_aum_records.csv`.

        The files have the format of the package `aum`, byte for byte; existing files are replaced.
        The folder is created if necessary.
        """
        values = self.values()
        _csv.write_values(folder, self._table.ids, values.aum)
        if self.keep_records:
            _csv.write_records(folder, self._table.ids, Log.join(self._logs))

    @classmethod
    def read_csv(cls, path: str | os.PathLike[str]) -> AreaUnderMargin:
        """Read a file that `to_csv` or the package `aum` wrote.

        `full_aum_records.csv` has everything but easiness, and more measurements can be added to
        it; `aum_values.csv` has the values only. Ids are text unless all are whole numbers.

        Raises
        ------
        ValueError
            If the file is neither of the two, is incomplete, or contradicts itself: a margin that
            is not target_val - other_val within half precision, an aum that is not the mean so
            far, or num_measurements that do not count 1, 2, ... for each sample.
        """
        kind, ids, columns = _csv.read(path)
        area = cls(estimator=None, keep_records=kind == "records")
        if kind == "records":
            area._append(ids, check_records(os.fspath(path), area._table, ids, columns))
            return area
        row = area._table.find(ids)
        area._table.enter(ids, row, np.full(len(ids), -1, dtype=np.int64))
        if len(area) != len(ids):
            raise ValueError(f"{os.fspath(path)}: expected one line per sample, got ids twice")
        area._final = columns[0]
        return area

    def state_dict(self) -> dict[str, Any]:
        """Return the state needed to continue later, as plain numbers, strings and lists."""
        self._check_can_grow()
        counters = [self._epoch, self.n_skipped, self.n_not_finite]
        return _state.pack(self._table, self._logs, self._options(), counters)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned; on an error, nothing changes.

        Raises
        ------
        ValueError
            If the state is invalid, incomplete, or was saved with other options.
        """
        table, logs, counters = _state.unpack(state, self._options())
        self._table, self._logs, self._final = table, logs, None
        self._epoch, self.n_skipped, self.n_not_finite = counters

    def _options(self) -> dict[str, Any]:
        estimator = None if self.estimator is None else repr(self.estimator)
        return {"estimator": estimator, "skip_epochs": self.skip_epochs,
                "keep_records": self.keep_records, "keep_probs": self.keep_probs}  # fmt: skip

    def _skips(self) -> bool:
        if not self.skip_epochs:
            return False
        if self._epoch is None:
            raise RuntimeError(
                f"update: skip_epochs={self.skip_epochs} needs to know the epoch; call "
                f"set_epoch(epoch) at the start of each"
            )
        return self._epoch < self.skip_epochs

    def _check_can_grow(self) -> None:
        if self._final is not None:
            raise RuntimeError(
                "these values come from aum_values.csv, which does not say how often each sample "
                "was measured; read full_aum_records.csv, or resume from a state_dict"
            )

    def _find(self, ids: list[Id], labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the row of each id; refuse ids of another type and labels that have changed."""
        row = self._table.find(ids)
        check_kind(self._table, ids)
        check_same_labels(self._table, ids, row, labels)
        return row
