"""Which files are shards, and which labels and outputs are theirs."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from easiness_io import DataError
from easiness_io.shards.discover import Shard, expand, is_many, pair_shards
from hypothesis import assume, given
from hypothesis import strategies as st


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_a_folder_holds_files_of_every_format() -> None:
    names = [
        "a.csv",
        "b.csv.gz",
        "c.JSONL.zst",
        "d.parquet",
        "e.feather",
        "f.npy",
        "g.npz",
        "h.tsv",
    ]
    touch(*(f"in/{name}" for name in names), "in/.hidden.npy", "in/_out/x.npy")
    found = expand("in")
    assert list(found) == list("abcdefgh")
    assert found["b"] == "in/b.csv.gz"
    assert is_many("in")
    assert [shard.output for shard in pair_shards("in", None, "out", ".csv")] == [
        f"out/{key}.csv" for key in "abcdefgh"
    ]


@pytest.mark.parametrize("name", ["README.md", "sub/p.npy", "p.zarr/zarr.json"])
def test_a_folder_with_other_files_is_refused(name: str) -> None:
    touch("in/a.npy", f"in/{name}")
    with pytest.raises(
        DataError, match=rf"'in': it has .*, 1 in all, such as '{name.split('/')[0]}'; select"
    ):
        expand("in")


def test_a_saved_dataset_says_what_to_pass() -> None:
    touch("in/data-00000-of-00001.arrow", "in/dataset_info.json", "in/state.json")
    with pytest.raises(DataError, match=r"saved datasets.Dataset; select .* 'in/\*.arrow'"):
        expand("in")


def test_two_files_of_one_name_are_refused() -> None:
    touch("in/a.npy", "in/a.csv.gz")
    with pytest.raises(DataError, match=r"'in/a.npy': two files are named 'a'.*'in/a.csv.gz'"):
        expand("in")


def test_wildcards_are_told_apart() -> None:
    touch("p1_12.npy", "p11_2.npy", "y1_12.npy", "y11_2.npy")
    assert pair_shards("p*_*.npy", "y*_*.npy", "out", ".csv") == [
        Shard("p11_2.npy", "y11_2.npy", "out/p11_2.csv"),
        Shard("p1_12.npy", "y1_12.npy", "out/p1_12.csv"),
    ]


def test_globs_over_folders() -> None:
    touch("a/p.npy", "b/c/p.npy", "b/q[1].npy")
    assert sorted(expand("**/[pq]*.npy").values()) == ["a/p.npy", "b/c/p.npy", "b/q[1].npy"]
    # A file whose name looks like a glob is that file.
    assert expand("b/q[1].npy") == {"": "b/q[1].npy"}
    with pytest.raises(DataError, match=r"would both be in 'out/p\.csv'"):
        pair_shards("**/p.npy", None, "out", ".csv")


def test_a_glob_that_finds_nothing_says_what_brackets_stand_for() -> None:
    with pytest.raises(DataError, match=r"no files found; \[\.\.\.\] matches one"):
        expand("none[1]/*.npz")
    with pytest.raises(DataError, match=r"no files found$"):
        expand("none/*.npz")


def test_files_without_labels_and_labels_without_files_are_counted() -> None:
    touch("p/0.npy", "p/1.npy", "p/2.npy", "y/2.npy", "y/3.npy")
    with pytest.raises(
        DataError, match=r"2 of 3 files, .*'p/0.npy' and no file for 1 of 2 labels, .*'y/3.npy'"
    ):
        pair_shards("p", "y", "out")


def test_lists_are_paired_in_their_order() -> None:
    shards = pair_shards(["b.npy", "a.npy"], ["1.npy", "2.npy"], "out", ".npz")
    assert [(s.input, s.labels_path) for s in shards] == [("a.npy", "2.npy"), ("b.npy", "1.npy")]
    for count in (0, 1, 3):
        with pytest.raises(
            DataError, match=rf"labels_path: expected 2 paths, one per input, got {count}"
        ):
            pair_shards(["b.npy", "a.npy"], ["1.npy", "2.npy", "3.npy"][:count], "out")
    with pytest.raises(DataError, match=r"labels_path: got a list, but inputs is 'in'"):
        pair_shards("in", ["1.npy"], "out")
    with pytest.raises(DataError, match=r"expected one path per input, got a single path"):
        pair_shards(["1.npy"], "in", "out")
    with pytest.raises(DataError, match=r"inputs: '\*.npy' in a list is a glob"):
        pair_shards(["*.npy"], None, "out")
    with pytest.raises(DataError, match="empty"):
        pair_shards([], None, "out")


@pytest.mark.parametrize(
    ("inputs", "output", "refused"),
    [
        ("sh", "sh", "'sh': it is in 'sh', the folder of the inputs"),
        ("sh", "sh/out", "'sh/out': it is in 'sh', the folder"),
        ("sh", "link/out", "'link/out': it is in 'sh', the folder"),
        ("sh", "sh/_out", None),
        ("sh", "shout", None),
        ("sh", "out", None),
        ("sh/*", "sh/out", "'sh/out': it would be one of the inputs"),
        ("sh/*.npz", "sh", "'sh/p.npz': it would be one of the inputs"),
        ("sh/p.np*", "sh/out", None),
        ("**/*.npz", "out/deep", "'out/deep/p.npz': it would be one of the inputs"),
        ("./s[h]/*.npz", "link", "'link/p.npz': it would be one of the inputs"),
        ("sh/**", "sh/a/b", "'sh/a/b': it would be one of the inputs"),
        ("**/*.npz", ".out", None),
        (["sh/p.npz"], "sh", None),
    ],
)
def test_an_output_that_a_rerun_would_read_is_refused(
    inputs: Any, output: str, refused: str | None
) -> None:
    touch("sh/p.npz")
    if "link" in output:
        Path("link").symlink_to("sh")
    if refused is None:
        assert [shard.output for shard in pair_shards(inputs, None, output, ".npz")] == [
            os.path.join(output, "p.npz")
        ]
        return
    with pytest.raises(DataError, match=re.escape(refused)):
        pair_shards(inputs, None, output, ".npz")


PARTS = st.lists(st.sampled_from(["a", ".a", "b"]), min_size=1, max_size=4)


@given(st.lists(PARTS, min_size=1, max_size=4), PARTS, st.data())
def test_outputs_are_refused_where_a_rerun_would_find_them_and_only_there(
    paths: list[list[str]], output: list[str], data: Any
) -> None:
    wild = st.sampled_from(["*", "?", "[ab]", ".?", "a", "**"])
    pattern = data.draw(st.lists(wild, min_size=1, max_size=4))
    with TemporaryDirectory() as name:
        folder = os.path.realpath(name)
        for path in paths:
            Path(folder, *path).mkdir(parents=True, exist_ok=True)
        given = os.path.join(glob.escape(folder), *pattern)
        assume(glob.has_magic(given))
        target = os.path.join(folder, *output)
        refused, found = False, []
        try:
            found = [shard.output for shard in pair_shards(given, None, target, ".csv")]
        except DataError as error:
            if "would be among the inputs" not in str(error):
                return  # nothing was found, or two of one name
            refused = True
            found = [str(error.path)]
        for each in found:
            is_output = each != target
            Path(each).parent.mkdir(parents=True, exist_ok=True)
            Path(each).touch() if is_output else Path(each).mkdir(exist_ok=True)
        inputs = set(map(os.path.normpath, glob.glob(given, recursive=True)))
        assert refused == bool(inputs & {target, *found})
