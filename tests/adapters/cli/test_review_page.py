"""The review page as it is written: columns, escaping, and what its script is given."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from easiness_cli.inputs import Dataset
from easiness_cli.pages.review import review_page
from report_reader import Page

NASTY = "<img src=x onerror=alert(1)> \"&' \udcff"
CLOSING = "</script><script>alert(1)</script>\u2028<!--"
CLASSES = ["cat", NASTY]
PROBS = np.full((2, 2), 0.5)
LABELS = np.array([0, 1])
COLUMNS = {
    "rank": np.array([1, 2]),
    "index": np.array([7, 3]),
    "label": LABELS,
    "suggested": np.array([1, 0]),
    "suspicion": np.array([2509.73, -0.5]),
    "p_label": np.array([1.234e-15, 0.25]),
    "p_suggested": np.array([0.9998, 0.5]),
    "flagged": np.array([True, False]),
}


def html_of(*, picture=None, data=None, classes=CLASSES, **more):
    return review_page(
        COLUMNS | more, data or Dataset(PROBS, LABELS, classes), picture=picture, title="T & t",
        source="a.npy", n_samples=1000, n_flagged=1, meaning="another class is more probable",
    )  # fmt: skip


def data_of(html):
    return json.loads(
        re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)[0]
    )


def test_columns_and_counts():
    page = Page(html_of())
    clean = NASTY.replace("\udcff", "\ufffd")
    assert page.tables["samples-to-review"] == [
        ["Sample", "Given class", "Suggested class", "p(given)", "p(suggested)", "Suspicion",
         "Flagged", "Rank"],
        ["7", "cat", clean, "1.2\xa0×\xa010⁻¹⁵", "0.9998", "2,509.7", "yes", "1"],
        ["3", clean, "cat", "0.2500", "0.5000", "−0.50000", "no", "2"],
    ]  # fmt: skip
    assert page.text["h1"] == page.text["title"] == ["T & t"]
    assert "1 of 1,000 samples (0.10\xa0%) are flagged: another class is" in page.text["main"][0]
    assert page.text["caption"] == [
        "2 samples to review. Rows are numbered from 0, in input order."
    ]
    assert not any(tag == "img" for tag, _ in page.tags)
    assert [tag for tag, _ in page.tags].count("script") == 2


@pytest.mark.parametrize(
    ("ids", "shown", "given"),
    [
        (np.array([41, 42]), ["41", "42"], ["41", "42"]),
        (np.array(["a", "<b>&"]), ["a", "<b>&"], ["a", "<b>&"]),
        (np.array(["x" * 41, "x" * 40], dtype=object), ["x" * 39 + "…", "x" * 40],
         ["x" * 41, "x" * 40]),
    ],
)  # fmt: skip
def test_ids_have_a_column(ids, shown, given):
    html = html_of(id=ids)
    page = Page(html)
    assert page.column("samples-to-review", "Sample") == shown
    assert page.column("samples-to-review", "Row") == ["7", "3"]
    titles = [found["title"] for tag, found in page.tags if tag == "bdi" and "title" in found]
    assert titles == [text for text in given if len(text) > 40]
    assert data_of(html)["rows"]["id"] == given


def test_pictures_texts_and_aum_have_columns():
    asked = []

    def picture(row):
        asked.append(row)
        return f"data:image/png;base64,{row}"

    texts = pa.array(["good " * 1000, None])
    ids = pa.array([2**53 + 1, None])
    html = html_of(aum=np.array([-1.5, 2e-7]), text=texts, id=ids, picture=picture)
    page = Page(html)
    assert page.tables["samples-to-review"][0][0] == "Picture"
    assert page.column("samples-to-review", "AUM") == ["−1.500", "2.0\xa0×\xa010⁻⁷"]
    assert page.column("samples-to-review", "Text") == [("good " * 60)[:159] + "…", ""]
    images = [found for tag, found in page.tags if tag == "img"]
    assert [image["src"] for image in images] == [f"data:image/png;base64,{k}" for k in (7, 3)]
    assert [image["alt"] for image in images] == ["sample 7", "sample 3"]
    assert asked == [7, 3]
    data = data_of(html)
    assert data["rows"]["text"] == ["good " * 400, ""]
    assert data["rows"]["id"] == ["9007199254740993", ""]  # no digit is lost
    assert data["pictures"] == []  # the script takes the first ones from the table


def test_no_text_ends_the_data():
    texts = [CLOSING, "b"]
    html = html_of(id=np.array(texts), text=pa.array(texts), classes=texts)
    assert html.count("</script>") == 2
    assert "\u2028" not in html.partition('id="data">')[2]
    data = data_of(html)
    assert data["classes"] == data["rows"]["id"] == data["rows"]["text"] == texts


def test_decisions_are_remembered_for_the_same_data_whatever_is_listed():
    def key(probs=PROBS, labels=(0, 1), classes=CLASSES, ids=None, **listed):
        ids = None if ids is None else pa.chunked_array([pa.array(ids)])
        data = Dataset(np.array(probs), np.array(labels), list(classes), ids)
        return data_of(html_of(data=data, **listed))["key"]

    other = [[0.25, 0.75], [0.5, 0.5]]
    assert key() == key(suspicion=np.array([1.0, 2.0]))
    assert len({key(), key(labels=(1, 1)), key(classes=("dog", NASTY)), key(other)}) == 4
    # Only ids of text name samples.
    assert key(ids=[0, 1]) != key(other, ids=[0, 1])
    assert key(ids=["a", "b"]) == key(other, ids=["a", "b"])
    assert key(ids=["a", "b"]) != key(ids=["a", "c"])
