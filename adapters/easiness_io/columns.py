"""Find the columns of probabilities, labels and ids, by names and by the first rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from easiness_core.class_names import order_of
from easiness_io.class_columns import find_class_columns
from easiness_io.errors import located
from easiness_io.parameters import Parameters
from easiness_io.readers.base import ID_NAMES, LABEL_NAMES, Reader, Values, rows_of, show

_UNNAMED = re.compile(r"unnamed: [0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One of the files of an input, and the roles of its columns."""

    reader: Reader
    probs: tuple[str, ...] = ()
    label: str | None = None
    ids: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All columns that are read."""
        return [*self.probs, *self.text_names]

    @property
    def text_names(self) -> list[str]:
        """The columns of labels and of ids."""
        return [name for name in (self.label, self.ids) if name is not None]

    def column(self, name: str, block_rows: int) -> Iterator[tuple[int, Values]]:
        """Read a single column in blocks, each with the number of its first row."""
        first_row = 0
        with located(self.reader.source.path):
            for block in self.reader.blocks([name], block_rows):
                yield first_row, block[name]
                first_row += rows_of(block)


def find_columns(reader: Reader, options: Parameters, *, probs: bool, label: bool) -> Part:
    """Find the columns of a file."""
    named = [name for name in reader.fields if not is_unnamed(name)]
    found_label = _label(reader, options, named, alone=not probs) if label else None
    found_ids = _ids(reader, options, found_label)
    columns: tuple[str, ...] = ()
    if probs:
        others = [
            name for name in named if name not in (found_label, found_ids)
            and (name.lower() not in LABEL_NAMES or len(name) == 1)
        ]  # fmt: skip
        columns = find_class_columns(reader, options, others)
        if found_ids in columns and options.ids is None:
            found_ids = None
    if len(columns) > 1 and reader.layout == "table":
        given, columns = columns, tuple(columns[at] for at in order_of(columns))
        if options.classes is not None and given != columns:
            raise reader.source.error(
                f"its class columns are numbered, and in another order: {show(given)}",
                hint="list them with {probs} by number, and {classes} in the same order",
            )
    if label and found_label is None:
        raise reader.source.error(
            f"no column of labels; it has {show(reader.fields)}",
            hint="name the column with {labels}, or pass a separate file of labels",
        )
    used = (found_label, found_ids, *columns, *options.keep)
    left_out = [name for name in named if name not in used]
    return Part(reader, columns, found_label, found_ids, tuple(left_out))


def is_unnamed(name: str) -> bool:
    """Whether a column is an index that pandas wrote without a name."""
    return bool(_UNNAMED.fullmatch(name))


def _label(reader: Reader, options: Parameters, named: Sequence[str], *, alone: bool) -> str | None:
    """Find the labels: by the given name, by a usual name, or as the only column."""
    found = reader.called(LABEL_NAMES) if options.labels is None else [options.labels]
    if not set(found) <= set(reader.fields):
        raise reader.no_column(found[0], "labels")
    for name in found:
        if reader.fields[name].is_single:
            return name
    if found:
        what = "lists" if reader.fields[found[0]].kind == "matrix" else "no numbers and no text"
        raise reader.source.error(
            f"column {found[0]!r}: expected one label per row, it holds {what}",
            hint="name the column of labels with {labels}",
        )
    ids = {_ids(reader, options, None), *reader.called(ID_NAMES)} if alone else set()
    single = [
        name for name in named if name not in ids
        and reader.fields[name].is_single and not reader.fields[name].is_index
    ]  # fmt: skip
    return single[0] if alone and len(single) == 1 else None


def _ids(reader: Reader, options: Parameters, label: str | None) -> str | None:
    """Find the ids: by the given name, by a usual name, or as the only text column named `*_id`."""
    if options.ids is not None:
        if options.ids not in reader.fields or not options.ids:
            return None
        if not reader.fields[options.ids].is_single:
            raise reader.source.error(
                f"column {options.ids!r}: expected whole numbers or text, it holds neither",
                argument="ids",
            )
        return options.ids
    kinds = ("text", "integer", "float", "any")
    usable = {n: each for n, each in reader.fields.items() if n != label and each.kind in kinds}
    for name in reader.called(ID_NAMES):
        if name in usable and (usable[name].kind != "float" or _is_whole(reader, name)):
            return name
    for name, each in usable.items():
        if each.is_index:
            return name
    texts = [name for name, each in usable.items() if each.kind in ("text", "any")]
    texts = [n for n in texts if n.lower().endswith("_id") and n not in options.keep]
    return texts[0] if len(texts) == 1 else None


def _is_whole(reader: Reader, name: str) -> bool:
    values = reader.head_values([name])
    return bool((values[np.isfinite(values)] % 1 == 0).all())
