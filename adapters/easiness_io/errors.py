"""Errors about files: one hierarchy with fields, worded by the command and by Python."""

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


class UnreadableError(DataError):
    """A file that is missing, damaged, or not in the expected format.

    Its parameters are those of `DataError`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from easiness_io import UnreadableError, open_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.npz")
    ...     _ = path.write_text("0.9,0.1")
    ...     try:
    ...         open_samples(path)
    ...     except UnreadableError as error:
    ...         error.problem
    'it does not begin as npz does: damaged, cut short, or of another format'
    """


class AmbiguousError(DataError):
    r"""Columns that can be read in more than one way.

    Its parameters are those of `DataError`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from easiness_io import AmbiguousError, open_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.csv")
    ...     _ = path.write_text("label,old_a,old_b,new_a,new_b\na,0.2,0.8,0.1,0.9\n")
    ...     try:
    ...         open_samples(path)
    ...     except AmbiguousError as error:
    ...         error.problem
    ...     open_samples(path, probs="new_*").classes
    "more than one reading of its columns: 'old_a', 'old_b'; 'new_a', 'new_b'"
    ['a', 'b']
    """


class OutputError(DataError):
    """An output that cannot or must not be written; the cause of a `ShardError`.

    Its parameters are those of `DataError`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from easiness_io import OutputError, ShardError, score_shard
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/a.npz", probs=[[0.9, 0.1]], labels=[0])
    ...     _ = pathlib.Path(folder, "scores.csv").write_text("written by hand")
    ...     try:
    ...         score_shard(f"{folder}/a.npz", f"{folder}/scores.csv")
    ...     except ShardError as error:
    ...         isinstance(error.__cause__, OutputError), error.problem
    (True, 'cannot write: it exists')
    """


_FAILURES = (OSError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError,
             ImportError)  # fmt: skip


class ShardError(DataError):
    """A shard that cannot be scored.

    Its parameters are those of `DataError`.

    Examples
    --------
    >>> from easiness_io import ShardError, score_shard
    >>> try:
    ...     score_shard("no_such_file.npz", "scores.csv")
    ... except ShardError as error:
    ...     error.path, error.problem
    ('no_such_file.npz', 'cannot be read: No such file or directory')
    """


def reason(error: BaseException) -> str:
    """Explain an exception in one line, without the names of Python classes."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def located(path: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Name a file in the errors that are raised inside the block.

    Any other `InputError`, and a MemoryError, becomes an error of this kind. For `ShardError`,
    which can be pickled, every exception does.
    """
    path = "standard input" if path == "-" else path
    failures = _FAILURES if kind is ShardError else ()
    try:
        yield
    except InputError as error:
        where = error.path or path
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
    except failures as error:
        raise kind(reason(error), path=path) from error
