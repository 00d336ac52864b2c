"""`easiness compare`: files joined, conditions for CI, json, page; columns kept by `score`."""

from __future__ import annotations

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


def save(name: str, probs, *, rows=None, labels=LABELS, ids=True) -> None:
    frame = pd.DataFrame(probs, columns=NAMES)
    frame.insert(0, "label", NAMES[labels])
    frame["camera"] = np.where(np.arange(N) % 3 == 0, "night", "day")
    if ids:
        frame.insert(0, "id", [f"{k:03}" for k in range(N)])
    frame = frame if rows is None else frame.iloc[rows]
    frame.to_parquet(f"{name}_in.parquet")


@pytest.fixture
def files(tmp_path):
    save("old", PROBS[0])
    save("new", PROBS[1], rows=np.random.default_rng(0).permutation(N))
    assert main(["score", "old_in.parquet", "-o", "old.csv", "-q"]) == 0
    assert main(["score", "new_in.parquet", "-o", "new.parquet", "-q", "--keep", "camera"]) == 0
    return tmp_path


def expected() -> ec.Comparison:
    sides = [ec.score(probs, LABELS, classes=range(3)) for probs in PROBS]
    return ec.compare(*sides)


def test_the_json_holds_the_cores_numbers_in_any_order_of_rows(files, capsys):
    assert main(["compare", "old.csv", "new.parquet", "--json", "c.json", "--group-by", "camera",
                 "-o", "c.html"]) == 0  # fmt: skip
    told, found = json.loads((files / "c.json").read_text()), expected()
    assert told["joined_by"] == "id"
    assert told["changes"] == pytest.approx(found.changes)
    assert told["transitions"] == found.transitions.tolist()
    assert told["mcnemar_p"] == pytest.approx(found.mcnemar_p)
    assert told["by_class"]["name"] == NAMES.tolist()
    assert told["by_class"]["lost"] == found.by_class.lost.tolist()
    assert told["by_group"]["name"] == ["day", "night"]
    assert told["by_group"]["count"] == [133, 67]
    rows = found.samples["old_row"][found.newly_hard]
    assert told["moved"]["id"][: len(rows)] == [f"{k:03}" for k in rows]
    assert set(told["moved"]["level_new"][: len(rows)]) == {"hard"}
    assert told["failed"] == []
    assert f"accuracy       {100 * found.old['accuracy']:.2f} % -> " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["old.npz", "old.parquet", "old.csv", "shards"])
def test_every_format_of_scores_compares_the_same(files, name):
    if name == "shards":
        (files / "in").mkdir()
        for k, rows in enumerate((slice(0, 90), slice(90, N))):
            save("part", PROBS[0], rows=rows)
            (files / "part_in.parquet").rename(files / "in" / f"{k}.parquet")
        assert main(["score", "in", "-o", "shards", "-q"]) == 0
    elif name != "old.csv":
        assert main(["score", "old_in.parquet", "-o", name, "-q"]) == 0
    assert main(["compare", name, "new.parquet", "--json", "c.json", "-q"]) == 0
    assert json.loads((files / "c.json").read_text())["changes"] == pytest.approx(
        expected().changes
    )


def test_the_page_shows_the_tables(files):
    assert main(["compare", "old.csv", "new.parquet", "-o", "c.html", "-q", "--top", "3",
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


@pytest.mark.parametrize(
    ("text", "change", "holds"),
    [
        ("accuracy < -0.5%", -0.005, False),
        ("accuracy <= -0.5%", -0.005, True),
        ("accuracy<-.005", -0.0051, True),
        ("accuracy > 90%", 0.9, False),
        ("easy < - 5", -6, True),
        ("hard > 1e1", 10.5, True),
        ("accuracy < -5e-3", -0.006, True),
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


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy < ", "acc < 1", "accuracy = 1", "accuracy < 1 or 1",
             "__import__('os') < 1", "accuracy < nan", "accuracy < ٣", ""]
)  # fmt: skip
def test_other_conditions_are_refused(files, refused, text):
    said = refused("compare", "old.csv", "new.parquet", "--fail-if", text, code=2)
    assert said.startswith("argument --fail-if: expected NAME, one of <, <=, >, >=, and a change")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy < -0.5", "a bound of -0.5 means 50 percentage points; write -0.5% for"),
        ("accuracy < 0.9", "a bound of 0.9 means 90 percentage points"),
        ("worst_class < -1", "or -100%"),
        ("msr > 0.05", "a bound of 0.05 means 5 percentage points"),
        ("accuracy < 500%", "no change is beyond 100 % of a share"),
        ("hard > 101%", "no change is beyond 100 % of the samples"),
    ],
)
def test_bounds_that_forget_the_percent_sign_are_refused(files, refused, text, said):
    told = refused("compare", "old.csv", "new.parquet", "--fail-if", text, code=2)
    assert told.startswith(f"argument --fail-if: {text}: ")
    assert said in told


