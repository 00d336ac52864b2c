"""`score_shard`: scored in blocks, each shard once, complete or not at all."""

import gzip
import hashlib
import json
import os
import pickle
import resource
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_io import DataError, SampleReader, score_shard
from shard_cases import LABELS, PROBS, flip, save
from table_files import write

import easiness_core as ec

IDS = np.random.default_rng(5).permutation(10_000)[:400]
NAMES = ["ant", "bee", "cat", "dog"]
TABLE = {"id": IDS, **dict(zip(NAMES, PROBS.T, strict=True)), "label": np.array(NAMES)[LABELS]}
LISTS = {"sample_id": IDS, "label": LABELS, "probs": list(PROBS)}
MANIFEST = "../work.easiness/s.csv.json"


def npy(order="C"):
    np.save("p.npy", np.asarray(PROBS, order=order))
    np.save("y.npy", LABELS)
    return {"input": "p.npy", "labels_path": "y.npy"}


def npz(write):
    write("p.npz", probs=np.asfortranarray(PROBS), y=LABELS, id=IDS)
    return {"input": "p.npz"}


FILES = {
    "npy": npy,
    "npy by columns": lambda: npy("F"),
    "npz by columns": lambda: npz(np.savez),
    "npz deflated": lambda: npz(np.savez_compressed),
    "parquet lists": lambda: {"input": write(".", LISTS, "parquet")},
    **{form: lambda form=form: {"input": write(".", TABLE, form)}
       for form in ("parquet", "csv.gz", "feather", "jsonl")},
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_scores_are_those_of_the_whole_at_once(kind):
    arguments = FILES[kind]()
    expected = ec.score(PROBS, LABELS)
    assert score_shard(**arguments, output="s.npz") == expected.summary
    with np.load("s.npz") as found:
        for name in ("easiness", "log_easiness", "level", "loss", "predicted"):
            np.testing.assert_array_equal(found[name], getattr(expected, name), strict=True)
        np.testing.assert_array_equal(found["label"], LABELS)
        np.testing.assert_array_equal(found["index"], np.arange(400))
        assert ("id" in found) == ("labels_path" not in arguments)
        if "id" in found:
            assert found["id"].astype(int).tolist() == IDS.tolist()


def test_a_parquet_output_has_page_checksums():
    score_shard(**npy(), output="s.parquet")
    flip("s.parquet", 60)
    with pytest.raises(OSError, match="CRC checksum"):
        pq.read_table("s.parquet", page_checksum_verification=True)


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_escaping_formulas_matters_for_csv_alone(suffix):
    save("p.npz", slice(0, 3), id=np.array(["=1+1", "b", "c"]))
    score_shard("p.npz", f"s.{suffix}", escape_formulas=True)
    if suffix == "csv":
        assert Path("s.csv").read_text().splitlines()[1].startswith("0,'=1+1,")
        with pytest.raises(DataError, match="escape_formulas True, not False"):
            score_shard("p.npz", "s.csv")
        return
    # Nothing of such a file depends on it: the shard is complete.
    written = os.stat(f"s.{suffix}").st_mtime_ns
    score_shard("p.npz", f"s.{suffix}")
    assert os.stat(f"s.{suffix}").st_mtime_ns == written


def test_the_manifest_says_what_was_done():
    summary = score_shard(**npy(), output="s.csv", estimator=ec.ClosedForm(sigma=0.02))
    manifest = json.loads(Path(MANIFEST).read_text())
    assert ec.Summary.from_dict(manifest["summary"]) == summary
    found = (manifest["n_rows"], manifest["n_classes"], manifest["version"])
    assert found == (400, 4, ec.__version__)
    assert manifest["parameters"]["estimator"]["sigma"] == 0.02
    for entry, path in zip(manifest["inputs"], ["p.npy", "y.npy"], strict=True):
        data = Path(path).read_bytes()
        assert (entry["name"], entry["size"]) == (path, len(data))
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    data = Path("s.csv").read_bytes()
    assert manifest["output_size"] == len(data)
    assert manifest["output_sha256"] == hashlib.sha256(data).hexdigest()


def test_a_complete_shard_is_skipped_even_where_it_moved(forbid_scoring):
    save("old/p.npz")
    first = score_shard("old/p.npz", "old/s.csv")
    forbid_scoring()
    os.utime("old/p.npz", (1, 1))  # as that of a copy
    assert score_shard("old/p.npz", "old/s.csv") == first
    for suffix in ("", ".easiness"):
        shutil.move("old" + suffix, "new" + suffix)
    assert score_shard("new/p.npz", "new/s.csv") == first
    with pytest.raises(KeyboardInterrupt):
        score_shard("new/p.npz", "new/t.csv")


def alter():
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
def test_a_broken_shard_is_scored_again_into_the_same_bytes(damage):
    arguments = {**npy(), "output": "s.csv"}
    score_shard(**arguments)
    names = ["s.csv", MANIFEST]
    before = [Path(name).read_bytes() for name in names]
    BREAKS[damage]()
    assert [Path(n).read_bytes() for n in names if Path(n).exists()] != before
    score_shard(**arguments)
    assert [Path(name).read_bytes() for name in names] == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_bins": 7}, "'s.csv': it was scored with n_bins 5, not 7.*overwrite"),
        ({"estimator": ec.ClosedForm(sigma=0.02)}, "with estimator sigma 0.01, not 0.02;"),
        ({"estimator": ec.MonteCarlo()}, "with estimator kind 'closed_form', not 'monte_carlo';"),
        ({"classes": ["a", "b", "c", "d"]}, r"with classes None, not \['a', 'b', 'c', 'd'\];"),
        ({"probs": PROBS[149::-1]}, r"from 'p\.npz' before it changed"),
        ({"probs": PROBS[:149], "labels": LABELS[:149]}, r"other than 'p\.npz' as it is now"),
        ({"path": "test/p.npz", "probs": PROBS[149::-1]},
         r"from '.*/work/p\.npz', which is not 'test/p\.npz'"),
    ],
)  # fmt: skip
def test_what_was_made_otherwise_is_refused_and_can_be_overwritten(options, said):
    save("p.npz")
    os.utime("p.npz", (0, 0))
    score_shard("p.npz", "s.csv")
    path = options.get("path", "p.npz")
    if "probs" in options:
        # Of one size and time.
        save(path, **{name: options[name] for name in options if name != "path"})
        os.utime(path, (0, 0))
        options = {}
    with pytest.raises(DataError, match=said):
        score_shard(path, "s.csv", **options)
    found = score_shard(path, "s.csv", overwrite=True, **options)
    with np.load(path) as arrays:
        scoring = {name: options[name] for name in options if name != "classes"}
        assert found == ec.score(arrays["probs"], arrays["labels"], **scoring).summary


