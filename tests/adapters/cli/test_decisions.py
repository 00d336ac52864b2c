"""`easiness label-errors --apply`: the labels of a file, changed as reviewed."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main

LABELS = 'id,label\n007,cat\n08,dog\nNA,cat\n"a,b",cat\n'
HEAD = "index,id,label,label_number,decision,new_label,new_label_number\n"
DECISIONS = HEAD + '0,007,cat,0,change,dog,1\n1,08,dog,1,keep,dog,1\n3,"a,b",cat,0,unsure,cat,0\n'


@pytest.fixture
def files(tmp_path):
    (tmp_path / "y.csv").write_text(LABELS)
    (tmp_path / "d.csv").write_text(DECISIONS)
    return tmp_path


def rows_of(path: str, *, old: str = "", new: str = "") -> list[list[str]]:
    """Read a csv; with `old`, the label of 007 is replaced."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return [["007", new] if old and row == ["007", old] else row for row in rows]


def apply(*argv: str, labels: str = "y.csv", out: str = "new.csv") -> int:
    return main(["label-errors", "--apply", "d.csv", labels, "-o", out, *argv])


def test_only_changes_are_made_and_ids_stay_as_written(files, capsys):
    assert apply() == 0
    assert rows_of("new.csv") == rows_of("y.csv", old="cat", new="dog")
    assert (files / "y.csv").read_text() == LABELS
    told = capsys.readouterr().out
    assert told == (
        "3 decisions: 1 keep, 1 change, 1 unsure\n"
        "1 of 4 labels changed, written to new.csv\n"
    )  # fmt: skip


@pytest.mark.parametrize("out", ["new.csv", "new.parquet", "new.npy"])
def test_every_format_holds_the_same_labels(files, out):
    assert apply("-q", out=out) == 0
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}.get("." + out.partition(".")[2])
    labels = np.load(out) if read is None else read(out)["label"]
    assert list(labels) == ["dog", "dog", "cat", "cat"]


def test_labels_that_are_numbers_become_numbers(files):
    table = pd.read_csv("d.csv", dtype=str).drop(columns="id")
    table.to_csv("d.csv", index=False)
    np.save("y.npy", np.array([0, 1, 0, 0], dtype=np.int32))
    assert apply("-q", labels="y.npy", out="new.npy") == 0
    new = np.load("new.npy")
    assert new.dtype == np.int32
    assert new.tolist() == [1, 1, 0, 0]
    assert apply("-q", labels="y.npy", out="new.csv") == 0
    assert (files / "new.csv").read_text() == "index,label\n0,1\n1,1\n2,0\n3,0\n"


def test_names_that_are_numbers_are_names(files):
    """Columns called 1, 2: the label 1 is the name of column 0."""
    (files / "y.csv").write_text("id,label\na,1\nb,2\n")
    (files / "d.csv").write_text(HEAD + "0,a,1,0,change,2,1\n")
    assert apply("-q") == 0
    assert (files / "new.csv").read_text() == "id,label\na,2\nb,2\n"


def test_the_new_labels_can_be_scored(files):
    table = pd.DataFrame({"id": ["007", "08", "NA", "a,b"], "cat": [0.2, 0.3, 0.9, 0.6]})
    table.assign(dog=1 - table["cat"]).to_parquet("p.parquet")
    assert apply("-q") == 0
    assert main(["score", "p.parquet", "new.csv", "-o", "s.csv", "-q"]) == 0
    scores = pd.read_csv("s.csv")
    assert (scores["label"] == scores["predicted"]).all()


def test_a_list_with_a_column_of_decisions_will_do(files):
    (files / "d.csv").write_text("rank;id;label;suggested;decision\n1;007;cat;dog;change\n")
    assert apply("-q") == 0
    assert rows_of("new.csv") == rows_of("y.csv", old="cat", new="dog")


