"""The entry point: parse, run one command, turn every failure into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn, TextIO

from easiness_cli.commands import compare, demo, label_errors, merge, report, score, select
from easiness_cli.errors import OPTION_WORDS, CommandError, UsageError, one_line
from easiness_cli.options import ONE_OF
from easiness_cli.output import standard_output

COMMANDS: dict[str, Any] = {
    "score": score,
    "report": report,
    "label-errors": label_errors,
    "select": select,
    "compare": compare,
    "merge": merge,
    "demo": demo,
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        with standard_output():  # what was printed is written now, or refused as an error
            super().exit(status, message)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        # Imported here: the package imports NumPy, which --help must not wait for.
        from easiness_core import __version__

        print(f"easiness {__version__}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all its commands."""
    parser = _Parser(
        prog="easiness",
        description="Find mislabeled, hard and easy samples from a classifier's predicted "
        "probabilities and the given labels.",
        epilog="Run 'easiness COMMAND --help' for the options of a command. Exit status: "
        "0 success; 2 invalid or conflicting options; 3 bad input or output, explained in one "
        "line; 130 interrupted; 141 standard output closed early; 143 terminated; 1 a condition "
        "of compare --fail-if holds, or failure with --debug.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS,
        help="print the version and exit",
    )  # fmt: skip
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=module.run)
        for title, rows in module.OPTIONS.items():
            group = command.add_argument_group(title) if title else command
            if title == ONE_OF:
                group = group.add_mutually_exclusive_group(required=True)
            for flags, keywords in rows:
                group.add_argument(*flags, **keywords)
    return parser


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = build_parser()
    args, extra = parser.parse_known_args(argv)
    # argparse gives up on an optional positional once an option follows the first positional:
    # `score PROBS -o OUT LABELS` leaves LABELS over (before Python 3.13).
    has_room = getattr(args, "labels_path", "") is None
    if has_room and extra and (extra[0] == "-" or extra[0][:1] != "-"):
        args.labels_path = extra.pop(0)
    if extra:
        # What a shell makes of a glob.
        quote = "; quote a glob, as in 'in/*.npy'" if all(map(os.path.exists, extra)) else ""
        parser.error(f"unrecognized arguments: {' '.join(extra)}{quote}")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `easiness` command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0: success. 1: a condition of `compare --fail-if` holds. 2: invalid or conflicting options.
        3: bad input or output, explained in one line on stderr. 130 and 143: interrupted or
        terminated, nothing half-written. 141: the reader of stdout went away.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_what_is_closed()
    previous = _on_terminate()
    try:
        args = _parse(arguments)
        code: int = args.run(args)
        with standard_output():  # as in _Parser.exit
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
    """Stand in for streams closed before the start, which Python gives as None.

    `print` drops text for such an output, and sends text for such an error stream to the output.
    Standard output becomes one that fails when something is written to it.
    """
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _explain(error: Exception) -> tuple[str, int]:
    """Give the line and the exit code of a failure."""
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


def _on_terminate() -> signal._HANDLER:
    """Let SIGTERM unwind the stack, so that temporary files are removed; None where it cannot."""

    def leave(*_: object) -> NoReturn:
        raise SystemExit(143)

    try:
        return signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not the main thread
        return None


def _silence_if_broken(stream: TextIO) -> None:
    """Point a broken stream at nothing, or the interpreter would complain about it when it ends."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError, AttributeError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
