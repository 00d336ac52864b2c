"""Which files are shards, which labels are theirs, and whether their ids are all different."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from easiness_cli._errors import CommandError
from easiness_cli._ids_check import check_unique
from easiness_cli._shard_names import _matches, expand, pair
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray


class Blocks:
    def __init__(self, ids: list[Any], *, known: bool = True) -> None:
        self._ids = np.array(ids)
        self.n_rows = len(ids) if known else None

    def ids(self) -> Iterator[NDArray[Any]]:
        for start in range(0, len(self._ids), 2):
            yield self._ids[start : start + 2]


SHARDS = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=5), min_size=1, max_size=6)


@given(SHARDS, st.sampled_from([int, str, "{:02}".format]), st.booleans())
def test_ids_are_refused_where_one_occurs_twice_and_only_there(
    shards: list[list[int]], write: Callable[[int], Any], known: bool
) -> None:
    named: list[list[Any]] = [[write(i) for i in ids] for ids in shards]
    every = [i for ids in named for i in ids]
    names = [str(at) for at in range(len(shards))]
    blocks = [Blocks(ids, known=known) for ids in named]
    if len(set(every)) == len(every):
        check_unique(names, blocks, 1 << 20)
        return
    with pytest.raises(CommandError, match="the id") as caught:
        check_unique(names, blocks, 1 << 20)
    told = str(caught.value)
    assert any(repr(i) in told and every.count(i) > 1 for i in every)


def test_ranges_that_hold_others() -> None:
    shards = [Blocks([0, 100]), Blocks([5, 10]), Blocks([50, 100])]
    with pytest.raises(CommandError, match="the id 100 is in 'a' and in 'c'"):
        check_unique(["a", "b", "c"], shards, 1 << 20)


def test_ids_that_take_too_much_memory() -> None:
    with pytest.raises(CommandError, match="--no-check-ids"):
        check_unique(["a"], [Blocks(list(range(10)))], 64)


def test_wildcards_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("p1_12.npy", "p11_2.npy", "y1_12.npy", "y11_2.npy"):
        Path(name).touch()
    shards = pair("p*_*.npy", "y*_*.npy", "out", ".csv")
    assert [(s.input, s.labels, s.output) for s in shards] == [
        ("p11_2.npy", "y11_2.npy", "out/p11_2.csv"),
        ("p1_12.npy", "y1_12.npy", "out/p1_12.csv"),
    ]


def test_globs_over_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/p.npy", "b/c/p.npy", "b/q[1].npy"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    assert sorted(expand("**/[pq]*.npy").values()) == ["a/p.npy", "b/c/p.npy", "b/q[1].npy"]
    # A file whose name looks like a glob is that file.
    assert expand("b/q[1].npy") == {"": "b/q[1].npy"}
    with pytest.raises(CommandError, match=r"both be written to 'out/p\.csv'"):
        pair("**/p.npy", None, "out", ".csv")


def test_a_glob_that_finds_nothing_says_what_brackets_stand_for() -> None:
    with pytest.raises(CommandError, match=r"no shards there; \[\.\.\.\] stands for one"):
        expand("none[1]/*.npz")
    with pytest.raises(CommandError, match=r"no shards there$"):
        expand("none/*.npz")


def test_lists_are_paired_in_their_order() -> None:
    shards = pair(["b.npy", "a.npy"], ["1.npy", "2.npy"], "out", ".npz")
    assert [(s.input, s.labels) for s in shards] == [("a.npy", "2.npy"), ("b.npy", "1.npy")]
    for count in (0, 1, 3):
        with pytest.raises(CommandError, match=rf"{count} paths for 2 inputs; .* in order"):
            pair(["b.npy", "a.npy"], ["1.npy", "2.npy", "3.npy"][:count], "out", ".npz")
    with pytest.raises(CommandError, match=r"labels: got a list, but inputs is a folder"):
        pair("in", ["1.npy"], "out", ".npz")
    with pytest.raises(CommandError, match=r"expected as many paths as inputs, got one text"):
        pair(["1.npy"], "in", "out", ".npz")
    with pytest.raises(CommandError, match=r"inputs: '\*.npy' in a list is a glob"):
        pair(["*.npy"], None, "out", ".npz")
    with pytest.raises(CommandError, match="empty"):
        pair([], None, "out", ".npz")


@pytest.mark.parametrize(
    ("inputs", "output", "refused"),
    [
        ("sh", "sh", "'sh' is in 'sh', the folder of the shards"),
        ("sh", "sh/out", "'sh/out' is in 'sh', the folder"),
        ("sh", "link/out", "'link/out' is in 'sh', the folder"),
        ("sh", "sh/_out", None),
        ("sh", "shout", None),
        ("sh", "out", None),
        ("sh/*", "sh/out", "'sh/out' would be among the shards"),
        ("sh/*.npz", "sh", "'sh/p.npz' would be among the shards"),
        ("sh/p.np*", "sh/out", None),
        ("**/*.npz", "out/deep", "'out/deep/p.npz' would be among the shards"),
        ("./s[h]/*.npz", "link", "'link/p.npz' would be among the shards"),
        ("sh/**", "sh/a/b", "'sh/a/b' would be among the shards"),
        ("**/*.npz", ".out", None),
        (["sh/p.npz"], "sh", None),
    ],
)
def test_an_output_that_a_rerun_would_read_is_refused(
    inputs: Any, output: str, refused: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sh").mkdir()
    if "link" in output:
        Path("link").symlink_to("sh")
    Path("sh/p.npz").touch()
    if refused is None:
        pair(inputs, None, output, ".npz")
        return
    with pytest.raises(CommandError, match=re.escape(refused)):
        pair(inputs, None, output, ".npz")


PARTS = st.lists(st.sampled_from(["a", ".a", "b"]), min_size=1, max_size=4)


@given(st.lists(PARTS, min_size=1, max_size=4), st.data())
def test_what_a_glob_would_find_is_what_it_finds(paths: list[list[str]], data: Any) -> None:
    wild = st.sampled_from(["*", "?", "[ab]", ".?", "a", "**"])
    pattern = data.draw(st.lists(wild, min_size=1, max_size=4))
    with TemporaryDirectory() as folder:
        for path in paths:
            Path(folder, *path[:-1]).mkdir(parents=True, exist_ok=True)
        found = set(glob.glob("/".join(pattern), root_dir=folder, recursive=True))
        here = [name.relative_to(folder) for name in Path(folder).rglob("*")]
        for name in here:
            matched = _matches(pattern, list(name.parts))
            assert matched == (str(name) in found or f"{name}/" in found)
