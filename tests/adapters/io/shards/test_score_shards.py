"""Folders, globs and lists of shards, scored into a folder: checked, resumed, reported."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from easiness_io import (
    DataError,
    SampleReader,
    ShardsError,
    merge_summaries,
    score_shard,
    score_shards,
)
from easiness_io.shards.run import Report
from shard_cases import CUTS, LABELS, PROBS, contents, names_in, save, save_set
from table_files import write

import easiness_core as ec

OUTPUTS = [f"part-{at}.parquet" for at in range(3)]
MANIFESTS = [f"{name}.json" for name in OUTPUTS]
WHOLE = ec.score(PROBS, LABELS)


@pytest.fixture(autouse=True)
def _set(in_folder):
    save_set()


def table_in(folder):
    return pyarrow.dataset.dataset(folder, format="parquet").to_table()


@pytest.mark.parametrize(
    "inputs", ["in", "in/", "in/part-*.npz", [f"in/part-{at}.npz" for at in range(3)], Path("in"),
               b"in"]
)  # fmt: skip
def test_shards_are_scored_as_the_whole_and_read_as_one_table(inputs):
    assert score_shards(inputs, "out") == WHOLE.summary
    # Nothing but the outputs, hidden files included.
    assert sorted(os.listdir("out")) == OUTPUTS
    assert sorted(os.listdir("out.easiness")) == ["lock", *MANIFESTS, "shards.json"]
    np.testing.assert_array_equal(table_in("out")["log_easiness"], WHOLE.log_easiness)
    np.testing.assert_array_equal(table_in("out")["id"], np.arange(400))


def test_labels_are_paired_by_what_the_wildcards_stand_for():
    for at, rows in enumerate(CUTS):
        np.save(f"p{at}x.npy", PROBS[rows])
        np.save(f"{at}-y.npy", LABELS[rows])
    score_shards("p*x.npy", "out", labels_path="*-y.npy", format="npz")
    assert names_in("out") == ["p0x.npz", "p1x.npz", "p2x.npz"]
    with np.load("out/p2x.npz") as found:
        np.testing.assert_array_equal(found["label"], LABELS[CUTS[2]])


def state(*folders):
    files = [path for folder in folders for path in Path(folder).iterdir()]
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in files}


def test_a_rerun_skips_what_is_complete_and_tells_progress():
    moved = []

    def progress(done, skipped):
        moved.append((done, skipped))

    first = score_shards("in/part-[01].npz", "out")
    assert first.n_samples == 151
    first = score_shards("in", "out", progress=progress)  # a set may grow
    assert moved[0] == (150, 150)
    assert moved[-1] == (400, 151)
    assert moved == sorted(moved)
    assert len(moved) > 5  # within shards, too
    before = state("out", "out.easiness")
    os.truncate("out/part-2.parquet", 1000)
    assert score_shards("in", "out", progress=progress) == first
    after = state("out", "out.easiness")
    changed = {name for name in before if before[name][0] != after[name][0]}
    assert changed == {"part-2.parquet", "part-2.parquet.json"}
    assert {n: d for n, (_, d) in before.items()} == {n: d for n, (_, d) in after.items()}


# Slow enough to be killed within a shard, between two, and while files are published.
RUN = """
import os, sys, time
from easiness_io import score_shards
from easiness_io.writers import atomic

def slow(call):
    def wrapped(*args, **options):
        time.sleep(float(sys.argv[1]))
        return call(*args, **options)
    return wrapped

