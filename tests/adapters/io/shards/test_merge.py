"""`merge_summaries`: the summary of all shards, exactly, and of nothing else."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from easiness_io import DataError, ShardsError, merge_summaries, score_shard, score_shards
from shard_cases import CUTS, LABELS, PROBS, flip, save, save_set

import easiness_core as ec

WHOLE = ec.score(PROBS, LABELS).summary
MANIFESTS = [f"out.easiness/part-{at}.parquet.json" for at in range(3)]
ALREADY = "already includes these samples"


@pytest.fixture(autouse=True)
def _scored(in_folder):
    save_set()
    score_shards("in", "out")


def refused(said, *paths, verify=False):
    with pytest.raises(DataError, match=said):
        merge_summaries(paths, verify=verify)


def spoil_part_2():
    save("in/part-2.npz", CUTS[2], probs=PROBS[CUTS[2]] * 2, id=np.arange(151, 400))


@pytest.mark.parametrize(
    "paths",
    [["out"], ["out/"], [Path("out")], ["out.easiness"], MANIFESTS[::-1],
     [*MANIFESTS, "out.easiness/shards.json"]],
)  # fmt: skip
def test_it_equals_the_whole_in_any_order(paths):
    for verify in (False, True):
        assert merge_summaries(paths, verify=verify) == (WHOLE, 4)


def test_no_paths_are_no_samples():
    assert merge_summaries([]) == (ec.Summary(), 0)


def test_it_refuses_what_is_not_complete():
    flip("out/part-0.parquet", 100)
    assert merge_summaries(["out"])[0] == WHOLE  # only a checksum tells
    refused(r"part-0.parquet': missing, or different from its manifest", "out", verify=True)
    os.truncate("out/part-0.parquet", 100)
    refused("different from its manifest", "out")
    os.unlink("out/part-0.parquet")
    refused("missing, or different from its manifest", "out")
    score_shards("in", "out")
    os.unlink(MANIFESTS[0])
    refused("1 of 3 manifests are missing, such as that of 'part-0.parquet'", "out")
    os.unlink("out.easiness/shards.json")
    refused("'part-0.parquet' does not belong to its run", "out")
    shutil.rmtree("out.easiness")
    refused("'out': no manifests of scored shards in", "out")


def test_it_refuses_a_part_of_a_set_or_of_two_runs():
    spoil_part_2()
    with pytest.raises(ShardsError):
        score_shards("in", "some")
    refused("1 of 3 manifests are missing, such as that of 'part-2.parquet'", "some")
    # Of the others it may be asked for.
    named = [f"some.easiness/part-{at}.parquet.json" for at in range(2)]
    assert merge_summaries(named)[0].n_samples == 151
    with pytest.raises(ShardsError):
        score_shards("in", "out", header=False, overwrite=True)
    # The manifest of part 2 is that of the first run, and so is its output.
    refused("this folder mixes two runs; rerun the unfinished one", "out")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outputs": 3}', '{"outputs": [1]}', "[" * 9999])
def test_it_refuses_where_it_cannot_tell_the_set(text):
    Path("out.easiness/shards.json").write_text(text)
    refused("shards.json': not a list of shards", "out")
    score_shards("in", "out")
    assert merge_summaries(["out"])[0] == WHOLE


@pytest.mark.parametrize("name", ["old.parquet", "part-0.csv"])
def test_another_output_is_no_part_of_a_run(name):
    Path("out", name).write_text("mine")
    Path("out/summary.json").write_text("mine")
    refused(f"'{name}' does not belong to its run", "out")
    os.unlink(f"out/{name}")
    assert merge_summaries(["out"])[0] == WHOLE


def test_two_shards_of_equal_content_count_twice_as_in_the_run():
    save("in/part-2.npz", CUTS[0], id=np.arange(200, 350))
    np.savez("in/part-3.npz", **np.load("in/part-2.npz"))
    expected = score_shards("in", "twice", check_ids=False)
    assert expected.n_samples == 451
    assert merge_summaries(["twice"])[0] == expected
    named = [f"twice.easiness/part-{at}.parquet.json" for at in range(4)]
    assert merge_summaries(named)[0] == expected
    refused(ALREADY, "twice", named[0])


def test_it_refuses_to_count_twice():
    refused(ALREADY, "out", MANIFESTS[0])
    refused(ALREADY, "out", "out.easiness")
    score_shards("in", "again")
    refused(ALREADY, "out", "again")
    for end in ("", ".easiness"):
        shutil.copytree("out" + end, "moved" + end)
    refused(ALREADY, "out", "moved")
    shutil.copy("out/part-0.parquet", "out/copy.parquet")
    shutil.copy(MANIFESTS[0], "out.easiness/copy.parquet.json")
    refused("'copy.parquet' does not belong to its run", "out")
    refused(ALREADY, *MANIFESTS, "out.easiness/copy.parquet.json")


def test_it_refuses_what_does_not_belong_together():
    probs = PROBS[:9, :3] / PROBS[:9, :3].sum(1, keepdims=True)
    save("three/a.npz", probs=probs, labels=[0] * 9)
    score_shards("three", "narrow")
    refused("it has 4 classes, '.*narrow.easiness/a.parquet.json' has 3", "narrow", "out")
    others = [MANIFESTS[0], MANIFESTS[2]]
    score_shards("in/part-1*", "wide", estimator=ec.ClosedForm(sigma=0.1))
    refused("different estimator", *others, "wide")
    score_shards("in/part-1*", "summed", normalize=True)
    refused("it was scored with normalize True, '.*' with False", *others, "summed")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"summary": 1}', "[" * 100_000])
def test_it_refuses_anything_else(text):
    Path("x.json").write_text(text)
    why = "Expecting value" if text == "" else "its content is different"
    refused(f"'x.json': not a manifest: {why}", "x.json")
    refused("'none.json': no such file or folder", "none.json")


def test_outputs_in_capitals_are_outputs():
    Path("own").mkdir()
    score_shard("in/part-0.npz", "own/A.CSV")
    score_shard("in/part-2.npz", "own/b.csv")
    assert merge_summaries(["own"])[0].n_samples == 150 + 249
