"""Manifests that are not as this library writes them do no harm."""

import json
import os
from pathlib import Path

import pytest
from easiness_io import DataError, merge_summaries, score_shard
from easiness_io.shards.manifest import Manifest, json_sha256, manifest_path
from shard_cases import save

PATH = "out.easiness/s.csv.json"


@pytest.fixture
def scored(in_folder):
    save("p.npz")
    Path("out").mkdir()
    score_shard("p.npz", "out/s.csv")
    return Path(PATH).read_bytes()


def test_it_lies_beside_the_folder():
    here = os.getcwd()
    for output, folder in (("a/b.csv", "/a"), ("b.csv", ""), ("a/../b.csv", "")):
        assert manifest_path(output) == f"{here}{folder}.easiness/b.csv.json"
    with pytest.raises(DataError, match="'/': cannot write: it is the root"):
        manifest_path("/b.csv")


def test_a_bit_that_flips_is_seen(scored):
    for at in range(len(scored)):
        damaged = bytearray(scored)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"."):
            Manifest.from_bytes(bytes(damaged))
    for at in (0, 5, len(scored) // 2, scored.index(b"manifest_sha256")):
        damaged = bytearray(scored)
        damaged[at] ^= 1
        Path(PATH).write_bytes(damaged)
        assert score_shard("p.npz", "out/s.csv").n_samples == 150
        assert Path(PATH).read_bytes() == scored


@pytest.mark.parametrize("value", [None, 1.5, [1], -1, True, float("inf")])
@pytest.mark.parametrize(
    "where",
    ["version", "parameters", "parameters estimator", "inputs", "inputs 0", "inputs 0 sha256",
     "inputs 0 path", "n_classes", "summary", "summary n_samples"],
)  # fmt: skip
def test_a_field_of_another_type_makes_it_unreadable_and_the_shard_is_scored_again(
    where, value, scored
):
    content = json.loads(scored)
    del content["manifest_sha256"]
    *outer, last = [int(key) if key == "0" else key for key in where.split()]
    place = content
    for key in outer:
        place = place[key]
    place[last] = value
    content["manifest_sha256"] = json_sha256(content)
    Path(PATH).write_text(json.dumps(content, indent=1, sort_keys=True))
    with pytest.raises(DataError, match="not a manifest: "):
        merge_summaries(PATH)
    assert score_shard("p.npz", "out/s.csv").n_samples == 150
    assert Path(PATH).read_bytes() == scored
