"""`easiness merge`: the summary of all shards, exactly, and of nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_cli.shards import score_shard

import easiness_core as ec

RNG = np.random.default_rng(8)
PROBS = RNG.dirichlet(np.full(4, 0.15), size=400)
LABELS = RNG.integers(0, 4, size=400)
CUTS = [slice(0, 150), slice(150, 151), slice(151, 400)]


def save(at: int, **arrays: Any) -> None:
    np.savez(f"shards/part-{at}.npz", **arrays)


@pytest.fixture(autouse=True)
def _scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shards").mkdir()
    for at, cut in enumerate(CUTS):
        save(at, probs=PROBS[cut], labels=LABELS[cut])
    assert main(["score", "shards", "-o", "out", "-q"]) == 0


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*argv: str, code: int = 3) -> str:
        assert main(argv) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        return captured.err

    return run


def merged(capsys: pytest.CaptureFixture[str], *paths: str) -> Any:
    assert main(["merge", *paths, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_equals_the_whole_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    notes = sorted(map(str, Path("out").glob("*.json")))
    expected = ec.score(PROBS, LABELS).summary.to_dict()
    for paths in (["out"], notes, notes[::-1], ["out", "--verify"]):
        assert merged(capsys, *paths)["summary"] == expected


def test_it_takes_what_score_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for at, cut in enumerate(CUTS):
        np.savez(f"{at}.npz", probs=PROBS[cut], labels=LABELS[cut])
        assert main(["score", f"{at}.npz", "--json"]) == 0
        Path(f"{at}.json").write_text(capsys.readouterr().out)
    found = merged(capsys, "1.json", "0.json", "2.json")
    assert found["summary"] == ec.score(PROBS, LABELS).summary.to_dict()
    assert main(["merge", "0.json"]) == 0
    assert "samples        150\n" in capsys.readouterr().out


def test_it_refuses_what_is_not_whole(fails: Callable[..., str]) -> None:
    data = bytearray(Path("out/part-0.parquet").read_bytes())
    data[100] ^= 1
    Path("out/part-0.parquet").write_bytes(data)
    assert "not what the note beside it says" in fails("merge", "out", "--verify")
    os.truncate("out/part-0.parquet", 100)
    assert "not what the note beside it says" in fails("merge", "out")
    os.unlink("out/part-0.parquet")
    assert "missing" in fails("merge", "out")


def test_it_refuses_an_output_without_its_note(fails: Callable[..., str]) -> None:
    os.unlink("out/part-0.parquet.json")
    assert "1 of 3 notes are missing, such as that of 'part-0.parquet'" in fails("merge", "out")
    os.unlink("out/.easiness.shards")
    assert "'part-0.parquet' has no note" in fails("merge", "out")


def test_it_refuses_a_part_of_a_set(
    fails: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    save(2, probs=PROBS[CUTS[2]] * 2, labels=LABELS[CUTS[2]])
    assert main(["score", "shards", "-o", "some", "-q"]) == 3
    capsys.readouterr()
    assert "1 of 3 notes are missing, such as that of 'part-2.parquet'" in fails("merge", "some")
    # Of the others it may be asked for.
    notes = [f"some/part-{at}.parquet.json" for at in range(2)]
    assert merged(capsys, *notes)["n_samples"] == 151
    save(2, probs=PROBS[CUTS[2]], labels=LABELS[CUTS[2]])
    assert main(["score", "shards", "-o", "some", "-q"]) == 0
    assert merged(capsys, "some")["n_samples"] == 400


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "outputs": 3}'])
def test_it_refuses_where_it_cannot_tell_the_set(text: str, fails: Callable[..., str]) -> None:
    Path("out/.easiness.shards").write_text(text)
    assert "cannot tell which shards belong here" in fails("merge", "out")
    assert main(["score", "shards", "-o", "out", "-q"]) == 0
    assert main(["merge", "out"]) == 0


def test_a_set_may_grow(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "shards/part-[01].npz", "-o", "grown", "-q"]) == 0
    assert merged(capsys, "grown")["n_samples"] == 151
    assert main(["score", "shards", "-o", "grown", "-q"]) == 0
    assert merged(capsys, "grown")["n_samples"] == 400


@pytest.mark.parametrize("name", ["old.parquet", "part-0.csv"])
def test_a_foreign_output_is_no_part_of_a_run(name: str, fails: Callable[..., str]) -> None:
    Path("out", name).write_text("mine")
    Path("out/summary.json").write_text("mine")
    assert f"'{name}', which is no output of this run" in fails("score", "shards", "-o", "out")
    assert f"'{name}' has no note beside it: it is of no run" in fails("merge", "out")
    os.unlink(f"out/{name}")
    assert main(["score", "shards", "-o", "out"]) == 0


def test_two_shards_of_equal_content_count_twice_in_both(
    fails: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    save(2, probs=PROBS[CUTS[0]], labels=LABELS[CUTS[0]])
    assert main(["score", "shards", "-o", "twice", "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)["summary"]
    assert expected["n_samples"] == 301
    notes = [f"twice/part-{at}.parquet.json" for at in range(3)]
    assert merged(capsys, "twice")["summary"] == expected
    assert merged(capsys, *notes)["summary"] == expected
    assert "already counts the same samples" in fails("merge", "twice", notes[0])


def test_a_copy_of_a_result_is_that_result(
    fails: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(2):
        assert main(["score", f"shards/part-{at}.npz", "--json"]) == 0
        Path(f"{at}.json").write_text(capsys.readouterr().out)
    Path("copy.json").write_bytes(Path("1.json").read_bytes())
    assert merged(capsys, "0.json", "1.json")["n_samples"] == 151
    assert "'1.json' already counts" in fails("merge", "0.json", "1.json", "copy.json")


def test_it_refuses_to_count_twice(fails: Callable[..., str]) -> None:
    assert "already counts" in fails("merge", "out", "out/part-0.parquet.json")
    assert main(["score", "shards", "-o", "again", "-q"]) == 0
    assert "already counts" in fails("merge", "out", "again")


def test_it_refuses_copies_within_a_folder(
    fails: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    for ending in (".parquet", ".parquet.json"):
        Path(f"out/copy{ending}").write_bytes(Path(f"out/part-0{ending}").read_bytes())
    assert "'copy.parquet.json' is no note of its run" in fails("merge", "out")
    notes = sorted(str(path) for path in Path("out").glob("*.json"))
    assert "already counts the same samples" in fails("merge", *notes)
    os.unlink("out/copy.parquet"), os.unlink("out/copy.parquet.json")
    assert merged(capsys, "out") == merged(capsys, *[note for note in notes if "copy" not in note])


def test_it_refuses_what_does_not_belong_together(fails: Callable[..., str]) -> None:
    save(0, probs=PROBS[:9, :3] / PROBS[:9, :3].sum(1, keepdims=True), labels=[0] * 9)
    assert main(["score", "shards/part-0*", "-o", "three", "-q"]) == 0
    assert "3 classes" in fails("merge", "three", "out")
    assert main(["score", "shards/part-1*", "-o", "wide", "-q", "--sigma", "0.1"]) == 0
    out = ["out/part-0.parquet.json", "out/part-2.parquet.json"]
    assert "different estimator" in fails("merge", *out, "wide")
    assert main(["score", "shards/part-1*", "-o", "summed", "-q", "--normalize"]) == 0
    assert "scored with normalize" in fails("merge", *out, "summed")


def test_a_rerun_with_other_parameters_scores_nothing(fails: Callable[..., str]) -> None:
    os.unlink("out/part-0.parquet"), os.unlink("out/part-0.parquet.json")
    error = fails("score", "shards", "-o", "out", "-q", "--normalize")
    assert "out/part-1.parquet' was scored with normalize False, not True" in error
    assert not os.path.exists("out/part-0.parquet")
    assert main(["score", "shards", "-o", "out", "-q", "--normalize", "--overwrite"]) == 0
    assert os.path.exists("out/part-0.parquet")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"summary": 1}', "[" * 100_000])
def test_it_refuses_anything_else(text: str, fails: Callable[..., str]) -> None:
    Path("x.json").write_text(text)
    assert "neither the note of a shard nor" in fails("merge", "x.json")


def test_notes_of_outputs_in_capitals_are_notes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own").mkdir()
    score_shard("shards/part-0.npz", "own/A.CSV")
    score_shard("shards/part-2.npz", "own/b.csv")
    assert merged(capsys, "own")["summary"]["n_samples"] == 150 + 249
