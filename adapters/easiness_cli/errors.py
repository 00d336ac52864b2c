"""Errors of the command itself, and its names for the options in other errors."""

OPTION_WORDS = {
    **{
        name: "--" + name.replace("_", "-")
        for name in ("normalize", "classes", "probs", "labels", "ids", "header", "no_header",
                     "delimiter", "decimal", "encoding", "max_bytes", "overwrite", "no_check_ids")
    },
    "softmax": "--logits",
    "labels_path": "LABELS",
    "no_ids": "--ids ''",
}  # fmt: skip


class CommandError(Exception):
    """A failure of the command itself."""

    exit_code = 3


class UsageError(CommandError):
    """Invalid or conflicting options."""

    exit_code = 2


def one_line(text: object) -> str:
    """Fold text into a single line, so that a failure is one line on stderr."""
    folded = " ".join(str(text).split())
    return "".join(char if char.isprintable() else "?" for char in folded)
