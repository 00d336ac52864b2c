"""Progress bars by tqdm, in a terminal or a notebook, where they are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def progress_bar(
    total: int, unit: str, label: str, *, show: bool = True
) -> Iterator[Callable[[int], object]]:
    """Show a bar, if at all, and give what advances it."""
    if not show:
        yield lambda _: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from error
    with tqdm(total=total, unit=f" {unit}", unit_scale=unit == "rows", desc=label) as bar:
        yield bar.update


@contextmanager
def counted(
    work: Callable[[int, int], T], n_rows: int, label: str
) -> Iterator[Callable[[int, int], T]]:
    """Show a bar of rows while blocks of rows are worked on; give work that advances it.

    The calling thread alone moves the bar, for the others too: notebooks show in the wrong place
    what other threads write, and tqdm does not count exactly with several.
    """
    caller, done = get_ident(), deque[int]()
    with progress_bar(n_rows, "rows", label) as advance:

        def run(start: int, stop: int) -> T:
            result = work(start, stop)
            done.append(stop - start)
            if get_ident() == caller:
                while done:
                    advance(done.popleft())
            return result

        yield run
        advance(sum(done))