def test_an_input_that_changes_while_it_is_read_is_refused(monkeypatch):
    blocks = SampleReader.blocks
    save("p.npz")

    def swapped(reader):
        yield from blocks(reader)
        Path("p.npz").write_bytes(Path("p.npz").read_bytes())
        os.utime("p.npz", (0, 0))

    monkeypatch.setattr(SampleReader, "blocks", swapped)
    with pytest.raises(DataError, match="changed while it was read"):
        score_shard("p.npz", "s.csv")
    assert os.listdir() == ["p.npz"]
    assert os.listdir("../work.easiness") == []


@pytest.mark.parametrize("content", [None, '{"mine": 1}', "[1]", ""])
def test_files_of_others_are_left_alone(content):
    """An output without a manifest, and a file where the manifest should be."""
    save("p.npz")
    Path("s.csv").write_text("precious")
    if content is not None:
        Path("../work.easiness").mkdir()
        Path(MANIFEST).write_text(content)
    said = "'s.csv': cannot write: it exists" if content is None else "has the name of a manifest"
    with pytest.raises(DataError, match=rf"{said}.*overwrite=True"):
        score_shard("p.npz", "s.csv")
    assert Path("s.csv").read_text() == "precious"
    if content is not None:
        assert Path(MANIFEST).read_text() == content
    assert score_shard("p.npz", "s.csv", overwrite=True).n_samples == 150


