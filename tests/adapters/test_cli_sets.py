"""Folders and globs of shards by the command, and `easiness merge`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_cli import _score_stream, _stream
from easiness_cli.__main__ import main

import easiness_core as ec

RNG = np.random.default_rng(8)
PROBS = RNG.dirichlet(np.full(4, 0.15), size=400)
LABELS = RNG.integers(0, 4, size=400)
CUTS = [slice(0, 150), slice(150, 151), slice(151, 400)]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 64 * 4)
    Path("shards").mkdir()
    for at, cut in enumerate(CUTS):
        save(at, probs=PROBS[cut], labels=LABELS[cut], id=np.arange(400)[cut])


def save(at: int, **arrays: Any) -> None:
    np.savez(f"shards/part-{at}.npz", **arrays)


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*argv: str, code: int = 3) -> str:
        assert main(argv) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        return captured.err

    return run


def scored(folder: str = "out") -> dict[str, Any]:
    tables = [pq.read_table(path) for path in sorted(Path(folder).glob("*.parquet"))]
    return {
        name: np.concatenate([table[name].to_numpy() for table in tables])
        for name in ("id", "log_easiness", "loss")
    }


@pytest.mark.parametrize("probs", ["shards", "shards/", "shards/part-*.npz", "shards/*.npz"])
def test_shards_are_scored_as_the_whole(probs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", probs, "-o", "out", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    expected = ec.score(PROBS, LABELS)
    assert ec.Summary.from_dict(printed["summary"]) == expected.summary
    assert (printed["n_classes"], printed["output"]) == (4, "out")
    found = scored()
    np.testing.assert_array_equal(found["log_easiness"], expected.log_easiness)
    np.testing.assert_array_equal(found["id"], np.arange(400))


def test_labels_are_paired_by_what_the_wildcards_stand_for() -> None:
    for at, cut in enumerate(CUTS):
        np.save(f"p{at}x.npy", PROBS[cut])
        np.save(f"{at}-y.npy", LABELS[cut])
    assert main(["score", "p*x.npy", "*-y.npy", "-o", "out", "--format", "npz", "-q"]) == 0
    assert sorted(n for n in os.listdir("out") if n[0] != ".") == [
        f"p{at}x.npz{end}" for at in range(3) for end in ("", ".json")
    ]
    with np.load("out/p2x.npz") as found:
        np.testing.assert_array_equal(found["label"], LABELS[CUTS[2]])


def test_a_rerun_skips_what_is_whole() -> None:
    assert main(["score", "shards", "-o", "out", "-q"]) == 0
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in Path("out").iterdir()}
    os.truncate("out/part-2.parquet", 1000)
    assert main(["score", "shards", "-o", "out", "-q"]) == 0
    after = {path.name: (path.stat().st_ino, path.read_bytes()) for path in Path("out").iterdir()}
    assert {name for name in before if before[name][0] != after[name][0]} == {
        "part-2.parquet",
        "part-2.parquet.json",
    }
    assert {n: d for n, (_, d) in before.items()} == {n: d for n, (_, d) in after.items()}


class TestRefused:
    @pytest.fixture(autouse=True)
    def _nothing_is_scored(self) -> Any:
        yield
        assert not list(Path().glob("out*/part-*"))

    def test_shards_that_differ_in_classes(self, fails: Callable[..., str]) -> None:
        save(2, probs=PROBS[151:, :3], labels=LABELS[151:] % 3, id=np.arange(151, 400))
        message = fails("score", "shards", "-o", "out")
        assert (
            "differ in their number of classes: 4 in 'shards/part-0.npz', 3 in 'shards/part-2"
            in message
        )

    def test_ids_in_two_shards(self, fails: Callable[..., str]) -> None:
        save(1, probs=PROBS[:1], labels=LABELS[:1], id=[399])
        message = fails("score", "shards", "-o", "out")
        assert "the id 399 is in 'shards/part-1.npz' and in 'shards/part-2.npz'" in message

    def test_ids_twice_in_one_shard(self, fails: Callable[..., str]) -> None:
        save(1, probs=PROBS[:2], labels=LABELS[:2], id=["a", "a"])
        message = fails("score", "shards/part-1*", "-o", "out")
        assert "the id 'a' occurs twice" in message

    def test_ids_of_two_kinds(self, fails: Callable[..., str]) -> None:
        save(1, probs=PROBS[:1], labels=LABELS[:1], id=["399"])
        assert "numbers in 'shards/part-0.npz' and text in" in fails("score", "shards", "-o", "out")

    def test_ids_in_some_shards_only(self, fails: Callable[..., str]) -> None:
        save(1, probs=PROBS[:1], labels=LABELS[:1])
        assert "differ in having ids" in fails("score", "shards", "-o", "out")

    def test_missing_labels(self, fails: Callable[..., str]) -> None:
        save(1, probs=PROBS[:1])
        assert "as the labels" in fails("score", "shards", "-o", "out")

    def test_a_shard_without_its_file_of_labels(self, fails: Callable[..., str]) -> None:
        for at, cut in enumerate(CUTS):
            np.save(f"part-{at}.npy", PROBS[cut])
            if at:
                np.save(f"y-{at}.npy", LABELS[cut])
        message = fails("score", "part-*.npy", "y-*.npy", "-o", "out")
        assert "'part-0.npy' has no labels (1 and 0 such)" in message

    def test_files_that_are_no_shards(self, fails: Callable[..., str]) -> None:
        Path("shards/README.md").write_text("about")
        assert "such as 'README.md'" in fails("score", "shards", "-o", "out")

    def test_two_shards_of_one_name(self, fails: Callable[..., str]) -> None:
        np.save("shards/part-1.npy", PROBS)
        assert "two shards of one name" in fails("score", "shards", "-o", "out")

    def test_an_output_that_is_a_link(self, fails: Callable[..., str]) -> None:
        Path("elsewhere").mkdir()
        os.symlink("elsewhere", "out")
        assert "symbolic link" in fails("score", "shards", "-o", "out")
        assert not os.listdir("elsewhere")

    @pytest.mark.parametrize("argv", [["-o", "out.csv"], [], ["-o", "-"]])
    def test_an_output_that_is_no_folder(self, argv: list[str], fails: Callable[..., str]) -> None:
        assert "pass -o FOLDER" in fails("score", "shards", *argv, code=2)

    def test_a_glob_without_matches(self, fails: Callable[..., str]) -> None:
        assert "no shards there" in fails("score", "none-*.npz", "-o", "out")

    def test_outputs_of_other_shards(self, fails: Callable[..., str]) -> None:
        Path("out").mkdir()
        Path("out/old.parquet.json").write_text("{}")
        assert "of a shard that is not among these" in fails("score", "shards", "-o", "out")

    def test_a_folder_in_use(self, fails: Callable[..., str]) -> None:
        from easiness_cli._lock import locked

        Path("out").mkdir()
        code = "import sys\nfrom easiness_cli._lock import locked\n"
        code += "with locked('out'):\n    print('held', flush=True)\n    sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            message = fails("score", "shards", "-o", "out")
            assert f"another run is writing there (process {other.pid}" in message
            other.kill()
        with locked("out"):  # the system released it
            pass


def test_one_bad_shard_does_not_keep_the_others_from_being_done(fails: Callable[..., str]) -> None:
    save(1, probs=[[0.5, 0.1, 0.1, 0.1]], labels=[0], id=[500])
    message = fails("score", "shards", "-o", "out", "-q")
    assert "2 of 3 shards are finished" in message
    assert "'shards/part-1.npz': probs: 1 of 1 rows do not sum to 1" in message
    assert sorted(path.name for path in Path("out").glob("*.parquet")) == [
        "part-0.parquet",
        "part-2.parquet",
    ]


def test_ids_need_not_be_compared() -> None:
    save(1, probs=PROBS[:1], labels=LABELS[:1], id=[399])
    assert main(["score", "shards", "-o", "out", "-q", "--no-check-ids"]) == 0


def test_what_killed_runs_left_is_removed_and_nothing_else() -> None:
    Path("out").mkdir()
    for name in (".part-0.parquet.0123456789ab.tmp", ".part-0.parquet.json.0123456789ab.tmp"):
        Path("out", name).write_text("half")
    Path("out/.mine.0123456789ab.tmp").write_text("mine")
    assert main(["score", "shards", "-o", "out", "-q"]) == 0
    hidden = sorted(name for name in os.listdir("out") if name[0] == ".")
    assert hidden == [".easiness.lock", ".easiness.shards", ".mine.0123456789ab.tmp"]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
def test_a_large_file_is_scored_in_blocks_as_at_once(
    suffix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["score", "shards/part-2.npz", "--json", "--no-auroc"]
    assert main([*argv, "-o", f"a.{suffix}"]) == 0
    whole = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(_score_stream, "AUROC_ELEMENTS", 100)
    monkeypatch.setattr("easiness_cli._score.inputs_from", None)
    assert main([*argv, "-o", f"b.{suffix}"]) == 0
    blocks = json.loads(capsys.readouterr().out)
    assert {**whole, "output": None} == {**blocks, "output": None}
    if suffix == "csv":
        assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    elif suffix == "npz":
        with np.load("a.npz") as a, np.load("b.npz") as b:
            assert a.files == b.files
            for name in a.files:
                np.testing.assert_array_equal(a[name], b[name], strict=True)
    else:
        assert pq.read_table("a.parquet").equals(pq.read_table("b.parquet"))
    assert main([*argv]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == whole["summary"]


def test_zarr_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    zarr = pytest.importorskip("zarr")
    made = zarr.create_array("p.zarr", shape=PROBS.shape, dtype="f8", chunks=(50, 4))
    made[:] = PROBS
    np.save("y.npy", LABELS)
    assert main(["score", "p.zarr", "y.npy", "-o", "s.csv", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert ec.Summary.from_dict(printed["summary"]) == ec.score(PROBS, LABELS).summary
    assert main(["score", "p.zarr", "y.npy", "--auroc"]) == 2
    assert "--auroc needs all rows at once: it is not offered for zarr" in capsys.readouterr().err
