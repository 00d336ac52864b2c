"""Progress on standard error, from the first second on: a bar on a terminal, else plain lines."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_PATIENCE_S = 1.0
_INTERVAL_S = 10.0


class Progress:
    """Shows how far the work is."""

    def __init__(self, total: int | None, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self._bar: Any = None
        self._start = time.monotonic()
        self._next = self._start + _PATIENCE_S
        self._begun_at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, skipped: int = 0) -> None:
        """Show the number of rows done; those `skipped` were done before, and set no pace."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        with suppress(OSError, ValueError):  # whoever read along may have gone
            if sys.stderr.isatty():
                self._draw(done, skipped)
            else:
                self._next = now + _INTERVAL_S
                print(self._line(done, skipped, now - self._start), file=sys.stderr, flush=True)

    def stage(self, text: str) -> None:
        """Show what is going on where it cannot be counted."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + (_PATIENCE_S if sys.stderr.isatty() else _INTERVAL_S)
        with suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)

    def _draw(self, done: int, skipped: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            total = None if self._total is None else max(self._total, done)
            self._bar = tqdm(
                total=total, initial=skipped, unit=" rows", unit_scale=True, leave=False,
                file=sys.stderr,
            )  # fmt: skip
            self._bar.start_t -= time.monotonic() - self._start
        self._bar.update(done - self._bar.n)

    def _line(self, done: int, skipped: int, seconds: float) -> str:
        pace = (done - skipped) / max(seconds, 1e-9)
        share = f" of {self._total:,}" if self._total and self._total >= done else ""
        left = ""
        if share and pace > 0:
            left = (
                f", {(self._total or 0) - done:,} left: {((self._total or 0) - done) / pace:.0f} s"
            )
        return f"{done:,}{share} rows, {pace:,.0f} rows/s{left}"
