"""Shards of no rows: an empty output of the same columns, and no obstacle in a set."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from easiness_io import score_shard, score_shards

import easiness_core as ec

RNG = np.random.default_rng(31)
PROBS = RNG.dirichlet(np.ones(3), size=60)
LABELS = RNG.integers(0, 3, size=60)
NAMES = np.array(["ant", "bee", "cow"])


def write(kind: str, name: str, rows: slice) -> None:
    if kind == "npz":
        np.savez(f"in/{name}.npz", probs=PROBS[rows], labels=LABELS[rows], id=np.arange(60)[rows])
        return
    frame = pd.DataFrame(PROBS, columns=[f"p_{name}" for name in NAMES])
    frame = frame.assign(label=NAMES[LABELS], image_id=[f"i{at}" for at in range(60)])[rows]
    if kind == "csv":
        frame.to_csv(f"in/{name}.csv", index=False)
    else:
        frame.to_parquet(f"in/{name}.parquet")


@pytest.mark.parametrize("kind", ["npz", "csv", "parquet"])
def test_empty_shards_among_others(kind: str) -> None:
    Path("in").mkdir(exist_ok=True)
    for name, rows in {"a": slice(0), "b": slice(40), "c": slice(0), "d": slice(40, 60)}.items():
        write(kind, name, rows)
    assert score_shards("in", "out") == ec.score(PROBS, LABELS).summary
    schemas = [pq.read_schema(f"out/{name}.parquet") for name in "abcd"]
    assert all(schema.equals(schemas[0]) for schema in schemas)
    assert pd.read_parquet("out").shape[0] == 60
    Path("one").mkdir()
    summary = score_shard(f"in/a.{kind}", "one/a.csv")
    assert summary.n_samples == 0
    assert Path("one/a.csv").read_text().splitlines()[0].startswith("index,id,label")
