"""The review page: what its script needs of the samples listed, and the page without scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from easiness_cli.inputs import Dataset
from easiness_cli.pages.render import render, rows_of

# Without scripts, and to readers of the file, so many samples are shown.
STATIC_ROWS = 300
_LONGEST_TEXT = 2000


def review_page(
    columns: dict[str, Any],
    data: Dataset,
    *,
    picture: Callable[[int], str] | None = None,
    **values: Any,
) -> str:
    """Build the page of the samples that `list_suspects` lists."""
    rows = rows_of(columns)
    for row in rows:
        if row.get("text"):
            row["text"] = row["text"][:_LONGEST_TEXT]
    names = data.classes
    lists: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in columns}
    if "id" in lists:  # as text: large whole numbers lose digits in a browser
        lists["id"] = ["" if each is None else str(each) for each in lists["id"]]
    if "text" in lists:
        lists["text"] = [each or "" for each in lists["text"]]
    more = lists["index"][STATIC_ROWS:]
    return render(
        "review.html.j2",
        scripts=("page.js", "review.js"),
        data={
            "key": _fingerprint(data),
            "classes": None if names is None else list(names),
            "n_classes": data.probs.shape[1],
            "rows": lists,
            "pictures": [picture(row) for row in more] if picture else None,
        },
        rows=rows[:STATIC_ROWS],
        columns=columns,
        classes=names,
        picture=picture,
        n_listed=len(rows),
        **values,
    )


def _fingerprint(data: Dataset) -> str:
    """Tell the data apart from others: decisions are remembered under it."""
    found = hashlib.sha256(data.labels.tobytes())
    lists: list[Sequence[Any] | None] = [data.classes]
    lists += [None if each is None else each.to_pylist() for each in (data.ids, data.files)]
    for each in lists:
        found.update(repr(each).encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:16]
