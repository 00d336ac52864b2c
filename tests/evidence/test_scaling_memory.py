"""scaling/memory.py measures work that ends with the right scores and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scaling import memory

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs Linux's /proc"
)
N_ROWS = (120, 240, 360)


def inputs(folder: Path, names: str, kind: str, n_shards: int) -> None:
    for n_rows in N_ROWS:
        for at in range(n_shards):
            memory.write(f"{folder}/{n_rows}-{at}.{kind}", names, at, n_shards, n_rows)


@pytest.mark.parametrize(("what", "kind", "names", "n_shards"), memory.CASES)
def test_what_is_measured_is_right(
    what: str,
    kind: str,
    names: str,
    n_shards: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(memory, "N_ROWS", N_ROWS)
    inputs(tmp_path, names, kind, n_shards)
    memory.work(str(tmp_path), what, kind, n_shards)
    peaks = [int(line) for line in capsys.readouterr().out.split()]
    assert len(peaks) == 3
    assert peaks == sorted(peaks)


def test_what_is_wrong_ends_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "N_ROWS", N_ROWS)
    inputs(tmp_path, "int64", "npz", 1)
    paths = [f"{tmp_path}/360-0.npz"]
    memory.write(f"{tmp_path}/120-0.npz", "uint64", 0, 1, 120)
    with pytest.raises(AssertionError, match="was not found"):
        memory.check("ids compared", paths)
    memory.score_shard(paths[0], f"{paths[0]}-scores.npz")
    with np.load(f"{paths[0]}-scores.npz") as found:
        wrong = {**found, "loss": found["loss"] + 1}
    np.savez(f"{paths[0]}-scores.npz", **wrong)
    with pytest.raises(AssertionError):
        memory.check("npz output", paths)
