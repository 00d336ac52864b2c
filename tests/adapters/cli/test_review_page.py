"""The page of the review list: columns, escaping, and what may be missing."""

from __future__ import annotations

import numpy as np
import pytest
from easiness_cli.pages.render import render, rows_of
from report_reader import Page

NASTY = "<img src=x onerror=alert(1)> \"&' \udcff"


def review(**more):
    return {
        "rank": np.array([1, 2]),
        "index": np.array([7, 3]),
        "label": np.array([0, 1]),
        "suggested": np.array([1, 0]),
        "suspicion": np.array([2509.73, -0.5]),
        "p_label": np.array([1.234e-15, 0.25]),
        "p_suggested": np.array([0.9998, 0.5]),
        "flagged": np.array([True, False]),
        **more,
    }


def page_of(columns, picture=None) -> Page:
    html = render(
        "review.html.j2", title="T & t", source="a.npy", picture=picture, rows=rows_of(columns),
        columns=columns, classes=["cat", NASTY], n_samples=1000, n_flagged=1,
        meaning="another class is more probable",
    )  # fmt: skip
    return Page(html)


def test_columns_and_counts():
    page = page_of(review())
    clean = NASTY.replace("\udcff", "\ufffd")
    assert page.tables["samples-to-review"] == [
        ["Rank", "Row", "Given class", "Suggested class", "p(given)", "p(suggested)", "Suspicion",
         "Flagged"],
        ["1", "7", "cat", clean, "1.2\xa0×\xa010⁻¹⁵", "0.9998", "2,509.7", "yes"],
        ["2", "3", clean, "cat", "0.2500", "0.5000", "−0.50000", "no"],
    ]  # fmt: skip
    assert page.text["h1"] == page.text["title"] == ["T & t"]
    assert "1 of 1,000 samples (0.10\xa0%) are flagged: another class is" in page.text["main"][0]
    assert page.text["caption"] == [
        "2 samples to review. Rows are numbered from 0, in input order."
    ]
    assert not any(tag in ("img", "script") for tag, _ in page.tags)


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        (np.array([41, 42]), ["41", "42"]),
        (np.array(["a", "<b>&"]), ["a", "<b>&"]),
        (np.array(["x" * 41, "x" * 40], dtype=object), ["x" * 39 + "…", "x" * 40]),
    ],
)
def test_ids_have_a_column(ids, shown):
    page = page_of(review(id=ids))
    head, *rows = page.tables["samples-to-review"]
    assert head[:3] == ["Rank", "Row", "ID"]
    assert [row[2] for row in rows] == shown
    titles = [found["title"] for tag, found in page.tags if tag == "bdi" and "title" in found]
    assert titles == [text for text in ids.tolist() if len(str(text)) > 40]


def test_pictures_and_aum_have_columns():
    asked = []

    def picture(row: int) -> str:
        asked.append(row)
        return f"data:image/png;base64,{row}"

    page = page_of(review(aum=np.array([-1.5, 2e-7])), picture=picture)
    head, *rows = page.tables["samples-to-review"]
    assert head[2] == "Picture"
    assert head[-1] == "AUM"
    assert [row[-1] for row in rows] == ["−1.500", "2.0\xa0×\xa010⁻⁷"]
    assert asked == [7, 3]
    images = [found for tag, found in page.tags if tag == "img"]
    assert [image["src"] for image in images] == [
        "data:image/png;base64,7",
        "data:image/png;base64,3",
    ]
    assert [image["alt"] for image in images] == ["sample 7", "sample 3"]
