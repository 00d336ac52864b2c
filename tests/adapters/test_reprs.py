"""What adapters give prints in one line of a terminal."""

import dask.array as da
import numpy as np
import pytest
import torch
from easiness_aum import AreaUnderMargin, AUMFlags
from easiness_dask import score as dask_score
from easiness_io import open_samples
from easiness_torch import EasinessSampler, FitResult, SampleScores

import easiness_core as ec

LOGITS, LABELS = np.random.default_rng(0).normal(size=(50_000, 10)), np.arange(50_000) % 10


def _area():
    area = AreaUnderMargin()
    area.update(np.arange(len(LABELS)), LOGITS, LABELS)
    return area


def _flags():
    flags, ids = np.ones(50_000, bool), np.arange(50_000)
    return AUMFlags(flags, flags, 1e-300, None, ids, ids[:0])


def _sampler():
    sampler = EasinessSampler(50_000, warmup_epochs=1)
    list(sampler)
    return sampler


def _sample_scores():
    return SampleScores(*[torch.zeros(50_000)] * 6)


def _reader(folder):
    path = folder / "p.npy"
    np.save(path, ec.softmax(LOGITS[:50]))
    np.save(folder / "y.npy", LABELS[:50])
    return open_samples(path, folder / "y.npy")


RESULTS = {
    "AreaUnderMargin": (
        lambda _: _area(), "AreaUnderMargin(n_samples=50000, n_measurements=50000)",
    ),
    "AUMValues": (
        lambda _: _area().values(), "AUMValues(50000 samples, up to 1 measurements each)",
    ),
    "AUMFlags": (lambda _: _flags(), "AUMFlags(50000 of 50000 samples flagged)"),
    "EasinessSampler": (
        lambda _: EasinessSampler(50_000), "EasinessSampler(n_samples=50000, next_epoch=0)",
    ),
    "EasinessSampler, later": (
        lambda _: _sampler(), "EasinessSampler(n_samples=50000, next_epoch=1, usage=1.000)",
    ),
    "SampleScores": (lambda _: _sample_scores(), "SampleScores(50000 samples on cpu)"),
    "FitResult": (lambda _: FitResult("SET", 2), "FitResult(method='SET', 0 epochs)"),
    "SampleReader": (_reader, "SampleReader(50 rows, 10 classes, 2 files)"),
    "Samples": (
        lambda folder: next(_reader(folder).blocks()),
        "Samples(50 rows of 10 classes, from row 0)",
    ),
    "DaskScores": (
        lambda _: dask_score(da.from_array(ec.softmax(LOGITS), chunks=(9_000, 10)), LABELS),
        "DaskScores(50000 samples in 6 blocks)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_prints_in_a_line(name, tmp_path):
    make, expected = RESULTS[name]
    assert repr(make(tmp_path)) == expected
    assert len(expected) <= 80
