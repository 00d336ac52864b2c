"""Ids that travel with samples."""

import pickle

import numpy as np
import pytest
import torch
from easiness_torch import with_indices
from sampler_cases import Batched, Samples
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    Subset,
    TensorDataset,
)

N = 50


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(1)
    return TensorDataset(torch.randn(N, 4, generator=generator), torch.arange(N) % 3)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (("x", 7), (1, "x", 7)),
        (["x", 7], (1, "x", 7)),
        ("x", (1, "x")),
        ({"x": 5}, {"index": 1, "x": 5}),
    ],
)
@pytest.mark.parametrize("kind", [Samples, Batched])
def test_ids_come_first(sample, expected, kind):
    dataset = with_indices(kind([sample] * 3))
    assert dataset[1] == expected
    assert dataset[torch.tensor(1)] == dataset[np.int64(1)] == dataset[-2] == expected
    assert len(dataset) == 3
    (batch,) = DataLoader(dataset, batch_size=3, collate_fn=list)
    assert batch[1] == expected


def test_batches_are_fetched_at_once_if_the_data_set_can(data):
    inner = Batched(list(range(20)))
    loader = DataLoader(with_indices(inner), batch_size=5)
    batches = [(indices.tolist(), values.tolist()) for indices, values in loader]
    assert batches[3] == ([15, 16, 17, 18, 19],) * 2
    assert inner.fetched == [15, 16, 17, 18, 19]
    assert not hasattr(with_indices(data), "__getitems__")


def test_ids_of_batches_are_int64():
    large = 2**24 + 1
    dataset = with_indices(range(large + 2))
    (batch, _) = next(iter(DataLoader(dataset, sampler=[large], batch_size=1)))
    assert batch.dtype == torch.int64
    assert batch.item() == large


def test_data_sets_with_ids_pickle(data):
    copy = pickle.loads(pickle.dumps(with_indices(data)))
    assert len(copy) == N
    assert copy[3][0] == 3


def test_what_has_no_ids_is_refused():
    class Stream(IterableDataset):
        def __iter__(self):
            yield 1

    class Endless:
        def __getitem__(self, index):
            return index

    with pytest.raises(TypeError, match="map-style data set, got Stream; for a stream"):
        with_indices(Stream())
    with pytest.raises(TypeError, match="got int"):
        with_indices(3)
    with pytest.raises(TypeError, match="expected a length, Endless has none"):
        with_indices(Endless())
    with pytest.raises(ValueError, match="have a key 'index' of their own; pass another"):
        with_indices(Samples([{"index": 4}]))[0]
    numbered = with_indices(Samples([1, 2, 3]))
    for again in (numbered, Subset(numbered, [2, 1])):
        with pytest.raises(ValueError, match=r"with indices already; .* or take the part first"):
            with_indices(again)
