"""Reads back the page that `easiness report` writes; makes probabilities to write it about."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
from easiness_cli.inputs import Dataset
from easiness_cli.pages.report import Report, report_page
from easiness_io.parameters import Parameters

import easiness_core as ec

VOID = {"meta", "img", "source", "br", "link", "input", "hr"}
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Page(HTMLParser):
    """Tables by id, text by element, attributes; raises on a tag closed out of order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html = html
        self.open = []
        self.tags = []
        self.tables = {}
        self.text = {}
        self._rows = None
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")
        if tag == "table":
            self._rows = self.tables.setdefault(str(dict(attrs)["id"]), [])
        if self._rows is not None:
            if tag == "tr":
                self._rows.append([])
            if tag in ("th", "td"):
                self._rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "table":
            self._rows = None

    def handle_data(self, data):
        for tag in set(self.open):
            self.text[tag][-1] += data
        if self._rows and {"th", "td"} & set(self.open) and "small" not in self.open:
            self._rows[-1][-1] += data

    def facts(self):
        return dict(self.tables["summary"])

    def column(self, table, heading):
        head, *rows = self.tables[table]
        return [row[head.index(heading)].strip() for row in rows]

    def first_look(self):
        """The three sentences on what to look at first."""
        sentences = next(
            text for text in self.text["ol"] if "ard samples" in text or "Every" in text
        )
        return [line.replace("\xa0", " ").strip() for line in sentences.strip().splitlines()]

    def svgs(self):
        found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", self.html)
        return [base64.b64decode(text).decode("utf-8") for text in found]


def value(text):
    """Read a number as the page shows it; of a share with its interval, the share."""
    text = text.partition(" (")[0]
    text = text.replace("\xa0", "").replace("−", "-").replace(",", "").replace("∞", "inf").strip()
    if "×10" in text:
        mantissa, power = text.split("×10")
        return float(mantissa) * 10.0 ** int(power.translate(SUPERSCRIPTS))
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def made(n, n_classes, *, seed=0, sharp=4.0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n)
    logits = rng.normal(size=(n, n_classes)) * sharp
    logits[np.arange(n), labels] += sharp * 1.5
    return ec.softmax(logits), labels


def report_of(
    probs, labels, *, classes=None, ids=None, estimator=None, n_bins=5, normalize=False, **options
):
    data = Dataset(
        probs, labels, classes, None if ids is None else pa.chunked_array([pa.array(ids)])
    )
    parameters = Parameters(estimator=estimator, n_bins=n_bins, normalize=normalize)
    return Report(data, parameters, **options)


def page_of(probs, labels, **options):
    return Page(report_page(report_of(probs, labels, **options)))
