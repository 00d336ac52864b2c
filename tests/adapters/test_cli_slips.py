"""What goes wrong easily where there are many shards: it is refused, and nothing is mixed up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _progress, _score_stream
from easiness_cli.__main__ import main
from easiness_cli.shards import ShardError, ShardsError, score_shard
from easiness_dask import score_shards

import easiness_core as ec

RNG = np.random.default_rng(20240917)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()


def save(name: str, n_rows: int = 20, **arrays: Any) -> None:
    probs = RNG.dirichlet(np.ones(3), size=n_rows)
    np.savez(name, probs=probs, labels=probs.argmax(axis=1), **arrays)


def table(name: str, columns: list[str]) -> None:
    probs = RNG.dirichlet(np.ones(2), size=20)
    labels = [columns[at] for at in probs.argmax(axis=1)]
    found = {column: probs[:, at] for at, column in enumerate(columns)}
    if name.endswith("csv"):
        lines = zip(*found.values(), labels, strict=True)
        rows = [",".join(map(str, line)) for line in lines]
        Path(name).write_text("\n".join([",".join([*columns, "label"]), *rows]) + "\n")
    else:
        pq.write_table(pa.table({**found, "label": labels}), name)


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(list(argv)) != 0
    return capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("classes", [None, ["a", "b"]])
def test_columns_in_another_order_in_another_shard(suffix: str, classes: Any) -> None:
    table(f"in/0.{suffix}", ["a", "b"])
    table(f"in/1.{suffix}", ["b", "a"])
    told = "another order" if classes else "shards differ in their class names"
    with pytest.raises(ShardError, match=told):
        score_shards("in", "out", classes=classes)
    assert not Path("out").exists()
    with pytest.raises(ShardError, match=r"classes: b, a are the names .* another order"):
        score_shard(f"in/0.{suffix}", "s.csv", classes=["b", "a"])
    # Other names are the user's own.
    assert score_shard(f"in/0.{suffix}", "s.csv", classes=classes).accuracy == 1


def test_columns_that_are_called_otherwise_where_classes_are_named() -> None:
    for at, columns in enumerate((["p_a", "p_b"], ["q_a", "q_b"])):
        table(f"in/{at}.csv", columns)
        text = Path(f"in/{at}.csv").read_text()
        for name, column in zip("ab", columns, strict=True):
            text = text.replace(f"{column}\n", f"{name}\n")
        Path(f"in/{at}.csv").write_text(text)
    assert score_shards("in", "out", classes=["a", "b"]).accuracy == 1
    table("in/2.csv", ["p_b", "p_a"])
    with pytest.raises(ShardError, match=r"names of their columns: \['p_a', 'p_b'\]"):
        score_shards("in", "other", classes=["a", "b"])


def test_columns_in_another_order_in_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    table("p.csv", ["a", "b"])
    assert "in another order" in refused(capsys, "score", "p.csv", "--classes", "b,a")
    assert main(["score", "p.csv", "--classes", "a,b"]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_progress_of_what_had_been_done_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(3):
        save(f"in/{at}.npz")
    np.savez("in/1.npz", probs=np.empty((0, 3)), labels=np.empty(0, int))
    before = score_shards("in", "out")
    for name in ("out/1.parquet", "out/2.parquet"):
        os.unlink(name)
    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL_S", {True: 0.0, False: 0.0})
    assert score_shards("in", "out", progress=True) == before
    lines = capsys.readouterr().err.splitlines()
    assert "scored 20 of 40 rows (50 %)" in lines  # the empty one, which took no time


def test_progress_of_csv_tells_about_how_much_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(2):
        table(f"in/{at}.csv", ["a", "b"])
    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL_S", {True: 0.0, False: 0.0})
    score_shards("in", "out", progress=True)
    # With the two headers, 42 lines.
    assert "scored 20 of about 42 rows (48 %), " in capsys.readouterr().err


def test_progress_that_cannot_be_shown_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    save("in/0.npz")
    save("in/1.npz")
    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr("sys.stderr", Gone())
    assert score_shards("in", "out", progress=True).n_samples == 40


def test_a_folder_of_two_runs_is_not_merged(capsys: pytest.CaptureFixture[str]) -> None:
    for at in range(2):
        save(f"in/{at}.npz", noisy=np.zeros(20, int))
    score_shards("in", "out", labels_key="noisy")
    # As a second run leaves it that dies after its first shard.
    score_shard("in/0.npz", "out/0.parquet", labels_key="labels", overwrite=True)
    told = refused(capsys, "merge", "out")
    assert "labels_key 'labels'" in told
    assert "'noisy': their folder is of two runs" in told
    score_shards("in", "out", labels_key="labels", overwrite=True)
    assert main(["merge", "out"]) == 0


def test_another_version_is_refused_before_any_is_scored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(2):
        save(f"in/{at}.npz")
    with monkeypatch.context() as earlier:
        earlier.setattr(ec, "__version__", "0.0.1")
        score_shards("in", "out")
    os.unlink("out/0.parquet")
    told = refused(capsys, "score", "in", "-o", "out")
    assert f"by version 0.0.1, this is {ec.__version__}" in told
    assert not Path("out/0.parquet").exists()
    assert main(["score", "in", "-o", "out", "--overwrite"]) == 0


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_the_second_of_two_files_is_not_taken_for_labels(
    suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(2):
        if suffix == "npz":
            save(f"in/{at}.npz")
        else:
            table(f"in/{at}.parquet", ["a", "b"])
    files = [f"in/0.{suffix}", f"in/1.{suffix}"]
    assert "quote the glob" in refused(capsys, "score", *files, "-o", "s.parquet")
    with pytest.raises(ShardError, match="quote the glob"):
        score_shard(files[0], "s.parquet", labels=files[1])
    assert not Path("s.parquet").exists()
    # Whoever names the labels means them.
    key = "labels" if suffix == "npz" else "label"
    found = score_shard(files[0], "s.parquet", labels=files[1], labels_key=key)
    assert found.n_samples == 20
    # Two names of one file are one file.
    assert score_shard(files[0], "same.parquet", labels=files[0]).accuracy == 1
    # A file of labels may hold more, and PROBS none of its own.
    with np.load("in/1.npz") if suffix == "npz" else open(os.devnull) as other:
        if suffix == "npz":
            np.savez("y.npz", labels=other["labels"], weights=np.ones(20))
            score_shard(files[0], "t.parquet", labels="y.npz")
            np.save("p.npy", other["probs"])
            assert score_shard("p.npy", "u.parquet", labels=files[1]).accuracy == 1


@pytest.mark.parametrize("options", [{"logits": True}, {"probs_key": "softmax"}])
def test_the_second_of_two_files_of_other_arrays(options: dict[str, Any]) -> None:
    for at in range(2):
        values = RNG.dirichlet(np.ones(3), size=20)
        name = options.get("probs_key", "logits")
        np.savez(f"in/{at}.npz", **{name: values}, y=values.argmax(axis=1))
    with pytest.raises(ShardError, match="quote the glob"):
        score_shard("in/0.npz", "s.parquet", labels="in/1.npz", **options)


def test_a_glob_that_the_shell_has_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    for at in range(3):
        save(f"in/{at}.npz")
    names = [f"in/{at}.npz" for at in range(3)]
    assert "in/2.npz; quote a glob" in refused(capsys, "score", *names, "-o", "out")
    assert "quote" not in refused(capsys, "score", names[0], "-o", "out", "--nothing")


def test_names_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    save("in/0.npz")
    assert "'inn': no such file or folder" in refused(capsys, "score", "inn", "-o", "out")
    assert "'nothing': no such file or folder" in refused(capsys, "merge", "nothing")
    Path("out").write_text("mine")
    assert "it is a file" in refused(capsys, "score", "in", "-o", "out")
    os.makedirs("deep/er")
    save("deep/er/0.npz")
    assert "'deep/**/*.npy'" in refused(capsys, "score", "deep", "-o", "outs")


def test_failed_shards_are_all_named() -> None:
    for at in range(6):
        np.savez(f"in/{at}.npz", probs=np.full((4, 2), 0.4), labels=np.zeros(4, int))
    with pytest.raises(ShardsError, match="0 of 6 shards are finished; 6 are not") as error:
        score_shards("in", "out")
    assert all(f"{at}.npz'" in str(error.value) for at in range(6))
    assert len(error.value.failed) == 6


def test_a_shard_of_columns_says_what_was_taken_for_classes() -> None:
    Path("in/0.csv").write_text("weight,a,b,label\n2,.5,.5,a\n")
    with pytest.raises(ShardsError, match="3 columns of the file were taken for classes"):
        score_shards("in", "out")


def test_a_folder_is_looked_at_before_labels_are_read() -> None:
    save("in/0.npz")
    score_shards("in", "out")
    np.savez("in/0.npz", probs=np.full((4, 2), 0.5), labels=np.full(4, 7))
    with pytest.raises(ShardError, match=r"was scored with estimator sigma 0\.01, not 0\.02"):
        score_shards("in", "out", estimator=ec.ClosedForm(sigma=0.02))


def test_a_task_whose_folder_was_taken_over_leaves_the_note_alone() -> None:
    save("in/0.npz", noisy=np.zeros(20, int))
    os.mkdir("out")
    note = Path("out/0.parquet.json")

    def taken_over(_: int) -> None:
        for path in Path("out").glob(".*.tmp"):
            path.unlink()
        score_shards("in", "out", labels_key="labels")

    with pytest.raises(ShardError, match="another run took over"):
        score_shard("in/0.npz", "out/0.parquet", labels_key="noisy", progress=taken_over)
    assert '"labels_key": "labels"' in note.read_text()
    assert main(["merge", "out", "--verify", "--json"]) == 0


def test_an_interrupted_set_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    save("in/0.npz")
    monkeypatch.setattr(_score_stream, "run_serially", interrupted)
    assert main(["score", "in", "-o", "out"]) == 130
    assert capsys.readouterr().err.endswith("run the line again to go on\n")


def test_ids_of_all_shards_are_of_one_type() -> None:
    kinds = ("<i8", ">i4", "u1", "f4")
    for at, kind in enumerate(kinds):
        save(f"in/{at}.npz", id=np.arange(20 * at, 20 * at + 20).astype(kind))
    score_shards("in", "out")
    found = pq.ParquetDataset(sorted(map(str, Path("out").glob("*.parquet")))).read()
    assert found.schema.field("id").type == pa.int64()
    assert sorted(found["id"].to_pylist()) == list(range(80))
