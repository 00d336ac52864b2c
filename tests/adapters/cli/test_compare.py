"""`easiness compare`: files joined, conditions for CI, json, page; groups."""

import json

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main
from easiness_cli.commands.compare import COUNTS, SHARES, condition
from report_reader import Page

import easiness_core as ec

N = 200
RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 3, N)
NAMES = np.array(["cat", "dog", "horse"])
PROBS = [
    ec.softmax(RNG.normal(size=(N, 3)) + sharpness * np.eye(3)[LABELS]) for sharpness in (3.0, 2.0)
]
NEXT = ["compare", "old.csv", "new.parquet"]


def scored(output, probs, *argv, rows=slice(None), labels=LABELS, ids=True, **more):
    """Score a table with these rows, and further columns."""
    frame = pd.DataFrame(probs, columns=NAMES).assign(label=NAMES[labels], **more)
    if ids:
        frame.insert(0, "id", [f"{k:03}" for k in range(N)])
    frame, name = frame.iloc[rows], f"in_{output}"
    if output.endswith(".csv"):
        frame.to_csv(name, index=False)
    else:
        name = f"{output}.in"
        frame.to_parquet(name)
    argv = ("score", name, "-o", output, "-q", "--overwrite", "--probs", ",".join(NAMES), *argv)
    assert main(list(argv)) == 0


@pytest.fixture
def files(tmp_path):
    camera = np.where(np.arange(N) % 3 == 0, "night", "day")
    scored("old.csv", PROBS[0])
    order = np.random.default_rng(0).permutation(N)
    scored("new.parquet", PROBS[1], "--keep", "camera", rows=order, camera=camera)
    return tmp_path


def compared(*argv, code=0):
    assert main(["compare", *argv, "-q", "--json", "c.json", "--overwrite"]) == code
    with open("c.json", encoding="utf-8") as file:
        return json.load(file)


def expected():
    return ec.compare(*(ec.score(probs, LABELS, classes=range(3)) for probs in PROBS))


def test_the_json_holds_the_cores_numbers_in_any_order_of_rows(files, capsys):
    told, found = compared(*NEXT[1:], "--group-by", "camera"), expected()
    assert told["joined_by"] == "id"
    assert told["changes"] == pytest.approx(found.changes)
    assert told["transitions"] == found.transitions.tolist()
    assert told["mcnemar_p"] == pytest.approx(found.mcnemar_p)
    assert told["by_class"]["name"] == NAMES.tolist()
    assert told["by_class"]["lost"] == found.by_class.lost.tolist()
    assert (told["by_group"]["name"], told["by_group"]["count"]) == (["day", "night"], [133, 67])
    rows = found.samples["old_row"][found.newly_hard]
    assert told["moved"]["id"][: len(rows)] == [f"{k:03}" for k in rows]
    assert set(told["moved"]["level_new"][: len(rows)]) == {"hard"}
    assert told["failed"] == []
    assert main([*NEXT, "--json", "-"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["changes"] == told["changes"]
    assert f"accuracy       {100 * found.old['accuracy']:.2f} % -> " in printed.err
    assert not (files / "-").exists()


def test_the_page_shows_the_tables(files):
    assert main([*NEXT, "-o", "c.html", "-q", "--top", "3",
                 "--fail-if", "hard > -1000", "--fail-if", "easy > 1000"]) == 1  # fmt: skip
    page, found = Page((files / "c.html").read_text("utf-8")), expected()
    rows = page.tables["moves-between-levels"][1:]
    assert [[int(cell) for cell in row[1:]] for row in rows] == found.transitions.tolist()
    assert page.column("classes", "Class") == NAMES.tolist()
    assert list(map(int, page.column("classes", "Became wrong"))) == found.by_class.lost.tolist()
    rows = found.samples["old_row"][found.newly_hard[:3]]
    assert page.column("newly-hard-samples", "Sample") == [f"{k:03}" for k in rows]
    rest = found.samples["old_row"][found.moved[len(found.newly_hard) :][:3]]
    assert page.column("other-moves", "Sample") == [f"{k:03}" for k in rest]
    hard = found.changes["hard"]
    assert f"Failed: hard changed by {hard:+.4g}, condition hard > -1000." in page.text["p"]
    assert "Passed: easy > 1000 does not hold." in page.text["p"]
    assert str(files) not in page.html
    first = page.text["ol"][1]
    assert f"{found.n_gained} samples became right and {found.n_lost} became wrong" in first
    table = found.by_class
    worst = NAMES[(table.accuracy_new - table.accuracy_old).argmin()]
    assert f"Class {worst} got worse the most: −" in page.html


@pytest.mark.parametrize(
    ("text", "change", "holds"),
    [
        ("accuracy < -0.5%", -0.005, False),
        ("accuracy <= -0.5%", -0.005, True),
        ("accuracy<-.005", -0.0051, True),
        ("easy < - 5", -6, True),
        ("hard > 1e1", 10.5, True),
        ("hard > +10", 10, False),
        ("hard >= 10", 10, True),
        ("hard > 5%", 11, True),
        ("  newly_hard > 5.5% ", 11, False),
        ("worst_class < -2%", -0.03, True),
    ],
)
def test_conditions_are_about_the_change(text, change, holds):
    found = condition(text)
    assert found.holds(dict.fromkeys(SHARES + COUNTS, change), 200) == holds


EXPECTED = "expected NAME, one of <, <=, >, >=, and a change"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy", EXPECTED),
        ("accuracy < ", EXPECTED),
        ("acc < 1", EXPECTED),
        ("accuracy = 1", EXPECTED),
        ("accuracy < 1 or 1", EXPECTED),
        ("accuracy < nan", EXPECTED),
        ("accuracy < ٣", EXPECTED),
        ("", EXPECTED),
        ("accuracy < -0.5", "a bound of -0.5 means 50 percentage points; write -0.5% for"),
        ("worst_class < -1", "or -100%"),
        ("msr > 0.05", "a bound of 0.05 means 5 percentage points"),
        ("accuracy < 500%", "no change is beyond 100 % of a share"),
        ("hard > 101%", "no change is beyond 100 % of the samples"),
    ],
)
def test_other_conditions_are_refused(refused, text, said):
    told = refused(*NEXT, "--fail-if", text, code=2)
    assert told.startswith("argument --fail-if: ")
    assert said in told


