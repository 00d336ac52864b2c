"""The review list of label errors, and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Review:
    """The samples to review, in their order.

    The columns are rank, those of `Dataset.columns`, suspicion, flagged, and aum where known.
    """

    columns: dict[str, Any]
    classes: list[str] | None
    n_samples: int
    n_flagged: int
    meaning: str


def review_page(
    review: Review, *, title: str, source: str, pictures: Callable[[int], str] | None = None
) -> str:
    """Build one self-contained document; `pictures` gives a row's picture as a data URI."""
    # Imported here: lists that are not pages need no jinja2.
    from easiness_cli.pages.render import render, rows_of

    return render(
        "review.html.j2",
        review=review,
        title=title,
        source=source,
        rows=rows_of(review.columns),
        picture=pictures,
    )
