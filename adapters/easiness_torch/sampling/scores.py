"""The latest score of each sample on a device, written without making the host wait.

Every column has one more entry than there are samples. Rows that must not be written (bad rows, and
all but the last of several with the same index) go to that last entry, so that no mask has to be
copied to the host. `written_at` numbers rows in the order of writing; 0 means never scored.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import easiness_core as ec
from easiness_torch.sampling.keep import SampleScores
from easiness_torch.scoring.check import are_probs_likely, no_distribution
from easiness_torch.scoring.closed_form import score_logits, score_probs
from easiness_torch.scoring.device import moved

# Columns of a score, and all columns stored for a row.
SCORE_COLUMNS = ("log_easiness", "loss", "predicted", "labels")
ROW_COLUMNS = (*SCORE_COLUMNS, "written_at", "fault")
# Possible faults of a row, as stored in the column `fault`.
NOT_FINITE, LABEL_OUTSIDE, NOT_PROBS = 1, 2, 3
# Number of ids that an error names.
_NAMED = 10


class ScoreTable:
    """Scores of `n_samples` samples; `log_easiness`, `loss`, `predicted`, `labels` are columns."""

    def __init__(self, n_samples: int, device: torch.device) -> None:
        self.n_samples = n_samples
        # Metal has no float64.
        real = torch.float32 if device.type == "mps" else torch.float64
        # Tensors made in inference mode could not be written to outside of it.
        with torch.inference_mode(False):

            def column(dtype: torch.dtype) -> Tensor:
                return torch.zeros(n_samples + 1, dtype=dtype, device=device)

            self.log_easiness = column(real)
            self.loss = column(real)
            self.predicted = column(torch.int32)
            self.labels = column(torch.int32)
            self.written_at = column(torch.int64)
            self.fault = column(torch.uint8)
            # Smallest and largest index out of range.
            self.stray = torch.zeros(2, dtype=torch.int64, device=device)
        self.clock = 0
        # Whether the first rows given as logits look like probabilities; 0-d, on their device.
        self.suspect: Tensor | None = None

    @property
    def device(self) -> torch.device:
        """Device of the columns."""
        return self.written_at.device

    def columns(self) -> Iterator[tuple[str, Tensor]]:
        """Names and tensors of all columns."""
        for name in (*ROW_COLUMNS, "stray"):
            yield name, getattr(self, name)

    def copied(self, device: torch.device) -> ScoreTable:
        """Return an equal table on a device, which shares no memory."""
        copy = ScoreTable(self.n_samples, device)
        copy.load(dict(self.columns()), clock=self.clock)
        return copy

    def load(self, columns: dict[str, Tensor], *, clock: int | None = None) -> None:
        """Copy the values of all columns."""
        with torch.inference_mode(False), torch.no_grad():
            for name, column in self.columns():
                column.copy_(columns[name])
        self.clock = int(self.written_at.max()) if clock is None else clock

    @torch.no_grad()
    def update(
        self,
        indices: Tensor,
        rows: Tensor,
        labels: Tensor,
        estimator: ec.ClosedForm | ec.MonteCarlo,
        *,
        are_probs: bool,
        indices_checked: bool = False,
        labels_checked: bool = False,
    ) -> None:
        """Score rows on their device, and write the scores on that of the table.

        Values that were checked on the host are not checked again: for small batches the checks
        below take as long as the scores.
        """
        score = score_probs if are_probs else score_logits
        if self.clock == 0:
            self.suspect = None if are_probs else are_probs_likely(rows)
        if labels_checked:
            log_e, loss, predicted = score(rows, labels, estimator)
        else:
            inside = (labels >= 0) & (labels < rows.shape[1])
            log_e, loss, predicted = score(rows, torch.where(inside, labels, 0), estimator)
        # A NaN anywhere in a row, and an infinite logit, make its easiness NaN.
        fault = log_e.isnan().to(torch.uint8) * NOT_FINITE
        if are_probs:
            fault = torch.where((fault == 0) & no_distribution(rows), NOT_PROBS, fault)
        if not labels_checked:
            fault = torch.where(inside, fault, LABEL_OUTSIDE)

        indices, fault = self._here(indices), self._here(fault).to(torch.uint8)
        if not indices_checked:
            indices = self._without_strays(indices)
        bad = fault > 0
        spare = self.n_samples
        self.fault.scatter_(0, torch.where(bad, indices, spare), fault)

        slots = torch.where(bad, spare, indices)
        order = torch.arange(self.clock + 1, self.clock + 1 + len(indices), device=self.device)
        self.clock += len(indices)
        self.written_at.scatter_reduce_(0, slots, order, "amax")
        # On a GPU, two writes to one entry have no order, so only the last row of an index writes.
        slots = torch.where(self.written_at.gather(0, slots) == order, slots, spare)
        for name, values in zip(SCORE_COLUMNS, (log_e, loss, predicted, labels), strict=True):
            column = getattr(self, name)
            column.scatter_(0, slots, self._here(values).to(column.dtype))

    def _without_strays(self, indices: Tensor) -> Tensor:
        """Redirect ids out of range to the spare entry, and record them."""
        known = (indices >= 0) & (indices < self.n_samples)
        strays = torch.where(known, 0, indices)
        self.stray[0] = torch.minimum(self.stray[0], strays.amin())
        self.stray[1] = torch.maximum(self.stray[1], strays.amax())
        return torch.where(known, indices, self.n_samples)

    def _here(self, values: Tensor) -> Tensor:
        return moved(values, self.device)

    def faults(self) -> tuple[int, int, int]:
        """Numbers of samples with a fault of each kind; here the host waits."""
        fault = self.fault[: self.n_samples]
        counts = torch.stack([(fault == kind).count_nonzero() for kind in (1, 2, 3)])
        not_finite, outside, not_probs = counts.tolist()
        return not_finite, outside, not_probs

    def strays(self) -> tuple[int, int]:
        """Smallest and largest index out of range so far; 0 if there was none."""
        low, high = self.stray.tolist()
        return low, high

    def clear_faults(self) -> None:
        """Clear all faults."""
        self.fault.zero_()
        self.stray.zero_()

    def named(self, kind: int) -> str:
        """Ids with a fault of this kind, the first few by name."""
        indices = (self.fault[: self.n_samples] == kind).nonzero().squeeze(1)
        shown = ", ".join(map(str, indices[:_NAMED].tolist()))
        more = len(indices) - _NAMED
        return shown + (f" and {more} more" if more > 0 else "")

    def scored(self) -> Tensor:
        """Mask of shape (n_samples,) of the samples that have a score."""
        return self.written_at[: self.n_samples] > 0

    def count_levels(self, cuts: tuple[float, float]) -> dict[str, int]:
        """Count samples by level, and those without a score."""
        hard_to, easy_from = cuts
        log_e, scored = self.log_easiness[: self.n_samples], self.scored()
        n_scored, hard, easy = torch.stack(
            [
                scored.count_nonzero(),
                ((log_e <= hard_to) & scored).count_nonzero(),
                ((log_e >= easy_from) & scored).count_nonzero(),
            ]
        ).tolist()
        unscored = self.n_samples - n_scored
        return {
            "hard": hard, "medium": n_scored - hard - easy, "easy": easy, "unscored": unscored
        }  # fmt: skip

    def scores(self, cuts: tuple[float, float]) -> SampleScores:
        """Scores of the scored samples, with levels by the `cuts` of an estimator.

        Columns may share memory with the table: use `copied()` to keep them.
        """
        scored = self.scored()
        if int(scored.count_nonzero()) == self.n_samples:
            indices = torch.arange(self.n_samples, device=self.device)
        else:
            indices = scored.nonzero().squeeze(1)

        def of_scored(column: Tensor) -> Tensor:
            if len(indices) < self.n_samples:
                return column[indices]
            return column[: self.n_samples]

        log_e = of_scored(self.log_easiness)
        hard_to, easy_from = cuts
        level = torch.full_like(log_e, int(ec.Level.MEDIUM), dtype=torch.uint8)
        level.masked_fill_(log_e >= easy_from, int(ec.Level.EASY))
        level.masked_fill_(log_e <= hard_to, int(ec.Level.HARD))
        return SampleScores(
            indices=indices,
            log_easiness=log_e,
            loss=of_scored(self.loss),
            level=level,
            predicted=of_scored(self.predicted),
            labels=of_scored(self.labels),
        )
