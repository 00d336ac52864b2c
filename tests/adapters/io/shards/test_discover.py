"""Which files are shards, and which labels and outputs are theirs."""

import glob
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from easiness_io import DataError
from easiness_io.shards.discover import Shard, expand, is_many, pair_shards
from hypothesis import assume, given
from hypothesis import strategies as st


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_a_folder_holds_files_of_every_format():
    names = ["a.csv", "b.csv.gz", "c.JSONL.zst", "d.parquet", "e.feather", "f.npy", "g.npz",
             "h.tsv"]  # fmt: skip
    touch(*(f"in/{name}" for name in names), "in/.hidden.npy", "in/_out/x.npy")
    touch("in/i/state.json")  # a saved `datasets.Dataset`
    found = expand("in")
    assert list(found) == list("abcdefghi")
    assert found["b"] == "in/b.csv.gz"
    assert is_many("in")
    assert not is_many("in/i")
    outputs = [shard.output for shard in pair_shards("in", None, "out", ".csv")]
    assert outputs == [f"out/{key}.csv" for key in "abcdefghi"]


def test_globs_tell_files_apart_by_what_their_wildcards_stand_for():
    touch("p1_12.npy", "p11_2.npy", "y1_12.npy", "y11_2.npy", "a/p.npy", "b/c/p.npy", "b/q[1].npy")
    assert pair_shards("p*_*.npy", "y*_*.npy", "out", ".csv") == [
        Shard("p11_2.npy", "y11_2.npy", "out/p11_2.csv"),
        Shard("p1_12.npy", "y1_12.npy", "out/p1_12.csv"),
    ]
    assert sorted(expand("**/[q]*.npy").values()) == ["b/q[1].npy"]
    assert sorted(expand("?/**/p.npy").values()) == ["a/p.npy", "b/c/p.npy"]
    # A file whose name looks like a glob is that file.
    assert expand("b/q[1].npy") == {"": "b/q[1].npy"}


def test_the_name_of_the_current_folder_is_no_pattern(monkeypatch):
    touch("exp[1]/in/0.npy", "exp[1]/in/1.npy", "exp1/in/0.npy")
    monkeypatch.chdir("exp[1]")
    for pattern, n_files in (("in/*.npy", 2), ("in", 2), ("../exp1/in/?.npy", 1)):
        assert len(pair_shards(pattern, None, "out")) == n_files
    with pytest.raises(DataError, match="would be one of the inputs"):
        pair_shards("in/*", None, "in/out")


def test_lists_are_paired_in_their_order():
    found = pair_shards(["b.npy", "a.npy"], ["1.npy", "2.npy"], "out", ".npz")
    assert found == [Shard("a.npy", "2.npy", "out/a.npz"), Shard("b.npy", "1.npy", "out/b.npz")]


MISTAKES = {
    "text": (["in/a.npy", "in/README.md"], "in", None, "'in': it has .*, 1 in all, such as 'READM"),
    "folder": (["in/a.npy", "in/sub/p.npy"], "in", None, "1 in all, such as 'sub'; select"),
    "zarr": (["in/a.npy", "in/p.zarr/zarr.json"], "in", None, "1 in all, such as 'p.zarr'; select"),
    "two of a name": (["in/a.npy", "in/a.csv.gz"], "in", None,
                      "'in/a.npy': two files are named 'a'.*'in/a.csv.gz'"),
    "two of an output": (["a/p.npy", "b/p.npy"], "**/p.npy", None,
                         r"would both be in 'out/p\.parquet'"),
    "brackets": ([], "none[1]/*.npz", None, r"no files found; \[\.\.\.\] matches one"),
    "nothing": ([], "none/*.npz", None, "no files found$"),
    "uneven": (["p/0.npy", "p/1.npy", "p/2.npy", "y/2.npy", "y/3.npy"], "p", "y",
               "2 of 3 files, .*'p/0.npy' and no file for 1 of 2 labels, .*'y/3.npy'"),
    "uneven lists": ([], ["b.npy", "a.npy"], ["1.npy"], "expected 2 paths, one per input, got 1"),
    "a list for a folder": (["in/1.npy"], "in", ["1.npy"], "labels_path: got a list, but inputs"),
    "a folder for a list": (["in/1.npy"], ["1.npy"], "in", "expected one path per input, got a si"),
    "a glob in a list": ([], ["*.npy"], None, r"inputs: '\*.npy' in a list is a glob"),
    "an empty list": ([], [], None, "empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_files_that_cannot_be_paired_are_named(case):
    names, inputs, labels, said = MISTAKES[case]
    touch(*names)
    with pytest.raises(DataError, match=said):
        pair_shards(inputs, labels, "out")


@pytest.mark.parametrize(
    ("inputs", "output", "refused"),
    [
        ("sh", "sh", "'sh': it is in 'sh', the folder of the inputs"),
        ("sh", "sh/out", "'sh/out': it is in 'sh', the folder"),
        ("sh", "link/out", "'link/out': it is in 'sh', the folder"),
        ("sh", "sh/_out", None),
        ("sh", "shout", None),
        ("sh/*.npz", "sh", "'sh/p.npz': it would be one of the inputs"),
        ("./s[h]/*.npz", "link", "'link/p.npz': it would be one of the inputs"),
        ("**/*.npz", ".out", None),
        (["sh/p.npz"], "sh", None),
    ],
)
def test_an_output_that_a_rerun_would_read_is_refused(inputs, output, refused):
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
def test_outputs_are_refused_where_a_rerun_would_find_them_and_only_there(paths, output, data):
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
            if re.search("no files found|two files are named|would both be in", str(error)):
                return
            refused = True
            found = [str(error.path)]
        for each in found:
            is_output = each != target
            Path(each).parent.mkdir(parents=True, exist_ok=True)
            Path(each).touch() if is_output else Path(each).mkdir(exist_ok=True)
        inputs = set(map(os.path.normpath, glob.glob(given, recursive=True)))
        assert refused == bool(inputs & {target, *found})
