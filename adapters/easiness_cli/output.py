"""Output of a command: to a file, standard output, or notes on standard error."""

import argparse
import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from typing import BinaryIO

from easiness_cli.errors import CommandError, UsageError, one_line


def resolve_output(
    args: argparse.Namespace, inputs: Iterable[str | None], suffixes: Sequence[str] = ()
) -> str:
    """Refuse an output that cannot be written, before any work; return its suffix, .csv for '-'."""
    from easiness_io.writers.atomic import check_output

    if args.output in (None, "-"):
        return ".csv"
    suffix: str = os.path.splitext(args.output)[1].lower()
    if suffixes and suffix not in suffixes:
        names = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise UsageError(f"-o {args.output}: expected a name ending in {names}")
    check_output(args.output, args.overwrite, inputs=inputs)
    return suffix


def open_output(
    args: argparse.Namespace, path: str | None = None
) -> AbstractContextManager[BinaryIO]:
    """Open the output: standard output for '-', or a file that appears complete or not at all."""
    from easiness_io.writers.atomic import atomic_write

    path = args.output if path is None else path
    return standard_output() if path == "-" else atomic_write(path, args.overwrite)


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Open standard output for bytes, flushed at the end; its errors name it."""
    try:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror or one_line(error)
        raise CommandError(f"cannot write standard output: {why}") from error


def tell(args: argparse.Namespace, text: str, *, is_data: bool | None = None) -> None:
    """Print a result for people, on standard error if standard output has the data."""
    if args.output == "-" if is_data is None else is_data:
        print(text, file=sys.stderr)
    else:
        with standard_output():
            print(text)


def note(text: str, kind: str = "note") -> None:
    """Print a line on standard error; work continues if nobody reads it."""
    with suppress(OSError, ValueError):
        print(f"easiness: {kind}: {one_line(text)}", file=sys.stderr, flush=True)


def aligned(rows: Mapping[str, str | None]) -> str:
    """Return named values as aligned lines, without empty ones."""
    return "\n".join(f"{name:<15}{value}" for name, value in rows.items() if value)


def listed(names: Sequence[str], most: int = 8) -> str:
    """List names, and count those that are too many to list."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def where_written(args: argparse.Namespace) -> str:
    """End a sentence with the file written, if there is one."""
    return "" if args.output == "-" else f", written to {args.output}"


def require(*modules: str) -> None:
    """Refuse, before any work, what would fail later because a package is missing."""
    for module in modules:
        # None in sys.modules blocks a package.
        if (sys.modules[module] if module in sys.modules else find_spec(module)) is None:
            raise ModuleNotFoundError(f"no module {module!r}", name=module)
