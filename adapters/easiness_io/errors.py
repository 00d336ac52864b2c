"""Errors about files: one hierarchy with fields, worded by the command and by Python."""

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
    problem : str
        What was given, and what was expected.
    path : str, optional
        The file or folder at fault.
    argument : str, optional
        The argument at fault.
    hint : str, optional
        How to fix it.
    row : int, optional
        The first bad row, counted from 0.

    Examples
    --------
    >>> from easiness_io import DataError, open_samples
    >>> try:
    ...     open_samples("nowhere.csv")
    ... except DataError as error:
    ...     print(error.path, "|", error.problem)
    nowhere.csv | cannot be read: No such file or directory
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
        """Return `path: argument: problem; hint`, with your own names for the options."""
        text = super().worded(words)
        return text if self.path is None else f"{self.path!r}: {text}"


class UnreadableError(DataError):
    """A file that is missing, damaged, or not in the expected format.

    Its parameters are those of `DataError`.
    """


class AmbiguousError(DataError):
    """Columns that can be read in more than one way.

    Its parameters are those of `DataError`.
    """


class OutputError(DataError):
    """An output that cannot or must not be written.

    Its parameters are those of `DataError`.
    """


class ShardError(DataError):
    """A shard that cannot be scored.

    Its parameters are those of `DataError`.
    """


def reason(error: BaseException) -> str:
    """Return in one line why an exception was raised.

    Parameters
    ----------
    error : BaseException
        Any exception.

    Returns
    -------
    str
        Its text, without the names of Python classes where possible.

    Examples
    --------
    >>> from easiness_io import reason
    >>> reason(FileNotFoundError(2, "No such file or directory", "a.csv"))
    'No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def located(path: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Name a file in the errors that are raised inside the block.

    Parameters
    ----------
    path : str
        The file.
    kind : type, default DataError
        The class of error to raise instead of any other `InputError`.

    Yields
    ------
    None
        Nothing; the block runs.

    Raises
    ------
    DataError
        Of this kind, for an `InputError` or a MemoryError raised inside.

    Examples
    --------
    >>> import easiness_core as ec
    >>> from easiness_io import DataError, located
    >>> try:
    ...     with located("probs.npy"):
    ...         ec.score([[2.0, 1.0]], [0])
    ... except DataError as error:
    ...     error.path, error.argument
    ('probs.npy', 'probs')
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
            "out of memory", path=path, hint="free memory, or refuse such files with {max_bytes}"
        ) from error
