"""HTML by parts: escaping, tables and figures. Whatever the user gave passes `text`."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from easiness_cli._figures import Picture

LONGEST_NAME = 80


def text(value: object) -> str:
    """Escape text for HTML, in content and in attributes.

    Characters that HTML forbids, and halves of surrogate pairs such as file names may hold,
    become the replacement character.
    """
    sound = "".join(
        char if char.isprintable() or char in "\n\t" or char.isspace() else "\ufffd"
        for char in str(value).encode("utf-8", "replace").decode("utf-8")
    )
    return html.escape(sound, quote=True)


def name(value: str) -> str:
    """Show a name of the user's: escaped, isolated from its neighbours' direction, not too long."""
    if len(value) <= LONGEST_NAME:
        return f"<bdi>{text(value)}</bdi>"
    return f'<bdi title="{text(value[:2000])}">{text(value[: LONGEST_NAME - 1])}…</bdi>'


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, and whether it holds words rather than numbers."""

    heading: str
    words: bool = False


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], *, caption: str, label: str
) -> str:
    """Build a table whose first column heads the rows; cells are HTML already.

    Parameters
    ----------
    columns : sequence of Column
        The columns.
    rows : iterable of sequences of str
        One cell a column.
    caption : str
        Shown above the table; plain text.
    label : str
        The table's name for who moves by keyboard or listens; also its id.
    """
    kinds = ["text" if column.words else "number" for column in columns]
    head = "".join(
        f'<th scope="col" class="{kind}">{text(column.heading)}</th>'
        for kind, column in zip(kinds, columns, strict=True)
    )
    body = []
    for row in rows:
        first, *rest = row
        cells = "".join(
            f'<td class="{kind}">{cell}</td>' for kind, cell in zip(kinds[1:], rest, strict=True)
        )
        body.append(f'<tr><th scope="row" class="{kinds[0]}">{first}</th>{cells}</tr>\n')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}">\n'
        f'<table id="{text(label.lower().replace(" ", "-"))}">\n'
        f"<caption>{text(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(body)}</tbody>\n</table>\n</div>\n"
    )


def facts(rows: Iterable[tuple[str, str, str]]) -> str:
    """Build the two-column table of (name, what it means, value); the value is HTML already."""
    body = "".join(
        f'<tr><th scope="row">{text(heading)}<small>{text(gloss)}</small></th>'
        f"<td>{value}</td></tr>\n"
        for heading, gloss, value in rows
    )
    return f'<table id="summary" class="facts">\n<tbody>\n{body}</tbody>\n</table>\n'


def figure(picture: Picture, *, alt: str, caption: str) -> str:
    """Embed a figure at both its widths, with a description for who cannot see it."""
    narrow, wide = (
        "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
        for svg in (picture.narrow, picture.wide)
    )
    return (
        "<figure>\n<picture>\n"
        f'<source media="(max-width: 40rem)" srcset="{narrow}">\n'
        f'<img src="{wide}" alt="{text(alt)}">\n'
        f"</picture>\n<figcaption>{text(caption)}</figcaption>\n</figure>\n"
    )


def document(*, title: str, css: str, body: str) -> str:
    """Wrap a body into a whole page that may load nothing from anywhere."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f"{body}</body>\n</html>\n"
    )