def test_what_a_spreadsheet_saves_will_do(files):
    """Semicolons, a byte order mark, and 7.0 for 7."""
    (files / "y.csv").write_text("id,label\n7,3\n8,4\n9,4\n")
    text = "\ufeffid;label;decision;new_label\n7.0;3.0;change;4.0\n9.0;4.0;keep;4.0\n"
    (files / "d.csv").write_text(text, "utf-8")
    assert apply("-q") == 0
    assert (files / "new.csv").read_text() == "id,label\n7,4\n8,4\n9,4\n"


def test_ids_can_be_ignored(files):
    np.save("y.npy", np.array(["cat", "dog", "cat", "cat"]))
    assert apply("-q", "--ids", "", labels="y.npy", out="new.npy") == 0
    assert np.load("new.npy").tolist() == ["dog", "dog", "cat", "cat"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("change", "swap", "row 0: decision: expected keep, change or unsure, got 'swap'"),
        ("change", "", "row 0: decision: expected keep, change or unsure, got None"),
        ("0,007", "0,7", "row 0: 'y.csv' has no id '7'"),
        ("1,08", "1,007", "row 1: the id '007' was decided in row 0 already"),
        ("1,08,dog,1", "1,08,cat,0", "row 1: the decision was made on the label 'cat', but row 1"),
        ("change,dog,1", "change,,1", "row 0: the decision is change, but new_label is empty"),
        ("decision", "verdict", "no column 'decision'; it has 'index', 'id'"),
        (
            "change,dog,1",
            "change,dgo,1",
            "row 0: 'y.csv' has no label 'dgo'; if it is a class, list",
        ),
        (
            "change,dog,1",
            "change,cat,0",
            "row 0: the decision is change, but the label is 'cat' al",
        ),
        ("index,id", "index,name", "it has no ids, but 'y.csv' has"),
        ("index,id", "index,file", "its decisions are on rows of several files"),
    ],
)
def test_decisions_on_other_labels_are_refused(files, refused, old, new, message):
    (files / "d.csv").write_text(DECISIONS.replace(old, new, 1))
    said = refused("label-errors", "--apply", "d.csv", "y.csv", "-o", "new.csv")
    assert "d.csv" in said
    assert message in said
    assert not (files / "new.csv").exists()


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["y.csv", "-o", "y.csv", "--overwrite"], 3, "cannot write: it is also an input"),
        (["y.csv", "-o", "d.csv", "--overwrite"], 3, "cannot write: it is also an input"),
        (["y.csv", "-o", "new.html"], 2, "expected a name ending in .csv, .parquet or .npy"),
        (["y.csv", "p.npy", "-o", "new.csv"], 2, "--apply takes one file, that of the labels"),
        (["y.csv", "-o", "new.csv", "--top", "3"], 2, "--top has no effect with --apply"),
        (["y.csv", "-o", "new.csv", "--flagged"], 2, "--flagged has no effect with --apply"),
        (["y.csv", "-o", "new.csv", "--probs", "p"], 2, "--probs has no effect with --apply"),
        (["y.csv", "-o", "new.csv", "--logits"], 2, "--logits has no effect with --apply"),
        (["y.csv", "-o", "new.csv", "--escape-formulas"], 2, "--escape-formulas has no effect"),
        (["*.csv", "-o", "new.csv"], 2, "--apply takes one file of labels, got '*.csv', a folder"),
        (["none.csv", "-o", "new.csv"], 3, "none.csv"),
        (["twice.csv", "-o", "new.csv"], 3, "'twice.csv': the id '007' occurs twice, in rows 0"),
        (["y.npy", "-o", "new.csv"], 3, "it has ids, but 'y.npy' has none"),
    ],
)
def test_mistakes_are_told_in_one_line(files, refused, argv, code, message):
    (files / "twice.csv").write_text(LABELS.replace("08", "007"))
    np.save("y.npy", np.array(["cat", "dog", "cat", "cat"]))
    before = (files / "y.csv").read_text(), (files / "d.csv").read_text()
    assert message in refused("label-errors", "--apply", "d.csv", *argv, code=code)
    assert ((files / "y.csv").read_text(), (files / "d.csv").read_text()) == before
