"""Which columns of a file are probabilities, label and id, told by names and by the first rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from easiness_io.class_columns import called, find_class_columns, head_values, show
from easiness_io.names import ID_NAMES, LABEL_NAMES, in_order
from easiness_io.readers.base import Field, Reader, ReadOptions

_UNNAMED = re.compile(r"unnamed: [0-9]+", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """What the columns of a file are."""

    probs: tuple[str, ...] = ()
    label: str | None = None
    ids: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All columns that are read."""
        return [*self.probs, *(name for name in (self.label, self.ids) if name is not None)]


def find_roles(reader: Reader, options: ReadOptions, *, probs: bool, label: bool) -> Roles:
    """Find the columns of a file."""
    found_label = _label(reader, options, alone=not probs) if label else None
    found_ids = _ids(reader, options, found_label)
    columns: tuple[str, ...] = ()
    if probs:
        others = [
            each for each in _named(reader) if each.name not in (found_label, found_ids)
            and (each.name.lower() not in LABEL_NAMES or len(each.name) == 1)
        ]  # fmt: skip
        columns = find_class_columns(reader, options, others)
        if found_ids in columns and options.ids is None:
            found_ids = None
    if len(columns) > 1 and reader.layout == "table":
        given, columns = columns, in_order(columns)
        if options.classes is not None and given != columns:
            raise reader.source.error(
                f"its class columns are numbered, and in another order: {show(given)}",
                hint="list them by {probs} in the order of their numbers, and {classes} likewise",
            )
    if label and found_label is None:
        raise reader.source.error(
            f"no column of labels; it has {show(each.name for each in reader.fields)}",
            hint="name it by {labels}, or give the file of labels as well",
        )
    used = {found_label, found_ids, *columns}
    left_out = tuple(each.name for each in _named(reader) if each.name not in used)
    return Roles(columns, found_label, found_ids, left_out)


def _named(reader: Reader) -> list[Field]:
    return [each for each in reader.fields if not is_unnamed(each)]


def is_unnamed(field: Field) -> bool:
    """Whether a column is an index that pandas wrote without a name."""
    return bool(_UNNAMED.fullmatch(field.name))


def _label(reader: Reader, options: ReadOptions, *, alone: bool) -> str | None:
    """Find the labels: by the name given, by a usual name, or as the only column there is."""
    found = called(reader, LABEL_NAMES)
    if options.labels is not None:
        found = [each for each in reader.fields if each.name == options.labels]
        if not found:
            raise reader.source.error(
                f"no column {options.labels!r}; it has {show(e.name for e in reader.fields)}",
                argument="labels",
            )
    usable = [each for each in found if _is_column(each)]
    if usable:
        return usable[0].name
    if found:
        what = "lists" if found[0].kind == "matrix" else "no numbers and no text"
        raise reader.source.error(
            f"column {found[0].name!r}: expected one label a row, it holds {what}",
            hint="name the column of labels by {labels}",
        )
    if not alone:
        return None
    ids = {_ids(reader, options, None), *(each.name for each in called(reader, ID_NAMES))}
    others = [e for e in _named(reader) if not e.is_index and e.name not in ids]
    columns = [each.name for each in others if _is_column(each)]
    return columns[0] if len(columns) == 1 else None


def _is_column(each: Field) -> bool:
    return each.is_number or each.kind == "text"


def _ids(reader: Reader, options: ReadOptions, label: str | None) -> str | None:
    """Find the ids: by the name given, by a usual name, or as the only text column called so."""
    if options.ids is not None:
        found = next((each for each in reader.fields if each.name == options.ids), None)
        if found is None or not found.name:
            return None
        if not _is_column(found):
            raise reader.source.error(
                f"column {found.name!r}: expected whole numbers or text, it holds neither",
                argument="ids",
            )
        return found.name
    kinds = ("text", "integer", "float", "any")
    usable = [each for each in reader.fields if each.name != label and each.kind in kinds]
    for each in called(reader, ID_NAMES):
        if each in usable and (each.kind != "float" or _is_whole(reader, each.name)):
            return each.name
    index = [each.name for each in usable if each.is_index]
    texts = [
        each.name for each in usable
        if each.kind in ("text", "any") and each.name.lower().endswith("_id")
    ]  # fmt: skip
    return index[0] if index else texts[0] if len(texts) == 1 else None


def _is_whole(reader: Reader, name: str) -> bool:
    values = head_values(reader, [name])
    return bool((values[np.isfinite(values)] % 1 == 0).all())
