"""`score_shards` on a cluster of threads: what it refuses, and how it says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easiness_cli import _progress
from easiness_cli._parameters import Parameters
from easiness_cli._shard_names import pair
from easiness_cli._shard_set import ShardsError, check_shards, shared
from easiness_cli._stream import Reading
from easiness_cli.shards import ShardError
from easiness_dask import _cluster, score_shards
from easiness_dask._cluster import run_on_cluster

import easiness_core as ec

RNG = np.random.default_rng(14)
PARAMETERS = Parameters(ec.ClosedForm(), 5, False, False, Reading())


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("out").mkdir()


@pytest.fixture
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as found:
        yield found


def save(name: str, n_classes: int = 3, **arrays: Any) -> None:
    probs = RNG.dirichlet(np.ones(n_classes), size=20)
    np.savez(f"in/{name}.npz", probs=probs, labels=np.zeros(20, int), **arrays)


def table(name: str, columns: str) -> None:
    Path(f"in/{name}.csv").write_text(f"{columns},label\n.5,.5,a\n")


@pytest.mark.parametrize("what", ["their number of classes", "having ids", "their class names"])
def test_a_shard_that_changes_after_the_check_is_not_scored(what: str, client: Any) -> None:
    if what == "their class names":
        table("a", "a,b")
        table("b", "a,b")
    else:
        save("a")
        save("b")
    shards = pair("in", None, str(Path("out").resolve()), ".csv")
    opened = check_shards(shards, PARAMETERS, check_ids=True)
    if what == "their class names":
        table("b", "b,a")
    elif what == "having ids":
        save("b", id=np.arange(20))
    else:
        save("b", 4)
    with pytest.raises(ShardsError, match=rf"changed since it was checked: {what}") as caught:
        run_on_cluster(
            client, shards, PARAMETERS, shared(opened),
            overwrite=False, progress=lambda *_: None,
        )  # fmt: skip
    assert list(caught.value.failed) == [shards[1].input]
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.csv", "a.csv.json"]


def test_the_name_of_the_folder_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, n_files in (("exp[1]", 2), ("exp1", 1)):
        (tmp_path / name / "in").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / name)
        for at in range(n_files):
            save(f"{at}")
    monkeypatch.chdir(tmp_path / "exp[1]")
    assert score_shards("in/*.npz", "out").n_samples == 40
    assert score_shards("in", "other").n_samples == 40
    assert score_shards("../exp1/in/?.npz", "third").n_samples == 20
    with pytest.raises(ShardError, match="would be among the shards"):
        score_shards("in/*", "in/out")


def test_progress_where_all_has_been_done_before(
    client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a")
    save("b")
    before = score_shards("in", "out", client=client)
    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)
    assert score_shards("in", "out", client=client, progress=True) == before
    assert "scored 20 of 40 rows (50 %)\n" in capsys.readouterr().err


def test_outputs_that_only_workers_see_are_not_taken_for_done(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("a")
    save("b")
    real = _cluster.score_task

    def elsewhere(shard: Any, *args: Any, **options: Any) -> Any:
        found = real(shard, *args, **options)
        if shard.input.endswith("b.npz"):
            os.unlink(shard.output)  # as if it were in a folder of the worker's own
        return found

    monkeypatch.setattr(_cluster, "score_task", elsewhere)
    monkeypatch.setattr(_cluster, "_PATIENCE_S", 0.0)
    with pytest.raises(ShardsError, match=r"b.parquet': a worker wrote it, and it is not here"):
        score_shards("in", "out", client=client)


def test_outputs_that_are_seen_late_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    listed = os.listdir

    def late(folder: str) -> list[str]:
        asked.append(folder)
        return listed(folder) if len(asked) > 2 else []

    monkeypatch.setattr(_cluster.os.path, "lexists", lambda path: not path.endswith(".parquet"))
    monkeypatch.setattr(_cluster, "_POLL_S", 0.01)
    monkeypatch.setattr(_cluster.os, "listdir", late)
    run = _cluster._Run(None, {}, None, None)  # type: ignore[arg-type]
    Path("out/a.parquet").touch()
    assert run._is_here("out/a.parquet")
    assert asked == ["out"] * 3


@pytest.mark.parametrize("format", [".parquet", "CSV", "json", ""])
def test_a_format_that_is_none_is_refused(format: str) -> None:
    save("a")
    with pytest.raises(ValueError, match=r"format: expected one of parquet, csv, npz, got"):
        score_shards("in", "out", format=format)
    assert not list(Path("out").iterdir())


def test_paths_may_be_bytes() -> None:
    save("a")
    assert score_shards(b"in", b"out").n_samples == 20  # type: ignore[arg-type]


@pytest.mark.parametrize(("good", "told"), [(1, r"1 of 2 shards is finished .*; 1 is not"),
                                            (2, r"2 of 4 shards are .*; 2 are not")])  # fmt: skip
def test_one_is_and_several_are(good: int, told: str) -> None:
    for at in range(good):
        save(f"good{at}")
        np.savez(f"in/bad{at}.npz", probs=np.ones((3, 3)), labels=np.zeros(3, int))
    with pytest.raises(ShardsError, match=told):
        score_shards("in", "out")
