"""The entry point: parse, run one command, turn every failure into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn, TextIO

from easiness_cli._errors import CommandError, Notice, one_line, reason
from easiness_cli._parser import parse
from easiness_cli._write import standard_output

_INTERRUPTED = 130
_TERMINATED = 143
_PIPE_CLOSED = 141
# The core's messages name its arguments; here the same is done by options.
_AS_OPTIONS = (
    ("ec.softmax(logits)", "--logits"),
    ("normalize=True", "--normalize"),
    ("classes=", "--classes"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `easiness` command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0: done. 2: options that make no sense. 3: bad input or output, told in one line on stderr.
        130 and 143: interrupted or terminated, nothing half-written. 141: the reader of stdout went
        away.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    _open_what_is_closed()
    previous = _on_terminate()
    try:
        try:
            args = parse(arguments)
        except SystemExit:  # --help and --version
            with standard_output():
                pass
            raise
        module, function = args.run.split(":")
        with _notices():
            code: int = getattr(importlib.import_module(module), function)(args)
        with standard_output():  # what was printed is written now, or told as an error
            return code
    except KeyboardInterrupt as error:
        return _fail("; ".join(["interrupted", *map(str, error.args)]), _INTERRUPTED)
    except BrokenPipeError:
        _silence(sys.stdout)
        return _PIPE_CLOSED
    except Exception as error:
        if debug:
            raise
        _silence_if_broken(sys.stdout)
        return _fail(*_explain(error))
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


@contextmanager
def _notices() -> Iterator[None]:
    """Print what is left out as a line on standard error, once however many files say so."""
    told: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", Notice)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, Notice):
                others(message, category, filename, lineno, file, line)
            elif str(message) not in told:
                told.add(str(message))
                print(f"easiness: note: {one_line(message)}", file=sys.stderr, flush=True)

        warnings.showwarning = show
        yield


def _open_what_is_closed() -> None:
    """Stand in for streams closed before the start, which Python gives as None.

    `print` drops text for such an output, and sends text for such an error stream to the output.
    Standard output becomes one that fails when something is written to it.
    """
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _explain(error: Exception) -> tuple[str, int]:
    """Give the line and the exit code for a failure."""
    if isinstance(error, CommandError):
        return str(error), error.exit_code
    if isinstance(error, ModuleNotFoundError):
        package = str(error.name).partition(".")[0]
        return f"this needs {package}: pip install 'easiness-core[cli]'", 3
    if isinstance(error, MemoryError):
        why = one_line(error) or "allocation failed"
        return f"not enough memory ({why}); a lower --max-bytes refuses what would take more", 3
    if isinstance(error, OSError):
        place = f"{error.filename!r}: " if error.filename else ""
        return f"{place}{reason(error)}", 3
    if isinstance(error, ValueError | TypeError):
        message = one_line(error)
        for argument, option in _AS_OPTIONS:
            message = message.replace(argument, option)
        return message, 3
    return f"unexpected {type(error).__name__}: {one_line(error)} (--debug shows where)", 3


def _fail(message: str, code: int) -> int:
    with suppress(OSError):
        print(f"easiness: error: {one_line(message)}", file=sys.stderr, flush=True)
    return code


def _on_terminate() -> signal._HANDLER:
    """Let SIGTERM unwind the stack, so that temporary files are removed; None where it cannot."""

    def leave(signum: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(_TERMINATED)

    try:
        return signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not the main thread
        return None


def _silence_if_broken(stream: TextIO) -> None:
    try:
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)


def _silence(stream: TextIO) -> None:
    """Point a broken stream at nothing, or the interpreter would complain about it when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
