"""csv with formulas escaped: no spreadsheet finds one, whatever its separator."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pyarrow as pa
import pytest
from easiness_io import Samples
from easiness_io.writers.tables import SINKS
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

PROBS = np.array([[0.9, 0.1], [0.2, 0.8]])
SCORES = ec.score(PROBS, [0, 1])
SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXT = st.text(st.sampled_from("a1 ,;'\"|" + SIGNS), max_size=6)
NUMBER = re.compile(r"-?[0-9.]+(e-?[0-9]+)?|-inf")


def written(ids: list[str], classes: list[str] | None, *, escape: bool = True) -> str:
    file = io.BytesIO()
    sink = SINKS[".csv"](file, classes, escape_formulas=escape)
    sink.add(SCORES, Samples(PROBS, np.array([0, 1]), pa.array(ids, pa.string()), 0))
    sink.close()
    return file.getvalue().decode()


def formulas(text: str) -> list[str]:
    """Give the cells that a spreadsheet would run, whatever its separator."""
    found = []
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            # Of the numbers, log easiness may begin with a sign.
            found += [c for c in row if c[:1] and c[0] in SIGNS and not NUMBER.fullmatch(c)]
    return found


@given(ids=st.lists(TEXT, min_size=2, max_size=2), classes=st.lists(TEXT, min_size=2, max_size=2))
def test_no_cell_begins_as_a_formula(ids: list[str], classes: list[str]) -> None:
    text = written(ids, classes)
    assert formulas(text) == []
    # And nothing is lost: where the comma separates, each cell is what it was, or escaped.
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[1].replace("'", "") for row in rows[1:]] == [t.replace("'", "") for t in ids]


@pytest.mark.parametrize("text", ["c;=1+1;", 'c;"=1&"', "a\t@x", "a\n=1", "\uff1d1", "\n=1"])
def test_what_a_separator_or_a_quote_hides_is_a_formula(text: str) -> None:
    assert formulas(written([text, ""], None, escape=False)) != []
    assert formulas(written([text, ""], ["a", "b"])) == []


@pytest.mark.parametrize("text", ["plain", "a-b", "1;2", "x = 1", "'=1", "a,=1", '"'])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    rows = list(csv.reader(io.StringIO(written([text, ""], ["a", "b"]), newline="")))
    assert rows[1][1] == text
