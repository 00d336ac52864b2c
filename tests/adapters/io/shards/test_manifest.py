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


@pytest.mark.parametrize(
    "keys",
    [
        ["inputs"], ["inputs", 0], ["inputs", 0, "name"], ["inputs", 0, "sha256"],
        ["inputs", 0, "size"], ["inputs", 0, "mtime_ns"], ["n_rows"], ["n_classes"], ["version"],
        ["output_size"], ["output_sha256"], ["parameters"], ["summary"], ["format"], ["other"],
    ],
)  # fmt: skip
def test_other_types_are_a_damaged_manifest(keys, scored):
    is_text = keys[-1] in ("name", "version", "sha256", "output_sha256")
    for value in (None, 1.5, True, [1], 1 if is_text else "1"):
        content = json.loads(scored)
        del content["manifest_sha256"]
        inner = content
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        content["manifest_sha256"] = json_sha256(content)
        Path(PATH).write_text(json.dumps(content, indent=1, sort_keys=True))
        with pytest.raises(ValueError, match=r"not a manifest|its rows|its form|summary of form"):
            Manifest.from_bytes(Path(PATH).read_bytes())
    with pytest.raises(DataError, match="neither a manifest nor"):
        merge_summaries([PATH])
    score_shard("p.npz", "out/s.csv")
    assert Path(PATH).read_bytes() == scored


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