def test_a_condition_that_holds_is_exit_1_with_the_change(files, capsys):
    argv = ["compare", "old.csv", "new.parquet", "-q", "--json", "c.json"]
    assert main([*argv, "--fail-if", "accuracy < -0.5%", "--fail-if", "hard > +10"]) == 1
    found, told = expected(), capsys.readouterr().err.splitlines()
    assert found.changes["accuracy"] < -0.005
    change = 100 * found.changes["accuracy"]
    said = "easiness: failed: {} changed by {}; condition {}"
    assert told[0] == said.format("accuracy", f"{change:+.4g} %", "accuracy < -0.5%")
    hard = found.changes["hard"]
    assert told[1:] == [said.format("hard", f"{hard:+.4g}", "hard > +10")]
    assert len(json.loads((files / "c.json").read_text())["failed"]) == 2
    assert main(["compare", "new.parquet", "old.csv", "-q", "--fail-if", "accuracy < -0.5%"]) == 0


def test_samples_in_one_file_only_are_left_out_and_counted(files, capsys):
    save("part", PROBS[1], rows=slice(20, N))
    assert main(["score", "part_in.parquet", "-o", "part.npz", "-q"]) == 0
    assert main(["compare", "old.csv", "part.npz"]) == 0
    told = capsys.readouterr().out
    assert "samples        180, joined by id\nonly in OLD    20, left out\n" in told


def test_without_ids_rows_are_joined_and_other_labels_warned_of(files, capsys):
    for name, labels in (("a", LABELS), ("b", np.roll(LABELS, 1))):
        save(name, PROBS[0], labels=labels, ids=False)
        assert main(["score", f"{name}_in.parquet", "-o", f"{name}.parquet", "-q"]) == 0
    capsys.readouterr()
    assert main(["compare", "a.parquet", "a.parquet"]) == 0
    assert "200, joined by row" in capsys.readouterr().out
    assert main(["compare", "a.parquet", "b.parquet", "-q"]) == 0
    assert "are these the same samples in the same order?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["old.csv", "old_in.parquet"], 3, "'old_in.parquet': no column 'index': 'easiness score'"),
        (["old.csv", "none.csv"], 3, "none.csv"),
        (
            ["old.csv", "new.parquet", "-o", "new.parquet", "--overwrite"],
            2,
            "expected a name ending",
        ),
        (["old.csv", "new.parquet", "--json", "old.csv", "--overwrite"], 3, "it is also an input"),
        (["old.csv", "new.parquet", "--group-by", "nope"], 3, "no column 'nope'"),
        (["old.csv", "new.parquet", "--group-by", "easiness"], 2, "expected label, predicted, or"),
        (
            ["old.csv", "new.parquet", "-o", "./c.html", "--json", "c.html"],
            2,
            "it is also the page",
        ),
        (["old.csv", "new.parquet", "-o", "-", "--json", "-"], 2, "it is also the page"),
        (["old.csv", "rows.csv"], 3, "'rows.csv': only old has ids"),
        (["twice.csv", "new.parquet"], 3, "'twice.csv': the id '007' occurs twice"),
    ],
)
def test_mistakes_are_told_in_one_line(files, refused, argv, code, message):
    table = pd.read_csv("old.csv", dtype=str).drop(columns="id")
    table.to_csv("rows.csv", index=False)
    table.assign(id="007").to_csv("twice.csv", index=False)
    assert message in refused("compare", *argv, code=code)


def test_score_keeps_columns_as_text(files, refused):
    table = pd.read_parquet("new.parquet")
    given = pd.read_parquet("new_in.parquet")
    assert table["camera"].tolist() == given["camera"].tolist()
    assert "--keep id: every output has" in refused(
        "score", "new_in.parquet", "-o", "k.csv", "--keep", "camera,id", code=2
    )
    assert "no column 'x'; it has" in refused(
        "score", "new_in.parquet", "-o", "k.csv", "--keep", "x"
    )
    assert main(["score", "new_in.parquet", "-o", "k.npz", "-q", "--keep", "camera"]) == 0
    with np.load("k.npz") as arrays:
        assert arrays["camera"].tolist() == given["camera"].tolist()
