"""`easiness compare`: which rows are the same samples, and which groups are the same."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main

N = 60
RNG = np.random.default_rng(4)
PROBS = RNG.dirichlet(np.ones(2), N)
CAMERA = ["day", "", "night"] * (N // 3)
GROUPS = {
    "text": CAMERA,
    "flag": [True, False, None] * (N // 3),
    "site": [1, 2, None] * (N // 3),
}


def scored(name: str, suffix: str = ".parquet", more=()) -> None:
    frame = pd.DataFrame(PROBS, columns=["p_0", "p_1"]).assign(label=np.arange(N) % 2)
    for column in more:
        frame[column] = GROUPS[column]
        if column == "site":  # as pandas holds whole numbers of which some are missing
            frame[column] = frame[column].astype(float)
    if suffix == ".csv":
        frame.to_csv("in.csv", index=False)
    else:
        frame.to_parquet("in.parquet")
    keep = ["--keep", ",".join(more)] if more else []
    assert main(["score", f"in{'.csv' if suffix == '.csv' else '.parquet'}", "-o",
                 name + suffix, "-q", "--probs", "p_0,p_1", *keep]) == 0  # fmt: skip


def test_rows_in_another_order_are_refused_without_ids(refused):
    scored("a")
    frame = pd.read_parquet("a.parquet")
    frame.iloc[::-1].to_parquet("b.parquet")
    said = refused("compare", "a.parquet", "b.parquet")
    assert "row 0 has index 0 in old and 59 in new; sort both by index" in said
    frame.to_csv("c.csv", index=False)
    assert main(["compare", "a.parquet", "c.csv", "-q"]) == 0


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("text", ["(missing)", "day", "night"]),
        ("flag", ["(missing)", "False", "True"]),
        ("site", ["(missing)", "1", "2"]),
    ],
)
def test_groups_have_the_same_names_in_every_format(tmp_path, suffix, column, names):
    scored("s", suffix, [column])
    argv = ["compare", f"s{suffix}", f"s{suffix}", "-q", "--group-by", column]
    assert main([*argv, "--json", "c.json"]) == 0
    table = json.loads((tmp_path / "c.json").read_text())["by_group"]
    assert table["name"] == names
    assert table["count"] == [N // 3] * 3


def test_a_group_called_missing_stays_apart(tmp_path):
    GROUPS["odd"] = ["(missing)", None, "b"] * (N // 3)
    scored("s", ".parquet", ["odd"])
    assert main(["compare", "s.parquet", "s.parquet", "-q", "--group-by", "odd", "--json",
                 "c.json"]) == 0  # fmt: skip
    table = json.loads((tmp_path / "c.json").read_text())["by_group"]
    assert table["name"] == ["((missing))", "(missing)", "b"]
    assert table["count"] == [N // 3] * 3


def test_json_to_standard_output_is_json_alone(capsys, tmp_path):
    scored("s")
    assert main(["compare", "s.parquet", "s.parquet", "--json", "-"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["n_samples"] == N
    assert "joined by row" in told.err
    assert not (tmp_path / "-").exists()


def test_two_estimators_are_told(capsys, tmp_path):
    scored("a")
    scored("c", ".csv")
    assert main(["score", "in.csv", "-o", "b.parquet", "-q", "--sigma", "0.1"]) == 0
    capsys.readouterr()
    assert main(["compare", "a.parquet", "b.parquet", "-q", "-o", "c.html"]) == 0
    names = ["ClosedForm(sigma=0.01, resolution=0.001)", "ClosedForm(sigma=0.1, resolution=0.001)"]
    said = f"warning: OLD was scored by {names[0]}, NEW by {names[1]}: this alone changes"
    assert said in capsys.readouterr().err
    page = (tmp_path / "c.html").read_text("utf-8")
    assert f"{names[0]} (old), {names[1]} (new)" in page
    for pair in (["a.parquet", "a.parquet"], ["c.csv", "b.parquet"]):
        assert main(["compare", *pair, "-q"]) == 0
        assert "scored by" not in capsys.readouterr().err
