"""The review page: data for its script, and the page without scripts."""

import hashlib
from collections.abc import Callable
from typing import Any

from easiness_cli.inputs import Dataset
from easiness_cli.pages.render import relative_paths, render, rows_of

# Number of samples shown without scripts.
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
    rows = rows_of(columns, data.files)
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
    """Return a key that identifies the data; decisions are stored under it.

    Only text ids identify samples: without them, other data may have the same labels.
    """
    found = hashlib.sha256(data.labels.tobytes())
    ids = None if data.ids is None else data.ids.to_pylist()
    if ids is None or not any(isinstance(each, str) for each in ids):
        found.update(repr((data.probs.dtype, data.probs.shape)).encode())
        found.update(data.probs.tobytes())
    files = None if data.files is None else relative_paths(data.files.to_pylist(), data.files)
    for each in (data.classes, ids, files):
        found.update(repr(each).encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:16]
