"""What adapters give prints in one line of a terminal, with the numbers that matter."""

import dask.array as da
import numpy as np
import pytest
import torch
from easiness_aum import AreaUnderMargin, AUMFlags
from easiness_dask import score as dask_score
from easiness_io import open_samples
from easiness_torch import EasinessSampler, FitResult, SampleScores

import easiness_core as ec

N = 50_000
LOGITS, LABELS = np.random.default_rng(0).normal(size=(N, 10)), np.arange(N) % 10
FLAGS = np.ones(N, bool)


@pytest.fixture
def area():
    area = AreaUnderMargin()
    area.update(np.arange(N), LOGITS, LABELS)
    return area


@pytest.fixture
def reader(tmp_path):
    np.save(tmp_path / "p.npy", ec.softmax(LOGITS[:50]))
    np.save(tmp_path / "y.npy", LABELS[:50])
    return open_samples(tmp_path / "p.npy", tmp_path / "y.npy")


def test_results_print_in_a_line(area, reader):
    later = EasinessSampler(N, warmup_epochs=1)
    list(later)
    probs = da.from_array(ec.softmax(LOGITS), chunks=(9_000, 10))
    for result, expected in (
        (area, "AreaUnderMargin(n_samples=50000, n_measurements=50000)"),
        (area.values(), "AUMValues(50000 samples, up to 1 measurements each)"),
        (AUMFlags(FLAGS, FLAGS, 1e-300, None, np.arange(N), np.arange(0)),
         "AUMFlags(50000 of 50000 samples flagged)"),
        (EasinessSampler(N), "EasinessSampler(n_samples=50000, next_epoch=0)"),
        (later, "EasinessSampler(n_samples=50000, next_epoch=1, usage=1.000)"),
        (SampleScores(*[torch.zeros(N)] * 6), "SampleScores(50000 samples on cpu)"),
        (FitResult("SET", 2), "FitResult(method='SET', 0 epochs)"),
        (reader, "SampleReader(50 rows, 10 classes, 2 files)"),
        (next(reader.blocks()), "Samples(50 rows of 10 classes, from row 0)"),
        (dask_score(probs, LABELS), "DaskScores(50000 samples in 6 blocks)"),
    ):  # fmt: skip
        assert repr(result) == expected
