"""What the command calls the options that errors name, and the errors of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPTION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "normalize": "--normalize",
        "softmax": "--logits",
        "classes": "--classes",
        "probs": "--probs",
        "labels": "--labels",
        "labels_path": "LABELS",
        "ids": "--ids",
        "no_ids": "--ids ''",
        "header": "--header",
        "no_header": "--no-header",
        "delimiter": "--delimiter",
        "decimal": "--decimal",
        "encoding": "--encoding",
        "max_bytes": "--max-bytes",
        "overwrite": "--overwrite",
        "no_check_ids": "--no-check-ids",
    }
)


class CommandError(Exception):
    """A failure of the command itself, in one line."""

    def __init__(self, message: str, *, exit_code: int = 3) -> None:
        super().__init__(one_line(message))
        self.exit_code = exit_code


class UsageError(CommandError):
    """Invalid or conflicting options; exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


def one_line(text: object) -> str:
    """Fold any text into a single line, so that one failure is one line on stderr."""
    folded = " ".join(str(text).split())
    return "".join(char if char.isprintable() else "?" for char in folded)


def listed(names: list[str], most: int = 8) -> str:
    """List names, and count those that are too many to list."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
