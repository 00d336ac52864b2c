"""`easiness label-errors --apply`: the labels of a file, changed as reviewed."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main

LABELS = 'id,label\n007,cat\n08,dog\nNA,cat\n"a,b",cat\n'
CHANGED = 'id,label\n007,dog\n08,dog\nNA,cat\n"a,b",cat\n'
HEAD = "index,id,label,label_number,decision,new_label,new_label_number\n"
DECISIONS = HEAD + '0,007,cat,0,change,dog,1\n1,08,dog,1,keep,dog,1\n3,"a,b",cat,0,unsure,cat,0\n'
NUMBERS = np.array([0, 1, 0, 0])


@pytest.fixture(autouse=True)
def _files(in_folder):
    Path("y.csv").write_text(LABELS)
    Path("d.csv").write_text(DECISIONS)


def rows_of(text):
    return list(csv.reader(text.splitlines()))


def apply(decisions=DECISIONS, labels="y.csv", *argv, out="new.csv"):
    """Apply decisions; give the new labels, as text for csv."""
    Path("d.csv").write_text(decisions, "utf-8")
    argv = ("label-errors", "--apply", "d.csv", labels, "-o", out, "--overwrite", "-q", *argv)
    assert main(list(argv)) == 0
    return np.load(out).tolist() if out.endswith("npy") else Path(out).read_text()


@pytest.fixture
def said(refused):
    """Give what is said of decisions that do not fit the labels."""

    def run(decisions=DECISIONS, labels="y.csv", *argv):
        Path("d.csv").write_text(decisions)
        told = refused("label-errors", "--apply", "d.csv", labels, "-o", "new.csv", *argv)
        assert not Path("new.csv").exists()
        return told

    return run


def test_only_changes_are_made_and_ids_stay_as_written(capsys):
    assert main(["label-errors", "--apply", "d.csv", "y.csv", "-o", "new.csv"]) == 0
    assert rows_of(Path("new.csv").read_text()) == rows_of(CHANGED)
    assert Path("y.csv").read_text() == LABELS
    assert capsys.readouterr().out == (
        "3 decisions: 1 keep, 1 change, 1 unsure\n"
        "1 of 4 labels changed, written to new.csv\n"
    )  # fmt: skip
    assert apply(out="new.npy") == ["dog", "dog", "cat", "cat"]
    # The new labels can be scored.
    table = pd.DataFrame({"id": ["007", "08", "NA", "a,b"], "cat": [0.2, 0.3, 0.9, 0.6]})
    table.assign(dog=1 - table["cat"]).to_parquet("p.parquet")
    assert main(["score", "p.parquet", "new.csv", "-o", "s.csv", "-q"]) == 0
    scores = pd.read_csv("s.csv")
    assert (scores["label"] == scores["predicted"]).all()


APPLIED = {
    "a list with a column of decisions":
        (LABELS, "rank;id;label;suggested;decision\n1;007;cat;dog;change\n", CHANGED),
    "names that are numbers":  # columns called 1, 2: the label 1 is the name of column 0
        ("id,label\na,1\nb,2\n", HEAD + "0,a,1,0,change,2,1\n", "id,label\na,2\nb,2\n"),
    "what a spreadsheet saves":  # semicolons, a byte order mark, and 7.0 for 7
        ("id,label\n7,3\n8,4\n9,4\n",
         "\ufeffid;label;decision;new_label\n7.0;3.0;change;4.0\n9.0;4.0;keep;4.0\n",
         "id,label\n7,4\n8,4\n9,4\n"),
    "escaped names":
        ("id,label\n=cmd,+cat\nb,@dog\n",
         "id,label,decision,new_label\n'=cmd,'+cat,change,'@dog\n",
         "id,label\n=cmd,@dog\nb,@dog\n"),
    "ids that occur twice elsewhere":
        ("id,label\na,cat\na,dog\nb,cat\n", "id,label,decision,new_label\nb,cat,change,dog\n",
         "id,label\na,cat\na,dog\nb,dog\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", APPLIED)
def test_what_people_have_is_understood(case):
    labels, decisions, new = APPLIED[case]
    Path("y.csv").write_text(labels)
    assert rows_of(apply(decisions)) == rows_of(new)


def test_ids_can_be_ignored():
    np.save("y.npy", np.array(["cat", "dog", "cat", "cat"]))
    found = apply(DECISIONS, "y.npy", "--ids", "", out="new.npy")
    assert found == ["dog", "dog", "cat", "cat"]


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.bool_])
def test_arrays_keep_their_type(kind):
    np.save("y.npy", NUMBERS.astype(kind))
    decisions = "index,label,decision,new_label\n0,0,change,1\n"
    assert apply(decisions, "y.npy", out="new.npy") == [1, 1, 0, 0]
    assert np.load("new.npy").dtype == kind
    assert apply(decisions, "y.npy") == "index,label\n0,1\n1,1\n2,0\n3,0\n"


def test_tables_keep_the_type_of_ids_and_the_name_of_labels():
    pd.DataFrame({"sample_id": [7, 8], "y_true": ["cat", "dog"]}).to_parquet("y.parquet")
    Path("d.csv").write_text("id,label,decision,new_label\n7,cat,change,dog\n")
    assert main(["label-errors", "--apply", "d.csv", "y.parquet", "-o", "new.parquet", "-q"]) == 0
    table = pd.read_parquet("new.parquet")
    assert table.to_dict("list") == {"sample_id": [7, 8], "y_true": ["dog", "dog"]}


def test_numbered_labels_take_the_names_of_classes(said):
    """The list of suspects has names, and the file of labels numbers."""
    np.save("y.npy", NUMBERS)
    listed = "index,label,suggested,decision\n0,cat,dog,change\n1,dog,cat,keep\n"
    classes = ["--classes", "cat,dog,emu"]
    assert apply(listed, "y.npy", *classes, out="new.npy") == [1, 1, 0, 0]
    with_new = "index,label,decision,new_label\n3,cat,change,{}\n"
    assert apply(with_new.format("emu"), "y.npy", *classes, out="new.npy") == [0, 1, 0, 2]
    numbers = HEAD.replace("id,", "", 1) + "0,cat,0,change,dog,1\n"
    assert apply(numbers, "y.npy", out="new.npy") == [1, 1, 0, 0]
    told = said(with_new.format("elk"), "y.npy", *classes)
    assert "row 0: 'y.npy' holds numbers, and no class is called 'elk'" in told
    told = said(listed, "y.npy")
    assert "made on the label 'cat', but row 0 of 'y.npy' has '0'" in told
    assert told.endswith("if they are class numbers, pass the class names with --classes")


@pytest.mark.parametrize(
    ("old", "new", "classes"), [("cat", "emu", "cat,dog,emu"), ("3", "99", "3,4,99")]
)
def test_a_class_without_a_label_must_be_listed(said, old, new, classes):
    Path("y.csv").write_text(f"id,label\na,{old}\nb,4\n")
    decisions = f"id,label,decision,new_label\na,{old},change,{new}\n"
    assert f"row 0: 'y.csv' has no label '{new}'; if it is a class, list all" in said(decisions)
    assert apply(decisions, "y.csv", "--classes", classes) == f"id,label\na,{new}\nb,4\n"


@pytest.mark.parametrize(
    ("ids", "decided", "index", "at"),
    [
        (["007", "7"], "007", "0", 0),
        (["007", "7"], "7", "1", 1),
        (["007", "7"], "7", "0", None),
        (["007", "7"], "7", "", None),
        (["7.0", "7.00"], "7", "1", 1),
        (["7.0", "7.00"], "7", "", None),
        (["00", "0"], "0", "0", None),
        (["7.0", "7"], "7", "0", None),
    ],
)
def test_an_id_that_a_spreadsheet_may_have_changed(said, ids, decided, index, at):
    """It stands for the sample in its row, or the command stops."""
    rows = [f"{each},cat" for each in ids]
    Path("y.csv").write_text("\n".join(["id,label", *rows, "z,dog", ""]))
    decisions = f"index,id,label,decision,new_label\n{index},{decided},cat,change,dog\n"
    if at is None:
        named = f"row 0: the id '{decided}' may stand for '{ids[0]}' or '{ids[1]}'"
        assert named in said(decisions)
    else:
        rows[at] = f"{ids[at]},dog"
        assert apply(decisions).splitlines()[1:3] == rows


def test_rows_in_another_order_are_found_by_id_and_told(capsys):
    Path("y.csv").write_text("id,label\nb,dog\na,cat\n")
    decisions = "index,id,label,decision,new_label\n0,a,cat,change,dog\n"
    assert apply(decisions) == "id,label\nb,dog\na,dog\n"
    assert "warning: 1 decision on a sample that is in another row" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("change", "swap", "row 0: decision: expected keep, change or unsure, got 'swap'"),
        ("change", "", "row 0: decision: expected keep, change or unsure, got None"),
        ("0,007", "0,7", "row 0: 'y.csv' has no id '7'"),
        ("1,08", "1,007", "row 1: the id '007' was decided in row 0 already"),
        ("1,08,dog,1", "1,08,cat,0", "row 1: the decision was made on the label 'cat', but row 1"),
        ("change,dog,1", "change,,1", "row 0: the decision is change, but new_label is empty"),
        ("change,dog,1", "change,cat,0", "the decision is change, but the label is 'cat' al"),
        ("decision", "verdict", "no column 'decision'; it has 'index', 'id'"),
        ("index,id", "index,name", "it has no ids, but 'y.csv' has"),
        ("index,id", "index,file", "its decisions are on rows of several files"),
        (DECISIONS, HEAD, "it has no decisions"),
    ],
)
def test_decisions_that_do_not_fit_are_refused(said, old, new, message):
    told = said(DECISIONS.replace(old, new, 1))
    assert "d.csv" in told
    assert message in told


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.0, np.nan, 1.0], "1 value is missing, in row 1"),
        ([0.0, 0.5, 1.0], "labels: expected whole numbers or text, got 0.5 in row 1"),
    ],
)
@pytest.mark.parametrize("suffix", ["npy", "parquet"])
def test_labels_that_are_no_classes_are_refused(said, labels, message, suffix):
    np.save("y.npy", np.array(labels))
    pd.DataFrame({"label": labels}).to_parquet("y.parquet")
    told = said("index,label,decision,new_label\n0,0,change,1\n", f"y.{suffix}")
    assert message in told.replace("--labels", "labels")


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("y.csv -o y.csv --overwrite", 3, "cannot write: it is also an input"),
        ("y.csv -o d.csv --overwrite", 3, "cannot write: it is also an input"),
        ("y.csv -o new.html", 2, "expected a name ending in .csv, .parquet or .npy"),
        ("y.csv p.npy -o new.csv", 2, "--apply takes one file, that of the labels"),
        ("*.csv -o new.csv", 2, "--apply takes one file of labels, got '*.csv', a folder"),
        ("y.csv -o new.csv --top 3", 2, "--top has no effect with --apply"),
        ("y.csv -o new.csv --flagged", 2, "--flagged has no effect with --apply"),
        ("y.csv -o new.csv --escape-formulas", 2, "--escape-formulas has no effect"),
        ("none.csv -o new.csv", 3, "none.csv"),
        ("twice.csv -o new.csv", 3, "'twice.csv': the id '007' occurs twice, in rows 0 and 1; "),
        ("y.npy -o new.csv", 3, "it has ids, but 'y.npy' has none"),
    ],
)
def test_mistakes_are_told_in_one_line(refused, argv, code, message):
    Path("twice.csv").write_text(LABELS.replace("08", "007"))
    np.save("y.npy", np.array(["cat", "dog", "cat", "cat"]))
    assert message in refused("label-errors", "--apply", "d.csv", *argv.split(), code=code)
    assert (Path("y.csv").read_text(), Path("d.csv").read_text()) == (LABELS, DECISIONS)
