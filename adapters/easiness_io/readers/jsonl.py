"""Read JSON lines, one object per row, plain or compressed.

Rows are parsed by Python's parser: pyarrow's reads text as dates, rounds large numbers, and
crashes on deep nesting (`test_files_that_cannot_be_used`).
"""

import codecs
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from easiness_io.errors import reason
from easiness_io.parameters import Parameters
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers import text
from easiness_io.readers.base import HEAD_ROWS, Block, Field, Kind, Reader, Source

_CHUNK = 1 << 20
_LONGEST_ROW = 1 << 26
# For each kind of column: its Arrow type, the types that Python's parser returns, and their name.
_KINDS: dict[Kind, tuple[Any, tuple[type, ...], str]] = {
    "boolean": (pa.bool_(), (bool,), "true or false"),
    "integer": (pa.int64(), (int,), "a whole number"),
    "float": (pa.float64(), (float, int, bool), "a number"),
    "text": (pa.string(), (str,), "text"),
    "matrix": (pa.list_(pa.float64()), (list,), "a list of numbers"),
}


class JsonLinesReader(Reader):
    """The fields of the objects as columns, with the types of the first rows."""

    is_columnar = False

    def __init__(self, source: Source, options: Parameters) -> None:
        first, encoding, _ = text.head_text(source, options.encoding)
        if encoding.lower() not in ("utf-8", "utf-8-sig", "utf8"):
            raise source.error(f"expected JSON lines in UTF-8, got {encoding}")
        if not first.lstrip("\ufeff \t\r\n").startswith("{"):
            raise source.error(
                "expected JSON lines, one object per line",
                hint="pandas writes them with to_json(path, orient='records', lines=True)",
            )
        self._first = next(_rows(source))[:HEAD_ROWS]
        names = dict.fromkeys(chain.from_iterable(self._first))
        fields = [Field(name, _kind([row.get(name) for row in self._first])) for name in names]
        super().__init__(source, fields)
        self._types = {each.name: _KINDS[each.kind] for each in fields if each.kind in _KINDS}
        for each in fields:
            # Hashes as ids: 64 bits, unsigned.
            if each.kind == "integer" and any(
                (row.get(each.name) or 0) >= 1 << 63 for row in self._first
            ):
                self._types[each.name] = (pa.uint64(), *_KINDS["integer"][1:])

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Read class columns as float64, even if the first row is `[0, 1]`."""
        for name in set(names) - set(as_text):
            if self.fields[name].is_number:
                self._types[name] = _KINDS["float"]

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns."""
        done = 0
        for rows in _rows(self.source):
            yield self._block(rows, names, done)
            done += len(rows)

    def head(self, names: Sequence[str]) -> Block:
        """Read the named columns of the first rows."""
        return self._block(self._first, names, 0)

    def _block(self, rows: list[Any], names: Sequence[str], first_row: int) -> Block:
        found: Block = {}
        for name in names:
            kind, types, words = self._types[name]
            values = [row.get(name) for row in rows]
            column = _array(values, kind, types)
            if column is None:
                bad = (_array([value], kind, types) is None for value in values)
                at = next(at for at, is_bad in enumerate(bad) if is_bad)
                raise self.source.error(
                    f"column {name!r}: expected {words}, as in the first rows, got "
                    f"{repr(values[at])[:80]} in row {first_row + at}",
                    row=first_row + at,
                )
            found[name] = arrow.values(column, name, self.source, first_row)
        return found


def _array(values: list[Any], kind: Any, types: tuple[type, ...]) -> Any:
    """Convert values to Arrow; None if they have other types: Arrow would truncate 1.5 to 1."""
    if not set(map(type, values)) <= {*types, type(None)}:
        return None
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _kind(values: list[Any]) -> Kind:
    found = {type(value) for value in values if value is not None}
    if found == {list}:
        inner = {type(each) for value in values if value is not None for each in value}
        return "matrix" if inner <= {int, float, bool, type(None)} else "other"
    if not found:
        return "text"
    if len(found) == 1:
        return next((k for k, (_, types, _) in _KINDS.items() if types[0] in found), "other")
    return "float" if found <= {int, float} else "other"


def _rows(source: Source) -> Iterator[list[dict[str, Any]]]:
    """Parse the rows of about a MiB of text at a time."""
    decoder, done, tail = codecs.getincrementaldecoder("utf-8-sig")(), 0, ""
    with text.opened(source) as stream:
        while True:
            data = stream.read(_CHUNK)
            *lines, tail = (tail + decoder.decode(data, not data)).split("\n")
            if not data:
                lines.append(tail)
            source.check_size(len(tail), "a row")
            if len(tail) > _LONGEST_ROW:
                raise source.error(f"row {done + len(lines)} is longer than 64 MiB")
            rows: list[dict[str, Any]] = []
            for line in filter(str.strip, lines):
                try:
                    is_first = not done and not rows
                    found = json.loads(line, object_pairs_hook=_unique if is_first else None)
                    if not isinstance(found, dict):
                        raise ValueError("it is not an object")
                except (ValueError, RecursionError) as error:
                    row = done + len(rows)
                    raise source.error(
                        f"row {row} is not readable as JSON: {reason(error)}", row=row
                    ) from error
                rows.append(found)
            if rows:
                yield rows
            done += len(rows)
            if not data:
                return


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise ValueError(f"{count} fields are named {name!r}")
    return dict(pairs)
