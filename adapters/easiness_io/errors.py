"""Errors about files: one hierarchy, whose parts the command and Python word themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from easiness_core.errors import InputError, InputValueError

_ARGUMENTS = ("classes", "probs", "labels", "labels_path", "ids", "delimiter", "decimal",
              "encoding", "max_bytes")  # fmt: skip
PYTHON_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **{name: f"{name}=" for name in _ARGUMENTS},
        "normalize": "normalize=True",
        "softmax": "logits=True",
        "no_ids": "ids=''",
        "header": "header=True",
        "no_header": "header=False",
        "overwrite": "overwrite=True",
        "no_check_ids": "check_ids=False",
    }
)


class DataError(InputValueError):
    """Input or output that cannot be used; a ValueError.

    Parameters
    ----------
    problem, argument, hint, row
        As in `easiness_core.errors.InputError`.
    path : str, optional
        The file or folder at fault.
    """

    words = PYTHON_WORDS

    def __init__(
        self,
        problem: str,
        *,
        path: str | None = None,
        argument: str | None = None,
        hint: str | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(problem, argument=argument, hint=hint, row=row)
        self.path = path

    def worded(self, words: Mapping[str, str]) -> str:
        """Give `path: argument: problem; hint`, with options called as `words` says."""
        text = super().worded(words)
        return text if self.path is None else f"{self.path!r}: {text}"


class UnreadableError(DataError):
    """A file that is missing, damaged, or of another format than expected."""


class AmbiguousError(DataError):
    """Columns that can be read in more than one way."""


class OutputError(DataError):
    """An output that cannot, or must not, be written."""


class ShardError(DataError):
    """A shard that cannot be scored."""


def reason(error: BaseException) -> str:
    """Say why an exception happened, without Python's class names where that is possible."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def located(path: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Add the path to what the core refuses within.

    Raises
    ------
    DataError
        Of this kind, in place of any other `InputError`; and for memory that the system does not
        give.
    """
    path = "standard input" if path == "-" else path
    try:
        yield
    except InputError as error:
        where = getattr(error, "path", None) or path
        if isinstance(error, kind):
            error.path = where
            raise
        raise kind(
            error.problem, path=where, argument=error.argument, hint=error.hint, row=error.row
        ) from error
    except MemoryError as error:
        raise kind(
            "out of memory", path=path, hint="free memory, or refuse such files by {max_bytes}"
        ) from error