def test_a_condition_that_holds_is_exit_1_with_the_change(files, capsys):
    argv = ["--fail-if", "accuracy < -0.5%", "--fail-if", "hard > +10"]
    assert len(compared(*NEXT[1:], *argv, code=1)["failed"]) == 2
    changes = expected().changes
    assert changes["accuracy"] < -0.005
    said = [f"accuracy changed by {100 * changes['accuracy']:+.4g} %; condition accuracy < -0.5%",
            f"hard changed by {changes['hard']:+.4g}; condition hard > +10"]  # fmt: skip
    told = capsys.readouterr().err.splitlines()
    assert told == [f"easiness: failed: {each}" for each in said]
    assert compared("new.parquet", "old.csv", *argv[:2])["failed"] == []


def test_samples_in_one_file_only_are_left_out_and_counted(files, capsys):
    scored("part.npz", PROBS[1], rows=slice(20, N))
    assert main(["compare", "old.csv", "part.npz"]) == 0
    told = capsys.readouterr().out
    assert "samples        180, joined by id\nonly in OLD    20, left out\n" in told


def test_without_ids_rows_are_joined_and_their_order_is_checked(refused, capsys):
    for name, labels in (("a", LABELS), ("b", np.roll(LABELS, 1))):
        scored(f"{name}.parquet", PROBS[0], labels=labels, ids=False)
    capsys.readouterr()
    assert main(["compare", "a.parquet", "a.parquet"]) == 0
    assert "200, joined by row" in capsys.readouterr().out
    assert main(["compare", "a.parquet", "b.parquet", "-q"]) == 0
    assert "are these the same samples in the same order?" in capsys.readouterr().err
    frame = pd.read_parquet("a.parquet")
    frame.iloc[::-1].to_parquet("b.parquet")
    said = refused("compare", "a.parquet", "b.parquet")
    assert "row 0 has index 0 in old and 199 in new; sort both by index" in said
    frame.to_csv("c.csv", index=False)
    assert main(["compare", "a.parquet", "c.csv", "-q"]) == 0


def test_two_estimators_are_told(files, capsys):
    scored("a.parquet", PROBS[0])
    scored("b.parquet", PROBS[0], "--sigma", "0.1")
    capsys.readouterr()
    assert main(["compare", "a.parquet", "b.parquet", "-q", "-o", "c.html"]) == 0
    names = ["ClosedForm(sigma=0.01, resolution=0.001)", "ClosedForm(sigma=0.1, resolution=0.001)"]
    said = f"warning: OLD was scored by {names[0]}, NEW by {names[1]}: this alone changes"
    assert said in capsys.readouterr().err
    assert f"{names[0]} (old), {names[1]} (new)" in (files / "c.html").read_text("utf-8")
    for pair in (["a.parquet", "a.parquet"], ["old.csv", "b.parquet"]):
        assert main(["compare", *pair, "-q"]) == 0
        assert "scored by" not in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["day", "", "night"], ["(missing)", "day", "night"]),
        ([True, False, None], ["(missing)", "False", "True"]),
        (np.array([1, 2, np.nan]), ["(missing)", "1", "2"]),
        (["(missing)", None, "b"], ["((missing))", "(missing)", "b"]),
    ],
    ids=["text", "flag", "whole numbers of pandas", "called missing"],
)
def test_groups_have_the_same_names_in_every_format(suffix, values, names):
    site = [values[k % 3] for k in range(N)]
    scored(f"s.{suffix}", PROBS[0], "--keep", "site", site=site)
    table = compared(f"s.{suffix}", f"s.{suffix}", "--group-by", "site")["by_group"]
    assert table["name"] == names
    assert sorted(table["count"]) == [66, 67, 67]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("old.csv none.csv", 3, "none.csv"),
        ("old.csv in_old.csv", 3, "no column 'index': 'easiness score'"),
        ("old.csv rows.csv", 3, "'rows.csv': only old has ids"),
        ("twice.csv new.parquet", 3, "'twice.csv': the id '007' occurs twice"),
        ("old.csv new.parquet -o new.parquet --overwrite", 2, "expected a name ending"),
        ("old.csv new.parquet --json old.csv --overwrite", 3, "it is also an input"),
        ("old.csv new.parquet --group-by nope", 3, "no column 'nope'"),
        ("old.csv new.parquet --group-by easiness", 2, "expected label, predicted, or"),
        ("old.csv new.parquet -o ./c.html --json c.html", 2, "it is also the page"),
        ("old.csv new.parquet -o - --json -", 2, "it is also the page"),
    ],
)
def test_mistakes_are_told_in_one_line(files, refused, argv, code, message):
    table = pd.read_csv("old.csv", dtype=str).drop(columns="id")
    table.to_csv("rows.csv", index=False)
    table.assign(id="007").to_csv("twice.csv", index=False)
    assert message in refused("compare", *argv.split(), code=code)
