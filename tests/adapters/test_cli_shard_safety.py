"""Shards: nothing foreign is lost, no row is lost or doubled, no id or label is misread."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _stream
from easiness_cli.__main__ import main
from easiness_cli._errors import CommandError
from easiness_cli._parameters import Parameters
from easiness_cli._shard_names import pair
from easiness_cli._shard_set import ShardsError, check_shards, run_serially
from easiness_cli._stream import Reading
from easiness_cli.shards import ShardError, score_shard

import easiness_core as ec

RNG = np.random.default_rng(12)
PROBS = RNG.dirichlet(np.ones(3), size=150)
LABELS = RNG.integers(0, 3, size=150)
PARAMETERS = Parameters(ec.ClosedForm(), 5, False, False, Reading())


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 40 * 3)


def save(name: str, n: int = 150, **arrays: Any) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    np.savez(name, probs=PROBS[:n], labels=LABELS[:n], **arrays)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_of_ids_asked_for_is_no_class(
    suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if suffix == "csv":
        Path("p.csv").write_text("customer,a,b,label\n7,.9,.1,a\n9,.2,.8,b\n")
    else:
        columns = {"customer": [7, 9], "a": [0.9, 0.2], "b": [0.1, 0.8], "label": ["a", "b"]}
        pq.write_table(pa.table(columns), "p.parquet")
    argv = ["score", f"p.{suffix}", "--ids-key", "customer", "--normalize", "--json"]
    assert main([*argv, "-o", "s.csv"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["n_classes"], printed["accuracy"]) == (2, 1.0)
    assert "7" in Path("s.csv").read_text().splitlines()[1].split(",")


@pytest.mark.parametrize("content", ['{"mine": 1}', "[1]", ""])
@pytest.mark.parametrize("scores", [None, "precious"])
def test_a_foreign_file_where_the_note_should_be_is_left_alone(
    content: str, scores: str | None
) -> None:
    save("p.npz")
    Path("s.csv.json").write_text(content)
    if scores:
        Path("s.csv").write_text(scores)
    with pytest.raises(ShardError, match=r"'s.csv.json': not the note of a shard"):
        score_shard("p.npz", "s.csv")
    assert Path("s.csv.json").read_text() == content
    assert (Path("s.csv").read_text() if scores else os.path.exists("s.csv")) == (scores or False)
    assert score_shard("p.npz", "s.csv", overwrite=True).n_samples == 150


def test_a_shard_that_changes_after_the_check_is_not_scored() -> None:
    Path("in").mkdir()
    np.save("in/p.npy", PROBS[:100])
    np.save("y.npy", LABELS[:100])
    shards = pair(["in/p.npy"], ["y.npy"], ".", ".csv")
    opened = check_shards(shards, PARAMETERS, check_ids=False)
    np.save("in/p.npy", PROBS)
    np.save("y.npy", LABELS)
    with pytest.raises(ShardsError, match="changed since it was checked"):
        run_serially(shards, opened, PARAMETERS, overwrite=False, n_threads=1, progress=None)
    assert not os.path.exists("p.csv.json")
    assert score_shard("in/p.npy", "p.csv", labels="y.npy").n_samples == 150


@pytest.mark.parametrize("whole", [False, True])
def test_ids_of_csv_are_carried_as_they_are_written(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_stream, "_ELEMENTS", 1 << 20)
    ids = [f"h{at:07}" for at in range(1 << 14)] + ["007", "7", "1_0", "00123456", "1e3"]
    rows = "".join(f"{name},.5,.5,a\n" for name in ids)
    Path("p.csv").write_text("id,a,b,label\n" + rows)
    if whole:
        assert main(["score", "p.csv", "-o", "s.npz", "-q"]) == 0
    else:
        score_shard("p.csv", "s.npz")
    assert np.load("s.npz")["id"].tolist() == ids


def test_labels_that_become_text_within_a_block_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_stream, "_ELEMENTS", 1 << 20)
    rows = "".join(f".5,.5,{label}\n" for label in ["1"] * (1 << 14) + ["x"])
    Path("p.csv").write_text("a,b,label\n" + rows)
    with pytest.raises(ShardError, match="numbers up to row 16384, text from there on"):
        score_shard("p.csv", "s.csv", classes=["1", "x"])


def score_set(*tables: str) -> None:
    Path("in").mkdir()
    for at, table in enumerate(tables):
        Path(f"in/{at}.csv").write_text(table)
    check_shards(pair("in", None, "out", ".csv"), PARAMETERS, check_ids=True)


def test_a_number_is_never_a_name_in_one_shard_and_a_column_in_another() -> None:
    table = "1,2,other,label\n.98,.01,.01,1\n.01,.98,.01,2\n"
    Path("a.csv").write_text(table)
    with pytest.raises(ShardError, match="'1' is the name of a class and also the number"):
        score_shard("a.csv", "s.csv")
    Path("b.csv").write_text(table + ".01,.01,.98,other\n")
    assert score_shard("b.csv", "s.csv").accuracy == 1.0
    # No two meanings: each name that is a number is that of its own column.
    Path("c.csv").write_text(table.replace("1,2,other,label", "0,1,other,label"))
    assert score_shard("c.csv", "t.csv").accuracy == 0.0


def test_shards_whose_columns_are_called_otherwise_are_refused() -> None:
    row = ".98,.01,.01,other\n"
    with pytest.raises(CommandError, match="differ in the names of their columns"):
        score_set("1,2,other,label\n" + row, "2,1,other,label\n" + row)


def ids_apart(probs: str, labels: str) -> None:
    columns = {"id": [1, 2], "a": [0.9, 0.1], "b": [0.1, 0.9]}
    theirs = {"id": [2, 1], "label": ["b", "a"]}
    for name, table in (("p." + probs, columns), ("l." + labels, theirs)):
        if name.endswith("csv"):
            rows = "".join(
                f"{','.join(map(str, row))}\n" for row in zip(*table.values(), strict=True)
            )
            Path(name).write_text(",".join(table) + "\n" + rows)
        elif name.endswith("parquet"):
            pq.write_table(pa.table(table), name)
        elif "label" in table:
            np.savez(name, **{key: np.array(value) for key, value in table.items()})
        else:
            probs_of = np.column_stack([table["a"], table["b"]])
            np.savez(name, probs=probs_of, id=np.array(table["id"]))


@pytest.mark.parametrize("labels", ["csv", "parquet", "npz"])
@pytest.mark.parametrize("probs", ["csv", "parquet", "npz"])
def test_labels_whose_ids_are_in_another_order_are_refused(
    probs: str, labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ids_apart(probs, labels)
    paths, told = (f"p.{probs}", f"l.{labels}"), r"its ids are not those of .*row 0 is '2' and '1'"
    with pytest.raises(ShardError, match=told):
        score_shard(paths[0], "s.csv", labels=paths[1], classes=["a", "b"])
    argv = ["score", *paths, "--classes", "a,b", "--json"]
    assert main(argv) == 3
    assert "its ids are not those of" in capsys.readouterr().err
    assert main([*argv, "--ids-key", ""]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 0.0


def test_a_summary_among_the_notes_is_not_counted_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    save("in/a.npz")
    save("in/b.npz", 100)
    assert main(["score", "in", "-o", "out", "--json"]) == 0
    Path("out/summary.json").write_text(capsys.readouterr().out)
    assert main(["merge", "out", "--json"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["n_samples"] == 250
    Path("merged.json").write_text(text)
    os.rename("out/summary.json", "summary.json")
    for paths in (["out", "summary.json"], ["merged.json", "out"], ["summary.json"] * 2):
        assert main(["merge", *paths]) == 3
        assert "already counts the same samples" in capsys.readouterr().err


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_one_file_under_two_names_is_refused(link: Any, capsys: pytest.CaptureFixture[str]) -> None:
    save("in/p.npz")
    link(os.path.abspath("in/p.npz"), "in/latest.npz")
    assert main(["score", "in", "-o", "out"]) == 3
    assert "'in/latest.npz' and 'in/p.npz' are one file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["out", "out/", "out//"])
def test_an_output_folder_that_is_a_link_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("in/p.npz")
    Path("elsewhere").mkdir()
    os.symlink("elsewhere", "out")
    assert main(["score", "in", "-o", name]) == 3
    assert "it is a symbolic link" in capsys.readouterr().err
    assert os.listdir("elsewhere") == []


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_formulas_are_escaped_in_csv_alone(suffix: str) -> None:
    save("p.npz", 3, id=np.array(["=1+1", "b", "c"]))
    assert main(["score", "p.npz", "--escape-formulas", "-o", f"s.{suffix}", "-q"]) == 0
    score_shard("p.npz", f"t.{suffix}", escape_formulas=True)
    for name in (f"s.{suffix}", f"t.{suffix}"):
        if suffix == "csv":
            assert "'=1+1" in Path(name).read_text()
        elif suffix == "npz":
            assert np.load(name)["id"][0] == "=1+1"
        else:
            assert pq.read_table(name)["id"][0].as_py() == "=1+1"
    if suffix == "csv":
        with pytest.raises(ShardError, match="escape_formulas True, not False"):
            score_shard("p.npz", f"t.{suffix}")
    else:
        # Nothing of such a file depends on it: the shard is done.
        written = os.stat(f"t.{suffix}").st_mtime_ns
        score_shard("p.npz", f"t.{suffix}")
        assert os.stat(f"t.{suffix}").st_mtime_ns == written


@pytest.mark.parametrize("width", [0, 1])
def test_fewer_than_two_classes_are_refused(width: int) -> None:
    np.save("p.npy", np.ones((3, width)))
    np.save("y.npy", np.zeros(3, int))
    with pytest.raises(ShardError, match=f"at least 2, got {width}"):
        score_shard("p.npy", "s.csv", labels="y.npy")


def test_a_shard_that_takes_too_much_memory_is_a_shard_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_memory(*_: Any) -> None:
        raise MemoryError

    save("p.npz")
    monkeypatch.setattr(_stream.Rows, "blocks", out_of_memory)
    with pytest.raises(ShardError, match=r"'p.npz': out of memory"):
        score_shard("p.npz", "s.csv")
