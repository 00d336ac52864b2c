"""Progress on standard error: a bar on a terminal; plain lines elsewhere, if asked for."""

import argparse
import sys
import time
from contextlib import suppress
from typing import Any, Self

_PATIENCE_S = 1.0  # shorter work shows nothing
_INTERVAL_S = 10.0  # between plain lines


class Progress:
    """Shows progress on a terminal, and elsewhere with --progress; never with --quiet."""

    def __init__(self, args: argparse.Namespace, total: int | None = None) -> None:
        self._total = total
        self._is_terminal = sys.stderr.isatty()
        self._shows = not args.quiet and (args.progress or self._is_terminal)
        self._bar: Any = None
        self._start = time.monotonic()
        self._next = self._start + _PATIENCE_S

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, skipped: int = 0) -> None:
        """Show the rows done; an earlier run did the `skipped` ones, which do not affect speed."""
        if done == self._total or not self._is_due():
            return
        with suppress(OSError, ValueError):  # the reader may be gone
            if self._is_terminal:
                self._draw(done, skipped)
                return
            pace = (done - skipped) / max(time.monotonic() - self._start, 1e-9)
            text = f"{done:,} rows, {pace:,.0f} rows/s"
            # An estimate may be too low.
            if pace and self._total and self._total > done:
                left = (self._total - done) / pace
                text = f"{done:,} of {self._total:,} rows, {pace:,.0f} rows/s, {left:,.0f} s left"
            print(text, file=sys.stderr, flush=True)

    def stage(self, text: str) -> None:
        """Show the current stage, if progress cannot be counted."""
        if self._is_due():
            with suppress(OSError, ValueError):
                print(text, file=sys.stderr, flush=True)

    def _is_due(self) -> bool:
        now = time.monotonic()
        if not self._shows or now < self._next:
            return False
        self._next = now + (_PATIENCE_S if self._is_terminal else _INTERVAL_S)
        return True

    def _draw(self, done: int, skipped: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, initial=skipped, unit=" rows", unit_scale=True,
                             leave=False, file=sys.stderr)  # fmt: skip
            self._bar.start_t -= time.monotonic() - self._start
        self._bar.update(done - self._bar.n)
