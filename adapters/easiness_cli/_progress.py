"""Progress of long work, on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_PATIENCE_S = 3.0
_INTERVAL_S = {True: 0.2, False: 10.0}


class Progress:
    """Tell how far the work is, once it has lasted some seconds.

    A terminal sees one line that is rewritten and removed at the end; a file a line now and then.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._tty = sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE_S
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
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def stage(self, text: str) -> None:
        """Tell a terminal what is going on, where it cannot be counted."""
        if self._tty and not self._quiet:
            self._shown = True
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def step(self, text: str) -> None:
        """Tell what is going on, once the work has lasted some seconds; for several stages."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + _INTERVAL_S[self._tty]
        self._shown = True
        start, end = ("\r\x1b[K", "") if self._tty else ("", "\n")
        print(f"{start}{text}", end=end, file=sys.stderr, flush=True)

    def show(self, done: int) -> None:
        """Say how many rows are done, if it is time."""
        now = time.monotonic()
        if self._quiet or now < self._next or done >= self._total:
            return
        self._next = now + _INTERVAL_S[self._tty]
        self._shown = True
        share = 100 * done / self._total
        line = f"scored {done:,} of {self._total:,} rows ({share:.0f} %)"
        if self._tty:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)
