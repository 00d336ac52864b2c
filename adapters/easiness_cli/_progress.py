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

    Where the `total` of rows is not known, it may be `about` so many.

    A terminal sees one line that is rewritten and removed at the end; a file a line now and then.
    """

    def __init__(self, total: int | None, *, quiet: bool, about: int = 0) -> None:
        self._total, self._about = total, about
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
        rate = (done - skipped) / max(now - self._start, 1e-9)
        self._print(_line(done, self._total, rate, self._about))


def _line(done: int, total: int | None, rate: float, about: int = 0) -> str:
    # Nothing tells the rate as long as all that is done had been done before.
    pace = f", {rate:,.0f} rows/s" if rate > 0 else ""
    expected = about if total is None else total
    if total is None and about <= done:
        return f"scored {done:,} rows{pace}"
    share = f"{'about ' if total is None else ''}{expected:,} rows ({100 * done / expected:.0f} %)"
    left = f", {_clock((expected - done) / rate)} left" if rate > 0 else ""
    return f"scored {done:,} of {share}{pace}{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