atomic.os.replace = slow(os.replace)
atomic.os.fsync = slow(os.fsync)
print("begun", flush=True)
score_shards("many", "out", progress=lambda *_: time.sleep(float(sys.argv[1])))
print("done", flush=True)
"""


def test_it_resumes_after_any_number_of_kills_into_the_bytes_of_an_undisturbed_run():
    rng = np.random.default_rng(0)
    for at in range(8):
        rows = slice(50 * at, 50 * at + 50)
        save(f"many/{at}.npz", rows, id=np.arange(400)[rows])
    assert score_shards("many", "undisturbed") == WHOLE.summary
    for kill in (True, True, True, True, False):
        argv = [sys.executable, "-c", RUN, "0.01" if kill else "0"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            if kill:
                time.sleep(rng.uniform(0.02, 0.5))
                process.kill()
            else:
                assert process.stdout.readline() == b"done\n"
        # At any time, what has a final name is complete.
        for name in names_in("out") if Path("out").exists() else ():
            if not name.startswith("."):
                assert Path("out", name).read_bytes() == Path("undisturbed", name).read_bytes()
    found, whole = ("out", "out.easiness"), ("undisturbed", "undisturbed.easiness")
    assert list(contents(*found).values()) == list(contents(*whole).values())
    assert merge_summaries(["out"], verify=True)[0] == WHOLE.summary


def test_what_killed_runs_left_is_removed_and_nothing_else():
    for name in ("out/.part-0.parquet.{}", "out.easiness/.part-0.parquet.json.{}",
                 "out.easiness/.shards.json.{}", "out/.mine.{}"):  # fmt: skip
        path = Path(name.format("0123456789ab.tmp"))
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    score_shards("in", "out")
    assert names_in("out") == [".mine.0123456789ab.tmp", *OUTPUTS]
    assert names_in("out.easiness") == [*MANIFESTS, "shards.json"]


HOLD = """
import sys
from easiness_io import score_shards
def progress(done, skipped):
    print("scored", flush=True)
    sys.stdin.read()
