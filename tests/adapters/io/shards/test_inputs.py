"""When an input is the same as before, and when it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_io import SampleReader, ShardError, score_shard, score_shards
from shard_cases import PROBS
from shard_cases import save as write


def save(path: str, **arrays: Any) -> None:
    write(path, **arrays)
    os.utime(path, (0, 0))


def test_another_file_of_one_name_size_and_time_is_another_input() -> None:
    save("train/p.npz")
    save("test/p.npz", probs=PROBS[149::-1])
    first = score_shard("train/p.npz", "s.csv")
    with pytest.raises(ShardError, match=r"from '.*train/p\.npz', which is not 'test/p\.npz'"):
        score_shard("test/p.npz", "s.csv")
    assert score_shard("test/p.npz", "s.csv", overwrite=True) != first


def test_content_that_changes_within_one_size_and_time_is_another_input() -> None:
    save("p.npz")
    score_shard("p.npz", "s.csv")
    save("p.npz", probs=PROBS[149::-1])
    with pytest.raises(ShardError, match=r"from 'p\.npz' before it changed"):
        score_shard("p.npz", "s.csv")


def test_a_data_set_that_moved_is_the_same(forbid_scoring: Callable[[], None]) -> None:
    save("old/p.npz")
    first = score_shard("old/p.npz", "old/s.csv")
    for suffix in ("", ".easiness"):
        shutil.copytree("old" + suffix, "new" + suffix)
        shutil.rmtree("old" + suffix)
    forbid_scoring()
    assert score_shard("new/p.npz", "new/s.csv") == first


def test_an_input_that_changes_while_it_is_read_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = SampleReader.blocks
    save("p.npz")
    other = Path("p.npz").read_bytes()

    def swapped(reader: SampleReader) -> Any:
        yield from blocks(reader)
        Path("p.npz").write_bytes(other)
        os.utime("p.npz", (0, 0))

    monkeypatch.setattr(SampleReader, "blocks", swapped)
    with pytest.raises(ShardError, match="changed while it was read"):
        score_shard("p.npz", "s.csv")
    assert not os.path.exists("s.csv")
    assert os.listdir("../work.easiness") == []


def test_an_input_that_changes_after_the_check_is_not_scored() -> None:
    def replace(readers: list[SampleReader]) -> None:
        np.save("in/p.npy", PROBS)
        np.save("y/p.npy", PROBS.argmax(axis=1))

    for folder in ("in", "y"):
        Path(folder).mkdir()
    np.save("in/p.npy", PROBS[:100])
    np.save("y/p.npy", PROBS[:100].argmax(axis=1))
    with pytest.raises(ShardError, match="it changed since it was checked"):
        score_shards("in", "out", labels_path="y", opened=replace)
    assert os.listdir("out") == []
    assert score_shards("in", "out", labels_path="y").n_samples == 400


@pytest.mark.parametrize("many", [False, True])
def test_a_pipe_is_no_shard(many: bool) -> None:
    Path("in").mkdir()
    os.mkfifo("in/p.npz")
    with pytest.raises(ShardError, match=r"in/p.npz': it is a pipe or device"):
        score_shards("in", "out") if many else score_shard("in/p.npz", "s.csv")
