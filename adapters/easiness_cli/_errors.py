"""The one exception that a command raises when it cannot do what it was asked, and notices."""

from __future__ import annotations

import re


class CommandError(Exception):
    """A failure that the user can mend, told in one line.

    Parameters
    ----------
    message : str
        What was got, what was expected, how to mend it. Line breaks are folded.
    exit_code : int, default=3
        3 for bad input or output, 2 for options that make no sense together.
    """

    def __init__(self, message: str, *, exit_code: int = 3) -> None:
        super().__init__(one_line(message))
        self.exit_code = exit_code


class Notice(UserWarning):
    """Something that is left out although it was not asked to be."""


def one_line(text: object) -> str:
    """Fold any text into a single line, so that one failure is one line on stderr."""
    folded = " ".join(str(text).split())
    return "".join(char if char.isprintable() else "?" for char in folded)


# What messages call options, and the parameters of the library's functions that are the same.
_PARAMETERS = (
    (r"\(overwrite=True, --overwrite\)", "(overwrite=True)"),
    (r"--no-check-ids", "check_ids=False"),
    (r"--(probs|labels|ids)-key ''", r"\1_key=''"),
    (r"--(probs|labels|ids)-key", r"\1_key"),
    (r"--(logits|normalize)", r"\1=True"),
    (r"--max-bytes", "max_bytes"),
    (r"--overwrite", "overwrite=True"),
    (r"--classes", "classes"),
    (r"\bpass LABELS\b", "pass labels"),
)


def as_parameters(message: str) -> str:
    """Say of the parameters of a function what was said of the options of a command."""
    for option, parameter in _PARAMETERS:
        message = re.sub(option, parameter, message)
    return message


def reason(error: BaseException) -> str:
    """Say why an exception happened, without Python's class names where it can."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(error) or type(error).__name__
