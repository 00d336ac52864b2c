"""The error about files; its hints name options as the command or Python does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from easiness_core.errors import InputError, InputValueError

_ARGUMENTS = ("classes", "probs", "labels", "labels_path", "ids", "delimiter", "decimal",
              "encoding", "max_bytes")  # fmt: skip
PYTHON_WORDS: Mapping[str, str] = {
    **{name: f"{name}=" for name in _ARGUMENTS},
    "normalize": "normalize=True",
    "softmax": "logits=True",
    "no_ids": "ids=''",
    "header": "header=True",
    "no_header": "header=False",
    "overwrite": "overwrite=True",
    "no_check_ids": "check_ids=False",
}


class DataError(InputValueError):
    """Input or output that cannot be used; a ValueError.

    Its parameters are those of `easiness_core.errors.InputError`.

    Examples
    --------
    >>> from easiness_io import DataError, open_samples
    >>> try:
    ...     open_samples("no_such_file.csv")
    ... except DataError as error:
    ...     error.path, error.problem
    ('no_such_file.csv', 'cannot be read: No such file or directory')
    """

    words = PYTHON_WORDS


_FAILURES = (OSError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError,
             ImportError)  # fmt: skip


def reason(error: BaseException) -> str:
    """Explain an exception in one line, without the names of Python classes."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def located(path: str, *, every: bool = False) -> Iterator[None]:
    """Name a file in the errors that are raised inside the block.

    An `InputError` that is no `DataError`, and a MemoryError, become a `DataError`; with `every`,
    so do the failures of reading, scoring and writing.
    """
    path = "standard input" if path == "-" else path
    failures = _FAILURES if every else ()
    try:
        yield
    except DataError as error:
        error.path = error.path or path
        raise
    except InputError as error:
        raise DataError(
            error.problem, path=error.path or path, argument=error.argument, hint=error.hint,
            row=error.row,
        ) from error  # fmt: skip
    except MemoryError as error:
        raise DataError(
            "out of memory", path=path, hint="free memory, or refuse such files with {max_bytes}"
        ) from error
    except failures as error:
        raise DataError(reason(error), path=path) from error
