"""`score_shards` on a cluster of threads: what it refuses, and how it says so."""

import os
from pathlib import Path

import numpy as np
import pytest
from easiness_dask import _cluster, score_shards
from easiness_io import ShardsError
from shard_cases import LABELS, PROBS, names_in, save


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as found:
        yield found


def table(name, columns):
    Path("in").mkdir(exist_ok=True)
    Path(f"in/{name}.csv").write_text(f"{columns},label\n.5,.5,a\n")


CHANGES = {
    "their number of classes: 3, but 4": lambda: save(
        "in/b.npz", probs=PROBS[:9, :3] / PROBS[:9, :3].sum(axis=1)[:, None], labels=[0] * 9
    ),
    "having ids: True, but False": lambda: save("in/b.npz", slice(0, 9), id=np.arange(9)),
    "the order of their class names: b, a, but a, b": lambda: table("b", "b,a"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_shard_that_changes_after_the_check_is_not_scored(change, client):
    for name in "ab":
        table(name, "a,b") if "names" in change else save(f"in/{name}.npz")
    said = rf"1 of 2 .*b\.(npz|csv)': it changed since it was checked: {change} in '.*a\.(npz|csv)'"
    with pytest.raises(ShardsError, match=said) as caught:
        score_shards("in", "out", client=client, format="csv", opened=lambda _: CHANGES[change]())
    [failed] = caught.value.failed.values()
    assert os.path.basename(str(failed.path))[0] == "b"
    assert names_in("out") == ["a.csv"]
    assert names_in("out.easiness") == ["a.csv.json", "shards.json"]


def test_the_same_summary_bytes_and_progress(client):
    for at in range(3):
        rows = slice(100 * at, 100 * at + 100)
        save(f"in/{at}.npz", rows, id=np.arange(400)[rows])
    expected = score_shards("in", "serial")
    moved = []
    options = {"client": client, "progress": lambda *rows: moved.append(rows)}
    assert score_shards("in", "out", **options) == expected
    assert moved[-1] == (300, 0)
    for name in names_in("out"):
        assert Path("out", name).read_bytes() == Path("serial", name).read_bytes()
    moved.clear()
    assert score_shards("in", "out", **options) == expected
    assert moved == [(100, 100), (200, 200), (300, 300)]


@pytest.mark.parametrize(
    ("inputs", "labels"), [("in/*.npy", "y/*.npy"), (["in/a.npy"], ["y/a.npy"]), ("in", "y")]
)
def test_workers_in_another_folder_find_the_files(inputs, labels, client, in_folder, monkeypatch):
    for folder, rows in (("here", 400), ("there", 9)):
        for name, values in (("in", PROBS[:rows]), ("y", LABELS[:rows])):
            Path(folder, name).mkdir(parents=True)
            np.save(f"{folder}/{name}/a.npy", values)
    monkeypatch.chdir(in_folder / "here")

    def opened(readers):
        monkeypatch.chdir(in_folder / "there")

    options = {"labels_path": labels, "client": client, "opened": opened}
    assert score_shards(inputs, "out", **options).n_samples == 400
    assert names_in(str(in_folder / "here/out")) == ["a.parquet"]
    assert sorted(os.listdir()) == ["in", "y"]


def test_outputs_that_only_workers_see_are_not_taken_for_complete(client, monkeypatch):
    save("in/a.npz")
    save("in/b.npz")
    real = _cluster.score_task

    def elsewhere(shard, *args, **options):
        found = real(shard, *args, **options)
        if shard.input.endswith("b.npz"):
            os.unlink(shard.output)  # as if it were in a folder of the worker's own
        return found

    monkeypatch.setattr(_cluster, "score_task", elsewhere)
    monkeypatch.setattr(_cluster, "_PATIENCE_S", 0.0)
    said = r"b.npz': a worker wrote '.*b.parquet', .* not visible here"
    with pytest.raises(ShardsError, match=said):
        score_shards("in", "out", client=client)


def test_outputs_that_are_seen_late_are_waited_for(client, monkeypatch):
    """As on network file systems, which remember for a while that a name was not there."""
    save("in/a.npz")
    asked, listed, exists = [], os.listdir, os.path.lexists

    def late(folder):
        asked.append(folder)
        return listed(folder) if len(asked) > 2 else []

    class Seen:
        sep, split = os.path.sep, staticmethod(os.path.split)

        @staticmethod
        def lexists(path):
            return exists(path) and not path.endswith(".parquet")

    class Late:
        path, listdir = Seen, staticmethod(late)

    monkeypatch.setattr(_cluster, "os", Late)
    monkeypatch.setattr(_cluster, "_POLL_S", 0.01)
    assert score_shards("in", "out", client=client).n_samples == 150
    assert asked == [os.path.abspath("out")] * 3


@pytest.mark.parametrize("client", ["tcp://127.0.0.1:1", 3])
def test_only_a_client_that_waits_is_a_client(client):
    save("in/a.npz")
    with pytest.raises(TypeError, match=r"expected a distributed\.Client"):
        score_shards("in", "out", client=client)
    assert os.listdir() == ["in"]
