"""`--apply` where files differ in kind: numbered labels, ids a spreadsheet changed, types."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main

NUMBERS = np.array([0, 1, 0, 0])


def apply(decisions: str, labels: str = "y.csv", *argv: str, out: str = "new.csv") -> list[str]:
    """Apply decisions and give the new labels as text."""
    with open("d.csv", "w", encoding="utf-8") as file:
        file.write(decisions)
    argv = ("label-errors", "--apply", "d.csv", labels, "-o", out, "--overwrite", "-q", *argv)
    assert main(list(argv)) == 0
    return (
        np.load(out).tolist() if out == "new.npy" else pd.read_csv(out, dtype=str)["label"].tolist()
    )


def test_numbered_labels_take_the_names_of_classes():
    """The list of suspects has names, and the file of labels numbers."""
    np.save("y.npy", NUMBERS)
    listed = "index,label,suggested,decision\n0,cat,dog,change\n1,dog,cat,keep\n"
    classes = ["--classes", "cat,dog,emu"]
    assert apply(listed, "y.npy", *classes, out="new.npy") == [1, 1, 0, 0]
    with_new = "index,label,decision,new_label\n3,cat,change,emu\n"
    assert apply(with_new, "y.npy", *classes, out="new.npy") == [0, 1, 0, 2]


def test_numbered_labels_without_names_say_what_is_needed(refused, tmp_path):
    np.save("y.npy", NUMBERS)
    (tmp_path / "d.csv").write_text("index,label,suggested,decision\n0,cat,dog,change\n")
    said = refused("label-errors", "--apply", "d.csv", "y.npy", "-o", "new.npy")
    assert "made on the label 'cat', but row 0 of 'y.npy' has '0'" in said
    assert said.endswith("if they are class numbers, pass the class names with --classes")
    (tmp_path / "d.csv").write_text("index,label,decision,new_label\n0,cat,change,elk\n")
    argv = ["label-errors", "--apply", "d.csv", "y.npy", "-o", "new.npy", "--classes", "cat,dog"]
    assert "row 0: 'y.npy' holds numbers, and no class is called 'elk'" in refused(*argv)


@pytest.mark.parametrize(
    ("old", "new", "classes"), [("cat", "emu", "cat,dog,emu"), ("3", "99", "3,4,99")]
)
def test_a_class_without_a_label_must_be_listed(tmp_path, refused, old, new, classes):
    (tmp_path / "y.csv").write_text(f"id,label\na,{old}\nb,4\n")
    decisions = f"id,label,decision,new_label\na,{old},change,{new}\n"
    (tmp_path / "d.csv").write_text(decisions)
    said = refused("label-errors", "--apply", "d.csv", "y.csv", "-o", "new.csv")
    assert f"row 0: 'y.csv' has no label '{new}'; if it is a class, list all" in said
    assert apply(decisions, "y.csv", "--classes", classes) == [new, "4"]


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
def test_an_id_that_a_spreadsheet_may_have_changed(tmp_path, refused, ids, decided, index, at):
    """It stands for the sample in its row, or the command stops."""
    (tmp_path / "y.csv").write_text(
        "id,label\n" + "".join(f"{each},cat\n" for each in ids) + "z,dog\n"
    )
    decisions = f"index,id,label,decision,new_label\n{index},{decided},cat,change,dog\n"
    if at is None:
        (tmp_path / "d.csv").write_text(decisions)
        said = refused("label-errors", "--apply", "d.csv", "y.csv", "-o", "new.csv")
        assert f"row 0: the id '{decided}' may stand for '{ids[0]}' or '{ids[1]}'" in said
    else:
        assert apply(decisions) == ["dog" if k == at else "cat" for k in range(2)] + ["dog"]


def test_rows_in_another_order_are_found_by_id_and_told(tmp_path, capsys):
    (tmp_path / "y.csv").write_text("id,label\nb,dog\na,cat\n")
    assert apply("index,id,label,decision,new_label\n0,a,cat,change,dog\n") == ["dog", "dog"]
    assert "warning: 1 decision on a sample that is in another row" in capsys.readouterr().err


def test_ids_that_occur_twice_matter_where_they_are_decided(tmp_path, refused):
    (tmp_path / "y.csv").write_text("id,label\na,cat\na,dog\nb,cat\n")
    assert apply("id,label,decision,new_label\nb,cat,change,dog\n") == ["cat", "dog", "dog"]
    (tmp_path / "d.csv").write_text("id,label,decision,new_label\na,cat,change,dog\n")
    said = refused("label-errors", "--apply", "d.csv", "y.csv", "-o", "c.csv")
    assert "the id 'a' occurs twice, in rows 0 and 1; drop one of them, or ignore" in said


def test_escaped_names_are_those_that_were_escaped(tmp_path):
    (tmp_path / "y.csv").write_text("id,label\n=cmd,+cat\nb,@dog\n")
    decisions = "id,label,decision,new_label\n'=cmd,'+cat,change,'@dog\n"
    assert apply(decisions) == ["@dog", "@dog"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0.0, np.nan, 1.0], "1 value is missing, in row 1"),
     ([0.0, 0.5, 1.0], "labels: expected whole numbers or text, got 0.5 in row 1")],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["npy", "parquet"])
def test_labels_that_are_no_classes_are_refused(tmp_path, refused, labels, message, suffix):
    np.save("y.npy", np.array(labels))
    pd.DataFrame({"label": labels}).to_parquet("y.parquet")
    (tmp_path / "d.csv").write_text("index,label,decision,new_label\n0,0,change,1\n")
    said = refused("label-errors", "--apply", "d.csv", f"y.{suffix}", "-o", "new.csv")
    assert message in said.replace("--labels", "labels")


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.bool_])
def test_arrays_keep_their_type(kind):
    np.save("y.npy", NUMBERS.astype(kind))
    decisions = "index,label,decision,new_label\n0,0,change,1\n"
    assert apply(decisions, "y.npy", out="new.npy") == [1, 1, 0, 0]
    assert np.load("new.npy").dtype == kind


def test_tables_keep_the_type_of_ids_and_the_name_of_labels():
    pd.DataFrame({"sample_id": [7, 8], "y_true": ["cat", "dog"]}).to_parquet("y.parquet")
    with open("d.csv", "w") as file:
        file.write("id,label,decision,new_label\n7,cat,change,dog\n")
    assert main(["label-errors", "--apply", "d.csv", "y.parquet", "-o", "new.parquet", "-q"]) == 0
    table = pd.read_parquet("new.parquet")
    assert table.to_dict("list") == {"sample_id": [7, 8], "y_true": ["dog", "dog"]}
