"""The review list as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from easiness_cli import _report_text as words
from easiness_cli._mislabels import Review
from easiness_cli._report_page import Column, document, name, table, text

_EXTRA_CSS = """\
td img { display: block; max-width: 6rem; max-height: 6rem; min-width: 3rem;
  image-rendering: pixelated; }
"""


def review_page(
    review: Review, *, title: str, source: str, pictures: Callable[[int], str] | None = None
) -> str:
    """Build the whole page.

    Parameters
    ----------
    review : Review
        What to show.
    title, source : str
        Heading, and the names of the input files; text of the user's.
    pictures : callable, optional
        Gives a row's picture as a data URI.

    Returns
    -------
    str
        The document; equal reviews give equal text.
    """
    columns = [Column("Rank"), Column("Row")]
    if pictures:
        columns.append(Column("Picture", words=True))
    columns += [
        Column("Given class", words=True), Column("Suggested class", words=True),
        Column("p(given)"), Column("p(suggested)"), Column("Suspicion"),
        Column("Flagged", words=True),
    ]  # fmt: skip
    values = {key: column.tolist() for key, column in review.columns.items()}
    if "aum" in values:
        columns.append(Column("AUM"))
    rows = []
    for k, row in enumerate(values["index"]):
        cells = [str(values["rank"][k]), str(row)]
        if pictures:
            cells.append(f'<img src="{text(pictures(row))}" alt="sample {row}" loading="lazy">')
        cells += [
            name(review.name(values["label"][k])),
            name(review.name(values["suggested"][k])),
            words.number(values["p_label"][k]),
            words.number(values["p_suggested"][k]),
            words.number(values["suspicion"][k], 5),
            "yes" if values["flagged"][k] else "no",
        ]
        if "aum" in values:
            cells.append(words.number(values["aum"][k]))
        rows.append(cells)
    share = words.percent(review.n_flagged, review.n_samples)
    about = (
        f"{review.n_flagged:,} of {review.n_samples:,} samples ({share}) are flagged: "
        f"{review.meaning}."
    )
    reading = (
        "Suspicion is minus log easiness: 0 for a label that nothing speaks against, and the "
        "higher, the more clearly another class wins. A suspicious label may be wrong, or right "
        "on an odd sample: look before you change it."
    )
    body = (
        f"<header>\n<h1>{text(title)}</h1>\n"
        + (f'<p class="source">{text(source)}</p>\n' if source else "")
        + f'</header>\n<main>\n<p class="headline">{text(about)}</p>\n<p>{text(reading)}</p>\n'
        + table(
            columns,
            rows,
            caption=f"{len(rows):,} samples to review. Rows count from 0, in the order of the "
            f"input.",
            label="Samples to review",
        )
        + "</main>\n"
    )
    css = files("easiness_cli").joinpath("report.css").read_text(encoding="utf-8")
    return document(title=title, css=css + _EXTRA_CSS, body=body)
