"""Standard output for bytes, notes on standard error, and packages that a command needs."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import BinaryIO

from easiness_cli.words import CommandError, one_line


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Give standard output for bytes, flushed at the end; its errors name it."""
    try:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror or one_line(error)
        raise CommandError(f"cannot write standard output: {why}") from error


def note(text: str, kind: str = "note") -> None:
    """Print a line on standard error; the work goes on where nobody reads it."""
    with suppress(OSError, ValueError):
        print(f"easiness: {kind}: {one_line(text)}", file=sys.stderr, flush=True)


def require(*modules: str) -> None:
    """Refuse before the work what would fail after it for want of a package."""
    for module in modules:
        try:
            found = find_spec(module) is not None
        except ValueError:  # blocked: None, or without a spec, in sys.modules
            found = sys.modules[module] is not None
        if not found:
            raise ModuleNotFoundError(f"no module {module!r}", name=module)
