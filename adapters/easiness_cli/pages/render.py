"""Fill in the templates. Everything that they show is escaped."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from easiness_cli.pages import words


def render(template: str, **values: object) -> str:
    """Fill in the template of that file name; equal values give equal text."""
    return _environment().get_template(template).render(levels=words.LEVELS, **values)


def rows_of(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of a table of arrays, for a page that is passed on: files without folders."""
    lists = {name: values.tolist() for name, values in columns.items()}
    if lists.get("file"):
        folder = os.path.commonpath(map(os.path.dirname, lists["file"])) or "."
        lists["file"] = [os.path.relpath(path, folder) for path in lists["file"]]
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("easiness_cli.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (words.amount, words.compact, words.number, words.percent, words.setting):
        environment.filters[function.__name__] = function
    environment.filters["whole"] = "{:,}".format
    return environment


def _printable(value: Any) -> Any:
    """Replace characters that HTML forbids, such as the surrogates in undecodable file names."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        char if char.isprintable() or char.isspace() else "\N{REPLACEMENT CHARACTER}"
        for char in value
    )
