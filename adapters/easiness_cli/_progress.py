"""Progress of long work, on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

_PATIENCE_S = 3.0
_INTERVAL_S = {True: 0.2, False: 10.0}


class Progress:
    """Tell how far the work is, once it has lasted some seconds.

    A terminal sees one line that is rewritten and removed at the end; a file a line now and then.
    """

    def __init__(self, total: int | None, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._tty = sys.stderr.isatty()
        self._start = time.monotonic()
        self._next = self._start + _PATIENCE_S
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown and self._tty:
            self._print("")

    def _print(self, text: str) -> None:
        start, end = ("\r\x1b[K", "") if self._tty else ("", "\n")
        # Whoever read along may have gone; the work goes on.
        with suppress(OSError, ValueError):
            print(f"{start}{text}", end=end, file=sys.stderr, flush=True)

    def stage(self, text: str) -> None:
        """Tell a terminal what is going on, where it cannot be counted."""
        if self._tty and not self._quiet:
            self._shown = True
            self._print(text)

    def step(self, text: str) -> None:
        """Tell what is going on, once the work has lasted some seconds; for several stages."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + _INTERVAL_S[self._tty]
        self._shown = True
        self._print(text)

    def show(self, done: int, skipped: int = 0) -> None:
        """Say how many rows are done, how fast, and when the rest will be, if it is time.

        Rows that were `skipped` are done, and say nothing of the rate.
        """
        now = time.monotonic()
        if self._quiet or now < self._next or (self._total is not None and done >= self._total):
            return
        self._next = now + _INTERVAL_S[self._tty]
        self._shown = True
        line = _line(done, self._total, (done - skipped) / max(now - self._start, 1e-9))
        self._print(line)


def _line(done: int, total: int | None, rate: float) -> str:
    if total is None:
        return f"scored {done:,} rows, {rate:,.0f} rows/s"
    # Nothing tells the rate as long as all that is done had been done before.
    pace = f", {rate:,.0f} rows/s, {_clock((total - done) / rate)} left" if rate > 0 else ""
    return f"scored {done:,} of {total:,} rows ({100 * done / total:.0f} %){pace}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
