"""`score_shard`: every format scored in blocks, each shard once, complete or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from easiness_io import ShardError, samples, score_shard
from shard_cases import LABELS, PROBS, flip, save

import easiness_core as ec

IDS = np.random.default_rng(5).permutation(10_000)[:400]
NAMES = ["ant", "bee", "cat", "dog"]
FRAME = pd.DataFrame({"id": IDS, **dict(zip(NAMES, PROBS.T, strict=True)), "label": LABELS})
MANIFEST = "../work.easiness/s.csv.json"


def npy(order: Any = "C") -> dict[str, Any]:
    np.save("p.npy", np.asarray(PROBS, order=order))
    np.save("y.npy", LABELS)
    return {"input": "p.npy", "labels_path": "y.npy"}


def npz(write: Any = np.savez, order: Any = "C") -> dict[str, Any]:
    write("p.npz", probs=np.asarray(PROBS, order=order), y=LABELS, id=IDS)
    return {"input": "p.npz"}


def table(write: Callable[[pd.DataFrame], Any], name: str) -> dict[str, Any]:
    write(FRAME.assign(label=np.array(NAMES)[LABELS]))
    return {"input": name}


def lists() -> dict[str, Any]:
    columns = {"sample_id": IDS, "label": LABELS, "probs": list(PROBS)}
    pq.write_table(pa.table(columns), "p.parquet", 100, write_page_checksum=True)
    return {"input": "p.parquet"}


FILES = {
    "npy": npy,
    "npy by columns": lambda: npy("F"),
    "npz": npz,
    "npz deflated": lambda: npz(np.savez_compressed),
    "npz by columns": lambda: npz(order="F"),
    "parquet lists": lists,
    "parquet": lambda: table(lambda frame: frame.to_parquet("p.parquet", index=False), "p.parquet"),
    "csv": lambda: table(lambda frame: frame.to_csv("p.csv", index=False), "p.csv"),
    "csv.gz": lambda: table(lambda frame: frame.to_csv("p.csv.gz", index=False), "p.csv.gz"),
    "feather": lambda: table(lambda frame: frame.to_feather("p.feather"), "p.feather"),
    "jsonl": lambda: table(
        lambda frame: frame.to_json("p.jsonl", orient="records", lines=True, double_precision=15),
        "p.jsonl",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_scores_are_those_of_the_whole_at_once(kind: str) -> None:
    arguments = FILES[kind]()
    probs = PROBS
    if kind == "jsonl":  # 15 digits
        probs = np.array([[json.loads(line)[name] for name in NAMES]
                          for line in Path("p.jsonl").read_text().splitlines()])  # fmt: skip
    expected = ec.score(probs, LABELS)
    assert score_shard(**arguments, output="s.npz") == expected.summary
    with np.load("s.npz") as found:
        for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
            np.testing.assert_array_equal(found[name], getattr(expected, name), strict=True)
        np.testing.assert_array_equal(found["label"], LABELS)
        np.testing.assert_array_equal(found["index"], np.arange(400))
        assert ("id" in found) == ("labels_path" not in arguments)
        if "id" in found:
            assert found["id"].astype(int).tolist() == IDS.tolist()


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz", "CSV"])
def test_output_formats_hold_the_same(suffix: str) -> None:
    score_shard(**FILES["parquet"](), output=f"s.{suffix}")
    if suffix == "npz":
        with np.load("s.npz") as found:
            columns = {name: found[name] for name in ("index", "id", "log_easiness")}
    else:
        read = pq.read_table if suffix == "parquet" else pyarrow.csv.read_csv
        frame = read(f"s.{suffix}").to_pandas()
        assert frame["label"].tolist() == np.array(NAMES)[LABELS].tolist()
        columns = {name: frame[name].to_numpy() for name in ("index", "id", "log_easiness")}
    np.testing.assert_array_equal(columns["index"], np.arange(400))
    np.testing.assert_array_equal(columns["id"], IDS)
    np.testing.assert_array_equal(columns["log_easiness"], ec.score(PROBS, LABELS).log_easiness)


def test_a_parquet_output_has_page_checksums() -> None:
    score_shard(**npy(), output="s.parquet")
    flip("s.parquet", 60)
    with pytest.raises(OSError, match="CRC checksum"):
        pq.read_table("s.parquet", page_checksum_verification=True)


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_formulas_are_escaped_in_csv_alone(suffix: str) -> None:
    save("p.npz", slice(0, 3), id=np.array(["=1+1", "b", "c"]))
    output = f"s.{suffix}"
    score_shard("p.npz", output, escape_formulas=True)
    if suffix == "csv":
        assert Path(output).read_text().splitlines()[1].startswith("0,'=1+1,")
        with pytest.raises(ShardError, match="escape_formulas True, not False"):
            score_shard("p.npz", output)
        return
    ids = np.load(output)["id"] if suffix == "npz" else pd.read_parquet(output)["id"]
    assert ids[0] == "=1+1"
    # Nothing of such a file depends on it: the shard is complete.
    written = os.stat(output).st_mtime_ns
    score_shard("p.npz", output)
    assert os.stat(output).st_mtime_ns == written


def test_the_manifest_says_what_was_done() -> None:
    summary = score_shard(**npy(), output="s.csv", estimator=ec.ClosedForm(sigma=0.02))
    manifest = json.loads(Path(MANIFEST).read_text())
    assert ec.Summary.from_dict(manifest["summary"]) == summary
    assert (manifest["n_rows"], manifest["n_classes"], manifest["version"]) == (
        400, 4, ec.__version__,
    )  # fmt: skip
    assert manifest["parameters"]["estimator"]["sigma"] == 0.02
    for entry, path in zip(manifest["inputs"], ["p.npy", "y.npy"], strict=True):
        data = Path(path).read_bytes()
        assert (entry["name"], entry["size"]) == (path, len(data))
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    data = Path("s.csv").read_bytes()
    assert manifest["output_size"] == len(data)
    assert manifest["output_sha256"] == hashlib.sha256(data).hexdigest()


def test_a_complete_shard_is_skipped(forbid_scoring: Callable[[], None]) -> None:
    arguments = {**npy(), "output": "s.parquet"}
    first = score_shard(**arguments)
    os.utime("p.npy", (1, 1))  # as that of a copy
    forbid_scoring()
    assert score_shard(**arguments) == first
    with pytest.raises(KeyboardInterrupt):
        score_shard(**{**arguments, "output": "t.parquet"})


def alter() -> None:
    manifest = json.loads(Path(MANIFEST).read_text())
    manifest["parameters"]["n_bins"] = 6
    Path(MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))


BREAKS = {
    "output cut short": lambda: os.truncate("s.csv", 900),
    "output with one bit flipped": lambda: flip("s.csv", 2000),
    "output missing": lambda: os.unlink("s.csv"),
    "manifest missing and output too": lambda: (os.unlink("s.csv"), os.unlink(MANIFEST)),
    "manifest damaged": lambda: os.truncate(MANIFEST, 100),
    "manifest whose parameters do not match": alter,
}


@pytest.mark.parametrize("damage", BREAKS)
def test_a_broken_shard_is_scored_again_into_the_same_bytes(damage: str) -> None:
    arguments = {**npy(), "output": "s.csv"}
    score_shard(**arguments)
    names = ["s.csv", MANIFEST]
    before = [Path(name).read_bytes() for name in names]
    BREAKS[damage]()
    assert [Path(n).read_bytes() for n in names if Path(n).exists()] != before
    score_shard(**arguments)
    assert [Path(name).read_bytes() for name in names] == before


def test_what_was_made_otherwise_is_refused_and_can_be_overwritten() -> None:
    arguments = {**npy(), "output": "s.csv"}
    score_shard(**arguments)
    with pytest.raises(ShardError, match=r"'s.csv': it was scored with n_bins 5, not 7.*overwrite"):
        score_shard(**arguments, n_bins=7)
    assert score_shard(**arguments, n_bins=7, overwrite=True).n_bins == 7
    np.save("p.npy", PROBS[::-1])
    with pytest.raises(ShardError, match=r"from 'p.npy' before it changed"):
        score_shard(**arguments, n_bins=7)
    np.save("p.npy", PROBS[:-1])
    with pytest.raises(ShardError, match=r"other than 'p.npy' as it is now"):
        score_shard(**arguments, n_bins=7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": ec.ClosedForm(sigma=0.02)}, "with estimator sigma 0.01, not 0.02;"),
        ({"estimator": ec.MonteCarlo()}, "with estimator kind 'closed_form', not 'monte_carlo';"),
        ({"classes": ["a", "b", "c", "d"]}, r"with classes None, not \['a', 'b', 'c', 'd'\];"),
    ],
)
def test_what_is_not_as_it_was_is_named(options: dict[str, Any], said: str) -> None:
    save("p.npz")
    score_shard("p.npz", "s.csv")
    with pytest.raises(ShardError, match=said):
        score_shard("p.npz", "s.csv", **options)


@pytest.mark.parametrize("content", [None, '{"mine": 1}', "[1]", ""])
def test_files_of_others_are_left_alone(content: str | None) -> None:
    """An output without a manifest, and a file where the manifest should be."""
    save("p.npz")
    Path("s.csv").write_text("precious")
    if content is not None:
        Path("../work.easiness").mkdir()
        Path(MANIFEST).write_text(content)
    said = "'s.csv': cannot write: it exists" if content is None else "has the name of a manifest"
    with pytest.raises(ShardError, match=rf"{said}.*overwrite=True"):
        score_shard("p.npz", "s.csv")
    assert Path("s.csv").read_text() == "precious"
    if content is not None:
        assert Path(MANIFEST).read_text() == content
    assert score_shard("p.npz", "s.csv", overwrite=True).n_samples == 150


@pytest.mark.parametrize("name", ["s.csv", MANIFEST])
def test_output_never_follows_a_link(name: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path("../work.easiness").mkdir()
    target = tmp_path / "elsewhere" / "target"
    target.write_text("precious")
    os.symlink(target, name)
    with pytest.raises(ShardError, match="symbolic link"):
        score_shard(**npy(), output="s.csv", overwrite=True)
    assert target.read_text() == "precious"
    assert os.listdir(tmp_path / "elsewhere") == ["target"]


@pytest.mark.parametrize("output", ["/s.csv", "s.txt", "s", "none/s.csv"])
def test_outputs_that_cannot_be_are_refused(output: str) -> None:
    with pytest.raises(ShardError, match=r"it is the root|expected a name ending|does not exist"):
        score_shard(**npy(), output=output)


def test_a_name_that_leaves_no_room_for_the_manifest_is_refused_first(
    forbid_scoring: Callable[[], None],
) -> None:
    save("p.npz")
    score_shard("p.npz", "s.csv")
    forbid_scoring()
    for length in (252, 255, 300):
        with pytest.raises(ShardError, match=r"its manifest .*'x.*csv\.json'.*shorter name"):
            score_shard("p.npz", "x" * (length - 4) + ".csv")
    assert sorted(os.listdir()) == ["p.npz", "s.csv"]


@pytest.mark.parametrize("bad", ["probs", "labels"])
def test_a_bad_row_in_a_later_block_leaves_nothing(bad: str) -> None:
    np.save("p.npy", np.where((np.arange(400) == 300)[:, None] & (bad == "probs"), np.nan, PROBS))
    np.save("y.npy", np.where((np.arange(400) == 300) & (bad == "labels"), 9, LABELS))
    with pytest.raises(ShardError, match=rf"'{bad[0].replace('l', 'y')}.npy'.*row 300") as caught:
        score_shard("p.npy", "s.csv", labels_path="y.npy")
    assert (caught.value.row, caught.value.argument) == (300, bad)
    assert sorted(os.listdir()) == ["p.npy", "y.npy"]
    assert os.listdir("../work.easiness") == []


def test_labels_of_another_number_are_refused() -> None:
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS[:-1])
    with pytest.raises(ShardError, match="399 labels, but 400 rows"):
        score_shard("p.npy", "s.csv", labels_path="y.npy")
    for n, said in ((401, "401 labels, but 400 rows"), (320, "320 labels, but at least 384 rows")):
        Path("y.csv").write_text("label\n" + "1\n" * n)
        with pytest.raises(ShardError, match=said):
            score_shard("p.npy", "s.csv", labels_path="y.csv")


def test_no_rows() -> None:
    np.save("p.npy", PROBS[:0])
    np.save("y.npy", LABELS[:0])
    expected = ec.score(PROBS[:0], LABELS[:0]).summary
    assert score_shard("p.npy", "s.csv", labels_path="y.npy") == expected
    assert len(Path("s.csv").read_text().splitlines()) == 1
    Path("p.csv").write_text("")
    with pytest.raises(ShardError, match="empty"):
        score_shard("p.csv", "t.csv")


def test_a_shard_that_takes_too_much_memory_is_a_shard_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_memory(*_: Any) -> None:
        raise MemoryError

    save("p.npz")
    monkeypatch.setattr(samples.SampleReader, "blocks", out_of_memory)
    with pytest.raises(ShardError, match=r"'p.npz': out of memory; .*max_bytes="):
        score_shard("p.npz", "s.csv")


def test_its_error_can_be_pickled_with_its_fields() -> None:
    save("p.npz", probs=PROBS[:150] * 2)
    with pytest.raises(ShardError, match=r"; .*normalize=True") as caught:
        score_shard("p.npz", "s.csv")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is ShardError
    assert str(again) == str(caught.value)
    assert (again.path, again.argument, again.row) == ("p.npz", "probs", 0)
    assert "; pass --normalize" not in str(again)
    assert "--normalize" in again.worded({"normalize": "--normalize", "softmax": "--logits"})


LIMITED = """
import resource, sys
from easiness_io import ShardError, score_shard
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    score_shard("p.npy", sys.argv[1], labels_path="y.npy")
except ShardError as error:
    print(error)
"""


@pytest.mark.parametrize("suffix", ["csv", "npz", "parquet"])
@pytest.mark.parametrize("limit", [0, 5000])
def test_a_full_disk_leaves_nothing_and_a_later_try_succeeds(suffix: str, limit: int) -> None:
    arguments = {**npy(), "output": f"s.{suffix}"}
    before = sorted(os.listdir())
    argv = [sys.executable, "-c", LIMITED, f"s.{suffix}", str(limit)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == f"'s.{suffix}': cannot write: File too large\n", done.stderr
    assert sorted(os.listdir()) == before
    assert os.listdir("../work.easiness") == []
    assert score_shard(**arguments).n_samples == 400


def test_a_compressed_file_that_is_cut_short_leaves_nothing() -> None:
    data = gzip.compress(FRAME.to_csv(index=False).encode())
    Path("p.csv.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ShardError, match=r"'p.csv.gz'"):
        score_shard("p.csv.gz", "s.csv")
    assert os.listdir() == ["p.csv.gz"]
