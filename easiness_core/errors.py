"""Errors about input: ValueError and TypeError with fields.

A hint names options by placeholders, as in `"pass {normalize}"`, so that Python can say
`normalize=True` and a command `--normalize`; `{argument}` is the argument at fault. Only hints have
placeholders: text that the user passed is never formatted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PYTHON_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "normalize": "normalize=True",
        "softmax": "ec.softmax(logits)",
        "classes": "classes=",
        "probs": "probs",
    }
)


class InputError(Exception):
    """Base class of errors about input; raised as `InputValueError` or `InputTypeError`.

    Parameters
    ----------
    problem : str
        What was given, and what was expected.
    argument : str, optional
        The argument at fault, such as `probs`.
    hint : str, optional
        How to fix it; `{name}` stands for the option of that name.
    row : int, optional
        The first bad row, counted from 0.
    path : str, optional
        The file or folder at fault.

    Examples
    --------
    >>> import easiness_core as ec
    >>> try:
    ...     ec.score([[3.0, 1.0]], [0])
    ... except ValueError as error:
    ...     error.argument, error.row
    ('probs', 0)
    """

    words: Mapping[str, str] = PYTHON_WORDS

    def __init__(
        self,
        problem: str,
        *,
        argument: str | None = None,
        hint: str | None = None,
        row: int | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem, self.argument, self.hint = problem, argument, hint
        self.row, self.path = row, path

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.problem, self.__dict__.copy())

    def __str__(self) -> str:
        return self.worded(self.words)

    def worded(self, words: Mapping[str, str]) -> str:
        """Return the message with your own names for the options.

        Parameters
        ----------
        words : mapping of str to str
            A name for each placeholder; for placeholders left out, the name in Python is used.

        Returns
        -------
        str
            `path: argument: problem; hint`, as far as these are given.

        Examples
        --------
        >>> from easiness_core.errors import InputValueError
        >>> error = InputValueError("rows sum to 2", argument="probs", hint="pass {normalize}")
        >>> str(error)
        'probs: rows sum to 2; pass normalize=True'
        >>> error.worded({"normalize": "--normalize"})
        'probs: rows sum to 2; pass --normalize'
        """
        text = self.problem if self.argument is None else f"{self.argument}: {self.problem}"
        text = text if self.path is None else f"{self.path!r}: {text}"
        if self.hint is None:
            return text
        known = {**PYTHON_WORDS, **words, "argument": self.argument}
        return f"{text}; {self.hint.format_map(known)}"


class InputValueError(InputError, ValueError):
    """A value, shape or range that cannot be used; a ValueError.

    Its parameters are those of `InputError`.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.random_selection(5, 9, seed=0)
    Traceback (most recent call last):
        ...
    easiness_core.errors.InputValueError: size: expected at most n_samples = 5, got 9
    """


class InputTypeError(InputError, TypeError):
    """A type that cannot be used; a TypeError.

    Its parameters are those of `InputError`.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.random_selection(5.5, 1, seed=0)
    Traceback (most recent call last):
        ...
    easiness_core.errors.InputTypeError: n_samples: expected a whole number, got float 5.5
    """


def _rebuild(kind: type[InputError], problem: str, fields: dict[str, Any]) -> InputError:
    error = kind.__new__(kind, problem)
    Exception.__init__(error, problem)
    error.__dict__.update(fields)
    return error