score_shards("in", "out", progress=progress)
"""


def test_one_run_at_a_time():
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"scored\n"
        with pytest.raises(DataError, match=r"out': another run is writing there; wait"):
            score_shards("in", "out")
        other.kill()
    assert score_shards("in", "out").n_samples == 400  # the system released it


@pytest.mark.parametrize("make", [os.symlink, os.link, os.mkfifo, os.mkdir])
def test_a_lock_that_is_no_file_of_its_own_is_left_alone(make):
    Path("out.easiness").mkdir()
    Path("victim").write_text("precious")
    lock = "out.easiness/lock"
    make(os.path.abspath("victim"), lock) if make in (os.symlink, os.link) else make(lock)
    with pytest.raises(DataError, match=r"out.easiness/lock': cannot lock"):
        score_shards("in", "out")
    assert Path("victim").read_text() == "precious"
    assert not os.path.exists("out")


def test_readers_are_handed_out_before_the_first_shard_is_scored():
    def opened(readers):
        assert [reader.n_rows for reader in readers] == [150, 1, 249]
        assert not os.path.exists("out")
        np.savez("in/part-1.npz", probs=PROBS[:9], labels=LABELS[:9], id=np.arange(500, 509))

    with pytest.raises(DataError, match="it changed since it was checked"):
        score_shards("in", "out", opened=opened)
    assert score_shards("in", "out").n_samples == 408


def test_a_runner_scores_what_was_checked():
    def nothing(shards, readers, parameters, **options):
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
def test_one_bad_shard_does_not_keep_the_others_from_being_scored(n_good, n_bad, said):
    for at in range(n_good):
        save(f"some/good{at}.npz")
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
    assert (str(again), again.summary) == (str(error), error.summary)
    for path, each in error.failed.items():
        found = again.failed[path]
        assert (type(found), str(found)) == (DataError, str(each))
        assert (found.path, found.argument, found.row) == (path, "probs", 0)
    # Options of failed shards are called as the caller calls them.
    assert "normalize=True" in str(error)
    assert "--normalize" in error.worded({"normalize": "--normalize", "softmax": "--logits"})
    assert isinstance(error, DataError)


def csv_pair(second, first="a,b"):
    Path("in/csv").mkdir()
    for at, columns in enumerate((first, second)):
        Path(f"in/csv/{at}.csv").write_text(f"{columns},label\n.5,.5,0\n")


def mine(name):
    Path(name).parent.mkdir()
    Path(name).write_text("mine")
    Path(name).with_name("README.txt").write_text("no output")


def link(output):
    Path("elsewhere").mkdir()
    os.symlink("elsewhere", output)


N = np.arange(249)
CSV = {"inputs": "in/csv"}
REFUSED = {
    "classes": (lambda: save("in/part-2.npz", probs=PROBS[151:, :3], labels=LABELS[151:] % 3, id=N),
                {}, r"part-2.npz': shards differ in their number of classes: 3, but 4 in '.*-0"),
    "ids": (lambda: save("in/part-1.npz", CUTS[1]), {},
            r"part-1.npz': shards differ in having ids: False, but True in '.*-0.npz'"),
    "unsigned ids": (lambda: save("in/part-1.npz", CUTS[1], id=np.array([399], np.uint64)),
                     {"check_ids": False}, "in the type of their ids: uint64, but int64 in"),
    "order of names": (lambda: csv_pair("b,a"), CSV, "the order of their class names: b, a, but a"),
    "names": (lambda: csv_pair("a,c"), CSV, "their class names: a, c, but a, b in"),
    "order of columns": (lambda: csv_pair("b,a"), CSV | {"classes": ["x", "y"]},
                         "the order of their class columns: b, a, but a, b in"),
    "numbered columns": (lambda: csv_pair("new_0,new_1", "old_0,old_1"), CSV,
                         "class columns: new_0, new_1, but old_0, old_1 in"),
    "no labels": (lambda: np.savez("in/part-1.npz", probs=PROBS[:1], id=[3]), {},
                  "part-1.npz': no column of labels"),
    "wrong labels": (lambda: save("in/part-2.npz", CUTS[2], labels=np.full(249, 4), id=N), {},
                     "part-2.npz': labels: 249 of 249 .* outside 0 to 3"),
    "a link": (lambda: os.symlink(os.path.abspath("in/part-0.npz"), "in/latest.npz"), {},
               "part-0.npz': it is the same file as '.*latest.npz'"),
    "a pipe": (lambda: os.mkfifo("in/pipe.npz"), {}, "in/pipe.npz': it is a pipe or device"),
    "an output that is a link": (lambda: link("out"), {"output": "out/"}, "it is a symbolic link"),
    "manifests in a link": (lambda: link("out.easiness"), {}, "it is a symbolic link"),
    "an output that is a file": (lambda: Path("out").write_text("mine"), {},
                                 "it is a file; shards are scored into a folder"),
    "the root": (lambda: None, {"output": "/"}, "it is the root"),
    "another output": (lambda: mine("out/old.parquet"), {}, "it holds 'old.parquet', .* not of th"),
    "another format": (lambda: mine("out/part-0.csv"), {}, "it holds 'part-0.csv', .* not of this"),
    "another manifest": (lambda: mine("out.easiness/old.parquet.json"), {}, "it holds 'old.parqu"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_belong_together_is_refused_before_anything_is_scored(case, forbid_scoring):
    prepare, options, said = REFUSED[case]
    prepare()
    forbid_scoring()
    before = sorted(map(str, Path().rglob("*")))
    with pytest.raises(DataError, match=said) as caught:
        score_shards(**{"inputs": "in", "output": "out"} | options)
    assert not isinstance(caught.value, ShardsError)
    assert sorted(str(path) for path in Path().rglob("*") if path.name != "lock") == before


def test_a_folder_is_looked_at_before_labels_are_read(monkeypatch):
    score_shards("in", "out")
    os.unlink("out/part-0.parquet")
    os.unlink("out.easiness/part-0.parquet.json")

    def read(reader):
        raise KeyboardInterrupt

    with monkeypatch.context() as unreadable:
        unreadable.setattr(SampleReader, "check_labels", read)
        with pytest.raises(DataError, match=r"part-1.parquet': it was scored with normalize F"):
            score_shards("in", "out", normalize=True)
    assert names_in("out") == OUTPUTS[1:]
    score_shards("in", "out", normalize=True, overwrite=True)
    assert names_in("out") == OUTPUTS


def test_shards_of_several_formats_and_names_may_be_mixed():
    columns = {f"{at}": PROBS[CUTS[1], at] for at in range(4)}
    write("in", {"id": [150], **columns, "label": LABELS[CUTS[1]]}, "parquet", "part-1")
    os.unlink("in/part-1.npz")
    assert score_shards("in", "out") == WHOLE.summary
    csv_pair("c,d")
    for at in range(2):
        Path(f"in/csv/{at}.csv").write_text(f"{'ac'[at]},{'bd'[at]},label\n.9,.1,x\n")
    # Given class names go with any columns.
    assert score_shards("in/csv", "other", classes=["x", "y"]).accuracy == 1.0
    # A folder of shards that were scored alone becomes that of a set.
    Path("alone").mkdir()
    score_shard("in/part-0.npz", "alone/part-0.parquet")
    assert names_in("alone.easiness") == ["part-0.parquet.json"]
    assert score_shards("in/*.*", "alone").n_samples == 400


@pytest.mark.parametrize("form", ["npz", "csv", "parquet"])
@pytest.mark.parametrize("ids", [np.int64, np.uint64, np.str_])
def test_shards_without_rows_have_outputs_of_the_same_columns(form, ids):
    for name, rows in {"a": slice(0), "b": slice(4), "c": slice(4, 4), "d": slice(4, 9)}.items():
        columns = {"id": np.arange(9)[rows].astype(ids), "label": LABELS[rows]}
        if form == "npz":
            save(f"some/{name}.npz", rows, **columns)
        else:
            probs = {f"p_{at}": PROBS[rows, at] for at in range(4)}
            Path("some").mkdir(exist_ok=True)
            write("some", columns | probs, form, name)
    assert score_shards("some", "out") == ec.score(PROBS[:9], LABELS[:9]).summary
    schemas = [pq.read_schema(f"out/{name}.parquet") for name in "abcd"]
    assert all(schema.equals(schemas[0]) for schema in schemas)
    assert [str(each) for each in table_in("out")["id"].to_pylist()] == [*"012345678"]
    assert score_shard(f"some/a.{form}", "a.csv").n_samples == 0
    assert Path("a.csv").read_text().startswith("index,id,label,predicted,easiness")


@pytest.mark.parametrize(
    "options",
    [
        {"n_bins": np.int64(5), "max_bytes": np.int64(1 << 30)},
        {"normalize": np.bool_(False), "logits": np.bool_(False)},
        {"estimator": ec.ClosedForm(sigma=float(np.float32(0.01)), resolution=np.float64(1e-3))},
        {"estimator": ec.MonteCarlo(seed=np.int64(1), draws=np.int32(100))},
        {"classes": np.array(["a", "b", "c", "d"])},
        {"classes": [0, 1, 2, 3]},
    ],
)
def test_types_that_are_alike_are_understood(options):
    first = score_shard("in/part-0.npz", "s.csv", **options)
    assert score_shard("in/part-0.npz", "s.csv", **options) == first
    assert score_shards(["in/part-0.npz"], "out", **options) == first


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"classes": "abc"}, TypeError, "classes: expected a sequence of names, got 'abc'"),
        ({"classes": ["a", 1.5, "c"]}, TypeError, "classes: expected names, got 1.5"),
        ({"n_bins": 2.5}, TypeError, "n_bins"),
        ({"normalize": "no"}, TypeError, "normalize: expected True or False, got 'no'"),
        ({"ids": 3}, TypeError, "ids: expected a string, got int"),
        ({"delimiter": "::"}, ValueError, "delimiter: expected one character"),
        ({"max_bytes": "8 GB"}, TypeError, "max_bytes: expected a whole number, got str '8 GB'"),
        ({"max_bytes": -1}, ValueError, "max_bytes: expected 0 or more, got -1"),
        ({"estimator": "closed"}, TypeError, "estimator: expected ClosedForm or MonteCarlo"),
        ({"label": "y"}, TypeError, "label"),
        ({"format": ".parquet"}, ValueError, "format: expected one of parquet, csv, npz, got"),
    ],
)
def test_other_options_are_refused_before_any_work(options, error, said):
    with pytest.raises(error, match=said):
        score_shards("in", "out", **options)
    if "format" not in options:
        with pytest.raises(error, match=said):
            score_shard("in/part-0.npz", "s.csv", **options)
    assert os.listdir() == ["in"]


def test_numbers_as_classes_are_the_names_that_labels_are_looked_up_by():
    save("q.npz", slice(0, 400), labels=np.array([30, 10, 20, 0])[LABELS])
    assert score_shard("q.npz", "s.csv", classes=[30, 10, 20, 0]) == WHOLE.summary
