"""The review list of label errors, and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Review:
    """The samples to review, in their order.

    Attributes
    ----------
    columns : dict of str to array
        rank, index, label, suggested, suspicion, p_label, p_suggested, and flagged; file, id and
        aum where known. Classes are column numbers; texts are Arrow arrays.
    classes : list of str or None
        Names of the classes; their numbers if None.
    n_samples, n_flagged : int
        Number of samples and of flagged samples, listed or not.
    meaning : str
        What a flag means.
    """

    columns: dict[str, Any]
    classes: list[str] | None
    n_samples: int
    n_flagged: int
    meaning: str

    def name(self, number: int) -> str:
        """Give a class its name, or its number."""
        return str(number) if self.classes is None else self.classes[number]


def review_page(
    review: Review, *, title: str, source: str, pictures: Callable[[int], str] | None = None
) -> str:
    """Build the page, one self-contained HTML document.

    Parameters
    ----------
    review : Review
        What to show.
    title, source : str
        The page's title, and the names of the input files.
    pictures : callable, optional
        Takes a row number and gives that sample's picture as a data URI.

    Returns
    -------
    str
        The document; equal reviews give equal text.
    """
    # Imported here: lists that are not pages need no jinja2.
    from easiness_cli.pages.render import render

    columns = {name: values.tolist() for name, values in review.columns.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return render(
        "review.html.j2",
        review=review,
        title=title,
        source=source,
        rows=rows,
        with_files="file" in columns,
        with_ids="id" in columns,
        with_aum="aum" in columns,
        picture=pictures,
    )
