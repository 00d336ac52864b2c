"""Arguments of the command: short and full help, suggestions for typos, completion."""

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import takewhile
from typing import Any, NoReturn

from easiness_cli.commands import compare, demo, label_errors, merge, report, score, select
from easiness_cli.errors import UsageError
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
_VALUE = re.compile(r"-[\d.]")  # -1,0,1 is a value, not an option
_N_EXAMPLES = 2  # in --help; all of them in --help-all
_EXIT_CODES = """\
exit status:
  0 success; 1 a condition of 'compare --fail-if' is true; 2 invalid or
  conflicting options; 3 bad input or output, explained in one line;
  130 interrupted; 141 standard output closed early; 143 terminated
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")

    def print_help(self, file: Any = None) -> None:
        with standard_output():  # argparse ignores an output that cannot be written
            print(self.format_help(), end="")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        # Imported here, because the package imports NumPy, which would slow down --help.
        from easiness_core import __version__

        with standard_output():
            print(f"easiness {__version__}")
        parser.exit()


class _Help(argparse.Action):
    """`--help` lists the common options with two examples, `--help-all` lists everything."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        module = COMMANDS[parser.get_default("command")]
        shows_all = self.dest == "help_all"
        if not shows_all:
            rare = {flag for each in _options(module) if each.rare for flag in each.flags}
            for action in parser._actions:
                if rare & set(action.option_strings):
                    action.help = argparse.SUPPRESS
        examples = module.EXAMPLES if shows_all else module.EXAMPLES[:_N_EXAMPLES]
        parts = [module.NOTES] if shows_all and module.NOTES else []
        parser.epilog = "\n".join([*parts, "examples:", *(f"  {each}" for each in examples)])
        parser.print_help()
        parser.exit()


def _options(module: Any) -> Iterable[Any]:
    return (each for rows in module.OPTIONS.values() for each in rows)


def _usage(name: str, module: Any) -> str:
    words = []
    for flags, keywords, _ in _options(module):
        if not flags[0].startswith("-"):
            optional, many = (keywords.get("nargs") == each for each in "?+")
            shown = f"[{keywords['metavar']}]" if optional else keywords["metavar"]
            words.append(f"{shown} ..." if many else shown)
        elif keywords.get("required"):
            words += [flags[0], keywords["metavar"]]
    if ONE_OF in module.OPTIONS:
        words.append("RULE")
    return " ".join([f"easiness {name}", *words, "[OPTION ...]"])


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with all its commands."""
    parser = _Parser(
        prog="easiness",
        description="Find mislabeled, hard and easy samples from a classifier's predicted\n"
        "probabilities and the given labels.",
        epilog=f"{_EXIT_CODES}\nexamples:\n  easiness demo\n"
        "  easiness score predictions.parquet -o scores.parquet\n\n"
        "Run 'easiness COMMAND --help' for the options of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="easiness COMMAND [OPTION ...]",
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
            prog=f"easiness {name}",
            help=module.SUMMARY,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            usage=_usage(name, module),
            allow_abbrev=False,
            add_help=False,
        )
        command.set_defaults(run=module.run, command=name)
        command._negative_number_matcher = _VALUE
        for title, rows in module.OPTIONS.items():
            group = command.add_argument_group(title or "arguments")
            if title == ONE_OF:
                group = group.add_mutually_exclusive_group(required=True)
            for flags, keywords, _ in rows:
                group.add_argument(*flags, **keywords)
        for flags, text in (
            (("-h", "--help"), "show the common options and exit"),
            (("--help-all",), "show all options and file formats, and exit"),
        ):
            group.add_argument(*flags, action=_Help, nargs=0, default=argparse.SUPPRESS, help=text)
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments, or suggest what a mistyped one should have been."""
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for completions
        with suppress(ModuleNotFoundError):
            import argcomplete

            argcomplete.autocomplete(parser)
    if argv and not argv[0].startswith("-"):
        _check_names(parser, *argv)
    args, extra = parser.parse_known_args(argv)
    # argparse gives up on an optional positional once an option follows the first positional:
    # `score PROBS -o OUT LABELS` leaves LABELS over (before Python 3.13).
    has_room = getattr(args, "labels_path", "") is None
    if has_room and extra and (extra[0] == "-" or extra[0][:1] != "-"):
        args.labels_path = extra.pop(0)
    if extra:
        # A shell has expanded a glob.
        quote = "; quote a glob, as in 'in/*.npy'" if all(map(os.path.exists, extra)) else ""
        parser.error(f"unrecognized arguments: {' '.join(extra)}{quote}")
    return args


def _check_names(parser: argparse.ArgumentParser, name: str, *words: str) -> None:
    """Refuse an unknown command or option with a suggestion."""
    if name not in COMMANDS:
        why = f"no command {name!r}{_suggestion(name, COMMANDS)}"
        raise UsageError(f"{why} (commands: {', '.join(COMMANDS)}; see easiness --help)")
    commands: Any = next(action.choices for action in parser._actions if action.choices)
    known = commands[name]._option_string_actions
    for word in takewhile(lambda word: word != "--", words):
        flag = word.partition("=")[0]
        if flag.startswith("--") and flag not in known:
            why = f"no option {flag}{_suggestion(flag, known)}"
            raise UsageError(f"{why} (see easiness {name} --help-all)")


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
