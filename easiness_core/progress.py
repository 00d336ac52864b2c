"""Progress bars with tqdm, in a terminal or a notebook, for packages that build on this one."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TypeVar

__all__ = ["counted", "progress_bar"]

T = TypeVar("T")


@contextmanager
def progress_bar(
    total: int, unit: str, label: str, *, show: bool = True
) -> Iterator[Callable[[int], object]]:
    """Show a progress bar, and yield a function that advances it.

    Parameters
    ----------
    total : int
        Number of steps in total.
    unit : str
        What is counted, such as "rows".
    label : str
        What is being done.
    show : bool, default True
        Whether to show the bar.

    Yields
    ------
    callable
        Call it with the number of steps done since the last call.

    Raises
    ------
    ImportError
        If `show` is True and tqdm is not installed.

    Examples
    --------
    >>> from easiness_core.progress import progress_bar
    >>> with progress_bar(3, "folds", "cross-validation", show=False) as advance:
    ...     for fold in range(3):
    ...         advance(1)
    """
    if not show:
        yield lambda _: None
        return
    try:
        with warnings.catch_warnings():
            # Without ipywidgets a notebook shows a bar of text: no advice is needed.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from error
    with tqdm(total=total, unit=f" {unit}", unit_scale=unit == "rows", desc=label) as bar:
        yield bar.update


@contextmanager
def counted(
    work: Callable[[int, int], T], n_rows: int, label: str
) -> Iterator[Callable[[int, int], T]]:
    """Show a progress bar of rows while blocks of rows are processed.

    The work may run on several threads. Only the calling thread moves the bar: notebooks misplace
    the output of other threads, and tqdm does not count exactly across threads.

    Parameters
    ----------
    work : callable
        Function of the first row of a block and the row after its last.
    n_rows : int
        Number of rows in all blocks.
    label : str
        What is being done.

    Yields
    ------
    callable
        `work`, wrapped so that it also advances the bar.

    Examples
    --------
    >>> from easiness_core.progress import counted
    >>> with counted(lambda start, stop: stop - start, 10, "summing") as work:
    ...     work(0, 4) + work(4, 10)
    10
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
