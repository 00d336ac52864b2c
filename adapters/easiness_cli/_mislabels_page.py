"""The review list as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from easiness_cli import _report_text as words
from easiness_cli._mislabels import Review
from easiness_cli._report_page import Column, document, name, table, text

# Ten columns beside one another; the text above keeps its measure.
_WIDE_CSS = "body { max-width: 70rem; }\n"
# Every picture gets the same square, at most as many pixels as it is embedded with: small ones are
# enlarged, none is squeezed or moves the list when it is loaded.
_PICTURE_CSS = """\
tbody th, tbody td { vertical-align: middle; }
td img { display: block; width: 6rem; height: 6rem; object-fit: contain;
  image-rendering: pixelated; }
@media (max-width: 40rem) { td img { width: 4rem; height: 4rem; } }
@media print { td img { width: 3.5rem; height: 3.5rem; } }
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
        Column("Flagged"),
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
    if pictures or "aum" in values:
        css += _WIDE_CSS
    if pictures:
        css += _PICTURE_CSS
    return document(title=title, css=css, body=body)
