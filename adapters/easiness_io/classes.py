"""Labels as column numbers, matched with the names of the classes where these tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easiness_core.validation import check_labels
from easiness_io.errors import DataError
from easiness_io.names import TRUTH, Key, is_numbered, key_of
from easiness_io.readers.base import Source, Values

_HUGE = 1 << 62
_Names = Sequence[str] | None


class LabelEncoder:
    """Turns the labels of one file, block by block, into column numbers."""

    def __init__(
        self, n_classes: int, *, names: _Names, classes: _Names, code_names: _Names, source: Source
    ) -> None:
        self._n_classes, self._source = n_classes, source
        if classes is not None and len(classes) != n_classes:
            raise source.error(
                f"{len(classes)} class names, but the probabilities have {n_classes} columns",
                argument="classes",
            )
        given, columns, codes = list(classes or ()), list(names or ()), list(code_names or ())
        if given != columns and sorted(given) == sorted(columns):
            raise source.error(
                f"{', '.join(given)} are the names of the columns in another order than theirs "
                f"({', '.join(columns)})",
                argument="classes", hint="leave {classes} out, or give the names in that order",
            )  # fmt: skip
        # What numbers among the labels mean: positions, unless columns or the file say otherwise.
        self._meaning: dict[Key, int] | None = None
        if columns and is_numbered(columns):
            self._meaning = {key_of(name): at for at, name in enumerate(columns)}
        if codes and not columns:
            if len(codes) != n_classes:
                raise source.error(
                    f"they have {len(codes)} classes ({', '.join(codes[:5])}), the probabilities "
                    f"{n_classes} columns", argument="labels",
                )  # fmt: skip
            columns = codes
        elif codes and self._meaning and set(self._meaning) <= set(range(len(codes))):
            columns = [codes[at] for at in self._meaning]  # type: ignore[index]
        elif codes and not self._meaning:
            at_name = {name: at for at, name in enumerate(given or columns)}
            self._meaning = {k: at_name[name] for k, name in enumerate(codes) if name in at_name}
        self._given, self._has_columns = bool(given), bool(columns)
        self._names = given or columns
        if len(set(self._names)) < len(self._names):
            raise source.error("two classes have the same name", argument="classes")
        # Names that say no more than the column numbers do are none.
        keys = [key_of(name) for name in self._names if name.strip().lower() not in TRUTH]
        self.classes = None if keys == list(range(len(self._names))) else self._names
        # Names as they are written, and what they stand for where that tells them apart.
        self._columns: dict[Key, int] = {name: at for at, name in enumerate(self._names)}
        meant = {key_of(name): at for at, name in enumerate(self._names)}
        if len(meant) == len(self._names):
            self._columns = meant | self._columns
        self._mode = ""

    def encode(self, values: Values, first_row: int) -> NDArray[np.int64]:
        """Give the column number of each label."""
        if not len(values):
            return np.empty(0, np.int64)
        is_whole = isinstance(values, np.ndarray) and values.dtype.kind in "iu"
        if is_whole and not self._names and self._meaning is None:
            return check_labels(values, len(values), self._n_classes, first_row=first_row)
        unique, codes = self._distinct(values, first_row)
        mode = self._how(unique)
        if first_row and self._mode not in ("", mode):
            raise self._error(
                f"they are {self._mode} up to row {first_row - 1}, {mode} from there on",
                hint="write all in one way",
            )
        self._mode = mode
        found = [self._column(value) for value in unique]
        unknown = [at for at, number in enumerate(found) if number is None]
        if unknown:
            self._refuse_unknown(unique, np.isin(codes, unknown), codes, first_row)
        for at in (at for at, number in enumerate(found) if isinstance(number, float)):
            row = first_row + int((codes == at).argmax())
            raise self._error(f"expected class numbers, got {unique[at]!r} in row {row}", row=row)
        numbers = [max(-_HUGE, min(_HUGE, int(number))) for number in found]  # type: ignore[arg-type]
        labels = np.array(numbers, np.int64)[codes]
        return check_labels(labels, len(codes), self._n_classes, first_row=first_row)

    def _distinct(self, values: Values, first_row: int) -> tuple[list[Any], NDArray[np.int64]]:
        """Give the different labels, and for each row which of them."""
        if isinstance(values, np.ndarray):
            if values.dtype.kind not in "iufb":
                raise self._error(f"expected numbers or text, got {values.dtype}")
            values = pa.array(values.astype(values.dtype.newbyteorder("="), copy=False))
        self._source.check_complete(values, first_row)
        found = values.dictionary_encode()
        return found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)

    def _how(self, unique: list[Any]) -> str:
        """Decide whether labels are names of classes, or numbers of columns."""
        text = next((value for value in unique if isinstance(key_of(value), str)), None)
        if not self._names and text is not None:
            raise self._error(
                f"they are text (such as {text!r}), and the columns have no names",
                hint="give the class names in the order of the columns by {classes}",
            )
        if text is not None or (self._names and set(map(str, unique)) <= set(self._names)):
            return "names"
        if self._names and is_numbered(self._names):
            return "names"
        if self._meaning is not None or not self._names:
            return "numbers"
        if any(at != key_of(n) in range(self._n_classes) for at, n in enumerate(self._names)):
            raise self._error(
                "they are numbers, and some classes are named by numbers, others by text",
                hint="write all labels as names, or name the classes by {classes}",
            )
        if self._has_columns and any(str(value).strip().lower() in TRUTH for value in unique):
            raise self._error(
                f"they are true or false, and the classes are {', '.join(self._names[:5])}",
                hint="write the name of its class as each label",
            )
        return "numbers"

    def _column(self, value: Any) -> Key | None:
        """Give the number of a label's column, None where it is of none."""
        key = key_of(value)
        if self._mode == "numbers":
            return key if self._meaning is None else self._meaning.get(key)
        written = (each for each in (value, str(value).strip(), key) if each in self._columns)
        return self._columns.get(next(written, key))

    def _refuse_unknown(
        self, unique: list[Any], bad: NDArray[np.bool_], codes: NDArray[np.int64], first_row: int
    ) -> None:
        at = int(bad.argmax())
        shown = ", ".join(self._names[:5]) + (", ..." if len(self._names) > 5 else "")
        hint = None if self._given else (
            "check which columns were taken for classes ({probs}), or give the class names in "
            "their order by {classes}"
        )  # fmt: skip
        raise self._error(
            f"{int(bad.sum())} of {bad.size} are not among the classes ({shown}); the first is "
            f"row {first_row + at}, label {unique[codes[at]]!r}",
            hint=hint, row=first_row + at,
        )  # fmt: skip

    def _error(self, problem: str, **fields: Any) -> DataError:
        return self._source.error(problem, argument="labels", **fields)
