"""Fill in the templates. Everything that they show is escaped."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

import easiness_core as ec
from easiness_cli.pages import words

# Characters that could end the element that holds the data, or a line of it.
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render(
    template: str, *, scripts: Sequence[str] = ("page.js",), data: Any = None, **values: object
) -> str:
    """Fill in the template of that file name; equal values give equal text.

    The page runs only these scripts: its policy holds their hash. `data` is for them.
    """
    folder = files("easiness_cli.pages") / "templates"
    parts = [(folder / name).read_text("utf-8") for name in scripts]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return _environment().get_template(template).render(
        levels=words.LEVELS, version=ec.__version__, script=Markup(script),
        script_hash=Markup(f"sha256-{digest}"), data=_as_json(data), **values,
    )  # fmt: skip


def _as_json(data: Any) -> Markup:
    """Write data so that no text in it can end its element."""
    return Markup(json.dumps(data, allow_nan=False, separators=(",", ":")).translate(_UNSAFE))


def rows_of(columns: Mapping[str, Any], files: Any = None) -> list[dict[str, Any]]:
    """Return the rows of a table of arrays, for a page that may be shared.

    Its files are named relative to the folder of all `files`, whichever are listed.
    """
    lists = {name: values.tolist() for name, values in columns.items()}
    if "file" in lists:
        lists["file"] = relative_paths(lists["file"], files)
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def relative_paths(paths: Sequence[str], files: Any) -> list[str]:
    """Name paths relative to the folder that holds all `files`, an Arrow array."""
    folder = os.path.commonpath([os.path.dirname(each) for each in files.unique().to_pylist()])
    return [os.path.relpath(path, folder or ".") for path in paths]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("easiness_cli.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        words.amount, words.compact, words.interval, words.number, words.p_value, words.percent,
        words.setting, words.signed, words.points,
    ):  # fmt: skip
        environment.filters[function.__name__] = function
    environment.filters["whole"] = "{:,}".format
    return environment


def printable(value: Any) -> Any:
    """Replace characters that HTML forbids, such as the surrogates in undecodable file names."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        char if char.isprintable() or char.isspace() else "\N{REPLACEMENT CHARACTER}"
        for char in value
    )
