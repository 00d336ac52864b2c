"""Convert labels to column numbers by the names of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._input.frames import is_missing
from easiness_core.class_names import is_numbered, is_truth, key_of, own_parts
from easiness_core.errors import InputTypeError, InputValueError

_HUGE = 1 << 62


class LabelEncoder:
    """Convert labels to column numbers, block by block, by the names of the classes.

    Parameters
    ----------
    n_classes : int
        Number of columns.
    columns : sequence, optional
        Names of the columns, in the order of the classes (`order_of`). A part that all share is
        dropped, unless it is part of the labels.
    classes : sequence of length n_classes, optional
        Class names in column order; override the column names.
    codes : sequence, optional
        Names that numbers among the labels stand for, as in `datasets.ClassLabel`.
    examples : iterable
        Labels of at least the first rows, which show what part of the column names they use.

    Attributes
    ----------
    classes : tuple or None
        Class names in column order; None if they are just the column numbers.

    Raises
    ------
    InputTypeError, InputValueError
        If the number of names is wrong, or a name is unhashable or a duplicate; if `classes` holds
        the column names in another order.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_core.validation import LabelEncoder
    >>> encoder = LabelEncoder(2, columns=["prob_cat", "prob_dog"], examples=["dog", "cat"])
    >>> encoder.classes
    ('cat', 'dog')
    >>> encoder.encode(["dog", "cat"], np.array([0, 1, 1]))
    array([1, 0, 0])
    """

    def __init__(
        self,
        n_classes: int,
        *,
        columns: Sequence[Any] | None = None,
        classes: Sequence[Any] | None = None,
        codes: Sequence[Any] | None = None,
        examples: Iterable[Any] = (),
    ) -> None:
        self._n_classes = n_classes
        given, cut = tuple(classes or ()), own_parts(columns) if columns else [()]
        if classes is not None and len(given) != n_classes:
            raise InputValueError(
                f"expected {n_classes} names, one per column of probs, got {len(given)}",
                argument="classes",
            )
        check_hashable(given, "classes")
        for names in cut:
            if given != names and set(given) == set(names):
                raise InputValueError(
                    f"{_shown(given)} are the column names in a different order ({_shown(names)})",
                    argument="classes",
                    hint="leave {classes} out, or give the names in that order",
                )
        texts = {text.strip() for text in examples if isinstance(key_of(text), str)}
        from_columns = next((names for names in cut if texts <= set(names)), cut[0])
        # Meaning of numeric labels: positions, unless the columns or the codes say otherwise.
        self._meaning: dict[Any, int] | None = None
        if from_columns and is_numbered(from_columns):
            self._meaning = {key_of(name): at for at, name in enumerate(from_columns)}
        self._are_codes = bool(codes) and not texts
        if codes and not texts:
            from_columns = self._read_codes(tuple(codes), given, cut)
        self._given, self._has_columns = bool(given), bool(from_columns)
        self._names = given or from_columns
        none = next((at for at, name in enumerate(self._names) if is_missing(name)), None)
        if none is not None:
            problem = f"expected a name for each column, got {self._names[none]} for column {none}"
            raise InputValueError(problem, argument="classes" if given else "probs")
        if len(set(map(str, self._names))) < len(self._names):  # nothing distinguishes 1 from "1"
            problem = f"expected distinct names, got duplicates ({_shown(self._names)})"
            raise InputValueError(problem, argument="classes" if given else "probs")
        keys = [key_of(name) for name in self._names if not is_truth(name)]
        self.classes = None if keys == list(range(len(self._names))) else self._names
        # Names as they are written, and also as numbers if these are distinct.
        self._columns: dict[Any, int] = {name: at for at, name in enumerate(self._names)}
        meant = {key_of(name): at for at, name in enumerate(self._names)}
        if len(meant) == len(self._names):
            self._columns = meant | self._columns
        self._mode = ""

    def _read_codes(
        self, named: tuple[Any, ...], given: tuple[Any, ...], cut: Sequence[tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        """Resolve what codes mean, first by their names; return the names of the columns."""
        self._meaning = None
        tried = [names for names in (given, *cut) if names]
        for names in tried:
            # As they are written first: "1" and "01" may be two classes.
            at_name = {key_of(name): at for at, name in enumerate(names)}
            at_name |= {name: at for at, name in enumerate(names)}
            found = {code: at_name.get(name, at_name.get(key_of(name)))
                     for code, name in enumerate(named)}  # fmt: skip
            self._meaning = {code: at for code, at in found.items() if at is not None}
            if len(set(self._meaning.values())) == min(len(names), len(named)):
                return cut[0] if names is given else names
        if tried:
            numbers = {key_of(name): at for at, name in enumerate(tried[0])}
            if is_numbered(tried[0]) and set(numbers) <= set(range(len(named))):
                self._meaning = numbers
                return tuple(named[code] for code in numbers)
            raise self._error(
                f"their classes are {_shown(named)}, those of "
                f"{'classes' if given else 'the columns'} {_shown(tried[0])}",
                hint="pass the class names of the labels, in the order of the columns, with "
                "{classes}",
            )
        if len(named) != self._n_classes:
            raise self._error(
                f"they have {len(named)} classes ({_shown(named)}), the probabilities "
                f"{self._n_classes} columns"
            )
        return named

    @property
    def has_names(self) -> bool:
        """Whether labels may be something other than column positions."""
        return bool(self._names) or self._meaning is not None

    def encode(
        self, unique: Sequence[Any], codes: NDArray[np.int64], first_row: int = 0
    ) -> NDArray[np.int64]:
        """Return the column number of each label, not yet checked for its range.

        Parameters
        ----------
        unique : sequence
            The distinct labels, as Python values.
        codes : ndarray of shape (n_rows,), int64
            Position of each row's label in `unique`.
        first_row : int, default 0
            Number of the first row, for messages.

        Returns
        -------
        ndarray of shape (n_rows,), int64
            Column numbers; numeric labels may be outside the classes.

        Raises
        ------
        InputValueError
            If a label matches no class, or is ambiguous.
        """
        mode = self._how(unique)
        if first_row and self._mode not in ("", mode):
            raise self._error(
                f"they are {self._mode} up to row {first_row - 1} and {mode} after it",
                hint="write all labels in the same way",
            )
        self._mode = mode
        found = [self._column(value) for value in unique]
        unknown = [at for at, number in enumerate(found) if number is None]
        if unknown:
            self._refuse_unknown(unique, np.isin(codes, unknown), codes, first_row)
        for at in (at for at, number in enumerate(found) if isinstance(number, float)):
            row = first_row + int((codes == at).argmax())
            raise self._error(f"expected class numbers, got {unique[at]!r} in row {row}", row=row)
        numbers = [max(-_HUGE, min(_HUGE, int(number))) for number in found]
        return np.array(numbers, np.int64)[codes]

    def _how(self, unique: Sequence[Any]) -> str:
        """Decide whether labels are class names or column numbers."""
        is_text = (value for value in unique if not isinstance(key_of(value), Real))
        text = next(is_text, None)
        if self._are_codes and text is None:
            return "numbers"
        if not self._names and text is not None:
            raise self._error(
                f"they are text (such as {text!r}), and the columns have no names",
                hint="give the class names with {classes}, in the order of the columns",
            )
        known = set(map(str, self._names))
        if text is not None or (known and set(map(str, unique)) <= known):
            return "names"
        if self._names and is_numbered(self._names):
            return "names"
        if self._meaning is not None or not self._names:
            return "numbers"
        keys = [key_of(name) for name in self._names]
        if any(key in range(self._n_classes) and key != at for at, key in enumerate(keys)):
            raise self._error(
                "they are numbers, but only some class names are",
                hint="write all labels as names, or pass the class names with {classes}",
            )
        if self._has_columns and any(map(is_truth, unique)):
            raise self._error(
                f"they are true or false, and the classes are {_shown(self._names)}",
                hint="write the name of its class as each label",
            )
        return "numbers"

    def _column(self, value: Any) -> Any:
        """Return the column number of a label, or None."""
        key = key_of(value)
        if self._mode == "numbers":
            return key if self._meaning is None else self._meaning.get(key)
        written = (each for each in (value, str(value).strip(), key) if each in self._columns)
        return self._columns.get(next(written, key))

    def _refuse_unknown(
        self, unique: Sequence[Any], bad: NDArray[np.bool_], codes: NDArray[np.int64], first: int
    ) -> None:
        at = int(bad.argmax())
        hint = None if self._given else (
            "check which columns were read as classes ({probs}), or give the class names in "
            "column order with {classes}"
        )  # fmt: skip
        raise self._error(
            f"{int(bad.sum())} of {bad.size} labels are not among the classes "
            f"({_shown(self._names)}); the first is row {first + at}, label {unique[codes[at]]!r}",
            hint=hint,
            row=first + at,
        )

    def _error(self, problem: str, **fields: Any) -> InputValueError:
        return InputValueError(problem, argument="labels", **fields)


def check_hashable(names: Iterable[Any], argument: str) -> None:
    """Refuse values that cannot be names, such as lists.

    Raises
    ------
    InputTypeError
        About the first such value.
    """
    for row, name in enumerate(names):
        try:
            hash(name)
        except TypeError:
            got = f"{type(name).__name__} in row {row}"
            raise InputTypeError(f"expected names, got {got}", argument=argument, row=row) from None


def _shown(names: Sequence[Any]) -> str:
    more = ", ..." if len(names) > 5 else ""
    return ", ".join(map(str, names[:5])) + more
