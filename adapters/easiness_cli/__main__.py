# PYTHON_ARGCOMPLETE_OK
"""The entry point: parse, run one command, turn every failure into one line and an exit code."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn, TextIO

from easiness_cli.errors import OPTION_WORDS, CommandError, one_line
from easiness_cli.output import standard_output
from easiness_cli.parser import parse


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `easiness` command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0: success. 1: a condition of `compare --fail-if` is true. 2: invalid or conflicting
        options. 3: bad input or output, explained in one line on stderr. 130 and 143: interrupted
        or terminated; no file is half-written. 141: the reader of stdout closed it early.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_what_is_closed()
    previous = _on_terminate()
    try:
        args = parse(arguments)
        code: int = args.run(args)
        with standard_output():  # printed text is written now, or fails as an error
            return code
    except KeyboardInterrupt as error:
        return _fail("; ".join(["interrupted", *map(str, error.args)]), 130)
    except BrokenPipeError:
        _silence_if_broken(sys.stdout)
        return 141
    except Exception as error:
        if "--debug" in arguments:
            raise
        _silence_if_broken(sys.stdout)
        return _fail(*_explain(error))
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


def _open_what_is_closed() -> None:
    """Replace streams that were closed before the start, which Python sets to None.

    `print` would drop text for such an output, and send text for such an error stream to the
    output. Standard output becomes a stream that fails when something is written to it.
    """
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _explain(error: Exception) -> tuple[str, int]:
    """Return the line and the exit code of a failure."""
    from easiness_core.errors import InputError

    if isinstance(error, CommandError):
        return str(error), error.exit_code
    if isinstance(error, InputError):
        return error.worded(OPTION_WORDS), 3
    if isinstance(error, ModuleNotFoundError):
        package = str(error.name).partition(".")[0]
        return f"this needs {package}: pip install 'easiness-core[cli]'", 3
    if isinstance(error, MemoryError):
        why = str(error) or "allocation failed"
        return f"not enough memory ({why}); lower --max-bytes to refuse such input early", 3
    if isinstance(error, OSError):
        place = f"{error.filename!r}: " if error.filename else ""
        return f"{place}{error.strerror or error}", 3
    if isinstance(error, ValueError | TypeError):
        return str(error), 3
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)", 3


def _fail(message: str, code: int) -> int:
    with suppress(OSError):
        print(f"easiness: error: {one_line(message)}", file=sys.stderr, flush=True)
    return code


def _on_terminate() -> Any:
    """Let SIGTERM unwind the stack, so that temporary files are removed; None where it cannot."""

    def leave(*_: object) -> NoReturn:
        raise SystemExit(143)

    try:
        return signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not the main thread
        return None


def _silence_if_broken(stream: TextIO) -> None:
    """Redirect a broken stream to nowhere, or the interpreter would complain at exit."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError, AttributeError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
