"""Folders, globs and lists of shards, scored into a folder: checked, resumed, reported."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from easiness_io import (
    DataError,
    SampleReader,
    ShardError,
    ShardsError,
    score_shard,
    score_shards,
)  # fmt: skip
from shard_cases import CUTS, LABELS, PROBS, names_in, save, save_set

import easiness_core as ec

OUTPUTS = [f"part-{at}.parquet" for at in range(3)]
MANIFESTS = [f"{name}.json" for name in OUTPUTS]


@pytest.fixture(autouse=True)
def _set(in_folder: Path) -> None:
    save_set()


@pytest.mark.parametrize(
    "inputs", ["in", "in/", "in/part-*.npz", [f"in/part-{at}.npz" for at in range(3)], Path("in"),
               b"in"]
)  # fmt: skip
def test_shards_are_scored_as_the_whole_and_read_as_one_table(inputs: Any) -> None:
    expected = ec.score(PROBS, LABELS)
    assert score_shards(inputs, "out") == expected.summary
    # Nothing but the outputs, hidden files included.
    assert sorted(os.listdir("out")) == OUTPUTS
    assert sorted(os.listdir("out.easiness")) == ["lock", *MANIFESTS, "shards.json"]
    tables = [pd.read_parquet("out"), pyarrow.dataset.dataset("out").to_table().to_pandas()]
    for table in tables:
        np.testing.assert_array_equal(table["log_easiness"], expected.log_easiness)
        np.testing.assert_array_equal(table["id"], np.arange(400))


def test_labels_are_paired_by_what_the_wildcards_stand_for() -> None:
    for at, rows in enumerate(CUTS):
        np.save(f"p{at}x.npy", PROBS[rows])
        np.save(f"{at}-y.npy", LABELS[rows])
    score_shards("p*x.npy", "out", labels_path="*-y.npy", format="npz")
    assert names_in("out") == ["p0x.npz", "p1x.npz", "p2x.npz"]
    with np.load("out/p2x.npz") as found:
        np.testing.assert_array_equal(found["label"], LABELS[CUTS[2]])


def test_the_name_of_the_current_folder_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, n_files in (("exp[1]", 2), ("exp1", 1)):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        for at in range(n_files):
            save(f"in/{at}.npz")
    monkeypatch.chdir(tmp_path / "exp[1]")
    assert score_shards("in/*.npz", "out").n_samples == 300
    assert score_shards("in", "other").n_samples == 300
    assert score_shards("../exp1/in/?.npz", "third").n_samples == 150
    with pytest.raises(ShardError, match="would be one of the inputs"):
        score_shards("in/*", "in/out")


def state(*folders: str) -> dict[str, tuple[int, bytes]]:
    files = [path for folder in folders for path in Path(folder).iterdir()]
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in files}


def test_a_rerun_skips_what_is_complete() -> None:
    moved: list[tuple[int, int]] = []

    def progress(done: int, skipped: int) -> None:
        moved.append((done, skipped))

    first = score_shards("in", "out", progress=progress)
    assert moved[-1] == (400, 0)
    assert moved == sorted(moved)
    assert len(moved) > 6  # within shards, too
    before = state("out", "out.easiness")
    os.truncate("out/part-2.parquet", 1000)
    moved.clear()
    assert score_shards("in", "out", progress=progress) == first
    assert moved[0] == (150, 150)
    assert moved[-1] == (400, 151)
    after = state("out", "out.easiness")
    changed = {name for name in before if before[name][0] != after[name][0]}
    assert changed == {"part-2.parquet", "part-2.parquet.json"}
    assert {n: d for n, (_, d) in before.items()} == {n: d for n, (_, d) in after.items()}


def test_what_killed_runs_left_is_removed_and_nothing_else() -> None:
    for name in ("out/.part-0.parquet.{}", "out.easiness/.part-0.parquet.json.{}",
                 "out.easiness/.shards.json.{}", "out/.mine.{}"):  # fmt: skip
        path = Path(name.format("0123456789ab.tmp"))
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    score_shards("in", "out")
    assert names_in("out") == [".mine.0123456789ab.tmp", *OUTPUTS]
    assert names_in("out.easiness") == [*MANIFESTS, "shards.json"]


def test_readers_are_handed_out_before_the_first_shard_is_scored() -> None:
    found: list[SampleReader] = []

    def opened(readers: list[SampleReader]) -> None:
        found.extend(readers)
        assert not os.path.exists("out")

    score_shards("in", "out", opened=opened)
    assert [reader.n_rows for reader in found] == [150, 1, 249]


def test_a_runner_scores_what_was_checked() -> None:
    def nothing(shards: Any, readers: Any, parameters: Any, **options: Any) -> Any:
        from easiness_io.shards.run import Report

        assert len(shards) == len(readers) == 3
        assert parameters.n_bins == 7
        assert options["overwrite"] is True
        return Report(stopped="the power went")

    with pytest.raises(ShardsError, match="0 of 3 shards are finished; 3 are not: the power went"):
        score_shards("in", "out", n_bins=7, overwrite=True, runner=nothing)


@pytest.mark.parametrize(
    ("n_good", "n_bad", "said"),
    [
        (1, 1, r"^1 of 2 shards is finished and will .*; 1 is not: '.*bad0.npz': probs: 3 of 3"),
        (0, 2, r"^0 of 2 shards are finished; 2 are not: .*bad0.*; .*bad1"),
        (2, 5, r"7 shards are .*bad2.npz': .*; and 2 more: '.*bad3.npz', '.*bad4.npz'$"),
    ],
)
def test_one_bad_shard_does_not_keep_the_others_from_being_scored(
    n_good: int, n_bad: int, said: str
) -> None:
    for at in range(n_good):
        save(f"some/good{at}.npz")
    for at in range(n_bad):
        save(f"some/bad{at}.npz", probs=np.ones((3, 3)), labels=np.zeros(3, int))
    if n_good:
        for at in range(n_bad):
            save(f"some/bad{at}.npz", probs=np.ones((3, 4)), labels=np.zeros(3, int))
    with pytest.raises(ShardsError, match=said) as caught:
        score_shards("some", "out")
    error = caught.value
    assert names_in("out") == [f"good{at}.parquet" for at in range(n_good)]
    assert list(map(os.path.basename, error.finished)) == names_in("out")
    assert list(map(os.path.basename, error.failed)) == [f"bad{at}.npz" for at in range(n_bad)]
    assert error.summary.n_samples == 150 * n_good
    assert all(each.argument == "probs" for each in error.failed.values())
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.summary == error.summary
    assert again.failed.keys() == error.failed.keys()
    # Options of failed shards are called as the caller calls them.
    assert "normalize=True" in str(error)
    assert "--normalize" in error.worded({"normalize": "--normalize", "softmax": "--logits"})


class TestRefused:
    @pytest.fixture(autouse=True)
    def _nothing_is_scored(self, _set: None, forbid_scoring: Callable[[], None]) -> None:
        forbid_scoring()

    def refused(self, said: str, inputs: Any = "in", output: str = "out", **options: Any) -> None:
        before = sorted(map(str, Path().rglob("*")))
        with pytest.raises(ShardError, match=said) as caught:
            score_shards(inputs, output, **options)
        assert not isinstance(caught.value, ShardsError)
        assert sorted(str(path) for path in Path().rglob("*") if path.name != "lock") == before

    def test_shards_that_differ_in_their_number_of_classes(self) -> None:
        save("in/part-2.npz", probs=PROBS[151:, :3], labels=LABELS[151:] % 3, id=np.arange(249))
        self.refused(r"part-2.npz': shards differ in their number of classes: 3, but 4 in '.*-0")

    def test_shards_that_differ_in_having_ids(self) -> None:
        save("in/part-1.npz", CUTS[1])
        self.refused(r"part-1.npz': shards differ in having ids: False, but True in '.*-0.npz'")

    @pytest.mark.parametrize("check_ids", [True, False])
    @pytest.mark.parametrize("ids", [["399"], np.array([399], np.uint64)])
    def test_shards_that_differ_in_the_type_of_their_ids(self, ids: Any, check_ids: bool) -> None:
        save("in/part-1.npz", CUTS[1], id=ids)
        said = r"in the type of their ids: (string|uint64), but int64 in '.*part-0.npz'"
        self.refused(said, check_ids=check_ids)

    @pytest.mark.parametrize(
        ("second", "options", "said"),
        [
            ("b,a", {}, "class names: b, a, but a, b in"),
            ("a,c", {}, "class names: a, c, but a, b in"),
            ("q_0,q_1", {}, "class names|class columns"),
            ("b,a", {"classes": ["x", "y"]}, "class columns: b, a, but a, b in"),
        ],
    )
    def test_shards_that_differ_in_their_columns(
        self, second: str, options: Any, said: str
    ) -> None:
        Path("some").mkdir()
        for name, columns in (("0", "a,b"), ("1", second)):
            Path(f"some/{name}.csv").write_text(f"{columns},label\n.5,.5,0\n")
        self.refused(rf"1.csv': shards differ in (the order of )?their ({said})", "some", **options)

    def test_columns_that_are_numbered_alike_under_two_names(self) -> None:
        Path("some").mkdir()
        for name, column in (("0", "old"), ("1", "new")):
            Path(f"some/{name}.csv").write_text(f"{column}_0,{column}_1,label\n.5,.5,0\n")
        self.refused("class columns: new_0, new_1, but old_0, old_1 in", "some")

    def test_a_shard_without_labels(self) -> None:
        np.savez("in/part-1.npz", probs=PROBS[:1], id=[3])
        self.refused(r"part-1.npz': no column of labels")

    def test_wrong_labels_that_can_be_read_alone(self) -> None:
        save("in/part-2.npz", CUTS[2], labels=np.full(249, 4), id=np.arange(249))
        self.refused(r"part-2.npz': labels: 249 of 249 .* outside 0 to 3")

    @pytest.mark.parametrize("link", [os.symlink, os.link])
    def test_one_file_under_two_names(self, link: Any) -> None:
        link(os.path.abspath("in/part-0.npz"), "in/latest.npz")
        self.refused(r"part-0.npz': it is the same file as '.*latest.npz'")

    @pytest.mark.parametrize("output", ["out", "out/", "out//", "out.easiness"])
    def test_a_folder_that_is_a_link(self, output: str) -> None:
        Path("elsewhere").mkdir()
        os.symlink("elsewhere", output.rstrip("/"))
        self.refused("it is a symbolic link", output=output.removesuffix(".easiness"))

    def test_a_folder_that_is_a_file(self) -> None:
        Path("out").write_text("mine")
        self.refused("it is a file; shards are scored into a folder")

    def test_the_root(self) -> None:
        self.refused("it is the root", output="/")

    @pytest.mark.parametrize(
        "name", ["out/old.parquet", "out/part-0.csv", "out.easiness/old.parquet.json"]
    )
    def test_outputs_of_other_shards(self, name: str) -> None:
        Path(name).parent.mkdir()
        Path(name).write_text("mine")
        Path(name).with_name("README.txt").write_text("no output")
        self.refused(r"it holds '(old.parquet|part-0.csv)', .* not of this run")
        assert Path(name).read_text() == "mine"


def test_a_folder_is_looked_at_before_labels_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    score_shards("in", "out")

    def read(reader: SampleReader) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SampleReader, "check_labels", read)
    with pytest.raises(ShardError, match=r"part-0.parquet': it was scored with n_bins 5, not 6"):
        score_shards("in", "out", n_bins=6)
    Path("out/mine.parquet").touch()
    with pytest.raises(ShardError, match=r"it holds 'mine.parquet'"):
        score_shards("in", "out")


def test_a_rerun_with_other_parameters_scores_nothing() -> None:
    score_shards("in", "out")
    os.unlink("out/part-0.parquet")
    os.unlink("out.easiness/part-0.parquet.json")
    with pytest.raises(ShardError, match=r"part-1.parquet': it was scored with normalize False"):
        score_shards("in", "out", normalize=True)
    assert names_in("out") == OUTPUTS[1:]
    score_shards("in", "out", normalize=True, overwrite=True)
    assert names_in("out") == OUTPUTS


def test_a_set_may_grow() -> None:
    assert score_shards("in/part-[01].npz", "out").n_samples == 151
    assert score_shards("in", "out").n_samples == 400


def test_given_class_names_go_with_any_columns() -> None:
    Path("some").mkdir()
    for name, columns in (("0", "a,b"), ("1", "c,d")):
        Path(f"some/{name}.csv").write_text(f"{columns},label\n.9,.1,x\n")
    assert score_shards("some", "out", classes=["x", "y"]).accuracy == 1.0


def test_shards_of_several_formats_may_be_mixed() -> None:
    columns = {f"{at}": PROBS[CUTS[1], at] for at in range(4)}
    table = pa.table({"id": [150], **columns, "label": LABELS[CUTS[1]]})
    os.unlink("in/part-1.npz")
    pq.write_table(table, "in/part-1.parquet")
    assert score_shards("in", "out") == ec.score(PROBS, LABELS).summary


@pytest.mark.parametrize("kind", ["npz", "parquet"])
@pytest.mark.parametrize("ids", [np.int32, np.uint64, np.str_])
def test_shards_of_no_rows_have_outputs_of_no_rows(kind: str, ids: Any) -> None:
    Path("some").mkdir()
    for name, rows in (("0", slice(0, 0)), ("1", slice(0, 9))):
        columns = {"id": np.arange(9)[rows].astype(ids), "label": LABELS[rows]}
        if kind == "npz":
            np.savez(f"some/{name}.npz", probs=PROBS[rows], **columns)
        else:
            lists = pa.FixedSizeListArray.from_arrays(pa.array(PROBS[rows].reshape(-1)), 4)
            pq.write_table(pa.table({"probs": lists, **columns}), f"some/{name}.parquet")
    assert score_shards("some", "out").n_samples == 9
    assert pq.read_metadata("out/0.parquet").num_rows == 0
    assert pyarrow.dataset.dataset("out").to_table()["id"].to_pylist() == [
        str(at) if ids is np.str_ else at for at in range(9)
    ]


def test_score_shard_alone_fills_a_folder_of_no_set() -> None:
    Path("out").mkdir()
    score_shard("in/part-0.npz", "out/part-0.parquet")
    assert names_in("out.easiness") == ["part-0.parquet.json"]
    assert score_shards("in", "out").n_samples == 400


def test_errors_are_of_the_hierarchy_of_files() -> None:
    assert issubclass(ShardsError, ShardError)
    assert issubclass(ShardError, DataError)
    assert issubclass(DataError, ValueError)