REFUSED = {
    "the root": ("p.npz", "/s.csv", None, "it is the root"),
    "another format": ("p.npz", "s.txt", None, "expected a name ending"),
    "a link for a manifest": ("p.npz", "s.csv", lambda: os.symlink("target", MANIFEST),
                              "symbolic link"),
    "within an input": ("data", "data/s.csv", lambda: os.mkdir("data"),
                        "it is in the input 'data'"),
    "no room for the manifest": ("p.npz", "x" * 248 + ".csv", None,
                                 r"its manifest .*'x.*csv\.json'.*shorter name"),
    "no room for the output": ("p.npz", "x" * 296 + ".csv", None, "shorter name"),
    "a pipe": ("pipe.npz", "s.csv", lambda: os.mkfifo("pipe.npz"), "it is a pipe or device"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_inputs_and_outputs_that_cannot_be_are_refused_first(case, forbid_scoring):
    source, output, prepare, said = REFUSED[case]
    save("p.npz")
    Path("../work.easiness").mkdir()
    Path("target").write_text("precious")
    if prepare is not None:
        prepare()
    before = sorted(os.listdir())
    if case != "a link for a manifest":  # which is seen when it is written
        forbid_scoring()
    with pytest.raises(DataError, match=said):
        score_shard(source, output, overwrite=True)
    assert sorted(os.listdir()) == before
    assert Path("target").read_text() == "precious"


def table(n_labels):
    os.unlink("y.npy")
    Path("y.csv").write_text("label\n" + "1\n" * n_labels)


CUT = gzip.compress(b"a,b,label\n" + b".5,.5,a\n" * 400)[:60]
BAD = {
    "probabilities": (lambda: np.save("p.npy", np.where((np.arange(400) == 300)[:, None], np.nan,
                                                        PROBS)), "'p.npy': probs: .*row 300"),
    "labels": (lambda: np.save("y.npy", np.where(np.arange(400) == 300, 9, LABELS)),
               "'y.npy': labels: .*row 300"),
    "too few labels": (lambda: np.save("y.npy", LABELS[:-1]), "399 labels, but 400 rows"),
    "too many labels of csv": (lambda: table(401), "401 labels, but 400 rows"),
    "too few labels of csv": (lambda: table(320), "320 labels, but at least 384 rows"),
    "a file cut short": (lambda: Path("p.npy").write_bytes(CUT), "'p.npy'"),
    "an empty file": (lambda: Path("p.npy").write_bytes(b""), "empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_in_a_later_block_leaves_nothing_but_an_error_that_workers_can_send(case):
    prepare, said = BAD[case]
    npy()
    prepare()
    before = sorted(os.listdir())
    with pytest.raises(DataError, match=said) as caught:
        score_shard("p.npy", "s.csv", labels_path=before[1])
    if "row 300" in said:
        assert (caught.value.row, caught.value.argument) == (300, said[9:15].strip(" :"))
    sent = pickle.loads(pickle.dumps(caught.value))
    assert (type(sent), str(sent), vars(sent)) == (DataError, str(caught.value), vars(caught.value))
    assert sorted(os.listdir()) == before
    assert not os.path.exists("../work.easiness") or os.listdir("../work.easiness") == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (MemoryError(), r"out of memory; .*max_bytes="),
        (ValueError("a library failed"), "a library failed$"),
        (AttributeError("a bug"), "a bug$"),
        (ZeroDivisionError(), "ZeroDivisionError$"),
    ],
)
def test_every_failure_of_a_shard_is_a_data_error(failure, said, monkeypatch):
    def fail(*_):
        raise failure

    save("p.npz")
    monkeypatch.setattr(SampleReader, "blocks", fail)
    with pytest.raises(DataError, match=f"^'p.npz': {said}"):
        score_shard("p.npz", "s.csv")
    assert not os.path.exists("s.csv")


@pytest.mark.parametrize(("suffix", "limit"), [("csv", 0), ("npz", 5000), ("parquet", 5000)])
def test_a_full_disk_leaves_nothing_and_a_later_try_succeeds(suffix, limit):
    arguments = {**npy(), "output": f"s.{suffix}"}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        with pytest.raises(DataError, match=rf"^'s.{suffix}': cannot write: File too large$"):
            score_shard(**arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(os.listdir()) == ["p.npy", "y.npy"]
    assert os.listdir("../work.easiness") == []
    assert score_shard(**arguments).n_samples == 400
