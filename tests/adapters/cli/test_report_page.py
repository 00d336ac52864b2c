"""The report's page: alone, accessible, escaped, and whole for unusual input."""

from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
import pytest
from easiness_cli.pages.report import MOST_CLASSES, report_page
from report_reader import Page, made, page_of, report_of, value

LONGEST_NAME = 80
NASTY = [
    "<script>alert(1)</script>",
    "\"&'",
    "$x^2$ $\\frac",
    "</td></table><img src=x onerror=y>",
    "a" * 3000,
    "\x00\x07\udcff",
]


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


@pytest.fixture(scope="module")
def page(sample):
    return page_of(*sample)


def test_page_stands_alone_and_loads_nothing(page):
    outside = re.sub(r'"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+"', '""', page.html)
    script = page.text["script"][0]
    assert "http://" not in outside
    assert "https://" not in outside
    assert "url(" not in outside
    assert "@import" not in outside
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"link", "iframe", "object", "embed", "base", "form"}
    links = [str(found["href"]) for tag, found in page.tags if tag == "a"]
    assert links
    ids = {found["id"] for _, found in page.tags if "id" in found}
    assert all(link[0] == "#" and link[1:] in ids for link in links)
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "srcset"):
            if name in attributes:
                assert str(attributes[name]).startswith("data:image/svg+xml;base64,")
    policy = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert not any(word in script for word in ("eval(", "innerHTML", "document.write", "fetch("))
    svgs = page.svgs()
    assert len(svgs) == 2
    for svg in svgs:
        assert "<script" not in svg
        links = re.findall(r'(?:[\w:]+=")?https?://[^"<\s]*', svg)
        assert set(links) == {
            'xmlns="http://www.w3.org/2000/svg',
            'xmlns:xlink="http://www.w3.org/1999/xlink',
        }
        targets = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert targets
        assert all(target.startswith("#") for target in targets)


def test_page_is_accessible(page):
    assert page.html.startswith('<!DOCTYPE html>\n<html lang="en">')
    attributes = {}
    for tag, found in page.tags:
        attributes.setdefault(tag, []).append(found)
    viewport = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert viewport in attributes["meta"]
    assert len(page.text["title"]) == 1
    assert len(attributes["figure"]) == len(attributes["figcaption"]) == len(attributes["img"]) == 2
    assert all(len(str(image["alt"])) > 30 for image in attributes["img"])
    assert {head.get("scope") for head in attributes["th"]} == {"row", "col"}
    assert all(region["aria-label"] for region in attributes["div"])
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids)) >= 10
    sections = [
        "What to look at first",
        "Summary",
        "The hardest samples",
        "Confused classes",
        "Classes",
        "How easy the samples are",
        "Accuracy by easiness",
        "Sensitivity to σ",
        "What was read",
    ]
    assert page.text["h2"] == ["Contents", *sections]
    assert page.text["a"] == sections


def test_text_of_the_users_is_escaped_everywhere(sample):
    probs, labels = made(300, len(NASTY))
    plain = page_of(probs, labels, title="t", source="s")
    page = page_of(probs, labels, classes=NASTY, title=NASTY[0], source=NASTY[3])
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert page.text["title"] == page.text["h1"] == [NASTY[0]]
    assert NASTY[3] in page.text["header"][0]
    shown = [row[0] for row in page.tables["classes"][1:]]
    assert shown[:4] == NASTY[:4]
    assert shown[4] == "a" * (LONGEST_NAME - 1) + "…"
    assert shown[5] == "\ufffd" * 3
    assert page.html.encode("utf-8").count(b"\x00") == 0


def test_two_classes_and_a_class_without_samples():
    probs, _ = made(50, 2)
    labels = np.zeros(50, dtype=np.int64)
    page = page_of(probs, labels)
    facts = page.facts()
    assert facts["AUROC"] == "not defined"
    assert facts["Classes"] == "2 (1 without samples)"
    assert page.tables["classes"][2] == ["1", "–", "", "0", "0", "0", "0", "–"]


def test_many_classes_show_the_worst_by_accuracy():
    probs, labels = made(3000, 1000, sharp=2.0)
    report = report_of(probs, labels)
    page = Page(report_page(report))
    rows = page.tables["classes"][1:]
    assert len(rows) == MOST_CLASSES
    shown = [int(row[0]) for row in rows]
    assert shown == sorted(shown)
    hidden = np.setdiff1d(np.flatnonzero(report.table.count), shown)
    assert report.table.accuracy[shown].max() <= report.table.accuracy[hidden].min()
    assert "200 classes of lowest accuracy, out of 1,000" in page.html


@pytest.mark.parametrize("right", [True, False])
def test_single_sample(right):
    page = page_of(np.array([[0.9, 0.1]]), np.array([0 if right else 1]))
    says = "Predicted as labeled: 1 of 1 sample" if right else "Errors: 1 hard."
    assert says in page.text["main"][0]
    assert page.facts()["Samples"] == "1"


def test_all_easy():
    probs = np.eye(3)[[0, 1, 2, 2]]
    page = page_of(probs, np.array([0, 1, 2, 2]))
    assert "Errors: none." in page.text["main"][0]
    assert "4 easy (100" in page.text["main"][0]
    assert value(page.facts()["ESE, expected sample easiness error"]) == 0.0


def test_infinite_losses_are_counted():
    probs = np.array([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]])
    page = page_of(probs, np.array([1, 0, 1]))
    loss = page.facts()["Mean loss"]
    assert loss.startswith("∞ (1 sample has probability 0 for the given class")
    finite = -(np.log(0.5) + np.log(0.75)) / 2
    assert value(loss.rpartition(" ")[2].rstrip(")")) == pytest.approx(finite, rel=1e-3)
    assert value(page.column("hardest-samples", "Loss")[0]) == np.inf


def test_squashed_probabilities_get_a_caution(page):
    probs, labels = made(300, 5)
    squashed = page_of(probs * 0.01 + 0.99 / 5, labels)
    cautions = [paragraph for paragraph in squashed.text["p"] if "squashed" in paragraph]
    assert len(cautions) == 1
    assert "of the samples are medium" in cautions[0]
    assert not any("squashed" in paragraph for paragraph in page.text["p"])


def test_quotes_in_an_attribute_are_escaped():
    probs, labels = made(50, 2)
    long = '"\' onmouseover="alert(1)" ' + "b" * LONGEST_NAME
    page = page_of(probs, labels, classes=[long, "short"])
    found = [attributes for tag, attributes in page.tags if tag == "bdi" and "title" in attributes]
    assert found
    assert all(attributes == {"title": long} for attributes in found)
